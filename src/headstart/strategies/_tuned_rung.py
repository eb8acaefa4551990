"""The last rung of `few_labels`: the encoder itself, tuned on the labelled rows, as one more expert beside the pool.

Shape letters: n labelled rows, d features, k classes.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.preprocessing import normalize

from headstart.encoders.transformer import Transformer
from headstart.few_labels.experts import Expert, Linear, Parts, from_tuned
from headstart.few_labels.ladder import Ladder, Pool, Rung, losses_of
from headstart.few_labels.reading import Reading, tunable
from headstart.functional.resampling import stratified_sample
from headstart.strategies.contrastive import Contrastive
from headstart.types import Ints, Task

if TYPE_CHECKING:
    from headstart.finetuning.support import Support

__all__ = ["Climbed", "TunedRung"]

_MANY, _RATE_OF_MANY, _LEAST_EPOCHS = 200, 6e-4, 2.0  # rows, and how they are learnt from
_READINGS, _EPOCHS = 3.0, 6.0  # of the halves, and the whole: an epoch takes what three readings take, two of each row
_SECONDS, _SECONDS_A_ROW, _MOST_SECONDS = 25.0, 0.125, 150.0  # without a budget, at that rate
_SHARE_OF_BUDGET, _BEFORE = 0.5, 30.0  # of what is left; seconds of a budget that what comes before may take
_ENOUGH = 0.95  # of the held-out rows right: nothing to gain that would be worth the time
_LEAST_GAIN = 0.01  # of the log loss: afterwards every text is read by two networks
_HUNDRED, _BY_ALL = 100, 0.02  # of so many rows and more, all lower the loss by so much more than the halves show
_LEAST_FACTOR = 0.1
_LEAST_A_CLASS = 8  # rows, on average: fewer are not tuned on where there are more
_RARE = 0.05  # of the rows, at most, are of classes that halves cannot tell of
_LEAST_SIZE = 0.5  # of the pool's factor in the halves


@dataclass(frozen=True, slots=True)
class Climbed:
    """The rung, if there is one, with the factors of the pool and of the tuned expert and the part of the bundle that
    it adds; what a budget would change; whether it learnt from many rows, in minutes; whether there was no time for it.
    """

    rung: Rung | None = None
    of_pool: float = 1.0
    tuned: tuple[str, Any, Linear] | None = None  # name, encoder, its decision values
    note: str = ""
    is_slow: bool = False
    no_time: bool = False


@dataclass(frozen=True, slots=True)
class TunedRung:
    """Tunes the encoder of a reading with the contrastive loss of `contrastive` on each half of the rows, and on all.

    The other half says whether what the ladder has come to is better with it: the ladder is climbed again on each half
    (`climb`), since what was learnt from more rows could not be compared. The factors of both come from the halves
    too, but for their common size, which few rows make too small.
    """

    task: Task
    reading: Reading
    ladder: Ladder
    size: float  # the factor that the values of the ladder's pool have been given
    climb: Callable[[Parts], Pool]
    encoder_settings: Mapping[str, Any]
    seconds_left: float | None

    name: ClassVar[str] = "the encoder tuned on the labelled rows"

    def add(self) -> Climbed:
        """Without a rung where there is nothing to tune, too few rows for halves, no time for it, or no need."""
        pool, asked = self.ladder.taken(), self.ladder.parts.asked
        halves = Contrastive.halves(self.task, _RARE)
        is_enough = len(asked) > 0 and float(np.mean(pool.held_out.argmax(axis=1) == asked)) >= _ENOUGH
        if not len(halves) or is_enough or not isinstance(self.reading.dense, Transformer):
            return Climbed()
        began = time.perf_counter()
        quicker = {"learning_rate": _RATE_OF_MANY} if self._is_many() else {}
        settings = tunable(self.encoder_settings)
        contrastive = Contrastive(self.reading.dense.model, encoder_settings=settings, strategy_settings=quicker)
        with contrastive.support(self.task) as (support, work):
            rows, epochs, note = self._plan(support)
            if rows is None:
                return Climbed(note=note, no_time=True)
            support = replace(support, settings=replace(support.settings, n_epochs=epochs))
            parts, own = _of_all(self.task, halves, rows), _of_some(self.task, halves, rows)
            learnt = (rows[learn] for learn, _ in own.pairs)
            of_halves = [normalize(features) for features in support.after_each(learnt, rows)]
            before = _alone(self.climb(parts), parts)
            expert = from_tuned(of_halves[0], of_halves, own).among(rows, len(self.task.texts))
            after = Pool.of([*before.experts, expert], parts)
            if not self._pays(before, after, len(rows)):
                rung = self._rung(before, after, parts, rows, "left out", began)
                return Climbed(rung, note=note, is_slow=self._is_many())
            expert = from_tuned(normalize(support.after(rows, rows)), of_halves, own)
            encoder = contrastive.tuned(support, work)
        in_halves = max(float(before.factors[0]), _LEAST_SIZE)
        of_pool, of_tuned = (float(factor) / in_halves for factor in after.factors)
        rung, linear = self._rung(before, after, parts, rows, "kept", began), expert.linear.times(self.size * of_tuned)
        return Climbed(rung, of_pool, (self.reading.dense_name, encoder, linear), note, self._is_many())

    @staticmethod
    def _pays(before: Pool, after: Pool, n: int) -> bool:
        """Whether tuning on n rows lowers the loss, going by halves of them, and has some weight."""
        unseen = _BY_ALL if n >= _HUNDRED else 0.0
        return after.is_better(before, by=_LEAST_GAIN - unseen) and bool(after.factors[-1] >= _LEAST_FACTOR)

    def _plan(self, support: "Support") -> tuple[Ints | None, float, str]:
        """The rows to tune on, all or as many of each class as there is time for (None where these are too few), how
        many epochs, and a sentence on the budget that all of it would need.

        Time goes into three readings of the rows, and twice (the halves, and the whole) into epochs of them. Where it
        is short, there are fewer epochs of many rows, then fewer rows.
        """
        y, k, most = np.asarray(self.task.y), len(self.task.classes), float(support.settings.n_epochs)
        read = support.reading_s()
        affordable = (self._seconds() - _READINGS * read) / (_EPOCHS * read)  # epochs of all rows
        if affordable >= most:
            return np.arange(len(y)), most, ""
        minutes = math.ceil((self._spent() + (_READINGS + _EPOCHS * most) * read / _SHARE_OF_BUDGET) / 60)
        more = f"longer, which --budget {minutes}m would allow."
        least = _LEAST_EPOCHS if self._is_many() else most
        if affordable >= least:
            said = f"The encoder was tuned for {affordable:.3g} epochs; {most:g} take {more}"
            return np.arange(len(y)), affordable, said
        n = int(self._seconds() / ((_READINGS + _EPOCHS * least) * read) * len(y))
        if n < _LEAST_A_CLASS * k:
            return None, least, f"The encoder was not tuned on the labelled rows: that takes {more}"
        drawn = stratified_sample(y, n, np.random.default_rng(self.task.random_state))
        return drawn, least, f"Tuning the encoder on all labelled rows takes {more}"

    def _is_many(self) -> bool:
        return len(self.task.texts) > _MANY

    def _seconds(self) -> float:
        if self.seconds_left is not None:
            return _SHARE_OF_BUDGET * self.seconds_left
        return min(_SECONDS + _SECONDS_A_ROW * len(self.task.texts), _MOST_SECONDS)

    def _spent(self) -> float:
        """Seconds of a budget that are gone before, or may be."""
        budget_s = self.task.budget_s
        return _BEFORE if budget_s is None or self.seconds_left is None else budget_s - self.seconds_left

    def _rung(self, before: Pool, after: Pool, parts: Parts, rows: Ints, verdict: str, began: float) -> Rung:
        n, why = len(self.task.texts), f"learning from one half of them: {losses_of(before, after)}"
        what = self.name if len(rows) == n else f"the encoder tuned on {len(rows):,} of {n:,} labelled rows"
        return Rung.of(f"+ {what}", after, parts, verdict, why, began)


def _of_all(task: Task, halves: Sequence[tuple[Ints, Ints]], rows: Ints) -> Parts:
    """Halves of all rows to learn from, of which some (m,), in rising order, are checked."""
    pairs = tuple((learn, np.intersect1d(check, rows)) for learn, check in halves)
    return Parts(np.asarray(task.y), len(task.classes), pairs, 1)


def _of_some(task: Task, halves: Sequence[tuple[Ints, Ints]], rows: Ints) -> Parts:
    """The same halves as places among these rows alone."""
    pairs = tuple(
        (np.flatnonzero(np.isin(rows, learn)), np.flatnonzero(np.isin(rows, check))) for learn, check in halves
    )
    return Parts(np.asarray(task.y)[rows], len(task.classes), pairs, 1)


def _alone(pool: Pool, parts: Parts) -> Pool:
    """A pool as one expert, whose factor is free as it will be beside another one."""
    nothing = Linear(np.zeros((parts.k, 0)), np.zeros(parts.k))
    partial = tuple(pool.partial(i) for i in range(len(parts.pairs)))
    return Pool.of([Expert("pool", pool.final(), partial, nothing)], parts)

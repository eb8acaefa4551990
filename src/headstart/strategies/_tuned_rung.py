"""The last rung of `few_labels`: the encoder itself, tuned on the labelled rows, as one more expert beside the pool.

Shape letters: n labelled rows, d features, k classes.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.preprocessing import normalize

from headstart.encoders.transformer import Transformer
from headstart.few_labels.experts import Expert, Linear, Parts, from_tuned
from headstart.few_labels.ladder import Ladder, Pool, Rung, losses_of
from headstart.few_labels.reading import Reading
from headstart.functional.resampling import stratified_sample
from headstart.strategies.contrastive import Contrastive
from headstart.types import Ints, Task

if TYPE_CHECKING:
    from headstart.finetuning.support import Support

__all__ = ["Climbed", "TunedRung"]

_MOST_ROWS = 1_000  # past which `finetune` is the way to tune
_PRODUCTS_A_SECOND = 20e9  # of two processors without a wide vector unit: cautious for a budget
_SECONDS = 25.0  # without a budget, at that rate
_SHARE_OF_BUDGET = 0.5
_ENOUGH = 0.95  # of the held-out rows right: nothing to gain that would be worth the time
_LEAST_GAIN = 0.01  # of the log loss: afterwards every text is read by two networks
_LEAST_A_CLASS = 8  # rows, on average: fewer are not tuned on where there are more
_LEAST_SIZE = 0.5  # of the pool's factor in the halves


@dataclass(frozen=True, slots=True)
class Climbed:
    """Factors of the pool and of the tuned expert, and the part of the bundle that it adds."""

    rung: Rung
    of_pool: float = 1.0
    tuned: tuple[str, Any, Linear] | None = None  # name, encoder, its decision values


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

    def add(self) -> Climbed | None:
        """The rung; None where there is nothing to tune, too few rows for halves, no time for it, or no need."""
        pool, asked = self.ladder.taken(), self.ladder.parts.asked
        if len(asked) and np.mean(pool.held_out.argmax(axis=1) == asked) >= _ENOUGH:
            return None
        halves = Contrastive.halves(self.task) if len(self.task.texts) <= _MOST_ROWS else []
        if not len(halves) or not isinstance(self.reading.dense, Transformer):
            return None
        began = time.perf_counter()
        settings = {name: value for name, value in self.encoder_settings.items() if name != "layers"}
        contrastive = Contrastive(self.reading.dense.model, encoder_settings=settings)
        parts = Parts(np.asarray(self.task.y), len(self.task.classes), tuple(halves), 1)
        with contrastive.support(self.task) as (support, work):
            rows = self._rows(support)
            if rows is None:
                return None
            learnt = (np.intersect1d(learn, rows) for learn, _ in halves)
            of_halves = [normalize(features) for features in support.after_each(learnt)]
            before = _alone(self.climb(parts), parts)
            after = Pool.of([*before.experts, from_tuned(of_halves[0], of_halves, parts)], parts)
            if not after.is_better(before, by=_LEAST_GAIN):
                return Climbed(self._rung(before, after, parts, "left out", began))
            expert = from_tuned(normalize(support.after(rows)), of_halves, parts)
            encoder = contrastive.tuned(support, work)
        in_halves = max(float(before.factors[0]), _LEAST_SIZE)
        of_pool, of_tuned = (float(factor) / in_halves for factor in after.factors)
        rung = self._rung(before, after, parts, "kept", began)
        return Climbed(rung, of_pool, (self.reading.dense_name, encoder, expert.linear.times(self.size * of_tuned)))

    def _rows(self, support: "Support") -> Ints | None:
        """The rows to tune on: all, or as many of each class as there is time for; None where these are too few.

        Time goes into three readings of all rows, and twice (the halves, and the whole) into epochs of those.
        """
        seconds = _SECONDS if self.seconds_left is None else _SHARE_OF_BUDGET * self.seconds_left
        most, read = seconds * _PRODUCTS_A_SECOND, float(support.n_products().sum())
        share = (most - 3.0 * read) / (2.0 * 3.0 * support.settings.n_epochs * read)
        y, n = np.asarray(self.task.y), round(share * len(self.task.y))
        if share >= 1.0:
            return np.arange(len(y))
        rng = np.random.default_rng(self.task.random_state)
        return stratified_sample(y, n, rng) if n >= _LEAST_A_CLASS * len(self.task.classes) else None

    def _rung(self, before: Pool, after: Pool, parts: Parts, verdict: str, began: float) -> Rung:
        why = f"learning from one half of them: {losses_of(before, after)}"
        return Rung.of(f"+ {self.name}", after, parts, verdict, why, began)


def _alone(pool: Pool, parts: Parts) -> Pool:
    """A pool as one expert, whose factor is free as it will be beside another one."""
    nothing = Linear(np.zeros((parts.k, 0)), np.zeros(parts.k))
    partial = tuple(pool.partial(i) for i in range(len(parts.pairs)))
    return Pool.of([Expert("pool", pool.final(), partial, nothing)], parts)

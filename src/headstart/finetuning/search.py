"""Search of settings: optuna proposes, held-out training rows judge, a budget of time ends it. Needs no torch.

Shape letters: m held-out rows.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from headstart.errors import ConfigError, MissingExtra
from headstart.finetuning.distributed import current
from headstart.finetuning.settings import Settings
from headstart.functional.probability import clearly_lower

if TYPE_CHECKING:
    from headstart.finetuning.trials import Attempt, Look
    from headstart.types import Floats

__all__ = ["Found", "Poor", "Trial", "check_n_trials", "search"]

_N_TRIALS = 20  # where the user says only that there should be a search
_SHOWN = 5  # trials in the report, beside the first
_AROUND = {"learning_rate": 4.0, "head_learning_rate": 4.0, "n_epochs": 2.0}  # from a part of the default to times it
_UP_TO = {"weight_decay": 0.1, "label_smoothing": 0.2}  # from zero
_LEAST_DECAY = 0.6


@dataclass(frozen=True, slots=True)
class Trial:
    """One that ran to its end. changed: its settings; losses (m,): log losses of rows, the same in all trials."""

    number: int  # 1 is that of the defaults
    changed: Mapping[str, Any]
    losses: "Floats"
    accuracy: float

    @property
    def loss(self) -> float:
        """Mean log loss."""
        return float(self.losses.mean())


@dataclass(frozen=True, slots=True)
class Found:
    """The settings to learn with, the trials that ran to their end, and sentences for the report."""

    settings: Settings
    trials: tuple[Trial, ...]
    reasons: tuple[str, ...]


def check_n_trials(value: object) -> int:
    """`strategy.search` as a number of trials, 0 = no search. Raises ConfigError, MissingExtra."""
    if value is None or value is False:
        return 0
    if value is not True and (not isinstance(value, int) or value < 2):
        raise ConfigError(
            f"strategy.search must be true, false or a number of trials from 2 on. Got {value!r} instead."
        )
    if find_spec("optuna") is None:
        raise MissingExtra("strategy.search", "optuna", "train")
    return _N_TRIALS if value is True else int(value)


def search(
    attempt: "Attempt",
    settings: Settings,
    *,
    n_trials: int,
    n_layers: int,
    fixed: Collection[str] = (),
    random_state: int = 0,
    budget_s: float | None = None,
    final_share: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """Try settings around the given ones, which are the first trial and stay unless another is clearly better.

    Clearly: its mean log loss is lower by more than one standard error of the paired difference over the held-out
    rows. Proposals: optuna's TPE (Bergstra et al., NeurIPS 2011), seeded; a trial stops early where its loss is above
    the median of the earlier ones at that place. Settings named in `fixed` are not searched: the user gave them.
    `top_layers` is searched where it is a number.

    budget_s: seconds for the trials and the final run together, which takes `final_share` of a trial's time: the trial
    for which none is left is broken off. The same seed and number of trials give the same result.
    Raises ConfigError when the first trial goes astray.
    """
    study = _Study(_space(settings, fixed, n_layers), settings, random_state)
    timer = _Timer(budget_s, final_share, clock)
    trials: list[Trial] = []
    number, is_late = 0, False
    while number < n_trials and not (is_late := is_late or timer.is_over()):
        number += 1
        changed = study.propose()
        try:
            losses, accuracy = attempt(replace(settings, **changed), timer.watch(study.is_poor))
        except _Late:
            number, is_late = number - 1, True
        except (Poor, ConfigError):  # a rate that is far too high raises ConfigError
            if number == 1:
                raise
            study.tell(None)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"trial {number} of {n_trials}") from None
        else:
            timer.finished()
            trials.append(Trial(number, changed, losses, accuracy))
            study.tell(current().agree(trials[-1].loss))
    chosen = int(current().agree(_choose(trials)))
    taken = replace(settings, **trials[chosen].changed) if chosen else settings
    return Found(taken, tuple(trials), tuple(_reasons(trials, chosen, number, is_late)))


def _space(settings: Settings, fixed: Collection[str], n_layers: int) -> dict[str, Any]:
    """Name -> optuna's distribution of the values to try; each holds the default. Raises ConfigError for none."""
    from optuna.distributions import FloatDistribution, IntDistribution

    now = {field.name: getattr(settings, field.name) for field in fields(settings)}
    space: dict[str, Any] = {
        name: FloatDistribution(now[name] / times, now[name] * times, log=True) for name, times in _AROUND.items()
    }
    space |= {name: FloatDistribution(0.0, max(most, now[name])) for name, most in _UP_TO.items()}
    space["layer_decay"] = FloatDistribution(min(_LEAST_DECAY, settings.layer_decay), 1.0)
    if settings.top_layers:
        space["top_layers"] = IntDistribution(max(1, settings.reinit_layers), max(n_layers, settings.top_layers))
    space = {name: values for name, values in space.items() if name not in fixed}
    if not space:
        raise ConfigError("strategy.search: every setting that could be searched was given. Leave some of them out.")
    return space


class _Study:
    """optuna's study, quiet: it proposes settings, the defaults first, and says which trials are poor."""

    def __init__(self, space: Mapping[str, Any], settings: Settings, random_state: int) -> None:
        from optuna.pruners import MedianPruner
        from optuna.samplers import TPESampler
        from optuna.study import create_study

        self._space = dict(space)
        with _quiet():
            sampler = TPESampler(seed=random_state % 2**32, multivariate=True, n_startup_trials=5)
            self._study = create_study(sampler=sampler, pruner=MedianPruner(n_startup_trials=4, n_warmup_steps=1))
            self._study.enqueue_trial({name: getattr(settings, name) for name in space})

    def propose(self) -> dict[str, Any]:
        """The settings of the next trial; of the first none: the defaults."""
        with _quiet():
            self._trial = self._study.ask(self._space)
        return {name: _short(value) for name, value in self._trial.params.items()} if self._trial.number else {}

    def is_poor(self, look: int, loss: float) -> bool:
        """Whether the trial should stop; the defaults never should."""
        self._trial.report(loss, look)
        return self._trial.number > 0 and bool(self._trial.should_prune())

    def tell(self, loss: float | None) -> None:
        """How the trial ended; None: early."""
        from optuna.trial import TrialState

        with _quiet():
            self._study.tell(self._trial, loss, state=TrialState.PRUNED if loss is None else None)


class _Late(Exception):
    """There is no time left to go on with a trial."""


class Poor(Exception):
    """A trial is not worth its time."""


@dataclass(slots=True)
class _Timer:
    """Whether there is time to go on, once that of the final run is set aside."""

    budget_s: float | None
    final_share: float
    clock: Callable[[], float]
    _began: float = field(init=False)
    _trial_began: float = field(init=False)
    _longest: float = 0.0  # of the trials that ran to their end
    _to_first_look: float = 0.0  # at most, so far

    def __post_init__(self) -> None:
        self._began = self._trial_began = self.clock()

    def watch(self, is_poor: Callable[[int, float], bool]) -> "Look":
        """What a trial calls at each look."""
        self._trial_began = self.clock()

        def look(number: int, share: float, loss: float) -> None:
            taken = self.clock() - self._trial_began
            if number == 1:
                self._to_first_look = max(self._to_first_look, taken)
            if self._is_short(taken / number, self.final_share * (self._longest or taken / share)):
                raise _Late
            if is_poor(number, loss):
                raise Poor

        return look

    def finished(self) -> None:
        """A trial ran to its end."""
        self._longest = max(self._longest, self.clock() - self._trial_began)

    def is_over(self) -> bool:
        """Whether another trial could not even be looked at."""
        return self._is_short(self._to_first_look, self.final_share * self._longest)

    def _is_short(self, to_next_look: float, final_run: float) -> bool:
        if self.budget_s is None:
            return False
        left = self.budget_s - (self.clock() - self._began)
        return current().agree(left) < current().agree(to_next_look + final_run)


def _choose(trials: Sequence[Trial]) -> int:
    """Index of the best of the trials that are clearly better than the first, else 0."""
    better = [i for i, trial in enumerate(trials) if clearly_lower(trial.losses, trials[0].losses)]
    return min(better, key=lambda i: trials[i].loss, default=0)


def _reasons(trials: Sequence[Trial], chosen: int, n_tried: int, is_late: bool) -> Iterator[str]:
    late = " There was no time for more." if is_late else ""
    if not trials:
        yield f"Search of settings: the defaults stayed, no trial came to its end.{late}"
        return
    verdict = (
        f"trial {trials[chosen].number} was taken, it is clearly better than the defaults"
        if chosen
        else "the defaults stayed, no trial was clearly better"
    )
    yield (
        f"Search of settings: {n_tried} trials, {n_tried - len(trials)} of them stopped early, on "
        f"{len(trials[0].losses):,} held-out training rows: {verdict}.{late}"
    )
    for trial in [trials[0], *sorted(trials[1:], key=lambda trial: trial.loss)[:_SHOWN]]:
        words = ", ".join(f"{name} {value:g}" for name, value in trial.changed.items()) or "the defaults"
        yield f"Trial {trial.number}: accuracy {100 * trial.accuracy:.1f}, log loss {trial.loss:.3f} with {words}."


def _short(value: float) -> float:
    """Three digits: what is shown is what was tried."""
    return value if isinstance(value, int) else float(f"{value:.3g}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep optuna's lines off the terminal."""
    from optuna import logging

    level = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        logging.set_verbosity(level)

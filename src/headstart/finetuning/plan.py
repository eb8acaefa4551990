"""How many steps a run takes and at which rates, where its time is limited too."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from headstart.functional.schedules import Schedule, squeezed

__all__ = ["Forecast", "Pace", "Plan", "said_of_budget", "states_pay"]

_SPARE = 0.03  # of the time that is left, for what was not foreseen
_CLOSE = 0.05  # of the steps that are left: a plan that is this near is kept
_LOOKS, _BETWEEN = 20, 4  # at the time that is left, in the course of a plan; least steps between two
_FORWARD = 1 / 3  # of a step's time, what it takes to read its rows without learning
_SURE_SHARE, _SURE_BATCHES = 0.02, 4  # of the work: what it takes to tell how long all of it will


@dataclass(slots=True)
class Forecast:
    """How long work on `total` tokens takes: told once, when a fiftieth of it is done and four batches are.

    The first batch, slower than others, does not count.
    """

    total: int
    clock: Callable[[], float] = time.monotonic
    _n_batches: int = field(init=False, default=0)
    _first: int = field(init=False, default=0)  # tokens of the first batch
    _begun: float = field(init=False, default=0.0)
    _is_told: bool = field(init=False, default=False)

    def after(self, done: int) -> float | None:
        """After a batch, with which so many tokens are done: the seconds of all, or None but for the one time."""
        self._n_batches += 1
        if self._n_batches == 1:
            self._first, self._begun = done, self.clock()
        if self._is_told or self._n_batches < _SURE_BATCHES or done < _SURE_SHARE * self.total:
            return None
        self._is_told = True
        return (self.clock() - self._begun) * self.total / (done - self._first)


def states_pay(fill_s: float, left_s: float, depth: int, n_layers: int) -> bool:
    """Whether to compute the states below layer `depth` once, for `fill_s` seconds, where `left_s` are left in all.

    An epoch takes f + u with all layers running and u with the upper ones alone, f = fill_s. Of the rows of an epoch
    left_s / (f + u) are learnt with all layers, (left_s - f) / u with kept states: more where left_s >= f + u.
    """
    upper_s = fill_s / _FORWARD * (n_layers - depth) / depth
    return left_s >= fill_s + upper_s


@dataclass(slots=True)
class Pace:
    """What steps and checks have taken so far, in seconds. tokens_ratio: tokens of a check by those of a step."""

    tokens_ratio: float = 0.0
    on_steps: float = 0.0
    n_steps: int = 0
    on_checks: float = 0.0
    n_checks: int = 0

    def step_s(self) -> float:
        """Seconds a step."""
        return self.on_steps / max(self.n_steps, 1)

    def check_s(self) -> float:
        """Seconds a check; before the first, what the steps make likely."""
        return self.on_checks / self.n_checks if self.n_checks else self.step_s() * _FORWARD * self.tokens_ratio


@dataclass(slots=True)
class Plan:
    """`n_steps` steps at the rates of `schedule`, until `fit` finds that there is less time than that.

    The changes (at step, steps left) decide the rates, and nothing else does: a run is repeated by repeating them.
    """

    full: int  # steps that the number of epochs asks for
    schedule: Schedule
    n_steps: int = field(init=False)
    changes: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        given, self.changes, self.n_steps = self.changes, [], self.full
        self.repeat(given)

    def repeat(self, changes: Iterable[tuple[int, int]]) -> None:
        """Make these changes."""
        for at, n_left in changes:
            self.schedule = squeezed(self.schedule, self.n_steps, at, n_left)
            self.n_steps = at + n_left
            self.changes.append((at, n_left))

    def is_due(self, at: int) -> bool:
        """Whether to look at the time after step `at`: after 1, 2, 4, 8, ... steps and each twentieth of all."""
        return at & (at - 1) == 0 or at % max(_BETWEEN, self.n_steps // _LOOKS) == 0

    def fit(self, at: int, seconds_left: float, pace: Pace, n_between: int, n_last: int) -> None:
        """After step `at`, take no more steps than there is time for, nor more than the epochs ask for.

        n_between: steps between two checks; n_last: checks that come after the last step.
        """
        if not 0 < at < self.n_steps or not pace.n_steps:
            return
        usable = seconds_left * (1 - _SPARE) - n_last * pace.check_s()
        possible = int(usable / max(pace.step_s() + pace.check_s() / n_between, 1e-9))
        n_left = max(1, min(self.full - at, possible))
        if abs(n_left - (self.n_steps - at)) > _CLOSE * (self.n_steps - at):
            self.repeat([(at, n_left)])

    def note(self, taken: int) -> str:
        """What the time made of the plan, a sentence."""
        return said_of_budget(taken, self.full)


def said_of_budget(taken: int, full: int) -> str:
    """A sentence on a run that a budget made shorter."""
    return f"The budget allowed {taken:,} of {full:,} steps."

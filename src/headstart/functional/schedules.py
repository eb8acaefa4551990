"""Learning-rate schedules: pure functions of the step that give a factor of the learning rate."""

from collections.abc import Callable
from functools import partial
from math import cos, pi

__all__ = ["SCHEDULES", "Schedule", "constant", "make_schedule", "squeezed", "warmup_decay"]

Schedule = Callable[[float], float]  # steps taken so far, from 0 -> factor of the learning rate

SCHEDULES = ("constant", "linear", "cosine", "step", "one_cycle")
_FLOOR = 1 / 25  # of the peak, where one_cycle begins
_END = 1e-4  # of the beginning, where one_cycle ends


def constant(step: float) -> float:
    """Always 1."""
    return 1.0


def warmup_decay(n_steps: int, n_warmup: int = 0, end: float = 0.0) -> Schedule:
    """Up to 1 in a line over `n_warmup` steps, then down in a line to `end` at step `n_steps`, and `end` after.

    Source: the slanted triangle of Howard and Ruder, ACL 2018, section 3.2. Departure: the peak is given in steps.
    Raises ValueError unless 0 <= n_warmup < n_steps.
    """
    return _shaped(lambda left: end + (1.0 - end) * left, n_steps, n_warmup)


def make_schedule(name: str, n_steps: int, n_warmup: int = 0) -> Schedule:
    """One of SCHEDULES over `n_steps` steps, after a line up to 1 over `n_warmup` steps.

    linear: a line down to 0. cosine: half a wave down to 0 (Loshchilov and Hutter, ICLR 2017, without restarts).
    step: a tenth from half of the way on, a hundredth from three quarters on (He et al., CVPR 2016). one_cycle: half a
    wave up from 1/25 and one down to almost nothing (Smith and Topin 2019, with cosines; `n_warmup` 0 = 30 % of the
    steps). Raises ValueError unless 0 <= n_warmup < n_steps and the name is known.
    """
    if name == "one_cycle":
        n_warmup = n_warmup or int(0.3 * n_steps)
        down = _shaped(lambda left: _FLOOR * _END + (1 - _FLOOR * _END) * _wave(left), n_steps, n_warmup)
        return partial(_one_cycle, n_warmup=n_warmup, down=down)
    shapes: dict[str, Callable[[float], float]] = {
        "constant": lambda left: 1.0,
        "linear": lambda left: left,
        "cosine": _wave,
        "step": lambda left: 1.0 if left > 0.5 else 0.1 if left > 0.25 else 0.01,
    }
    if name not in shapes:
        raise ValueError(f"There is no schedule {name!r}. Known: {', '.join(SCHEDULES)}.")
    return _shaped(shapes[name], n_steps, n_warmup)


def squeezed(schedule: Schedule, n_steps: int, at: int, n_left: int) -> Schedule:
    """A schedule of `n_steps` steps up to step `at`; what it still had to do then, in `n_left` steps.

    So a run that has less time than it thought ends with its rates as low as ever. Raises ValueError unless
    0 <= at < n_steps and n_left > 0.
    """
    if not 0 <= at < n_steps or n_left < 1:
        raise ValueError(f"A schedule of {n_steps} steps has no rest after step {at} to squeeze into {n_left} steps.")
    pace = (n_steps - at) / n_left
    return lambda step: schedule(step if step < at else at + (step - at) * pace)


def _shaped(shape: Callable[[float], float], n_steps: int, n_warmup: int) -> Schedule:
    """Up to 1 over the warm-up, then `shape` of the share of the steps that is left."""
    if not 0 <= n_warmup < n_steps:
        raise ValueError(f"A schedule of {n_steps} steps cannot warm up for {n_warmup}: expected 0 to {n_steps - 1}.")

    def factor(step: float) -> float:
        if step < n_warmup:
            return (step + 1) / (n_warmup + 1)  # the first step learns too
        return shape(max(0.0, (n_steps - step) / (n_steps - n_warmup)))

    return factor


def _wave(left: float) -> float:
    return (1 - cos(pi * left)) / 2


def _one_cycle(step: float, n_warmup: int, down: Schedule) -> float:
    return _FLOOR + (1 - _FLOOR) * _wave(step / n_warmup) if step < n_warmup else down(step)

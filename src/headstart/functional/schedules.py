"""Learning-rate schedules: pure functions of the step that give a factor of the learning rate."""

from collections.abc import Callable
from functools import partial

__all__ = ["Schedule", "constant", "warmup_decay"]

Schedule = Callable[[int], float]  # steps taken so far, from 0 -> factor of the learning rate


def constant(step: int) -> float:
    """Always 1."""
    return 1.0


def warmup_decay(n_steps: int, n_warmup: int = 0, end: float = 0.0) -> Schedule:
    """Up to 1 in a line over `n_warmup` steps, then down in a line to `end` at step `n_steps`, and `end` after.

    Source: the slanted triangle of Howard and Ruder, ACL 2018, section 3.2. Departure: the peak is given in steps.
    Raises ValueError unless 0 <= n_warmup < n_steps.
    """
    if not 0 <= n_warmup < n_steps:
        raise ValueError(f"A schedule of {n_steps} steps cannot warm up for {n_warmup}: expected 0 to {n_steps - 1}.")
    return partial(_triangle, n_steps=n_steps, n_warmup=n_warmup, end=end)


def _triangle(step: int, n_steps: int, n_warmup: int, end: float) -> float:
    if step < n_warmup:
        return (step + 1) / (n_warmup + 1)  # the first step learns too
    left = max(0.0, (n_steps - step) / (n_steps - n_warmup))
    return end + (1.0 - end) * left

"""What rows that a run does not learn from say of its weights, and when they say enough to act on.

Shape letters: n rows that check, k classes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.functional.probability import fit_scale, log_losses
from headstart.predictor import HeldOut

if TYPE_CHECKING:
    from headstart.finetuning.averaging import Weights
    from headstart.types import Floats, Ints

__all__ = ["Answer", "Best", "answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A check with what each row says: its logits (n, k), and the losses (n,) of these times `scale`, the factor that
    calibrates them; the check's loss is their mean.
    """

    check: HeldOut
    logits: "Floats"
    losses: "Floats"
    scale: float


@dataclass(frozen=True, slots=True)
class Best:
    """The check with the lowest mean loss so far, and the weights of its moment."""

    answer: Answer
    weights: "Weights"


def answer(step: int, logits: "Floats", y: "Ints") -> Answer:
    """Logits (n, k) of rows with classes y (n,), judged after calibration by one factor.

    Without it a network would look worse the surer it gets, even while it ranks the classes better.
    """
    scale = fit_scale(logits, y, per_class=False)
    losses = log_losses(logits * scale, y)
    check = HeldOut(step, float(losses.mean()), float(np.mean(logits.argmax(axis=1) == y)))
    return Answer(check, logits, losses, scale)

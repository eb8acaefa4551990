"""Means of weights: of those along a run, and of those before and after it. All functions work on lists of tensors.

A list holds one tensor a parameter, in the order of the parameters.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import torch

from headstart.functional.probability import clearly_lower

if TYPE_CHECKING:
    from headstart.finetuning.checking import Answer

__all__ = ["SHARES", "RunningMean", "Weights", "assign", "best_blend", "blend", "copies"]

Weights = list[torch.Tensor]
SHARES = (0.8, 0.6, 0.4, 0.2)  # of the tuned weights that WiSE-FT tries, beside all


class RunningMean:
    """The mean of the weights that were added (SWA: Izmailov et al., UAI 2018), in the memory of one copy."""

    def __init__(self, values: Weights | None = None, n: int = 0) -> None:
        self.values, self.n = values or [], n

    def add(self, weights: Iterable[torch.Tensor]) -> None:
        """Take these weights into the mean: m becomes m + (w - m) / n."""
        now = [weight.detach() for weight in weights]
        self.n += 1
        if self.n == 1:
            self.values = [weight.clone() for weight in now]
        else:
            torch._foreach_lerp_(self.values, now, 1.0 / self.n)


def copies(parameters: Iterable[torch.Tensor]) -> Weights:
    """The values that the parameters have now."""
    return [parameter.detach().clone() for parameter in parameters]


def blend(start: Sequence[torch.Tensor], tuned: Sequence[torch.Tensor], share: float) -> Weights:
    """(1 - share) * start + share * tuned, a tensor each (WiSE-FT: Wortsman et al., CVPR 2022, equation 1)."""
    return [(1.0 - share) * a + share * b for a, b in zip(start, tuned, strict=True)]


def best_blend(
    parameters: Sequence[torch.Tensor], start: Weights, tuned: "Answer", ask: "Callable[[], Answer]"
) -> "tuple[Answer, float]":
    """Leave the parameters between their values at the start and those of now, where held-out rows are clearly better
    off than with all of what was tuned (WiSE-FT). Returns what these rows say then, and the share that was tuned.

    tuned: what they say of the parameters as they are; ask() of those of the moment.
    """
    whole, kept, chosen = copies(parameters), tuned, 1.0
    for share in SHARES:
        assign(parameters, blend(start, whole, share))
        found = ask()
        if found.check.loss < kept.check.loss and clearly_lower(found.losses, tuned.losses):
            kept, chosen = found, share
    assign(parameters, blend(start, whole, chosen) if chosen < 1.0 else whole)
    return kept, chosen


def assign(parameters: Iterable[torch.Tensor], weights: Iterable[torch.Tensor]) -> None:
    """Give the parameters these values."""
    with torch.no_grad():
        for parameter, weight in zip(parameters, weights, strict=True):
            parameter.copy_(weight)

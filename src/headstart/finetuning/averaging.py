"""Means of weights: of those along a run, and of those before and after it. All functions work on lists of tensors.

A list holds one tensor a parameter, in the order of the parameters.
"""

from collections.abc import Iterable, Sequence

import torch

__all__ = ["RunningMean", "Weights", "assign", "blend", "copies"]

Weights = list[torch.Tensor]


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


def assign(parameters: Iterable[torch.Tensor], weights: Iterable[torch.Tensor]) -> None:
    """Give the parameters these values."""
    with torch.no_grad():
        for parameter, weight in zip(parameters, weights, strict=True):
            parameter.copy_(weight)

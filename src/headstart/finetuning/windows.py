"""Long texts in several windows: a row's features are the mean of its windows', while the body learns.

Shape letters: n texts, W windows of all texts, B batch, V windows of a batch, d features.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from headstart.finetuning.inputs import Inputs

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["Windows", "in_windows"]


class Windows:
    """Rows over the windows of `inputs`, counts (n,) of them a row; the same mean as `_tokens.mean_of_windows`."""

    def __init__(self, inputs: Inputs, counts: "Ints", *, normalise: bool) -> None:
        self._inputs, self._counts, self._normalise = inputs, counts, normalise
        self._starts = np.cumsum(counts) - counts
        self.lengths: Ints = np.add.reduceat(inputs.lengths, self._starts)
        self.note = inputs.note

    def features(self, rows: "Ints") -> torch.Tensor:
        """(B, d) of these rows."""
        counts = self._counts[rows]
        places = np.repeat(np.arange(len(rows)), counts)  # (V,)
        ends = np.cumsum(counts)
        windows = np.repeat(self._starts[rows] - (ends - counts), counts) + np.arange(len(places))
        found = self._inputs.features(windows)
        lengths = np.maximum(self._inputs.lengths[windows], 1)  # where a tokeniser makes nothing of a text
        shares = lengths / np.bincount(places, lengths)[places]
        weights = np.zeros((len(rows), len(windows)), np.float32)
        weights[places, np.arange(len(windows))] = shares
        means = torch.from_numpy(weights).to(found.device) @ found.float()
        if not self._normalise:
            return means
        several = torch.from_numpy(counts > 1).to(found.device)[:, None]
        return torch.where(several, functional.normalize(means, dim=1), means)


def in_windows(inputs: Inputs, counts: "Ints", *, normalise: bool) -> Inputs:
    """The inputs of windows as inputs of n rows; themselves where each row is one window."""
    return inputs if len(inputs.lengths) == len(counts) else Windows(inputs, counts, normalise=normalise)

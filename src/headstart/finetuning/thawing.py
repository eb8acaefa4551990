"""Layers that begin to learn one after another, from the highest down, while a run goes on.

Shape letters: B batch, d features.
"""

from typing import TYPE_CHECKING

import torch

from headstart.finetuning.groups import open_layers
from headstart.finetuning.network import blocks_of

if TYPE_CHECKING:
    from headstart.finetuning.run import Run
    from headstart.types import Ints

__all__ = ["Thawing", "n_open"]


def n_open(taken: int, n_steps: int, n_layers: int) -> int:
    """How many of `n_layers` layers learn in the step after `taken` of `n_steps`: the stages are of equal length.

    With fewer steps than layers some stages are left out; the last step always has all layers.
    """
    return n_layers if taken >= n_steps - 1 else min(n_layers, 1 + taken * n_layers // n_steps)


class Thawing:
    """The inputs of `run`, which before a step freezes the layers whose stage has not come.

    Everything that will learn is open when the run begins: its optimiser knows all of it, and passes over what is
    frozen, since that has no gradient. What is open depends on the number of steps alone, so that a run that goes on
    from a checkpoint does as it would have done.
    """

    def __init__(self, run: "Run") -> None:
        self._run, self._inputs, self._n_open = run, run.inputs, 0
        n_layers = len(blocks_of(run.network.body.model))
        self._embeddings = run.settings.embeddings
        self._n_layers = n_layers - run.network.n_frozen
        self._is_whole = run.network.n_frozen == 0
        self.lengths, self.note = self._inputs.lengths, self._inputs.note

    def features(self, rows: "Ints") -> torch.Tensor:
        """(B, d) of these rows."""
        network = self._run.network
        if network.training:
            self._thaw(n_open(len(self._run.losses), self._run.plan.n_steps, self._n_layers))
        return self._inputs.features(rows)

    def _thaw(self, n: int) -> None:
        """Let the highest `n` layers learn; with the last of all layers what lies below them too."""
        if n == self._n_open:
            return
        self._n_open = n
        network = self._run.network
        everything = n == self._n_layers and self._is_whole
        open_layers(network, None if everything else n, embeddings=everything and self._embeddings)
        network.train()

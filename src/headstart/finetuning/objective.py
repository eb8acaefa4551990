"""What goes down while a network learns: cross-entropy and the penalties on its weights."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from headstart.finetuning.averaging import copies
from headstart.finetuning.distributed import current
from headstart.finetuning.inputs import Inputs
from headstart.finetuning.network import Network, in_precision
from headstart.finetuning.settings import Settings

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["make_loss"]


def make_loss(
    network: Network, inputs: Inputs, y: "Ints", rows: "Ints", settings: Settings
) -> Callable[["Ints"], torch.Tensor]:
    """Rows of a batch -> their mean loss: cross-entropy (label smoothing, class weights) and penalties. Where processes
    learn together, the part of this one.

    class_weight "balanced": a row counts n / (k * rows of its class), by the rows that learn. l1: sum of the amounts
    of the body's weights. l2_sp: half their squared distance to the weights that the body has now, the pre-trained
    ones (Li, Grandvalet and Davoine, ICML 2018, L2-SP). Both leave the last layer alone, which has no such start, and
    count the weights that learn only.
    """
    device = network.last.weight.device
    targets = torch.from_numpy(y.astype(np.int64)).to(device)
    k = network.last.out_features
    weights = _class_weights(y[rows], k).to(device) if settings.class_weight == "balanced" else None
    learning = [p for p in network.body.parameters() if p.requires_grad]
    starts = copies(learning) if settings.l2_sp else []

    def loss(batch: "Ints") -> torch.Tensor:
        with in_precision(settings.precision, network.body):
            logits = network.decide(inputs.features(batch))
        value = functional.cross_entropy(logits, targets[batch], weights, label_smoothing=settings.label_smoothing)
        if settings.l1 and learning:
            value = value + settings.l1 * torch.stack([p.abs().sum() for p in learning]).sum()
        if settings.l2_sp and learning:
            distances = [(p - start).square().sum() for p, start in zip(learning, starts, strict=True)]
            value = value + settings.l2_sp / 2 * torch.stack(distances).sum()
        return value

    return current().share_of(loss, None if weights is None else weights[targets].double().cpu().numpy())


def _class_weights(y: "Ints", k: int) -> torch.Tensor:
    """(k,) n / (k * rows of the class)."""
    counts = np.maximum(np.bincount(y, minlength=k), 1)
    return torch.from_numpy((len(y) / (k * counts)).astype(np.float32))

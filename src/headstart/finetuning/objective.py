"""What goes down while a network learns: cross-entropy and the penalties on its weights."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from headstart.encoders._torch import cpu_has_bf16
from headstart.finetuning.inputs import Inputs
from headstart.finetuning.network import Network
from headstart.finetuning.settings import Settings

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["in_precision", "make_loss"]


def make_loss(
    network: Network, inputs: Inputs, y: "Ints", rows: "Ints", settings: Settings
) -> Callable[["Ints"], torch.Tensor]:
    """Rows of a batch -> their loss: cross-entropy (label smoothing, class weights) and penalties.

    l1: sum of the weights' amounts. l2_sp: half the squared distance to the weights that the body has now, the
    pre-trained ones (Li, Grandvalet and Davoine, ICML 2018, L2-SP); the last layer has no such start.
    """
    device = network.last.weight.device
    targets = torch.from_numpy(y.astype(np.int64)).to(device)
    weights = _class_weights(y[rows], int(y.max()) + 1).to(device) if settings.class_weight == "balanced" else None
    learning = [p for p in network.body.parameters() if p.requires_grad]
    starts = [p.detach().clone() for p in learning] if settings.l2_sp else []

    def loss(batch: "Ints") -> torch.Tensor:
        with in_precision(settings.precision, device):
            logits = network.decide(inputs.features(batch))
        value = functional.cross_entropy(logits, targets[batch], weights, label_smoothing=settings.label_smoothing)
        if settings.l1:
            value = value + settings.l1 * torch.stack([p.abs().sum() for p in learning]).sum()
        if settings.l2_sp:
            distances = [(p - start).square().sum() for p, start in zip(learning, starts, strict=True)]
            value = value + settings.l2_sp / 2 * torch.stack(distances).sum()
        return value

    return loss


def in_precision(precision: str, device: torch.device) -> torch.autocast:
    """A block whose matrix products are in bfloat16, where `precision` asks for it or the hardware is quick at it."""
    quick = torch.cuda.is_bf16_supported() if device.type == "cuda" else cpu_has_bf16()
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16" or (precision == "auto" and quick))


def _class_weights(y: "Ints", k: int) -> torch.Tensor:
    """(k,) n / (k * rows of the class)."""
    counts = np.maximum(np.bincount(y, minlength=k), 1)
    return torch.from_numpy((len(y) / (k * counts)).astype(np.float32))

"""Which parameters learn, and how fast each does."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from headstart.finetuning.network import Network, behind_layers, blocks_of
from headstart.finetuning.settings import Settings

__all__ = ["make_optimiser", "open_layers"]


def open_layers(network: Network, top_layers: int | None, *, embeddings: bool = False) -> int:
    """Let the highest `top_layers` layers learn (None = all), with all that comes after them; freeze the rest.

    Returns the number of frozen layers. With all layers the embeddings' norms and positions learn too, the table of
    word embeddings only if `embeddings`: it is half of a small model, and few of its rows are seen. With no layer
    only the last linear layer learns.
    """
    model = network.body.model
    blocks = blocks_of(model)
    depth = 0 if top_layers is None else max(0, len(blocks) - top_layers)
    network.requires_grad_(True)
    if depth:
        model.requires_grad_(False)
        blocks[depth:].requires_grad_(True)
        for parameter in behind_layers(model):
            parameter.requires_grad_(True)
    elif not embeddings:
        model.get_input_embeddings().requires_grad_(False)
    if depth == len(blocks):
        network.body.requires_grad_(False)
    network.n_frozen = depth
    return depth


def make_optimiser(network: Network, settings: Settings) -> torch.optim.Optimizer:
    """The optimiser over all that learns: a group a rate and kind, the last linear layer at a rate of its own.

    The highest layer and what stands behind it learn at `learning_rate`, each layer below at `layer_decay` times the
    rate above it, the embeddings (and what all layers share) one below the lowest. Weight decay spares biases and
    norms, which have one dimension.
    """
    groups = list(_groups(network, settings))
    if settings.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=settings.learning_rate, momentum=0.9)
    kind = torch.optim.AdamW if settings.optimiser == "adamw" else torch.optim.Adam
    return kind(groups, lr=settings.learning_rate, fused=True)


def _groups(network: Network, settings: Settings) -> Iterator[dict[str, Any]]:
    blocks = blocks_of(network.body.model)
    below_top = {id(p): len(blocks) - 1 - number for number, block in enumerate(blocks) for p in block.parameters()}
    below_top |= {id(p): 0 for p in (*behind_layers(network.body.model), *network.body.projections.parameters())}
    last = {id(p) for p in network.last.parameters()}
    parts: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in network.parameters():
        if not parameter.requires_grad:
            continue
        rate = settings.learning_rate * settings.layer_decay ** below_top.get(id(parameter), len(blocks))
        if id(parameter) in last:
            rate = settings.head_learning_rate
        decay = settings.weight_decay if parameter.dim() > 1 else 0.0
        parts.setdefault((rate, decay), []).append(parameter)
    for (rate, decay), parameters in parts.items():
        yield {"params": parameters, "lr": rate, "weight_decay": decay}

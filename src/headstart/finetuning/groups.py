"""Which parameters learn, and how fast each does."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from headstart.finetuning.network import Network, blocks_of
from headstart.finetuning.settings import Settings

__all__ = ["make_optimiser", "open_layers"]


def open_layers(network: Network, top_layers: int | None, *, embeddings: bool = False) -> int:
    """Let the highest `top_layers` layers learn (None = all), with all that comes after them; freeze the rest.

    Returns the number of frozen layers. With all layers the embeddings' norms and positions learn too, the table of
    word embeddings only if `embeddings`: it is half of a small model, and few of its rows are seen.
    """
    blocks = blocks_of(network.body.model)
    depth = 0 if top_layers is None else max(0, len(blocks) - top_layers)
    network.requires_grad_(True)
    if depth:
        above = {id(p) for block in blocks[depth:] for p in block.parameters()}
        above |= {id(p) for p in _after(network.body.model, blocks)}
        for parameter in network.body.model.parameters():
            parameter.requires_grad_(id(parameter) in above)
    elif not embeddings:
        network.body.model.get_input_embeddings().requires_grad_(False)
    return depth


def make_optimiser(network: Network, settings: Settings) -> torch.optim.Optimizer:
    """The optimiser over all that learns: a group a layer and kind, the last linear layer at a rate of its own.

    Weight decay spares biases and norms, which have one dimension.
    """
    groups = list(_groups(network, settings))
    if settings.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=settings.learning_rate, momentum=0.9)
    kind = torch.optim.AdamW if settings.optimiser == "adamw" else torch.optim.Adam
    return kind(groups, lr=settings.learning_rate, fused=True)


def _groups(network: Network, settings: Settings) -> Iterator[dict[str, Any]]:
    blocks = blocks_of(network.body.model)
    layer_of = {id(p): number for number, block in enumerate(blocks) for p in block.parameters()}
    after = {id(p) for p in _after(network.body, blocks)}
    parts: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith("last."):
            rate = settings.head_learning_rate
        else:
            layer = layer_of.get(id(parameter), len(blocks) - 1 if id(parameter) in after else -1)
            rate = settings.learning_rate * settings.layer_decay ** (len(blocks) - 1 - layer)
        decay = settings.weight_decay if parameter.dim() > 1 else 0.0
        parts.setdefault((rate, decay), []).append(parameter)
    for (rate, decay), parameters in parts.items():
        yield {"params": parameters, "lr": rate, "weight_decay": decay}


def _after(module: nn.Module, blocks: nn.ModuleList) -> list[nn.Parameter]:
    """Parameters that stand behind the layers in the module: the last norm, a pooler, projections."""
    found, behind = [], False
    inside = {id(p) for p in blocks.parameters()}
    for parameter in module.parameters():
        if id(parameter) in inside:
            behind = True
        elif behind:
            found.append(parameter)
    return found

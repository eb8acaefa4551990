"""A pre-trained transformer with a linear last layer, and its parts from the embeddings up.

Shape letters: B batch, T tokens, h width of a layer, d features, k classes, L layers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from headstart.encoders._torch import PooledModel

__all__ = ["Network", "blocks_of", "upper_part"]

_COUNTS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers")  # the names that configurations give to L


class Network(nn.Module):  # type: ignore[misc] # mypy does not follow torch
    """input_ids, attention_mask (B, T) -> logits (B, k). `body` gives the features (B, d), `last` is linear."""

    def __init__(self, body: PooledModel, k: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.body = body
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(body.dim(), k)
        nn.init.zeros_(self.last.weight)  # every class alike: the first steps do not push the body at random
        nn.init.zeros_(self.last.bias)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits (B, k)."""
        return self.decide(self.body(input_ids, attention_mask))

    def decide(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (B, k) of features (B, d)."""
        logits: torch.Tensor = self.last(self.dropout(features.float()))
        return logits


def blocks_of(model: nn.Module) -> nn.ModuleList:
    """The model's layers, the lowest first. A model that uses one layer several times (ALBERT) shows it once.

    Raises ValueError for a model without such a list.
    """
    config = getattr(model, "config", None)
    wanted = {int(n) for n in (getattr(config, name, None) for name in _COUNTS) if isinstance(n, int)}
    lists = [m for m in model.modules() if isinstance(m, nn.ModuleList) and len(m) and len({type(b) for b in m}) == 1]
    stated = [m for m in lists if len(m) in wanted]
    if not lists:
        raise ValueError(f"{type(model).__name__} has no list of layers.")
    return max(stated or lists, key=lambda m: sum(p.numel() for p in m.parameters()))


@contextmanager
def upper_part(model: nn.Module, depth: int, states: torch.Tensor) -> Iterator[None]:
    """Within the block the model runs its layers from `depth` on only, from the states (B, T, h) that go into them.

    What the model computes beside its layers (masks, positions, the last norm) it computes as ever.
    """
    blocks = blocks_of(model)
    owner, name = _owner(model, blocks)

    def enter(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        if args:
            return (states, *args[1:]), kwargs
        return args, {**kwargs, "hidden_states": states}

    setattr(owner, name, blocks[depth:])
    handle = blocks[depth].register_forward_pre_hook(enter, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()
        setattr(owner, name, blocks)


class _Reached(Exception):
    """The layer that was asked for has its input; nothing above it is needed."""


def states_below(model: nn.Module, depth: int, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """What goes into layer `depth`: (B, T, h). The layers from there on do not run."""
    found: list[torch.Tensor] = []

    def leave(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        found.append(args[0] if args else kwargs["hidden_states"])
        raise _Reached

    handle = blocks_of(model)[depth].register_forward_pre_hook(leave, with_kwargs=True)
    try:
        model(input_ids=input_ids, attention_mask=attention_mask)
    except _Reached:
        pass
    finally:
        handle.remove()
    return found[0]


def _owner(model: nn.Module, child: nn.Module) -> tuple[nn.Module, str]:
    for module in model.modules():
        for name, value in module.named_children():
            if value is child:
                return module, name
    raise ValueError("not a part of the model")

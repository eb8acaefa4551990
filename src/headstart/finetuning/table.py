"""The table of word embeddings, cut to the tokens that the texts of a run use.

Shape letters: B batch, T tokens, h width of a layer, V tokens of the vocabulary, U tokens that the texts use.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from headstart.finetuning.network import at_rest

if TYPE_CHECKING:
    from headstart.encoders._torch import PooledModel
    from headstart.finetuning.inputs import Tokens

__all__ = ["used_tokens"]

_TOLERANCE = 1e-6  # of features that should be equal


@contextmanager
def used_tokens(body: "PooledModel", tokens: "Tokens") -> Iterator[None]:
    """Within the block the table (V, h) that learns is one of (U, h), for the tokens of these texts and the padding;
    after it the whole table is there again, with what these have learnt.

    The gradient of the table, its length, and what the optimiser remembers of it are as long as the table: MiniLM's is
    half of the weights, and some thousand texts use a third of it. Weight decay and the penalty l1 spare the tokens
    that no text has.

    A table that does not learn is left alone, and so is one of a model that gives other features with a short one.
    """
    tables = _sharing(body.model)
    if not len(tokens.lengths) or not tables or not tables[0].weight.requires_grad:
        yield
        return
    by_length = np.argsort(tokens.lengths, kind="stable")
    batch = tokens.batch(by_length[[0, len(by_length) // 2]])
    before = _features(body, *batch)
    with ExitStack() as block:
        block.enter_context(_cut(tables, tokens.used()))
        if not torch.allclose(_features(body, *batch), before, rtol=0, atol=_TOLERANCE):
            block.close()
        yield


@contextmanager
def _cut(tables: Sequence[nn.Embedding], used: torch.Tensor) -> Iterator[None]:
    """The tables, which share one weight, hold the rows `used` (U,) only and look tokens up by their places there."""
    whole = tables[0].weight
    short = nn.Parameter(whole.detach()[used].clone())
    places = torch.zeros(len(whole), dtype=torch.long, device=whole.device)
    places[used] = torch.arange(len(used), device=whole.device)
    padding, here = [table.padding_idx for table in tables], set(used.tolist())

    def enter(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
        if args:
            return (places[args[0]], *args[1:]), kwargs
        return args, {**kwargs, "input": places[kwargs["input"]]}

    handles = [table.register_forward_pre_hook(enter, with_kwargs=True) for table in tables]
    for table, index in zip(tables, padding, strict=True):
        table.weight, table.padding_idx = short, int(places[index]) if index in here else None
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        with torch.no_grad():
            whole[used] = short
        for table, index in zip(tables, padding, strict=True):
            table.weight, table.padding_idx = whole, index


def _sharing(model: nn.Module) -> list[nn.Embedding]:
    """Every module that looks tokens up in the model's table; none where something else reads it too."""
    weight = model.get_input_embeddings().weight
    sharing = [module for module in model.modules() if any(p is weight for p in module.parameters(recurse=False))]
    return sharing if all(isinstance(module, nn.Embedding) for module in sharing) else []


def _features(body: "PooledModel", ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    with at_rest(body), torch.no_grad():
        features: torch.Tensor = body(ids, mask)
    return features

"""A pre-trained transformer with a linear last layer, and its parts from the embeddings up.

Shape letters: B batch, T tokens, h width of a layer, d features, k classes, L layers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from headstart.encoders._recipe import DEPTH_KEYS
from headstart.encoders._torch import PooledModel, has_bf16
from headstart.errors import ConfigError
from headstart.finetuning.attention import QuickAttention
from headstart.finetuning.settings import Settings

__all__ = [
    "Network",
    "at_rest",
    "behind_layers",
    "blocks_of",
    "in_precision",
    "prepare",
    "reinitialise",
    "set_dropout",
    "states_below",
    "upper_part",
]

_FP32_ONLY = ("deberta",)  # families whose products mix both kinds of numbers, which torch refuses (DeBERTa's first)
_TOKENS_FIRST = ("xlnet",)  # families whose layers see (T, B, h)


class Network(nn.Module):  # type: ignore[misc] # mypy does not follow torch
    """input_ids, attention_mask (B, T) -> logits (B, k). `body` gives the features (B, d), `last` is linear.

    The lowest `n_frozen` layers (of `groups.open_layers`) and all below them stay in evaluation mode, whatever the
    network's mode: what they make of a text does not change while the rest learns.
    """

    def __init__(self, body: PooledModel, k: int, dropout: float = 0.0) -> None:
        super().__init__()
        if body.recipe.layers:
            raise ConfigError(
                "encoder.layers is for frozen features: fine-tuning learns from the last layer. Leave it out."
            )
        self.body = body
        self.n_frozen = 0
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(body.dim(), k)
        nn.init.zeros_(self.last.weight)  # every class alike: the first steps do not push the body at random
        nn.init.zeros_(self.last.bias)
        for module in body.model.modules():
            if getattr(module, "gradient_checkpointing", False):
                module.gradient_checkpointing = False  # it runs layers again when the hooks of `upper_part` are gone

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits (B, k)."""
        return self.decide(self.body(input_ids, attention_mask))

    def decide(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (B, k) float32 of features (B, d), in whatever precision the body runs: losses need the digits."""
        with torch.autocast(features.device.type, enabled=False):
            logits: torch.Tensor = self.last(self.dropout(features.float()))
        return logits

    def train(self, mode: bool = True) -> "Network":
        """Training mode for what may learn, evaluation mode for the rest."""
        super().train(mode)
        if mode and self.n_frozen:
            self.body.model.eval()
            blocks_of(self.body.model)[self.n_frozen :].train()
        return self


@contextmanager
def in_precision(precision: str, body: PooledModel) -> Iterator[None]:
    """A block whose matrix products are in bfloat16, where `precision` asks for it, or the hardware is quick at it and
    the model allows it; attention takes the way that is quicker there.
    """
    with torch.autocast(_device(body).type, torch.bfloat16, enabled=_is_bf16(precision, body)), QuickAttention():
        yield


def _is_bf16(precision: str, body: PooledModel) -> bool:
    is_able = body.model.config.model_type not in _FP32_ONLY
    return precision == "bf16" or (precision == "auto" and is_able and has_bf16(_device(body)))


def _device(body: PooledModel) -> torch.device:
    return next(body.parameters()).device


def blocks_of(model: nn.Module) -> nn.ModuleList:
    """The model's layers, the lowest first. A model that uses one layer several times (ALBERT) shows it once.

    Raises ValueError for a model without such a list.
    """
    config = getattr(model, "config", None)
    wanted = {int(n) for n in (getattr(config, name, None) for name in DEPTH_KEYS) if isinstance(n, int)}
    lists = [m for m in model.modules() if isinstance(m, nn.ModuleList) and len(m) and len({type(b) for b in m}) == 1]
    stated = [m for m in lists if len(m) in wanted]
    if not lists:
        raise ValueError(f"{type(model).__name__} has no list of layers.")
    return max(stated or lists, key=lambda m: sum(p.numel() for p in m.parameters()))


def behind_layers(model: nn.Module) -> list[nn.Parameter]:
    """Parameters outside of the layers that no layer needs: the last norm, a pooler.

    Found by what the gradient of the highest layer's input reaches, not by name or order: DeBERTa's and MPNet's tables
    of relative positions stand behind their layers, and every layer reads them.
    """
    blocks, table = blocks_of(model), model.get_input_embeddings()
    others = {id(p) for module in (blocks, table) for p in module.parameters()}
    outside = [p for p in model.parameters() if id(p) not in others]
    learning = [p.requires_grad for p in outside]
    mask = torch.ones((1, 1), dtype=torch.long, device=next(model.parameters()).device)
    try:
        for parameter in outside:
            parameter.requires_grad_(True)
        with at_rest(model), torch.enable_grad():
            states = states_below(model, len(blocks) - 1, torch.zeros_like(mask), mask)
            asked = outside if states.requires_grad else []
            gradients = torch.autograd.grad(states.sum(), asked, allow_unused=True) if asked else ()
    finally:
        for parameter, flag in zip(outside, learning, strict=True):
            parameter.requires_grad_(flag)
    reached = {id(p) for p, gradient in zip(asked, gradients, strict=True) if gradient is not None}
    return [p for p in outside if id(p) not in reached]


@contextmanager
def at_rest(model: nn.Module) -> Iterator[None]:
    """Within the block the model is in evaluation mode; after it, every module in its own mode again."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def prepare(model: nn.Module, settings: Settings) -> None:
    """Change the model as the settings say before anything learns: new highest layers, its dropout.

    Draws from torch's CPU generator. Raises ConfigError for more new layers than the model has.
    """
    reinitialise(model, settings.reinit_layers)
    if settings.model_dropout is not None:
        set_dropout(model, settings.model_dropout)


def reinitialise(model: nn.Module, n: int) -> None:
    """Give the highest `n` layers new random weights, by the model's own initialisation.

    Source: Zhang et al., ICLR 2021, "Revisiting few-sample BERT fine-tuning", section 5: the highest layers know most
    of the pre-training task. Departure: they give the pooler new weights too, which our features do not read.
    Draws from torch's CPU generator. Raises ConfigError when the model has fewer layers.
    """
    blocks = blocks_of(model)
    if n > len(blocks):
        raise ConfigError(f"strategy.reinit_layers must be 0 to {len(blocks)}, the model's layers. Got {n} instead.")
    if n:
        fresh = blocks_of(type(model)(model.config))
        for block, new in zip(blocks[-n:], fresh[-n:], strict=True):
            block.load_state_dict(new.state_dict())


def set_dropout(model: nn.Module, p: float) -> None:
    """Make `p` the probability of every dropout inside the model: of activations, of attention, of embeddings.

    The probability of leaving out whole layers (BART) stays.
    """
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = p
        for name, value in vars(module).items():  # attention by torch's own function takes it as a number
            if "drop" in name and "layerdrop" not in name and type(value) in (float, int):
                setattr(module, name, p)


@contextmanager
def upper_part(model: nn.Module, depth: int, states: torch.Tensor) -> Iterator[None]:
    """Within the block, once, the model runs its layers from `depth` on only, from the states (B, T, h) below them.

    What the model computes beside its layers (masks, positions, the last norm) it computes as ever. So it does with
    the embeddings, in vain: a small part of the cost of one layer.
    """
    blocks = blocks_of(model)
    owner, name = _owner(model, blocks)
    states = _turned(model, states)

    def enter(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        handle.remove()  # a layer that is used several times is entered once
        if not args:
            return args, {**kwargs, "hidden_states": states.to(kwargs["hidden_states"].dtype)}
        return _with_positions((states.to(args[0].dtype), *args[1:]), blocks, depth), kwargs

    handle = blocks[depth].register_forward_pre_hook(enter, with_kwargs=True)
    setattr(owner, name, blocks[depth:])
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
    return _turned(model, found[0])


def _turned(model: nn.Module, states: torch.Tensor) -> torch.Tensor:
    """(B, T, h) for (T, B, h) and back, where the model's layers see tokens first."""
    return states.transpose(0, 1) if model.config.model_type in _TOKENS_FIRST else states


def _with_positions(args: tuple[Any, ...], blocks: nn.ModuleList, depth: int) -> tuple[Any, ...]:
    """T5's lowest layer makes the biases of the positions, and hands them to the others as their third argument."""
    lowest, entered = (_t5_attention(blocks[number]) for number in (0, depth))
    if lowest is None or entered.has_relative_attention_bias:
        return args
    n_tokens = args[0].shape[1]
    return (*args[:2], lowest.compute_bias(n_tokens, n_tokens, device=args[0].device), *args[3:])


def _t5_attention(block: nn.Module) -> Any:
    parts = getattr(block, "layer", None)
    return getattr(parts[0], "SelfAttention", None) if isinstance(parts, nn.ModuleList) else None


def _owner(model: nn.Module, child: nn.Module) -> tuple[nn.Module, str]:
    for module in model.modules():
        for name, value in module.named_children():
            if value is child:
                return module, name
    raise ValueError("not a part of the model")

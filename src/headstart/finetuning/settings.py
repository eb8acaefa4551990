"""What a fine-tuning run can be told: one value with every knob, checked before any work. Needs no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from headstart.checks import check_choice
from headstart.errors import ConfigError, did_you_mean

__all__ = ["Settings"]

OPTIMISERS = ("adamw", "adam", "sgd")
SCHEDULES = ("constant", "linear", "cosine", "step", "one_cycle")
PRECISIONS = ("auto", "fp32", "bf16")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """learning_rate: of the highest layer; each layer below learns at layer_decay times the rate above it
    (discriminative rates, Howard and Ruder 2018), the last linear layer at head_learning_rate. top_layers: how many
    layers learn, counted from above; None = all. embeddings: whether the word embeddings learn too.
    schedule, warmup: the factor of all rates over the run, and the share of its steps in which it rises.
    batch_rows: rows a step; batch_tokens: its padded tokens at most, the bound on memory. max_norm: of the gradient.
    l2_sp: pull of the weights towards the pre-trained ones (Li et al. 2018), beside weight_decay (towards zero).
    precision: "auto" = bf16 where the processor multiplies it in hardware, else fp32.
    """

    n_epochs: float = 3
    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-2
    layer_decay: float = 1.0
    top_layers: int | None = None
    embeddings: bool = False
    optimiser: str = "adamw"
    schedule: str = "linear"
    warmup: float = 0.1
    batch_rows: int = 32
    batch_tokens: int = 4096
    max_norm: float = 1.0
    weight_decay: float = 0.01
    l1: float = 0.0
    l2_sp: float = 0.0
    dropout: float = 0.1
    label_smoothing: float = 0.0
    class_weight: str | None = None
    precision: str = "auto"

    def __post_init__(self) -> None:
        check_choice("optimiser", self.optimiser, OPTIMISERS)
        check_choice("schedule", self.schedule, SCHEDULES)
        check_choice("precision", self.precision, PRECISIONS)

    @classmethod
    def build(cls, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> Self:
        """The defaults of a strategy, overridden by what the user gave. Raises ConfigError for an unknown name."""
        known = [field.name for field in fields(cls)]
        for name in given:
            if name not in known:
                raise ConfigError(f"Unknown setting 'strategy.{name}'.{did_you_mean(name, known)} Known: {known}.")
        return cls(**{**defaults, **given})

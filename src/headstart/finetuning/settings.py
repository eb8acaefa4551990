"""What a fine-tuning run can be told: one value with every knob, checked before any work. Needs no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from headstart.checks import check_choice, check_class_weight, check_flag, check_number, check_whole, with_none
from headstart.errors import ConfigError, did_you_mean
from headstart.functional.schedules import SCHEDULES

__all__ = ["Settings"]

OPTIMISERS = ("adamw", "adam", "sgd")
PRECISIONS = ("auto", "fp32", "bf16")
AVERAGES = ("none", "swa", "wise")

_ABOVE_ZERO = ("n_epochs", "learning_rate", "head_learning_rate", "max_norm", "checks_per_epoch")
_FROM_ZERO = ("weight_decay", "l1", "l2_sp", "checkpoint_every_s")
_SHARES = ("warmup", "dropout", "label_smoothing")
_FLAGS = ("embeddings", "keep_states")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """n_epochs: times that every row is learnt from; least_steps: more epochs where they make fewer steps than this,
    unless the user gives n_epochs. learning_rate: of the highest layer; each layer below learns at layer_decay times
    the rate above it (discriminative rates, Howard and Ruder 2018), the last linear layer at head_learning_rate.
    top_layers: how many layers learn, counted from above; None = all. embeddings: whether the word embeddings learn.
    schedule, warmup: the factor of all rates over the run, and the share of its steps in which it rises.
    batch_rows: rows a step; batch_tokens: its padded tokens at most, the bound on memory. max_norm: of the gradient.
    l2_sp: pull of the weights towards the pre-trained ones (Li et al. 2018), beside weight_decay (towards zero).
    precision: "auto" = bf16 where the processor multiplies it in hardware, else fp32.
    probe_rows: rows whose features, before anything learns, the last linear layer begins from; 0 = it begins at zero.
    reinit_layers: how many of the highest layers begin with new random weights (Zhang et al. 2021). dropout: of the
    features; model_dropout: inside the model, None = the model's own. keep_states: what frozen layers make of texts
    that are read more than once is computed beforehand and kept.
    checks_per_epoch: how often the held-out rows are asked. patience: after so many checks in a row that are clearly
    worse than the best the run stops; None = never. average: "swa" = the mean of the weights over the last quarter of
    the steps, "wise" = between the pre-trained weights and the tuned ones, where held-out rows are better off there.
    checkpoint_every_s: seconds between two checkpoints, where there is a place for them. log_to: "tensorboard:FOLDER"
    or "mlflow" = the figures of each step go there too.
    """

    n_epochs: float = 3
    least_steps: int = 0
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
    probe_rows: int = 0
    reinit_layers: int = 0
    model_dropout: float | None = None
    keep_states: bool = True
    checks_per_epoch: float = 1
    patience: int | None = None
    average: str = "none"
    checkpoint_every_s: float = 60
    log_to: str | None = None

    def __post_init__(self) -> None:
        part = "strategy"
        check_choice("optimiser", self.optimiser, OPTIMISERS, part=part)
        check_choice("schedule", self.schedule, SCHEDULES, part=part)
        check_choice("precision", self.precision, PRECISIONS, part=part)
        check_choice("average", self.average, AVERAGES, part=part)
        check_whole("patience", self.patience, optional=True, part=part)
        for name in _ABOVE_ZERO:
            check_number(name, getattr(self, name), above=True, part=part)
        for name in _FROM_ZERO:
            check_number(name, getattr(self, name), part=part)
        for name in _SHARES:
            check_number(name, getattr(self, name), high=1, below=True, part=part)
        check_number("model_dropout", self.model_dropout, high=1, below=True, optional=True, part=part)
        check_number("layer_decay", self.layer_decay, high=1, above=True, part=part)
        for name in ("batch_rows", "batch_tokens"):
            check_whole(name, getattr(self, name), part=part)
        check_whole("top_layers", self.top_layers, least=0, optional=True, part=part)
        for name in ("reinit_layers", "least_steps", "probe_rows"):
            check_whole(name, getattr(self, name), least=0, part=part)
        for name in _FLAGS:
            check_flag(name, getattr(self, name), part=part)
        check_class_weight(self.class_weight, part=part)
        self._check_layers()
        if self.log_to is not None:
            from headstart.finetuning.logs import check_log

            check_log(self.log_to)

    def _check_layers(self) -> None:
        if self.top_layers is None:
            return
        if self.embeddings:
            raise ConfigError(
                f"strategy.embeddings=true needs every layer to learn, but strategy.top_layers is {self.top_layers}. "
                "Leave one of the two out; the strategy full_finetune opens all layers."
            )
        if self.reinit_layers > self.top_layers:
            raise ConfigError(
                f"strategy.reinit_layers is {self.reinit_layers}, but strategy.top_layers lets only {self.top_layers} "
                "learn, and new random weights must. Raise top_layers, or lower reinit_layers."
            )

    @classmethod
    def build(cls, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> Self:
        """The defaults of a strategy, overridden by what the user gave. Raises ConfigError for an unknown name."""
        known = [field.name for field in fields(cls)]
        for name in given:
            if name not in known:
                raise ConfigError(
                    f"Unknown setting 'strategy.{name}'.{did_you_mean(name, known)} Known: {', '.join(known)}."
                )
        alone = {"least_steps": 0} if "n_epochs" in given else {}
        return cls(**{**defaults, **alone, **with_none(given, cls)})

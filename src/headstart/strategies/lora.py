"""Low-rank adapters (LoRA, by peft): the model's weights stay, small matrices beside them learn and are added to them
at the end. Also DoRA, LoHa, LoKr and IA3.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from headstart.checks import check_choice, check_number, check_whole, check_word
from headstart.errors import ConfigError, MissingExtra
from headstart.finetuning.settings import Settings
from headstart.strategies._finetuning import FineTuning

if TYPE_CHECKING:
    from torch import nn

    from headstart.finetuning.network import Network
    from headstart.predictor import Predictor
    from headstart.types import Task

__all__ = ["Lora"]

_METHODS = ("lora", "dora", "loha", "lokr", "ia3")
_UNMERGEABLE = ("prefix", "prompt", "p_tuning")


@dataclass(frozen=True, slots=True, kw_only=True)
class _LoraSettings(Settings):
    """method: lora (Hu et al. 2022), dora (Liu et al. 2024), loha, lokr (LyCORIS), ia3 (Liu et al. 2022).

    rank: of the matrices; alpha: their sum counts alpha / rank times; adapter_dropout: of what goes into them (of their
    rows in loha and lokr). ia3 has none of the three. targets: "auto" = the projections that peft names for the model's
    family, or all linear layers where it names none; "all-linear"; or names of modules, with commas between them.
    """

    method: str = "lora"
    rank: int = 8
    alpha: int = 16
    adapter_dropout: float = 0.0
    targets: str = "auto"

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.method in _UNMERGEABLE:
            raise ConfigError(
                f"strategy.method {self.method!r} learns tokens before the text, which cannot be merged into the "
                f"model's weights, and so not exported. Take one of {', '.join(_METHODS)}."
            )
        check_choice("method", self.method, _METHODS, part="strategy")
        check_whole("rank", self.rank, part="strategy")
        check_whole("alpha", self.alpha, part="strategy")
        check_word("targets", self.targets, part="strategy")
        check_number("adapter_dropout", self.adapter_dropout, high=1, below=True, part="strategy")
        if self.embeddings or self.reinit_layers:
            raise ConfigError(
                "The strategy lora leaves the model's own weights as they are: strategy.embeddings must be false and "
                "strategy.reinit_layers 0. The strategies full_finetune and partial_finetune have both."
            )


class Lora(FineTuning):
    """Adapters on the linear layers of the highest `top_layers` layers (None = all), and the linear layer on top.

    When they have learnt they are merged into the weights: the result is a model like any other. Knobs: `method`,
    `rank`, `alpha`, `adapter_dropout`, `targets`, and those of `headstart.finetuning.settings.Settings`.
    Source: Hu et al., ICLR 2022. Small encoders gain nothing in time from it.
    """

    settings_type: ClassVar[type[Settings]] = _LoraSettings
    defaults: ClassVar[Mapping[str, Any]] = {"n_epochs": 3, "learning_rate": 2e-3}

    def fit(self, task: "Task") -> "Predictor":
        """Learn from the labelled rows. Raises ConfigError, DataError, EncoderUnavailable, MissingExtra (peft)."""
        if find_spec("peft") is None:
            raise MissingExtra("strategy 'lora'", "peft", "train")
        return super().fit(task)

    def _open(self, network: "Network", settings: Settings) -> int:
        """Put adapters into the model. Draws from torch's CPU generator."""
        from peft import PEFT_TYPE_TO_TUNER_MAPPING

        from headstart.finetuning.groups import open_layers

        if not isinstance(settings, _LoraSettings):
            raise TypeError(f"settings of type {type(settings).__name__}")
        depth = open_layers(network, settings.top_layers)
        network.body.requires_grad_(False)
        model = network.body.model
        if targets := _targets(model, depth, settings):
            config = _config(model, targets, settings)
            PEFT_TYPE_TO_TUNER_MAPPING[config.peft_type](model, config, "default")
        return depth

    def _close(self, network: "Network") -> Sequence[str]:
        """Add the adapters to the weights and take them out."""
        model = network.body.model
        adapters = list(_adapters(model))
        n_learnt = sum(p.numel() for p in model.parameters() if p.requires_grad)
        for name, adapter in adapters:
            adapter.merge(safe_merge=True)
            above, _, own = name.rpartition(".")
            setattr(model.get_submodule(above), own, adapter.get_base_layer())
        model.requires_grad_(False)
        if not adapters:
            return ["No layer has an adapter: strategy.top_layers is 0."]
        n_all = sum(p.numel() for p in model.parameters())
        return [
            f"Adapters on {len(adapters)} linear layers: {n_learnt:,} numbers learnt ({_percent(n_learnt / n_all)} %) "
            f"of the model's {n_all:,}, beside the last layer; then they were merged into the weights."
        ]


def _percent(share: float) -> str:
    return f"{100 * share:.2g}" if share < 1 else f"{100 * share:,.0f}"


def _adapters(model: "nn.Module") -> Iterator[tuple[str, Any]]:
    """Name and adapter of each module that has one."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    return ((name, module) for name, module in model.named_modules() if isinstance(module, BaseTunerLayer))


def _targets(model: "nn.Module", depth: int, settings: _LoraSettings) -> list[str]:
    """Full names of the linear layers, in the layers from `depth` on, that get an adapter."""
    from peft.utils import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as BY_FAMILY

    from headstart.finetuning.network import blocks_of

    blocks = blocks_of(model)
    if depth == len(blocks):
        return []
    inside = {id(module) for block in blocks[depth:] for module in block.modules()}
    linear = [name for name, module in model.named_modules() if id(module) in inside and _is_linear(module)]
    if settings.targets in ("auto", "all-linear"):
        ends = BY_FAMILY.get(model.config.model_type) if settings.targets == "auto" else None
    else:
        ends = [end.strip() for end in settings.targets.split(",")]
    found = linear if ends is None else [name for name in linear if any(f".{name}".endswith(f".{end}") for end in ends)]
    if not found:
        known = sorted({name.rpartition(".")[2] for name in linear})
        raise ConfigError(
            f"strategy.targets {settings.targets!r} names no linear layer of this {model.config.model_type} model. "
            f"It has: {', '.join(known)}. Name some of them, or take all-linear."
        )
    return found


def _is_linear(module: "nn.Module") -> bool:
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    return isinstance(module, nn.Linear | Conv1D)


def _config(model: "nn.Module", targets: list[str], settings: _LoraSettings) -> Any:
    """The configuration for peft."""
    from peft import IA3Config, LoHaConfig, LoKrConfig, LoraConfig
    from torch import nn

    transposed = not isinstance(model.get_submodule(targets[0]), nn.Linear)  # GPT-2 keeps its matrices so
    rank, alpha, dropout = settings.rank, settings.alpha, settings.adapter_dropout
    if settings.method in ("lora", "dora"):
        return LoraConfig(
            r=rank,
            lora_alpha=alpha,
            lora_dropout=dropout,
            target_modules=targets,
            fan_in_fan_out=transposed,
            use_dora=settings.method == "dora",
        )
    if settings.method == "ia3":
        return IA3Config(target_modules=targets, feedforward_modules=[], fan_in_fan_out=transposed)
    kind = LoHaConfig if settings.method == "loha" else LoKrConfig
    return kind(r=rank, alpha=alpha, rank_dropout=dropout, target_modules=targets)

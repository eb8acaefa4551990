"""The torch side of transformer encoders: loading, pooling, precision, export to ONNX."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from headstart.encoders._recipe import EncoderRecipe
from headstart.errors import EncoderUnavailable

__all__ = ["PooledModel", "cpu_has_bf16", "export_onnx", "load_model", "load_tokenizer", "pool"]


def cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bfloat16 in hardware; without that it is several times slower than float32."""
    has = torch.cpu._is_avx512_bf16_supported, torch.cpu._is_amx_tile_supported
    return any(check() for check in has)


def pool(tokens: torch.Tensor, mask: torch.Tensor, how: str) -> torch.Tensor:
    """Token states (B, T, d) and mask (B, T), padded on the right -> (B, d) float32, by one of POOLINGS."""
    tokens = tokens.float()
    kept = mask.unsqueeze(-1).to(tokens.dtype)  # (B, T, 1)
    if how == "mean":
        return (tokens * kept).sum(1) / kept.sum(1).clamp(min=1)
    if how == "max":
        return tokens.masked_fill(kept == 0, -1e9).amax(1)
    if how == "cls":
        return tokens[:, 0]
    last = (mask.sum(1) - 1).clamp(min=0)  # (B,) index of the last real token
    return tokens.gather(1, last.view(-1, 1, 1).expand(-1, 1, tokens.shape[2])).squeeze(1)


class PooledModel(nn.Module):
    """A transformers model with its pooling: input_ids, attention_mask (B, T) -> features (B, d) float32."""

    def __init__(self, model: nn.Module, recipe: EncoderRecipe, projections: nn.Module) -> None:
        super().__init__()
        self.model, self.recipe, self.projections = model, recipe, projections

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        features = self.projections(pool(states, attention_mask, self.recipe.pooling))
        return functional.normalize(features, dim=1) if self.recipe.normalise else features


def load_model(folder: Path, recipe: EncoderRecipe, dtype: torch.dtype) -> PooledModel:
    """The model of a folder, in evaluation mode. Raises EncoderUnavailable when transformers cannot read it."""
    from transformers import AutoConfig, AutoModel

    with _quiet():
        try:
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
            if config.is_encoder_decoder:
                model = _encoder_half(folder, dtype)
            else:
                model = AutoModel.from_pretrained(folder, dtype=dtype, trust_remote_code=False)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise EncoderUnavailable(f"{folder}: transformers cannot load this model: {error}") from error
    model.config.use_cache = False
    dense = nn.Sequential(*(_projection(folder / name) for name in recipe.dense))
    return PooledModel(model, recipe, dense).eval()


def load_tokenizer(folder: Path) -> tuple[Any, int]:
    """The folder's tokeniser as a `tokenizers.Tokenizer`, and the id to pad with (masked, so any will do)."""
    from transformers import AutoTokenizer

    with _quiet():
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        except (OSError, ValueError, KeyError) as error:
            raise EncoderUnavailable(f"{folder}: transformers cannot load this tokeniser: {error}") from error
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise EncoderUnavailable(f"{folder}: no fast tokeniser. Save it with a tokenizer.json first.")
    return backend, tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0


def export_onnx(model: PooledModel, path: Path) -> None:
    """Write the model, pooling included, as one ONNX file with dynamic batch and length.

    The older exporter (`dynamo=False`) is used on purpose: onnxruntime fuses its attention blocks, it is four
    times quicker here, and it writes one file.
    """
    ids = torch.tensor([[5, 6, 7, 8], [9, 4, 3, 3]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    axes = {0: "batch", 1: "tokens"}
    with _quiet():
        torch.onnx.export(
            model.float().eval(),
            (ids, mask),
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=["input_ids", "attention_mask"],
            output_names=["features"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "features": {0: "batch"}},
        )
    model.eval()  # the exporter restores the wrapper's former mode


def _encoder_half(folder: Path, dtype: torch.dtype) -> nn.Module:
    from transformers import AutoModel, AutoModelForTextEncoding

    try:
        half: nn.Module = AutoModelForTextEncoding.from_pretrained(folder, dtype=dtype, trust_remote_code=False)
    except ValueError:  # the library maps only some families (T5, UMT5, ...); the others are loaded whole
        half = AutoModel.from_pretrained(folder, dtype=dtype, trust_remote_code=False).get_encoder()
    return half


def _projection(folder: Path) -> nn.Module:
    import json

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    linear = nn.Linear(config["in_features"], config["out_features"], bias=config.get("bias", True))
    weights = load_file(folder / "model.safetensors")
    linear.load_state_dict({key.removeprefix("linear."): value for key, value in weights.items()})
    name = str(config.get("activation_function", "")).rpartition(".")[2]
    activations = {"Tanh": nn.Tanh, "Identity": nn.Identity, "ReLU": nn.ReLU, "GELU": nn.GELU, "": nn.Identity}
    if name not in activations:
        raise EncoderUnavailable(f"{folder}: activation {name!r} is not supported.")
    return nn.Sequential(linear, activations[name]())


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' warnings and loading bars off the user's terminal; put their settings back after."""
    from transformers.utils import logging as hub_logging

    level, bars = hub_logging.get_verbosity(), hub_logging.is_progress_bar_enabled()
    torch_log = logging.getLogger("torch.onnx")
    torch_level = torch_log.level
    hub_logging.set_verbosity_error()
    hub_logging.disable_progress_bar()
    torch_log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        hub_logging.set_verbosity(level)
        torch_log.setLevel(torch_level)
        if bars:
            hub_logging.enable_progress_bar()

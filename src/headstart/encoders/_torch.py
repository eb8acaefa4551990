"""The torch side of transformer encoders: loading, pooling, precision."""

import json
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

__all__ = [
    "PRODUCTS_A_SECOND",
    "PooledModel",
    "has_bf16",
    "load_model",
    "load_tokenizer",
    "n_products",
    "pool",
    "quiet",
]

PRODUCTS_A_SECOND = 20e9  # of two processors without a wide vector unit: cautious for a budget


def has_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware; without that, float32 is several times faster."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # torch has no public name for them
    return any(check() for check in (getattr(torch.cpu, name, None) for name in checks) if check is not None)


def pool(tokens: torch.Tensor, mask: torch.Tensor, how: str) -> torch.Tensor:
    """Token states (B, T, d) and mask (B, T), padded on the right -> (B, d) float32, by one of POOLINGS.

    A text without tokens gives zeros. What a model computes at masked places is never looked at.
    """
    outside = mask.unsqueeze(-1) == 0  # (B, T, 1)
    tokens = tokens.float().masked_fill(outside, 0.0)
    if how == "mean":
        return tokens.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
    if how == "max":
        nothing = outside.all(1)  # (B, 1)
        return tokens.masked_fill(outside, torch.finfo(torch.float32).min).amax(1).masked_fill(nothing, 0.0)
    if how == "cls":
        return tokens[:, 0]
    last = (mask.sum(1) - 1).clamp(min=0)  # (B,) index of the last real token
    return tokens.gather(1, last.view(-1, 1, 1).expand(-1, 1, tokens.shape[2])).squeeze(1)


class PooledModel(nn.Module):  # type: ignore[misc] # mypy does not follow torch
    """A transformers model with its pooling: input_ids, attention_mask (B, T) -> features (B, d) float32."""

    def __init__(self, model: nn.Module, recipe: EncoderRecipe, projections: nn.Module) -> None:
        super().__init__()
        self.model, self.recipe, self.projections = model, recipe, projections

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        given = {"input_ids": input_ids, "attention_mask": attention_mask}
        if not self.recipe.layers:
            return self.finish(self.model(**given).last_hidden_state, attention_mask)
        states = self.model(**given, output_hidden_states=True).hidden_states
        blocks = [pool(states[layer], attention_mask, self.recipe.pooling) for layer in self.recipe.layers]
        return torch.cat([functional.normalize(block, dim=1) for block in blocks], dim=1) / len(blocks) ** 0.5

    def finish(self, states: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """The last layer's states (B, T, h) as features (B, d)."""
        features = self.projections(pool(states, attention_mask, self.recipe.pooling))
        return functional.normalize(features, dim=1) if self.recipe.normalise else features

    def dim(self) -> int:
        """Number of features d, by encoding one token."""
        one = torch.ones((1, 1), dtype=torch.long, device=next(self.parameters()).device)
        with torch.inference_mode():
            return int(self(torch.zeros_like(one), one).shape[1])


def n_products(model: nn.Module) -> int:
    """How many weights each token is multiplied with: those of all matrices but tables of embeddings."""
    others = (module for module in model.modules() if not isinstance(module, nn.Embedding))
    return sum(p.numel() for module in others for p in module.parameters(recurse=False) if p.ndim > 1)


def load_model(folder: Path, recipe: EncoderRecipe, dtype: torch.dtype) -> PooledModel:
    """The model of a folder, in evaluation mode. Only safetensors are read: a pickle could run code.

    Raises EncoderUnavailable when transformers cannot read it, or when it holds only a part of the weights.
    """
    from transformers import AutoConfig

    with quiet():
        try:
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
            model, missing = _load(folder, dtype, bool(getattr(config, "is_encoder_decoder", False)))
            dense = nn.Sequential(*(_projection(folder / name) for name in recipe.dense))
        except EncoderUnavailable:
            raise
        except Exception as error:  # transformers, safetensors and torch have a dozen kinds for a bad file
            raise EncoderUnavailable(f"{folder}: this model cannot be loaded: {_sentence(error)}") from None
    absent = sorted(key for key in missing if "pooler." not in key)  # token states need no pooler
    if absent:  # transformers would go on with random numbers in their place
        raise EncoderUnavailable(
            f"{folder}: {len(absent)} of the model's weights are not in its files (such as {absent[0]}). "
            "config.json and *.safetensors are of different models, or a file is missing."
        )
    model.config.use_cache = False
    pooled = PooledModel(model, recipe, dense)
    pooled.eval()
    return pooled


def load_tokenizer(folder: Path) -> tuple[Any, int]:
    """The folder's tokeniser as a `tokenizers.Tokenizer`, and the id to pad with (masked, so any will do)."""
    from transformers import AutoTokenizer

    with quiet():
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        except Exception as error:  # as above
            raise EncoderUnavailable(f"{folder}: this tokeniser cannot be loaded: {_sentence(error)}") from None
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise EncoderUnavailable(f"{folder}: no fast tokeniser. Save it with a tokenizer.json first.")
    return backend, tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0


def _load(folder: Path, dtype: torch.dtype, has_decoder: bool) -> tuple[nn.Module, set[str]]:
    """The model (of encoder-decoders the encoder) and the names of the weights that were not in its files. Raises
    EncoderUnavailable for weights of another shape than config.json says.
    """
    from transformers import AutoModel, AutoModelForTextEncoding

    how = {
        "dtype": dtype,
        "use_safetensors": True,
        "trust_remote_code": False,
        "output_loading_info": True,
        "ignore_mismatched_sizes": True,  # they are refused here, in other words
    }
    try:
        model, info = (AutoModelForTextEncoding if has_decoder else AutoModel).from_pretrained(folder, **how)
    except ValueError:  # the library maps only some families (T5, UMT5, ...); the others are loaded whole
        if not has_decoder:
            raise
        whole, info = AutoModel.from_pretrained(folder, **how)
        model = whole.get_encoder()
    if other := sorted(info["mismatched_keys"]):
        name, in_file, by_config = other[0]
        raise EncoderUnavailable(
            f"{folder}: {len(other)} of the model's weights have another shape than config.json says (such as {name}: "
            f"{tuple(in_file)} in the files, {tuple(by_config)} by config.json). They are of different models."
        )
    return model, set(info["missing_keys"])


def _projection(folder: Path) -> nn.Module:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    name = str(config.get("activation_function", "Tanh")).rpartition(".")[2]
    activations = {"Tanh": nn.Tanh, "Identity": nn.Identity, "ReLU": nn.ReLU, "GELU": nn.GELU}
    if name not in activations:
        raise EncoderUnavailable(f"{folder}: activation {name!r} is not supported.")
    if config.get("use_residual") or config.get("module_input_name", "sentence_embedding") != "sentence_embedding":
        raise EncoderUnavailable(f"{folder}: a Dense layer with a residual or on tokens is not supported.")
    linear = nn.Linear(config["in_features"], config["out_features"], bias=config.get("bias", True))
    weights = load_file(folder / "model.safetensors")
    linear.load_state_dict({key.removeprefix("linear."): value.float() for key, value in weights.items()})
    return nn.Sequential(linear, activations[name]())


def _sentence(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' warnings and loading bars off the terminal; put their settings back after."""
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

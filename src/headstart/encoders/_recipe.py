"""How a pre-trained model turns tokens into one vector: read from the model's own configuration.

A sentence-transformers folder says it in modules.json; a plain transformers folder does not, so the
model's kind decides: the last token for decoders (it alone has read everything), the mean otherwise.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from headstart.checks import check_choice, check_whole
from headstart.encoders._cache import file_sha256
from headstart.encoders._tokens import LONG_TEXTS
from headstart.errors import ConfigError, EncoderUnavailable

__all__ = ["DEPTH_KEYS", "POOLINGS", "EncoderRecipe", "depth_of", "fingerprint", "read_recipe"]

POOLINGS = ("mean", "cls", "max", "last")
_DECODERS = {
    "gpt2",
    "gpt_neo",
    "gpt_neox",
    "gptj",
    "opt",
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma",
    "xlnet",
}
# Their positions start behind the padding index.
_OFFSET_POSITIONS = {
    "camembert", "data2vec-text", "ibert", "longformer", "luke", "mpnet", "roberta", "roberta-prelayernorm",
    "xlm-roberta", "xlm-roberta-xl", "xmod",
}  # fmt: skip
_POSITION_KEYS = ("max_position_embeddings", "n_positions")
DEPTH_KEYS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")  # the names that configurations give to depth
_MODULES = "modules.json"  # a list, unlike other files
_LONGEST = 512  # for models that state no limit (T5, XLNet): attention costs grow with the square


@dataclass(frozen=True, slots=True)
class EncoderRecipe:
    """pooling: one of POOLINGS; normalise: vectors to length 1; max_tokens: with special tokens;
    dense: folders of projection layers after pooling; prompt: put before every text; lower_case: as the
    sentence-transformers setting of that name; long_texts, max_windows: what is read of a text with more tokens, as
    in `_tokens.TextTokeniser`; layers: those whose pooled states stand side by side, 0 = the embeddings; none = the
    last one alone, projected by `dense`.
    """

    pooling: str
    normalise: bool
    max_tokens: int
    dense: tuple[str, ...] = ()
    prompt: str = ""
    lower_case: bool = False
    long_texts: str = "head"
    max_windows: int = 1
    layers: tuple[int, ...] = ()


def read_recipe(
    folder: Path,
    pooling: str | None = None,
    max_tokens: int | None = None,
    *,
    long_texts: str = "head",
    max_windows: int = 1,
    layers: Sequence[int] | None = None,
) -> EncoderRecipe:
    """The recipe of the model in `folder`; `pooling`, `max_tokens` and `layers` override what it says itself.

    Raises ConfigError for an unknown pooling or way of reading long texts, or a limit beyond the model's positions,
    EncoderUnavailable for a sentence-transformers module that Headstart does not know.
    """
    check_choice("long_texts", long_texts, LONG_TEXTS)
    check_whole("max_windows", max_windows)
    check_choice("pooling", pooling, POOLINGS, optional=True)
    config = _read_json(folder / "config.json")
    limit = _position_limit(config)
    if max_tokens is not None and not (type(max_tokens) is int and 2 < max_tokens <= limit):
        raise ConfigError(f"encoder.max_tokens must be in 3..{limit} for {folder.name}. Got {max_tokens!r} instead.")
    stated = _stated_modules(folder)
    if stated["pooling"] is None:
        stated["pooling"] = "last" if str(config.get("model_type", "")) in _DECODERS else "mean"
    own = _sentence_config(folder)
    chosen = max_tokens or own.get("max_seq_length") or _tokeniser_limit(folder, limit)
    return EncoderRecipe(
        pooling=pooling or stated["pooling"],
        normalise=stated["normalise"] or layers is not None,
        max_tokens=min(int(chosen), limit),
        dense=() if layers is not None else stated["dense"],
        prompt=_default_prompt(folder),
        lower_case=bool(own.get("do_lower_case")),
        long_texts=long_texts,
        max_windows=max_windows if long_texts == "windows" else 1,
        layers=() if layers is None else _checked_layers(layers, _depth(config), folder),
    )


def depth_of(folder: Path) -> int | None:
    """How many layers the model in `folder` says that it has; None where it says nothing."""
    return _depth(_read_json(folder / "config.json"))


def _depth(config: Mapping[str, Any]) -> int | None:
    return next((int(config[key]) for key in DEPTH_KEYS if config.get(key)), None)


def fingerprint(folder: Path, recipe: EncoderRecipe, *more: str) -> str:
    """A hash of everything that decides the vectors: weights, configuration, tokeniser, recipe, libraries."""
    libraries = [metadata.version(name) for name in ("torch", "transformers", "tokenizers")]
    digest = hashlib.sha256(repr((recipe, more, libraries)).encode())
    places = [folder, *(folder / name for name in recipe.dense)]
    for path in sorted(path for place in places for path in place.iterdir()):
        if path.is_file() and path.suffix in {".safetensors", ".json", ".txt", ".model"}:
            digest.update(f"{path.relative_to(folder)}:{file_sha256(path)}".encode())
    return digest.hexdigest()


def _checked_layers(layers: Sequence[int], depth: int | None, folder: Path) -> tuple[int, ...]:
    given = tuple(layers) if isinstance(layers, list | tuple) else ()
    most = 1_000 if depth is None else depth
    if not given or len(set(given)) < len(given) or any(type(i) is not int or not 0 <= i <= most for i in given):
        raise ConfigError(
            f"encoder.layers must be a list of different layers in 0..{most} of {folder.name}, such as "
            f"[{max(1, most // 2)}, {most}]. Got {layers!r} instead."
        )
    return given


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EncoderUnavailable(f"{path} is not readable JSON: {error}.") from error
    if not isinstance(value, dict) and path.name != _MODULES:
        raise EncoderUnavailable(f"{path} holds no JSON object, but a {type(value).__name__}.")
    return value if isinstance(value, dict) else {"modules": value}


def _position_limit(config: Mapping[str, Any]) -> int:
    limit = next((int(config[key]) for key in _POSITION_KEYS if config.get(key)), 0)
    if config.get("model_type") in _OFFSET_POSITIONS:
        padding = config.get("pad_token_id")
        limit -= (1 if padding is None else int(padding)) + 1
    return limit if limit > 0 else 1_000_000


def _tokeniser_limit(folder: Path, limit: int) -> int:
    stated = _read_json(folder / "tokenizer_config.json").get("model_max_length") or 0
    if 0 < stated <= limit and stated < 100_000:  # transformers writes 1e30 for "no limit"
        return int(stated)
    return min(limit, _LONGEST)


def _sentence_config(folder: Path) -> dict[str, Any]:
    """max_seq_length and do_lower_case; older files carry the model's name (sentence_roberta_config.json)."""
    return next((_read_json(path) for path in sorted(folder.glob("sentence_*_config.json"))), {})


def _stated_modules(folder: Path) -> dict[str, Any]:
    """What modules.json says of a sentence-transformers folder; pooling None when it says nothing."""
    found: dict[str, Any] = {"pooling": None, "normalise": False, "dense": ()}
    for module in _read_json(folder / _MODULES).get("modules", ()):
        package, _, kind = str(module.get("type", "")).rpartition(".")
        path = folder / str(module.get("path", ""))
        first = found["pooling"] is None
        if not package.startswith("sentence_transformers"):
            kind = str(module.get("type", ""))  # somebody's own class, whatever its name: code that is not run
        if kind == "Pooling" and first:
            found["pooling"] = _pooling_mode(_read_json(path / "config.json"), path)
        elif kind == "Dense" and not first and not found["normalise"]:
            found["dense"] = (*found["dense"], str(module["path"]))
        elif kind == "Normalize" and not first:
            found["normalise"] = True
        elif kind == "Transformer" and first and path != folder:
            raise EncoderUnavailable(f"{folder}: the model lies in {path}; give that folder as the encoder instead.")
        elif kind != "Dropout" and not (kind == "Transformer" and first):
            raise EncoderUnavailable(
                f"{folder}: module {kind!r} of modules.json is not supported here. Supported are, in this "
                "order: Transformer, Pooling, Dense, Normalize."
            )
    return found


def _pooling_mode(config: Mapping[str, Any], path: Path) -> str:
    flags = {
        "pooling_mode_mean_tokens": "mean",
        "pooling_mode_cls_token": "cls",
        "pooling_mode_max_tokens": "max",
        "pooling_mode_lasttoken": "last",
    }
    modes = [flags.get(key, key) for key, on in config.items() if key.startswith("pooling_mode_") and on is True]
    stated = config.get("pooling_mode")  # the newer form: one word, or a list of words
    if stated is not None:
        modes = ["last" if mode == "lasttoken" else mode for mode in ([stated] if isinstance(stated, str) else stated)]
    if len(modes) != 1 or modes[0] not in POOLINGS:
        raise EncoderUnavailable(
            f"{path}: pooling {' + '.join(map(str, modes)) or 'unstated'} is not supported; "
            f"one of {', '.join(POOLINGS)} is."
        )
    if config.get("include_prompt") is False and _default_prompt(path.parent):
        raise EncoderUnavailable(f"{path}: pooling without the prompt's tokens is not supported.")
    return str(modes[0])


def _default_prompt(folder: Path) -> str:
    config = _read_json(folder / "config_sentence_transformers.json")
    name = config.get("default_prompt_name")
    return str((config.get("prompts") or {}).get(name, "")) if name else ""

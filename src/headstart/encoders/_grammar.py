"""How an encoder's name is read: `minilm+pca:50+tfidf` is three parts, `tfidf:char` one with an argument.

Parts are joined by `+`. `name:argument` gives the first argument of the constructor. A folder or file whose path has
a + in it is one part where it exists. Settings find their part by its label: its name, or the last part of its path;
the n-th of equal ones has n behind it (`pca2`).
"""

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

from headstart import registry
from headstart.encoders._locate import is_hub_id, is_path_like
from headstart.errors import ConfigError, UnknownComponent, did_you_mean

__all__ = ["ALIASES", "Part", "construct", "known_encoders", "parse", "portable", "route", "seeds"]

# Short names for pre-trained models; `encoders/_locate.py` says where their files are.
ALIASES = {
    "minilm": "all-MiniLM-L6-v2, English, 22 million weights (a transformer).",
    "e5": "multilingual-e5-small for Chinese and English, 45 million weights of 4 bits (a transformer).",
}

_MODELS = ("a folder", "a hub id such as owner/name")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a name. kind: "encoder" or "transform"; component: its registry name; label: for `--set`;
    settings: what the name itself says.
    """

    kind: str
    component: str
    label: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def known_encoders() -> list[str]:
    """All names that `make_encoder` takes, apart from folders, hub ids and compositions."""
    return sorted([*registry.names("encoder"), *ALIASES])


def parse(name: str) -> tuple[Part, ...]:
    """The parts of an encoder's name, from left to right. A path or a hub id is not looked up here.

    Raises UnknownComponent for a part that is neither encoder nor transform, ConfigError for an argument where none
    is taken, an empty part, or a transform with nothing on its left.
    """
    words = _split(name)
    parts = [_part(word, name if len(words) > 1 else "") for word in words]
    if parts[0].kind == "transform":
        raise ConfigError(
            f"Encoder {name!r}: {words[0]!r} is a transform and has nothing on its left to work on. Put an encoder "
            f"there, for example tfidf+{words[0]}."
        )
    return _labelled(parts)


def portable(name: str) -> str:
    """The name without the places of folders and files, which mean nothing on another machine."""

    def bare(word: str) -> str:
        if _there(word):
            return Path(word).name
        before, colon, argument = word.partition(":")
        return f"{before}:{Path(argument).name}" if colon and _there(argument) else word

    return "+".join(map(bare, _split(name)))


def construct(part: Part, settings: Mapping[str, Any], prefix: str = "") -> Any:
    """The unfitted encoder or transform of a part, with these settings beside those of its name.

    Raises ConfigError for a setting that it does not have, or that name and settings both give. prefix: for the
    message, `pca.` inside a composition.
    """
    made = registry.load(part.kind, part.component)
    known = list(inspect.signature(made).parameters)
    for key in settings:
        if key not in known:
            raise ConfigError(
                f"encoder.{prefix}{key} is not a setting of {part.component!r}.{did_you_mean(key, known)} "
                f"Known: {', '.join(known)}."
            )
        if key != "model" and key in part.settings:
            raise ConfigError(
                f"encoder.{prefix}{key} is given twice: {part.settings[key]!r} in the encoder's name and "
                f"{settings[key]!r} as a setting. Keep one of them."
            )
    return made(**{**part.settings, **settings})


def route(parts: Sequence[Part], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For each part the settings that are meant for it: `pca.whiten` by label, `ngrams` by the only part that has it.

    Raises ConfigError for a label or a setting that no part has, and for a setting that several parts have.
    """
    routed: list[dict[str, Any]] = [{} for _ in parts]
    places = {part.label: i for i, part in enumerate(parts)}
    for key, value in settings.items():
        label, _, own = key.rpartition(".")
        if not label and key in places and isinstance(value, Mapping):  # a table of TOML
            routed[places[key]].update(value)
        elif label in places:
            routed[places[label]][own] = value
        elif label:
            raise ConfigError(
                f"encoder.{key}: no part is called {label!r}.{did_you_mean(label, list(places))} "
                f"Parts: {', '.join(places)}."
            )
        else:
            routed[_only_owner(key, parts)][key] = value
    return routed


def seeds(parts: Sequence[Part], seed: int, settings: Mapping[str, Any]) -> dict[str, int]:
    """The setting `random_state` of each part that draws at random and that `settings` give none."""
    drawing = [part.label for part in parts if "random_state" in _settings_of(part)]
    keys = {"random_state"} if len(parts) == 1 and drawing else {f"{label}.random_state" for label in drawing}
    return {} if "random_state" in settings else dict.fromkeys(keys - set(settings), seed)


def _settings_of(part: Part) -> list[str]:
    return list(inspect.signature(registry.load(part.kind, part.component)).parameters)


def _only_owner(key: str, parts: Sequence[Part]) -> int:
    known = [_settings_of(part) for part in parts]
    owners = [i for i, keys in enumerate(known) if key in keys]
    if len(owners) > 1:
        names = [parts[i].label for i in owners]
        raise ConfigError(
            f"encoder.{key} is a setting of {' and of '.join(names)}. Say which, for example encoder.{names[0]}.{key}."
        )
    if not owners:
        listed = "; ".join(f"{part.label}: {', '.join(keys)}" for part, keys in zip(parts, known, strict=True))
        near = did_you_mean(key, [k for keys in known for k in keys])
        raise ConfigError(f"encoder.{key} is not a setting of any part.{near} Known: {listed}.")
    return owners[0]


def _split(name: str) -> list[str]:
    """The words between the + signs; the longest run of words that is a path which exists stays one word."""
    pieces, words = name.split("+"), list[str]()
    while pieces:
        runs = ("+".join(pieces[:n]) for n in range(len(pieces), 1, -1))
        word = next((run for run in runs if _is_path_there(run)), pieces[0])
        pieces = pieces[word.count("+") + 1 :]
        words.append(word)
    return words


def _is_path_there(word: str) -> bool:
    """Whether the word is a folder, or an encoder or transform with a folder or file as its argument."""
    before, _, argument = word.partition(":")
    if _is_folder(word):
        return True
    return _there(argument) and (before in registry.names("encoder") or before in registry.names("transform"))


def _is_folder(path: str) -> bool:
    return _there(path) and _expanded(path).is_dir()


def _there(path: str) -> bool:
    return bool(path) and _expanded(path).exists()


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # ~name of a user who is not there
        return Path(path)


def _part(word: str, whole: str) -> Part:
    """One part, with its name as label. whole: the name that it stands in, if there is more than this part."""
    if word in registry.names("encoder"):
        return Part("encoder", word, word)
    if word in ALIASES or _is_folder(word):
        return Part("encoder", "transformer", _last(word), {"model": word})
    name, colon, argument = word.partition(":")
    for kind in ("encoder", "transform"):
        if name in registry.names(kind):
            return Part(kind, name, name, _first_setting(kind, name, argument) if colon else {})
    if is_path_like(word) or is_hub_id(word):
        return Part("encoder", "transformer", _last(word), {"model": word})
    if whole and not word:
        raise ConfigError(f"Encoder {whole!r} has an empty part. Write parts as in tfidf+pca:50.")
    if colon and name in ALIASES:
        raise ConfigError(f"Encoder {word!r}: {name!r} takes no argument, it stands for one model.")
    if whole:
        known = [*known_encoders(), *registry.names("transform"), "a folder that is there", _MODELS[1]]
        raise UnknownComponent("encoder or transform", word, known)
    raise UnknownComponent("encoder", word, [*known_encoders(), *_MODELS])


def _last(path: str) -> str:
    return Path(path.replace("\\", "/")).name or path


def _first_setting(kind: str, name: str, argument: str) -> dict[str, Any]:
    """`{"n_components": 50}` for `pca:50`."""
    known = list(inspect.signature(registry.load(kind, name)).parameters)
    if not known:
        raise ConfigError(f"The {kind} {name!r} takes no argument. Got {name}:{argument}.")
    if not argument:
        raise ConfigError(f"'{name}:' lacks its argument ({known[0]}). Leave the colon out for the default.")
    return {known[0]: _value(argument)}


def _value(argument: str) -> Any:
    """A number or a truth value where it reads as one, else the text."""
    try:
        value = json.loads(argument)
    except ValueError:
        return argument
    return value if isinstance(value, int) or (isinstance(value, float) and isfinite(value)) else argument


def _labelled(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with a label each: the n-th of equal ones gets n behind it."""
    found: dict[str, Part] = {}
    for part in parts:
        label, n = part.label, 1
        while label in found:
            n += 1
            label = f"{part.label}{n}"
        found[label] = replace(part, label=label)
    return tuple(found.values())

"""Encoders: texts -> features (n, d). `make_encoder` turns what a user writes into one."""

from typing import Any

from headstart import registry
from headstart.encoders._by_language import LEAST_READ, pretrained_for, readers, share_read
from headstart.encoders._grammar import ALIASES, construct, known_encoders, parse, portable, seeds
from headstart.types import Encoder

__all__ = [
    "ALIASES",
    "LEAST_READ",
    "component_of",
    "is_pretrained",
    "known_encoders",
    "make_encoder",
    "portable",
    "pretrained_for",
    "readers",
    "share_read",
]

_COMPOSED = "composed"
_PRETRAINED = {"transformer", "static"}


def component_of(name: str) -> str:
    """The registry name behind an encoder's name: `transformer` for `minilm`, folders and hub ids, `composed` for
    parts joined by `+`.

    A name with the form of a path or of a hub id is not looked up here. Raises UnknownComponent, ConfigError.
    """
    parts = parse(name)
    return parts[0].component if len(parts) == 1 else _COMPOSED


def is_pretrained(name: str) -> bool:
    """Whether any part of an encoder's name has learnt from other texts before. Raises as `component_of` does."""
    return any(part.component in _PRETRAINED for part in parse(name))


def make_encoder(name: str, *, seed: int | None = None, **settings: Any) -> Encoder:
    """An unfitted encoder from a registry name, an alias (`minilm`, `e5`), a folder, or a hub id (`owner/name`); the
    first with its first argument behind a colon (`tfidf:char`); or several of them and transforms, joined by `+`
    (`tfidf+select:2000+minilm`, see encoders/composed.py), whose settings are `part.key` or just `key`. seed: the
    `random_state` of every part that has one and was given none.

    Raises UnknownComponent for any other name, ConfigError for a setting that the encoder does not have.
    """
    parts = parse(name)
    if seed is not None:
        settings = {**seeds(parts, seed, settings), **settings}
    encoder: Encoder
    if len(parts) == 1:
        encoder = construct(parts[0], settings)
    else:
        encoder = registry.load("encoder", _COMPOSED)(name, settings=settings)
    return encoder

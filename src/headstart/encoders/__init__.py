"""Encoders: texts -> features (n, d). `make_encoder` turns what a user writes into one."""

import inspect
from pathlib import Path
from typing import Any

from headstart import registry
from headstart.encoders._locate import is_hub_id, is_path_like
from headstart.errors import ConfigError, UnknownComponent, did_you_mean
from headstart.types import Encoder

__all__ = ["ALIASES", "component_of", "known_encoders", "make_encoder"]

# A short name for a pre-trained model; `encoders/_locate.py` says where its files are.
ALIASES = ("minilm",)


def known_encoders() -> list[str]:
    """All names that `make_encoder` takes, apart from folders and hub ids."""
    return sorted([*registry.names("encoder"), *ALIASES])


def component_of(name: str) -> str:
    """The registry name behind an encoder's name: `transformer` for `minilm`, folders and hub ids.

    A name with the form of a path or of a hub id is not looked up here. Raises UnknownComponent.
    """
    if name in registry.names("encoder"):
        return name
    if name in ALIASES or is_path_like(name) or is_hub_id(name) or (name and Path(name).is_dir()):
        return "transformer"
    raise UnknownComponent("encoder", name, [*known_encoders(), "a folder", "a hub id such as owner/name"])


def make_encoder(name: str, **settings: Any) -> Encoder:
    """An unfitted encoder from a registry name, the alias `minilm`, a folder, or a hub id (`owner/name`).

    Raises UnknownComponent for any other name, ConfigError for a setting that the encoder does not have.
    """
    component = component_of(name)
    if component != name:
        settings = {"model": name, **settings}
    made = registry.load("encoder", component)
    known = list(inspect.signature(made).parameters)
    for key in settings:
        if key not in known:
            raise ConfigError(
                f"encoder.{key} is not a setting of {component!r}.{did_you_mean(key, known)} Known: {', '.join(known)}."
            )
    encoder: Encoder = made(**settings)
    return encoder

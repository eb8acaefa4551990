"""Encoders: texts -> features (n, d). `make_encoder` turns what a user writes into one."""

from pathlib import Path
from typing import Any

from headstart import registry
from headstart.errors import ConfigError, UnknownComponent
from headstart.types import Encoder

__all__ = ["ALIASES", "component_of", "known_encoders", "make_encoder"]

# A short name for a pre-trained model; `encoders/_locate.py` says where its files are.
ALIASES = ("minilm",)


def known_encoders() -> list[str]:
    """All names that `make_encoder` takes, apart from folders and hub ids."""
    return sorted([*registry.names("encoder"), *ALIASES])


def component_of(name: str) -> str:
    """The registry name behind an encoder's name: `transformer` for `minilm`, folders and hub ids.

    Raises UnknownComponent.
    """
    if name in registry.names("encoder"):
        return name
    if name in ALIASES or Path(name).is_dir() or _is_hub_id(name):
        return "transformer"
    raise UnknownComponent("encoder", name, [*known_encoders(), "a folder", "a hub id such as owner/name"])


def make_encoder(name: str, **settings: Any) -> Encoder:
    """An unfitted encoder from a registry name, the alias `minilm`, a local folder, or a hub id (`owner/name`).

    Raises UnknownComponent for any other name, ConfigError for a setting that the encoder does not have.
    """
    component = component_of(name)
    if component != name:
        settings = {"model": name, **settings}
    made = registry.load("encoder", component)
    try:
        encoder: Encoder = made(**settings)
    except TypeError as error:
        raise ConfigError(f"Encoder {component!r}: {error}. See `headstart list encoders`.") from error
    return encoder


def _is_hub_id(name: str) -> bool:
    return name.count("/") == 1 and not name.startswith((".", "/", "~")) and " " not in name

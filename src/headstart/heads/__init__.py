"""Heads: features (n, d) -> class probabilities (n, k)."""

from typing import Any

from scipy.sparse import issparse

from headstart import registry
from headstart.errors import ConfigError
from headstart.types import Features, Head

__all__ = ["head_for", "make_head"]


def make_head(name: str, **settings: Any) -> Head:
    """An unfitted head by its registry name. Raises UnknownComponent, ConfigError."""
    made = registry.load("head", name)
    try:
        head: Head = made(**settings)
    except TypeError as error:
        raise ConfigError(f"Head {name!r}: {error}. See `headstart list heads`.") from error
    return head


def head_for(features: Features) -> str:
    """The head that `auto` takes: svm for the many sparse columns of counts, logistic for dense vectors."""
    return "svm" if issparse(features) else "logistic"

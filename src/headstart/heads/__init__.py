"""Heads: features (n, d) -> class probabilities (n, k)."""

from typing import Any

from scipy.sparse import issparse

from headstart import registry
from headstart.checks import check_whole
from headstart.errors import ConfigError
from headstart.types import Features, Head

__all__ = ["head_for", "held_out_accuracy", "make_head", "rivals_of"]


_MANY_ROWS = 1000


def make_head(name: str, **settings: Any) -> Head:
    """An unfitted head by its registry name. Raises UnknownComponent, ConfigError."""
    made = registry.load("head", name)
    try:
        head: Head = made(**settings)
    except TypeError as error:
        raise ConfigError(f"Head {name!r}: {error}. See `headstart list heads`.") from error
    check_whole("random_state", settings.get("random_state", 0), least=0, part="head")
    return head


def head_for(features: Features) -> str:
    """The head that `auto` takes: svm for the many sparse columns of counts, logistic for dense vectors."""
    return "svm" if issparse(features) else "logistic"


def rivals_of(head: str, n_rows: int, n_new: int = 0) -> list[str]:
    """Heads that `auto` fits as well, to keep the best by held-out training rows; n_new rows come in a refit.

    From 1,000 rows on, svm and (up to its limit) kernel_ridge are often better on dense vectors; docs/log.md has
    the figures. With few rows the choice would be noise, and logistic's probabilities are the better ones.
    """
    if head != "logistic" or n_rows < _MANY_ROWS:
        return []
    from headstart.heads.kernel_ridge import MAX_ROWS  # which imports this package

    return ["svm", "kernel_ridge"] if n_rows + n_new <= MAX_ROWS else ["svm"]


def held_out_accuracy(head: Head) -> float:
    """Accuracy of a fitted logistic, svm or kernel_ridge on training rows that it left out to choose its setting."""
    chosen: dict[str, Any] = head.chosen_  # type: ignore[attr-defined] # these heads have it
    if "held_out_accuracy" in chosen:
        return float(chosen["held_out_accuracy"])
    keys = (("value", "C"), ("class_weight", "class_weight"))
    return float(next(t["accuracy"] for t in chosen["table"] if all(t[a] == chosen[b] for a, b in keys)))

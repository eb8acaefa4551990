"""Strategies: how encoder and head learn from a task."""

from inspect import signature
from typing import Any

from headstart import registry
from headstart.errors import ConfigError
from headstart.types import Strategy, Task

__all__ = ["make_strategy", "unused", "uses_of"]

_BESIDE = {  # what a task may have beside labelled rows
    "source": "Source rows",
    "unlabelled": "Unlabelled texts",
    "label_names": "Label names",
    "augment": "Augmentations",
}


def make_strategy(name: str, **settings: Any) -> Strategy:
    """A strategy by its registry name. Raises UnknownComponent, ConfigError."""
    made = registry.load("strategy", name)
    if "strategy_settings" in settings and "strategy_settings" not in signature(made).parameters:
        given = ", ".join(f"strategy.{key}" for key in settings["strategy_settings"])
        raise ConfigError(
            f"The strategy {name!r} has no settings of its own. Got {given}. "
            "Name the strategy that it is for: --strategy NAME (`headstart list strategies`)."
        )
    try:
        strategy: Strategy = made(**settings)
    except TypeError as error:
        raise ConfigError(f"Strategy {name!r}: {error}. See `headstart list strategies`.") from error
    return strategy


def uses_of(name: str) -> frozenset[str]:
    """What the strategy of this name can learn from beside labelled rows (see `types.Strategy`)."""
    uses: frozenset[str] = registry.load("strategy", name).uses
    return uses


def unused(name: str, task: Task) -> list[str]:
    """A sentence on each thing that the task has beside its rows and that the strategy of this name makes no use of."""
    uses = uses_of(name)
    given = [key for key in _BESIDE if getattr(task, key) is not None]
    return [f"{_BESIDE[key]} are not used by {name}." for key in given if key not in uses]

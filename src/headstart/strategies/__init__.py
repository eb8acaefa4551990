"""Strategies: how encoder and head learn from a task."""

from inspect import signature
from typing import Any

from headstart import registry
from headstart.errors import ConfigError
from headstart.types import Strategy

__all__ = ["make_strategy"]


def make_strategy(name: str, **settings: Any) -> Strategy:
    """A strategy by its registry name. Raises UnknownComponent, ConfigError."""
    made = registry.load("strategy", name)
    if "strategy_settings" in settings and "strategy_settings" not in signature(made).parameters:
        given = ", ".join(f"strategy.{key}" for key in settings["strategy_settings"])
        raise ConfigError(f"The strategy {name!r} has no settings of its own. Got {given}.")
    try:
        strategy: Strategy = made(**settings)
    except TypeError as error:
        raise ConfigError(f"Strategy {name!r}: {error}. See `headstart list strategies`.") from error
    return strategy

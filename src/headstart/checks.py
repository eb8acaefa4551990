"""Checks of settings that encoders and transforms share; the messages name the setting as `--set` does."""

from collections.abc import Sequence

from headstart.errors import ConfigError

__all__ = ["check_choice", "check_whole"]


def check_choice(setting: str, value: object, allowed: Sequence[str]) -> None:
    """Raise ConfigError unless the value is one of the allowed words."""
    if value not in allowed:
        raise ConfigError(f"encoder.{setting} must be one of {', '.join(allowed)}. Got {value!r} instead.")


def check_whole(setting: str, value: object, least: int = 1, *, optional: bool = False) -> None:
    """Raise ConfigError unless the value is a whole number from `least` on; optional: None is fine too."""
    if optional and value is None:
        return
    if type(value) is not int or value < least:
        otherwise = ", or left out" if optional else ""
        raise ConfigError(
            f"encoder.{setting} must be a whole number from {least} on{otherwise}. Got {value!r} instead."
        )

"""Checks of settings that several parts share; the messages name the setting as `--set` does."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from math import inf, isfinite
from typing import Any

from headstart.errors import ConfigError

__all__ = [
    "MAX_TEXT_CHARS",
    "MOST_SEED",
    "check_choice",
    "check_class_weight",
    "check_flag",
    "check_number",
    "check_whole",
    "check_word",
    "with_none",
]

MAX_TEXT_CHARS = 1_000_000  # of a longer text most likely a quotation mark is missing
MOST_SEED = 2**32 - 1  # of scikit-learn and numpy


def check_choice(
    setting: str, value: object, allowed: Sequence[str], *, optional: bool = False, part: str = "encoder"
) -> None:
    """Raise ConfigError unless the value is one of the allowed words; optional: None is fine too."""
    if value in allowed or (optional and value is None):
        return
    words = f"{'one of ' if len(allowed) > 1 else ''}{', '.join(allowed)}{', or left out' if optional else ''}"
    raise ConfigError(f"{part}.{setting} must be {words}. Got {value!r} instead.")


def check_word(setting: str, value: object, *, part: str = "encoder") -> None:
    """Raise ConfigError unless the value is a word."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{part}.{setting} must be a word. Got {value!r} instead.")


def check_class_weight(value: object, *, part: str = "encoder") -> None:
    """Raise ConfigError unless rows are weighed by the rarity of their class ("balanced") or not at all (None)."""
    check_choice("class_weight", value, ("balanced",), optional=True, part=part)


def check_whole(setting: str, value: object, least: int = 1, *, optional: bool = False, part: str = "encoder") -> None:
    """Raise ConfigError unless the value is a whole number from `least` on; optional: None is fine too."""
    if optional and value is None:
        return
    if type(value) is not int or value < least:
        otherwise = ", or left out" if optional else ""
        raise ConfigError(f"{part}.{setting} must be a whole number from {least} on{otherwise}. Got {value!r} instead.")


def check_number(
    setting: str,
    value: object,
    low: float = 0.0,
    high: float = inf,
    *,
    above: bool = False,
    below: bool = False,
    optional: bool = False,
    word: str = "",
    part: str = "encoder",
) -> None:
    """Raise ConfigError unless the value is a finite number from `low` to `high`; above, below: without the two
    themselves. optional: None is fine too. word: so is this word; "none" stands for None, as `--set` reads it.
    """
    if (optional and value is None) or (word and value == (None if word == "none" else word)):
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if is_number and low <= value <= high and not (above and value == low) and not (below and value == high):  # type: ignore[operator] # a number
        return
    lowest = f"above {low:g}" if above else f"from {low:g}"
    highest = "" if high == inf else f" to below {high:g}" if below else f" to {high:g}"
    on = "" if above or highest else " on"
    otherwise = f", or {word}" if word else ", or left out" if optional else ""
    raise ConfigError(f"{part}.{setting} must be a number {lowest}{highest}{on}{otherwise}. Got {value!r} instead.")


def check_flag(setting: str, value: object, *, part: str = "encoder") -> None:
    """Raise ConfigError unless the value is true or false."""
    if not isinstance(value, bool):
        raise ConfigError(f"{part}.{setting} must be true or false. Got {value!r} instead.")


def with_none(given: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """Settings given for the dataclass `kind`, in which None is the word "none" where the default is a word: on the
    command line and in recipes `none` is read as None.
    """
    words = {field.name for field in fields(kind) if isinstance(field.default, str)}
    return {name: "none" if value is None and name in words else value for name, value in given.items()}

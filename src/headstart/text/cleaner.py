"""TextCleaner: rules in a fixed order, the same when a model learns, predicts and serves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from headstart import registry
from headstart.errors import ConfigError
from headstart.types import TextRule

__all__ = ["TextCleaner"]


@dataclass(frozen=True)
class TextCleaner:
    """names: rules with their argument (None for none), applied from the first to the last.

    >>> TextCleaner.from_spec("unicode").clean("ＯＫ")
    'OK'
    """

    names: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def from_spec(cls, spec: str) -> Self:
        """From `unicode,emoji:name`. Raises UnknownComponent, ConfigError."""
        made = cls(tuple(registry.parse_spec(spec)))
        _ = made.rules  # now, not at the first text
        return made

    @cached_property
    def rules(self) -> tuple[TextRule, ...]:
        """The rules, made."""
        return tuple(_make(name, argument) for name, argument in self.names)

    def clean(self, text: str) -> str:
        """The text after every rule."""
        for rule in self.rules:
            text = rule(text)
        return text

    def clean_all(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Each text after every rule."""
        return tuple(map(self.clean, texts)) if self.names else tuple(texts)

    def settings(self) -> list[dict[str, Any]]:
        """What a bundle keeps: all that decides the cleaned text."""
        return [{"name": name, "argument": argument} for name, argument in self.names]

    @classmethod
    def from_settings(cls, settings: Iterable[Mapping[str, Any]]) -> Self:
        """The cleaner again, from `settings()`."""
        return cls(tuple((rule["name"], rule["argument"]) for rule in settings))


def _make(name: str, argument: str | None) -> TextRule:
    made = registry.load("text rule", name)
    try:
        rule: TextRule = made() if argument is None else made(argument)
    except TypeError as error:
        raise ConfigError(f"Cleaning rule {name!r} takes no argument. Got {argument!r}.") from error
    return rule

"""TextCleaner: rules in one order, the same when a model learns, predicts and serves."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

from headstart import registry
from headstart.errors import ConfigError, UnknownComponent
from headstart.types import TextRule

__all__ = ["DEFAULT", "ORDER", "TextCleaner"]

# The order in which rules run, whatever order the user wrote: first what hides characters (markup, control characters),
# then their forms, then the things made of them (addresses, numbers), then words, at last the gaps that are left.
# A rule that is not named here runs after these.
ORDER = (
    "html", "control", "emoji", "unicode", "width", "simplified", "urls", "emails", "numbers", "lower", "symbols",
    "repeats", "stop_words", "whitespace",
)  # fmt: skip

# What `default` stands for: only what came from the carrier of a text and not from its writer. Markup, invisible
# characters, the width of letters, and gaps decide no class; emoji, addresses, capitals, repeated letters and
# punctuation often do, and so they stay.
DEFAULT: tuple[tuple[str, str | None], ...] = (
    ("html", None),
    ("control", None),
    ("width", "letters"),
    ("whitespace", None),
)

_PASSES = 8  # ordinary text settles in 2; what needs more was made to
_SETTLE = "settle"
_NO_WORD = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True)
class TextCleaner:
    """Rules with their argument (None for none), applied in turn until the text no longer changes.

    names: (rule, argument), in the order in which they run. kept: for a rule whose argument names a file, what the
    file said, so that a bundle needs no file; filled by `from_settings`.

    Cleaning a clean text changes nothing, whatever the rules: they run again until a whole pass changes nothing.
    A text that has not settled after 8 passes was built to keep rules busy (entities inside entities inside ...);
    then its punctuation, which such things are made of, becomes spaces, and it settles. The work is linear in the
    length of the text. A text may become empty; what happens to it is the caller's decision.

    >>> TextCleaner.from_spec("default,unicode").clean("<p>ＯＫ &amp; fine①</p>")
    'OK & fine1'
    """

    names: tuple[tuple[str, str | None], ...] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_spec(cls, spec: str) -> Self:
        """From `unicode,emoji:name` or `default,emoji:name`; the order does not matter, and a rule that is named
        beside `default` replaces the one in it. Raises UnknownComponent, ConfigError (a wrong argument, a rule
        with two different arguments), MissingExtra.
        """
        chosen: dict[str, str | None] = {}
        for name, argument in registry.parse_spec(spec):
            _check(spec, name, argument)
            if chosen.setdefault(name, argument) != argument:
                raise ConfigError(f"Cleaning {spec!r} asks for {name!r} in two ways. Keep one of them.")
        if "default" in chosen:
            del chosen["default"]
            chosen = {**dict(DEFAULT), **chosen}
        place = {name: i for i, name in enumerate(ORDER)}
        made = cls(tuple(sorted(chosen.items(), key=lambda rule: (place.get(rule[0], len(ORDER)), rule[0]))))
        _ = made.rules  # now, not at the first text
        return made

    @cached_property
    def rules(self) -> tuple[TextRule, ...]:
        """The rules, made."""
        return tuple(_make(name, argument, self.kept.get(name)) for name, argument in self.names)

    def clean(self, text: str) -> str:
        """The text after every rule. Cleaning it again changes nothing."""
        for _ in range(_PASSES):
            before = text
            for rule in self.rules:
                text = rule(text)
            if text == before:
                return text
        return self._settle(text)[-1][1]

    def clean_all(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Each text after every rule."""
        return tuple(map(self.clean, texts)) if self.names else tuple(texts)

    def trace(self, text: str) -> list[tuple[str, str]]:
        """(rule, text after that rule) in the order in which they ran; the last text is the clean one.

        Every rule stands there once, in order; then, for a text that needed more passes, each further step that changed
        it. The step `settle` is the one for texts that did not settle by themselves (see the class).
        """
        steps = [(name, after) for name, _, after in self._pass(text)]
        for _ in range(_PASSES - 1):
            before = steps[-1][1] if steps else text
            steps += [(name, after) for name, earlier, after in self._pass(before) if earlier != after]
            if not steps or steps[-1][1] == before:
                return steps
        return steps + self._settle(steps[-1][1])

    def settings(self) -> list[dict[str, Any]]:
        """What a bundle keeps: all that decides the cleaned text, with the words of a user's file."""
        return [
            {"name": name, "argument": argument} | ({"kept": kept} if (kept := getattr(rule, "kept", None)) else {})
            for (name, argument), rule in zip(self.names, self.rules, strict=True)
        ]

    @classmethod
    def from_settings(cls, settings: Iterable[Mapping[str, Any]]) -> Self:
        """The cleaner again, from `settings()`: the same rules in the same order, without the user's files. Raises
        ValueError for a rule without the words that it kept: a bundle must not make anyone read a file.
        """
        rules = list(settings)
        for rule in rules:
            if "kept" not in rule and hasattr(registry.load("text rule", rule["name"]), "from_kept"):
                raise ValueError(f"cleaning rule {rule['name']!r} without the words that it kept")
        return cls(
            tuple((rule["name"], rule["argument"]) for rule in rules),
            {rule["name"]: rule["kept"] for rule in rules if "kept" in rule},
        )

    def _pass(self, text: str) -> Iterator[tuple[str, str, str]]:
        """(rule, text before, text after) for every rule."""
        for (name, _), rule in zip(self.names, self.rules, strict=True):
            before, text = text, rule(text)
            yield name, before, text

    def _settle(self, text: str) -> list[tuple[str, str]]:
        """The steps of a text that keeps rules busy, beginning with its punctuation made spaces."""
        steps = [(_SETTLE, _NO_WORD.sub(" ", text))]
        for _ in range(_PASSES):
            before = steps[-1][1]
            steps += [(name, after) for name, earlier, after in self._pass(before) if earlier != after]
            if steps[-1][1] == before:
                break
        return steps


def _check(spec: str, name: str, argument: str | None) -> None:
    """Raises UnknownComponent for a rule that is not there, ConfigError for `default` with an argument."""
    known = registry.names("text rule")
    if name == "default":
        if argument is not None:
            raise ConfigError(f"Cleaning {spec!r}: 'default' takes no argument. Got {argument!r}.")
    elif name not in known:
        raise UnknownComponent("text rule", name, ["default", *known])


def _make(name: str, argument: str | None, kept: Any) -> TextRule:
    made = registry.load("text rule", name)
    if kept is not None:
        again: TextRule = made.from_kept(kept)
        return again
    try:
        rule: TextRule = made() if argument is None else made(argument)
    except TypeError as error:
        raise ConfigError(f"Cleaning rule {name!r} takes no argument. Got {argument!r}.") from error
    return rule

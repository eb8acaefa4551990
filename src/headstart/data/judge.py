"""One row -> its text, label and domain, or what is wrong with it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from headstart.data.columns import Roles
from headstart.data.formats._base import Row

__all__ = ["Judge", "Judged", "is_float_label", "place_of", "rows_of"]

_SURROGATE = re.compile("[\ud800-\udfff]")
_FLOAT = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?")


class Judged(NamedTuple):
    """A usable row, or one with mistakes (kind, what). label None: the row has none."""

    text: str
    label: str | None
    domain: str
    mistakes: list[tuple[str, str]]


class _NestedValue(Exception):
    pass


@dataclass(slots=True)
class Judge:
    """Reads rows by their roles; equal labels and domains become one string in memory."""

    roles: Roles
    max_text_chars: int
    n_title_only: int = 0
    _interned: dict[str, str] = field(default_factory=dict)

    def judge(self, row: Row) -> Judged:
        """The row's text (with its title), label and domain as strings, and its mistakes."""
        if row.defect:
            return Judged("", None, "", [("unreadable_row", row.defect)])
        mistakes: list[tuple[str, str]] = []
        text = self._text(row.values, mistakes)
        label = self._name(row.values, self.roles.label, "label", mistakes)
        domain = self._name(row.values, self.roles.domain, "domain", mistakes)
        return Judged(text, label, domain or "", mistakes)

    def _text(self, values: Mapping[str, object], mistakes: list[tuple[str, str]]) -> str:
        try:
            text = _as_text(values.get(self.roles.text), "text") or ""
            title = (_as_text(values.get(self.roles.title), "title") or "") if self.roles.title else ""
        except _NestedValue as error:
            mistakes.append(("nested_value", str(error)))
            return ""
        if title and not title.isspace():
            blank = not text or text.isspace()
            self.n_title_only += blank
            text = title if blank else f"{title}\n{text}"
        mistakes.extend(_text_mistakes(text, self.max_text_chars))
        return text

    def _name(
        self, values: Mapping[str, object], column: str | None, role: str, mistakes: list[tuple[str, str]]
    ) -> str | None:
        if column is None:
            return None
        try:
            name = _as_text(values.get(column), role)
        except _NestedValue as error:
            mistakes.append(("nested_value", str(error)))
            return None
        if name is None or not name or name.isspace():
            return None
        if not name.isascii() and _SURROGATE.search(name):
            mistakes.append(("lone_surrogate", f"half a surrogate pair in the {role}"))
        if "\0" in name:
            mistakes.append(("nul_character", f"a NUL character in the {role}"))
        return self._interned.setdefault(name, name)


def _text_mistakes(text: str, max_chars: int) -> list[tuple[str, str]]:
    if not text or text.isspace():
        return [("missing_text", "no text" if not text else "no text, only white space")]
    mistakes = []
    if "\0" in text:
        mistakes.append(("nul_character", "a NUL character in the text"))
    if not text.isascii() and _SURROGATE.search(text):
        mistakes.append(("lone_surrogate", "half a surrogate pair in the text"))
    if len(text) > max_chars:
        what = f"the text has {len(text):,} characters, more than {max_chars:,} (--max-text-chars)"
        mistakes.append(("too_long_text", what))
    return mistakes


def _as_text(value: object, role: str) -> str | None:
    """A value as Python writes it; None and NaN are None. Raises _NestedValue for lists and objects."""
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, list | dict | tuple):
        kind = "an object" if isinstance(value, dict) else "a list"
        raise _NestedValue(f"the {role} is {kind}, not a string")
    return str(value)


def is_float_label(label: str) -> bool:
    """True when a label is written as a decimal number: with a point or an exponent."""
    return _FLOAT.fullmatch(label.strip()) is not None


def place_of(row: Row) -> str:
    """Where the row is, in words."""
    return row.place or f"line {row.line}"


def rows_of(n: int) -> str:
    """`"1 row"`, `"2 rows"`."""
    return "1 row" if n == 1 else f"{n:,} rows"

"""Folding of texts: what every classic feature sees."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from headstart.errors import DataError

__all__ = ["fold", "nfkc", "require_texts"]

_APOSTROPHE = re.compile(r"(?<=[A-Za-z])\u2019(?=[A-Za-z])")


_MAX_MARKS = 30  # the limit of Unicode's stream-safe text (Annex 15, section 13)
# No accent is a letter (\w) for Python, except two Japanese marks of half width
_MANY_SIGNS = re.compile(rf"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f]){{{_MAX_MARKS + 1},}}")


def nfkc(text: str) -> str:
    """The text in NFKC, with at most 30 accents on one letter: normalising takes the square of their number."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _MANY_SIGNS.sub(_fewer_marks, text))


def fold(text: str) -> str:
    """NFKC and lower case: full-width becomes half-width, ligatures and circled digits become plain.

    A typographic apostrophe inside an English word becomes the plain one: "don’t" is "don't".
    """
    if text.isascii():
        return text.lower()
    return nfkc(_APOSTROPHE.sub("'", text)).lower()


def require_texts(texts: object, name: str = "texts") -> tuple[str, ...]:
    """The texts as a tuple. Raises DataError for a bare string, a table, a mapping or a set, a value that is not a
    string, or a lone surrogate (half a character, which no tokeniser reads), with the index of the first and their
    number.
    """
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        raise DataError(f"{name} must be a sequence of strings, got one {type(texts).__name__}.")
    is_set = isinstance(texts, set | frozenset)
    if is_set or isinstance(texts, Mapping) or hasattr(texts, "columns"):
        what = "has no order" if is_set else "would give its names: pass one column of it"
        raise DataError(f"{name} must be a sequence of strings; a {type(texts).__name__} {what}.")
    values = tuple(texts)
    wrong = [i for i, text in enumerate(values) if not isinstance(text, str)]
    if wrong:
        value = values[wrong[0]]
        raise DataError(
            f"{name}[{wrong[0]}] is {value!r:.80} ({type(value).__name__}), expected a string."
            f"{_others(wrong)} Drop these rows, or fill them with ''."
        )
    halves = [i for i, text in enumerate(values) if not text.isascii() and not _encodable(text)]
    if halves:
        raise DataError(
            f"{name}[{halves[0]}] holds a lone surrogate (half a character).{_others(halves)} "
            "Read the file again as UTF-8."
        )
    return values


def _fewer_marks(signs: re.Match[str]) -> str:
    kept, n_marks = [], 0
    for sign in signs.group():
        n_marks = n_marks + 1 if _is_mark(sign) else 0
        if n_marks <= _MAX_MARKS:
            kept.append(sign)
    return "".join(kept)


def _is_mark(sign: str) -> bool:
    return unicodedata.combining(unicodedata.normalize("NFKD", sign)[0]) > 0


def _others(rows: list[int]) -> str:
    return f" {len(rows) - 1:,} more have the same problem." if len(rows) > 1 else ""


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

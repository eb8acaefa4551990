"""Folding of texts: what every classic feature sees."""

import re
import unicodedata
from collections.abc import Iterable

from headstart.errors import DataError

__all__ = ["fold", "require_texts"]

_APOSTROPHE = re.compile(r"(?<=[A-Za-z])\u2019(?=[A-Za-z])")


def fold(text: str) -> str:
    """NFKC and lower case: full-width becomes half-width, ligatures and circled digits become plain.

    A typographic apostrophe inside an English word becomes the plain one: "don’t" is "don't".
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", _APOSTROPHE.sub("'", text)).lower()


def require_texts(texts: object, name: str = "texts") -> tuple[str, ...]:
    """The texts as a tuple. Raises DataError for a bare string, a value that is not a string, or a lone
    surrogate (half a character, which no tokeniser reads), with the index of the first and their number.
    """
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        raise DataError(f"{name} must be a sequence of strings, got one {type(texts).__name__}.")
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


def _others(rows: list[int]) -> str:
    return f" {len(rows) - 1:,} more have the same problem." if len(rows) > 1 else ""


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

"""Folding of texts: what every classic feature sees."""

import unicodedata
from collections.abc import Iterable

from headstart.errors import DataError

__all__ = ["fold", "require_texts"]


def fold(text: str) -> str:
    """NFKC and lower case: full-width becomes half-width, ligatures and circled digits become plain."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).lower()


def require_texts(texts: object, name: str = "texts") -> tuple[str, ...]:
    """The texts as a tuple. Raises DataError for a bare string, a value that is not a string, or a lone
    surrogate (half a character, which no tokeniser reads), with the index of the first.
    """
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise DataError(f"{name} must be a sequence of strings, got one {type(texts).__name__}.")
    values = tuple(texts)
    for i, text in enumerate(values):
        if not isinstance(text, str):
            raise DataError(f"{name}[{i}] is {text!r} ({type(text).__name__}), expected a string.")
        if not text.isascii() and not _encodable(text):
            raise DataError(f"{name}[{i}] holds a lone surrogate (half a character): re-read it as UTF-8.")
    return values


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

"""Rows without text: nothing is left but white space, punctuation and invisible characters."""

import unicodedata
from collections.abc import Sequence
from typing import ClassVar

from headstart.cleaning.base import Hit
from headstart.types import Dataset

__all__ = ["Missing"]

_EMPTY_CATEGORIES = "ZPCM"  # separators, punctuation, control and format characters, marks without a letter


class Missing:
    """Texts without a letter, a digit or a symbol (Unicode categories L, N, S): an emoji is text, "..." is none."""

    marks: ClassVar[bool] = False
    judges_labels: ClassVar[bool] = False

    def find(self, dataset: Dataset, seed: int = 0) -> Sequence[Hit]:
        """In the order of the file; score 1."""
        return [Hit(i, _reason(text), 1.0) for i, text in enumerate(dataset.texts) if _is_empty(text)]


def _is_empty(text: str) -> bool:
    """Ends at the first character that is text: ordinary texts cost nothing."""
    return all(unicodedata.category(character)[0] in _EMPTY_CATEGORIES for character in text)


def _reason(text: str) -> str:
    return f"no text, only {text.strip()[:20]!r}" if text.strip() else "no text"

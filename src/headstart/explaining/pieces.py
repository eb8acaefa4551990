"""The words of a text with their places: what occlusion leaves out one by one."""

import re
from typing import NamedTuple

from headstart.text.language import language_of
from headstart.text.segment import segment

__all__ = ["Place", "pieces", "without"]

# A word with its inner apostrophes and hyphens, or a run of signs: !!, :), 👍
_PIECE = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*|(?:[^\w\s]|_)+")
_STOPS = frozenset(",.;:'\"()[]{}-_/\\\u2013\u2014\u2018\u2019\u201c\u201d\u2026，。、；：（）《》【】「」·")


class Place(NamedTuple):
    """text[start:end], never empty."""

    start: int
    end: int


def pieces(text: str) -> list[Place]:
    """Words by segmentation for Chinese and mixed texts, else by their letters; and runs of signs.

    A single comma, full stop, bracket or quotation mark is no word, and white space is none.
    """
    found = _segmented(text) if language_of(text) in ("zh", "mixed") else (m.span() for m in _PIECE.finditer(text))
    return [Place(start, end) for start, end in found if text[start:end] not in _STOPS]


def _segmented(text: str) -> list[Place]:
    places, start = [], 0
    for word in segment(text):  # the words together are the text
        end = start + len(word)
        if not word.isspace():
            places.append(Place(start, end))
        start = end
    return places


def without(text: str, start: int, end: int) -> str:
    """The text without text[start:end], and of the white space on both sides only one."""
    before, after = text[:start], text[end:]
    return before + (after.lstrip() if not before or before[-1].isspace() else after)

"""Which characters are common in Chinese and western text: what tells one encoding from another."""

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from headstart.types import Bools, Ints

__all__ = ["common_characters", "counted_characters"]


def counted_characters(points: "Ints", codec: str) -> "Bools":
    """(n,) True for characters that tell encodings apart, given the code points of a text read as `codec`.

    In UTF-16 all do; elsewhere ASCII is the same in every encoding, but NUL is no text.
    """
    if codec.startswith("utf-16"):
        return np.ones(len(points), dtype=bool)
    counted: Bools = (points >= 0x80) | (points == 0)
    return counted


def common_characters(points: "Ints", codec: str) -> "Bools":
    """(n,) True where the character is what one expects in a text that really is in `codec`."""
    western = codec in ("cp1252", "latin-1")
    table = _western() if western else _chinese()
    # beyond the first plane: emoji and the like, no evidence against
    common: Bools = table[np.minimum(points, 0xFFFF)] | (points > 0xFFFF)
    if codec.startswith("utf-16"):
        return common
    high = np.pad(points >= 0x80, 1)
    before, after = high[:-2], high[2:]
    # an accent stands alone in its western word, never between two others; a hanzi never stands quite alone
    fits: Bools = common & (~(before & after) if western else before | after)
    return fits


@functools.cache
def _chinese() -> "Bools":
    """(65536,) True for common characters of Chinese and western text."""
    level1 = [bytes((lead, trail)) for lead in range(0xB0, 0xD8) for trail in range(0xA1, 0xFF)]
    chars = b"".join(level1).decode("gb2312", "ignore")
    trails = [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    level1 = [bytes((lead, trail)) for lead in range(0xA4, 0xC7) for trail in trails if (lead, trail) <= (0xC6, 0x7E)]
    chars += b"".join(level1).decode("big5", "ignore")
    table = _western().copy()
    table[np.array([ord(c) for c in chars])] = True
    table[0x3000:0x3020] = True  # CJK punctuation
    table[0xFF01:0xFF5F] = True  # full-width forms
    return table


@functools.cache
def _western() -> "Bools":
    """(65536,) True for ASCII text, accented letters and typographic punctuation."""
    table = np.zeros(0x10000, dtype=bool)
    table[0x20:0x7F] = True
    table[[0x09, 0x0A, 0x0D]] = True
    table[0xA0:0x180] = True
    table[0x2010:0x2027] = True  # dashes, quotation marks, ellipsis
    table[[0x2030, 0x2039, 0x203A, 0x20AC, 0x2122]] = True
    return table

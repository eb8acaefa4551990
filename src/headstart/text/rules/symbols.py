"""Symbols out: what is no letter, digit, white space or punctuation of a sentence.

Punctuation of English and Chinese sentences stays, and so do %, currency signs and the accents of letters. Gone are
emoji (name them first with `emoji:name`), arrows, stars, underscores, slashes, mathematical and markup signs.
"""

import re
import unicodedata
from collections.abc import Iterator

from headstart.text.rules._replace import replace_spans

__all__ = ["Symbols"]

_KEPT = ".,;:!?'\"()\\-%$¢£¥€₹₩‘’“”‐‑–—…·，。！？；：、（）《》〈〉「」『』【】〔〕～％￥＄"
_SYMBOLS = re.compile(rf"(?:[^\w\s{_KEPT}]|_)+")
_STYLES = re.compile("[\ufe00-\ufe0f\u20e3\U000e0100-\U000e01ef]")


class Symbols:
    """Letters with accents, digits, white space and sentence punctuation are what is left."""

    def __call__(self, text: str) -> str:
        """The text without symbols."""
        return replace_spans(text, _spans(text))


def _spans(text: str) -> Iterator[tuple[int, int, str]]:
    for run in _SYMBOLS.finditer(text):
        start = run.start()
        if start:  # the accents of the letter before
            while start < run.end() and _is_accent(text[start]):
                start += 1
        if start < run.end():
            yield start, run.end(), ""


def _is_accent(sign: str) -> bool:
    return unicodedata.category(sign).startswith("M") and not _STYLES.match(sign)

"""Word vectors with the way from a text to its words: what `word2vec` and `static` learn or read.

Shape letters: m words, d dimensions.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from headstart.encoders._terms import make_analyser
from headstart.progress import track
from headstart.text.normalise import fold, nfkc
from headstart.text.segment import warn_of_another

if TYPE_CHECKING:
    from headstart.types import Floats

__all__ = [
    "ANALYSERS",
    "WordVectors",
    "is_han",
    "make_tokeniser",
    "spelled",
    "tokenised",
]

ANALYSERS = ("auto", "word", "zh", "zh+char")

_CONTRACTION = re.compile(r"(.+?)(n't|'(?:s|m|d|re|ve|ll))")
_HAN_FIRST, _HAN_LAST = "\u3400", "\u9fff"


@dataclass(frozen=True, eq=False)
class WordVectors:
    """words: m distinct words; vectors (m, d) float32, row i belongs to words[i]; tokenise: text -> its words;
    by_parts: look words that are not there up in another case or by their parts (`spelled`).
    """

    words: Sequence[str]
    vectors: "Floats"
    tokenise: Callable[[str], list[str]]
    by_parts: bool = False

    @cached_property
    def index(self) -> dict[str, int]:
        """Word -> row."""
        return {word: row for row, word in enumerate(self.words)}

    def rows(self, word: str) -> list[int]:
        """The rows whose mean is the word's vector, [] for an unknown word."""
        if self.by_parts:
            return spelled(word, self.index)
        return [self.index[word]] if word in self.index else []

    def nearest(self, word: str, n: int = 10) -> list[tuple[str, float]]:
        """The n other words of the highest cosine with it, and the cosines, highest first; [] for an unknown word.

        A word without direction (a vector of zeros) is near to none.
        """
        rows = self.rows(word)
        vector = self._unit[rows[0]] if len(rows) == 1 else self.vectors[rows].mean(axis=0) if rows else None
        if vector is None or not vector.any():
            return []
        cosines = self._unit @ (vector / np.linalg.norm(vector))
        if len(rows) == 1:
            cosines[rows[0]] = -2.0  # below every cosine
        order = np.argsort(-cosines, kind="stable")[: min(n, len(cosines) - (len(rows) == 1))]
        return [(self.words[i], float(cosines[i])) for i in order if self._unit[i].any()]

    @cached_property
    def _unit(self) -> "Floats":
        length = np.linalg.norm(self.vectors, axis=1, keepdims=True)
        return self.vectors / np.where(length > 0, length, 1)


def spelled(word: str, index: dict[str, int]) -> list[int]:
    """The rows of `index` that stand for a word: its own; else that of another case (lower, Title, UPPER); else
    the rows of its parts that are there: the characters of a Chinese word, the halves of a contraction as GloVe
    cuts it (do + n't). [] where there is none.
    """
    row = _one(word, index)
    if row is not None:
        return [row]
    contraction = _CONTRACTION.fullmatch(word)
    parts = contraction.groups() if contraction else [character for character in word if is_han(character)]
    return [row for part in parts if (row := _one(part, index)) is not None]


def _one(word: str, index: dict[str, int]) -> int | None:
    row = index.get(word)
    if row is None:
        forms = (fold(word), word.title(), word.upper())
        row = next((index[form] for form in forms if form in index), None)
    return row


def is_han(word: str) -> bool:
    """Whether the word is one Chinese character of the common blocks."""
    return len(word) == 1 and _HAN_FIRST <= word <= _HAN_LAST


def make_tokeniser(analyser: str, lower: bool = True, segmenter: str | None = None) -> Callable[[str], list[str]]:
    """Text -> words by the analyser `word` or `zh`, folded; lower=False leaves them the case they stand in.

    `zh+char`: the words of `zh`, folded, and after each of several characters its Chinese characters one by one.
    segmenter: the one that a bundle was made with, for a warning where it cuts otherwise.
    """
    warn_of_another(segmenter)
    words = make_analyser(analyser.removesuffix("+char"), (1, 1), (0, 0))
    if analyser == "zh+char":
        return partial(_with_characters, words=words)
    return words if lower else partial(_cased, words=words)


def _with_characters(text: str, words: Callable[[str], list[str]]) -> list[str]:
    """A word that was never seen is still known by its characters."""
    found: list[str] = []
    for word in words(text):
        found.append(word)
        if len(word) > 1:
            found += filter(is_han, word)
    return found


def _cased(text: str, words: Callable[[str], list[str]]) -> list[str]:
    """The words in the case of the text; folded where folding changes lengths, as in Turkish."""
    plain = nfkc(text)
    folded, place, found = fold(plain), 0, []
    if len(folded) != len(plain):
        return words(text)
    for word in words(plain):
        place = folded.index(word, place)
        found.append(plain[place : place + len(word)])
        place += len(word)
    return found


def tokenised(texts: Sequence[str], tokenise: Callable[[str], list[str]]) -> list[list[str]]:
    """The words of each text; equal words are one object, so that a large corpus fits."""
    known: dict[str, str] = {}
    cut = track(texts, "cutting into words", len(texts))
    return [[known.setdefault(word, word) for word in tokenise(text)] for text in cut]

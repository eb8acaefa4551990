"""Where the terms of a bag of words stand in a text.

`encoders/_terms.py` cuts a text into terms; here each term keeps the places that it came from, through folding.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from headstart.encoders._terms import _CHARACTERS as CHARACTERS
from headstart.encoders._terms import _WORD
from headstart.explaining.pieces import Place, pieces
from headstart.text.normalise import fold

if TYPE_CHECKING:
    from headstart.encoders._counts import TermCounts

__all__ = ["CHARACTERS", "Term", "TermPlaces"]

_SPACE_OR_ONE = re.compile(r"\s+|.", re.DOTALL)
_JOINS = re.compile(r"[\u1160-\u11ff\u3099\u309a\uff9e\uff9f]")  # folded together with the character before


class Term(NamedTuple):
    """One occurrence of a term, which it owes to these places in equal shares."""

    text: str
    places: tuple[Place, ...]


class TermPlaces:
    """The terms and words of a text for an encoder that counts terms.

    text: what the places are of. It is the given one, or its folded form where folding joins letters in a way that
    cannot be followed (a final sigma, some Indic vowels).
    """

    def __init__(self, encoder: "TermCounts", text: str) -> None:
        self._encoder = encoder
        self._folded, self._places = _followed(text)
        self.text = text if self._places is not None else self._folded
        if self._places is None:
            self._places = [Place(i, i + 1) for i in range(len(self._folded))]

    def words(self) -> list[Place]:
        """The words of the text: the encoder's own, of an encoder of characters those of `pieces`."""
        if self._encoder.analyser_ == "char":
            return pieces(self.text)
        found: list[Place] = []
        for token in self._tokens():
            start, end = self._back(*token)
            if found and start < found[-1].end:  # one letter that folding made two words: a half as a digit is three
                start = found.pop().start
            found.append(Place(start, end))
        return found

    def terms(self) -> Iterator[Term]:
        """Every occurrence of every term: as often as the encoder's analyser gives it."""
        encoder = self._encoder
        if encoder.analyser_ != "char":
            yield from self._word_grams(*encoder.ngrams)
        if encoder.analyser_ != "word":
            prefix = CHARACTERS if encoder.analyser_ == "zh" else ""
            yield from self._character_grams(prefix, *encoder.characters)

    def _word_grams(self, shortest: int, longest: int) -> Iterator[Term]:
        tokens = self._tokens()
        words = [self._folded[start:end] for start, end in tokens]
        places = [self._back(start, end) for start, end in tokens]
        for n in range(max(1, shortest), longest + 1):
            for i in range(len(words) - n + 1):
                yield Term(" ".join(words[i : i + n]), tuple(places[i : i + n]))

    def _character_grams(self, prefix: str, shortest: int, longest: int) -> Iterator[Term]:
        spans = [m.span() for m in _SPACE_OR_ONE.finditer(self._folded)]
        text = "".join(" " if self._folded[start].isspace() else self._folded[start] for start, _ in spans)
        for n in range(max(1, shortest), longest + 1):
            for i in range(len(text) - n + 1):
                yield Term(prefix + text[i : i + n], (self._back(spans[i][0], spans[i + n - 1][1]),))

    def _tokens(self) -> list[Place]:
        if self._encoder.analyser_ == "word":
            return [Place(*m.span()) for m in _WORD.finditer(self._folded)]
        places, start = [], 0
        for word in self._encoder._segmenter(self._folded):  # the words together are the text
            if not word.isspace():
                places.append(Place(start, start + len(word)))
            start += len(word)
        return places

    def _back(self, start: int, end: int) -> Place:
        """The place in `text` of folded[start:end]."""
        places = self._places or []
        return Place(places[start].start, places[end - 1].end)


def _followed(text: str) -> tuple[str, list[Place] | None]:
    """The folded text, and for each of its characters where it comes from; None where that cannot be said."""
    folded = fold(text)
    if text.isascii():
        return folded, [Place(i, i + 1) for i in range(len(text))]
    parts, places = [], []
    for start, end in _clusters(text):
        # with the letters on both sides: an apostrophe inside a word becomes the plain one
        part = "'" if text[start:end] == "\u2019" and _inside_word(text, start) else fold(text[start:end])
        parts.append(part)
        places += [Place(start, end)] * len(part)
    return folded, places if "".join(parts) == folded else None


def _inside_word(text: str, i: int) -> bool:
    """Whether Latin letters stand on both sides, as `fold` asks."""
    around = text[i - 1 : i] + text[i + 1 : i + 2]
    return len(around) == 2 and around.isascii() and around.isalpha()


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Characters with the marks that follow them, which folding may join."""
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or not (unicodedata.combining(text[i]) or _JOINS.match(text[i])):
            yield start, i
            start = i

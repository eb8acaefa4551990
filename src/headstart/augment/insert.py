"""Puts random words of the same class into a text: `insert`, `insert:0.2`; `insert:FILE` takes synonyms instead.

FILE is a file of synonym groups as for `synonym`; then a synonym of a word of the text is inserted.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

from headstart.augment._synonyms import Lookup, read_groups
from headstart.augment._words import chosen, gap, pieces, share_and_rest, word_places
from headstart.text.normalise import fold

if TYPE_CHECKING:
    import numpy as np

    from headstart.types import Ints

__all__ = ["Insert"]


class Insert:
    """Inserts a word before a share of the words.

    Source: Easy Data Augmentation, Wei and Zou 2019, random insertion. Departure: without a file of synonyms the
    word comes from the training rows of the class, drawn by its frequency there, so that no lexicon is needed.
    """

    def __init__(self, argument: str | None = None) -> None:
        self.share, self.file = share_and_rest("insert", argument)
        self._synonyms: Lookup | None = None
        self._by_class: dict[int, list[str]] = {}

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Collect the words of each class, or read the file. Raises DataError for a file that cannot be used."""
        if self.file is not None:
            if self._synonyms is None:
                self._synonyms, self.notes_ = read_groups("insert", self.file)
            return self
        self._by_class = {int(code): [] for code in y}
        for text, code in zip(texts, y, strict=True):
            parts = pieces(text)
            self._by_class[int(code)] += [parts[place] for place in word_places(parts)]
        return self

    def augment(self, texts: Sequence[str], y: "Ints", rngs: "Sequence[np.random.Generator]") -> list[str | None]:
        """A text each; None where there is no word, or no synonym of any."""
        return [self._longer(text, int(code), rng) for text, code, rng in zip(texts, y, rngs, strict=True)]

    def _longer(self, text: str, code: int, rng: "np.random.Generator") -> str | None:
        parts = pieces(text)
        places = word_places(parts)
        draw = self._source(parts, places, code, rng)
        if draw is None or not places:
            return None
        for place in chosen(places, self.share, rng):
            word = draw()
            parts[place] = word + gap(word, parts[place]) + parts[place]
        return "".join(parts)

    def _source(
        self, parts: Sequence[str], places: Sequence[int], code: int, rng: "np.random.Generator"
    ) -> Callable[[], str] | None:
        """Draws words to insert; None where there are none."""
        if self._synonyms is None:
            words = self._by_class.get(code, [])
        else:
            words = [synonym for place in places for synonym in self._synonyms(fold(parts[place]))]
        return (lambda: words[rng.integers(len(words))]) if words else None

"""Replaces words by synonyms: `synonym`, `synonym:0.2`, `synonym:FILE`, `synonym:0.2:FILE`.

FILE holds a group of synonyms a line (apart by commas, tabs or spaces), or is HIT's Cilin. Without a file, English
words come from the WordNet lexicon of the package wn (`python -m wn download oewn:2024`), and Chinese texts take the
nearest words of a word2vec learnt from the given texts, which a note says.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from headstart.augment._synonyms import Lookup, nearest_words, read_groups, replaced, wordnet
from headstart.augment._words import share_and_rest
from headstart.text.language import language_shares

if TYPE_CHECKING:
    import numpy as np

    from headstart.types import Ints

__all__ = ["Synonym"]


class Synonym:
    """Replaces a share of the words, of those that have a synonym, by one of them at random.

    Source: Easy Data Augmentation, Wei and Zou 2019, synonym replacement. Departure: a word is looked up as it
    stands (movies is not movie), so that the sentence keeps its grammar, and each place is drawn by itself.
    """

    def __init__(self, argument: str | None = None) -> None:
        self.share, self.file = share_and_rest("synonym", argument)
        self._lookup: Lookup = lambda word: ()
        self.notes_: tuple[str, ...] = ()

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Find the synonyms. Raises DataError for the file; MissingExtra, ConfigError where none can be had."""
        if self.file is not None:
            if not self.notes_:  # once is enough
                self._lookup, self.notes_ = read_groups("synonym", self.file)
            return self
        shares = language_shares(texts)
        if shares["zh"] + shares["mixed"] > shares["en"]:
            self._lookup, notes = nearest_words("synonym", texts, unlabelled)
            self.notes_ = ("synonym: no file of Chinese synonyms (synonym:FILE), so near words stand in.", *notes)
        else:
            self._lookup, self.notes_ = wordnet("synonym")
        return self

    def augment(self, texts: Sequence[str], y: "Ints", rngs: "Sequence[np.random.Generator]") -> list[str | None]:
        """A text each; None where no word has a synonym."""
        return [replaced(text, self.share, self._lookup, rng) for text, rng in zip(texts, rngs, strict=True)]

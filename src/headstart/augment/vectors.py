"""Replaces words by near ones, by a word2vec learnt from the given texts: `vectors`, `vectors:0.2`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from headstart.augment._synonyms import Lookup, nearest_words, replaced
from headstart.augment._words import only_share

if TYPE_CHECKING:
    import numpy as np

    from headstart.types import Ints

__all__ = ["Vectors"]


class Vectors:
    """Replaces a share of the words by one of their five nearest words with a cosine of 0.5 or more.

    The vectors are learnt from the training and unlabelled texts: with a few hundred texts they know little.
    Source: Wang and Yang 2015 (nearest embeddings). Departure: own vectors, which know the words of the domain.
    """

    def __init__(self, argument: str | None = None) -> None:
        self.share = only_share("vectors", argument)
        self._lookup: Lookup = lambda word: ()
        self.notes_: tuple[str, ...] = ()

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Learn the vectors. Raises MissingExtra without gensim."""
        self._lookup, self.notes_ = nearest_words("vectors", texts, unlabelled)
        return self

    def augment(self, texts: Sequence[str], y: "Ints", rngs: "Sequence[np.random.Generator]") -> list[str | None]:
        """A text each; None where no word has a near one."""
        return [replaced(text, self.share, self._lookup, rng) for text, rng in zip(texts, rngs, strict=True)]

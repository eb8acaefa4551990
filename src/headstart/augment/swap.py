"""Swaps random words of a text: `swap`, `swap:0.2` for one swap in five words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from headstart.augment._words import chosen, only_share, pieces, word_places

if TYPE_CHECKING:
    import numpy as np

    from headstart.types import Ints

__all__ = ["Swap"]


class Swap:
    """Exchanges a share of the words, each with another word of the text; punctuation and spaces stay.

    Source: Easy Data Augmentation, Wei and Zou 2019, random swap. Departure: every drawn word goes elsewhere.
    """

    def __init__(self, argument: str | None = None) -> None:
        self.share = only_share("swap", argument)

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Nothing to learn."""
        return self

    def augment(self, texts: Sequence[str], y: "Ints", rngs: "Sequence[np.random.Generator]") -> list[str | None]:
        """A text each; None where there are fewer than two words."""
        return [self._swapped(text, rng) for text, rng in zip(texts, rngs, strict=True)]

    def _swapped(self, text: str, rng: "np.random.Generator") -> str | None:
        parts = pieces(text)
        places = word_places(parts)
        if len(places) < 2:
            return None
        for one in chosen(places, self.share, rng):
            other = int(rng.choice([place for place in places if place != one]))
            parts[one], parts[other] = parts[other], parts[one]
        return "".join(parts)

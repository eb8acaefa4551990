"""Leaves out random words of a text: `delete`, `delete:0.2` for one word in five."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from headstart.augment._words import chosen, only_share, pieces, word_places

if TYPE_CHECKING:
    import numpy as np

    from headstart.types import Ints

__all__ = ["Delete"]


class Delete:
    """Removes a share of the words, at least one, and never the last one.

    Source: Easy Data Augmentation, Wei and Zou 2019, random deletion. Departure: a fixed number of words instead of
    a probability for each, so that a short text does not come back as it was.
    """

    def __init__(self, argument: str | None = None) -> None:
        self.share = only_share("delete", argument)

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Nothing to learn."""
        return self

    def augment(self, texts: Sequence[str], y: "Ints", rngs: "Sequence[np.random.Generator]") -> list[str | None]:
        """A text each; None where there are fewer than two words."""
        return [self._shortened(text, rng) for text, rng in zip(texts, rngs, strict=True)]

    def _shortened(self, text: str, rng: "np.random.Generator") -> str | None:
        parts = pieces(text)
        places = word_places(parts)
        if len(places) < 2:
            return None
        for place in chosen(places, self.share, rng)[: len(places) - 1]:
            parts[place] = ""
            if place + 1 < len(parts) and parts[place + 1].isspace():
                parts[place + 1] = ""  # the space after the word goes with it
        return "".join(parts).strip()

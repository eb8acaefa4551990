"""Replaces, inserts and leaves out random characters: `noise`, `noise:0.1` for one character in ten."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from headstart.augment._words import chosen, only_share

if TYPE_CHECKING:
    import numpy as np

    from headstart.types import Ints

__all__ = ["Noise"]

_DEFAULT_SHARE = 0.05  # of the characters: a word of five is hit once in four


class Noise:
    """For a share of the letters and digits, at least one: another in its place, another after it, or none.

    New characters are letters and digits of the training texts, each as often as it is there.
    Source: Belinkov and Bisk 2018 (synthetic noise). Departure: characters of the data instead of an alphabet.
    """

    def __init__(self, argument: str | None = None) -> None:
        self.share = only_share("noise", argument, _DEFAULT_SHARE)
        self._letters = ""

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Collect the letters and digits of the texts."""
        self._letters = "".join(filter(str.isalnum, "".join(texts)))
        return self

    def augment(self, texts: Sequence[str], y: "Ints", rngs: "Sequence[np.random.Generator]") -> list[str | None]:
        """A text each; None where there is no letter."""
        return [self._noisy(text, rng) for text, rng in zip(texts, rngs, strict=True)]

    def _noisy(self, text: str, rng: "np.random.Generator") -> str | None:
        characters = list(text)
        places = [i for i, character in enumerate(characters) if character.isalnum()]
        if not places or not self._letters:
            return None
        for place in chosen(places, self.share, rng):
            new = self._letters[rng.integers(len(self._letters))]
            characters[place] = (new, characters[place] + new, "")[rng.integers(3)]
        return "".join(characters)

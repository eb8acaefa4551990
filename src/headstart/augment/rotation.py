"""Rotates the sentences of a text, or the clauses of a text of one sentence: what came first comes last."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from headstart.augment._words import refuse_argument, units

if TYPE_CHECKING:
    import numpy as np

    from headstart.types import Ints

__all__ = ["Rotation"]


class Rotation:
    """The units of a text from a random one on, then those before it; commas and the end mark stay in place.

    Sentences end at . ! ? … ; and their Chinese forms, clauses at commas and colons. No bag of words sees the
    difference, apart from n-grams at the seams: this one is for models that read words in order.
    """

    def __init__(self, argument: str | None = None) -> None:
        refuse_argument("rotation", argument)

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Nothing to learn."""
        return self

    def augment(self, texts: Sequence[str], y: "Ints", rngs: "Sequence[np.random.Generator]") -> list[str | None]:
        """A text each; None where there is one unit only."""
        return [_rotated(text, rng) for text, rng in zip(texts, rngs, strict=True)]


def _rotated(text: str, rng: "np.random.Generator") -> str | None:
    found, separators = units(text)
    if len(found) < 2:
        return None
    first = int(rng.integers(1, len(found)))
    turned = [*found[first:], *found[:first]]
    return "".join(unit + separator for unit, separator in zip(turned, separators, strict=True))

"""Joins halves of two texts of the same class into a new one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from headstart.augment._words import gap, refuse_argument, units

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["Splice"]

FAMILY = 4  # rows that exchange halves: as many partners as that, and checking rows stay apart from learning rows


class Splice:
    """Half of the sentences (or clauses) of a text and half of those of another one of its class, in random order.

    A half is a run of units, the larger half where their number is odd: a text of one unit goes in whole.
    Rows exchange halves within families of four different texts of one class, `families_` (n,), so that a network
    can check itself on families that none of its learning rows has words of.
    """

    def __init__(self, argument: str | None = None) -> None:
        refuse_argument("splice", argument)
        self._members: list[list[str]] = []
        self._family_of: dict[tuple[int, str], int] = {}
        self.families_: Ints = np.zeros(0, dtype=np.int64)

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Deal the different texts of each class into families."""
        self._members, self._family_of = [], {}
        open_family: dict[int, int] = {}
        for text, code in zip(texts, map(int, y), strict=True):
            if (code, text) in self._family_of:
                continue
            family = open_family.get(code)
            if family is None or len(self._members[family]) == FAMILY:
                family = open_family[code] = len(self._members)
                self._members.append([])
            self._members[family].append(text)
            self._family_of[code, text] = family
        numbers = [self._family_of[int(code), text] for text, code in zip(texts, y, strict=True)]
        self.families_ = np.array(numbers, dtype=np.int64)
        return self

    def augment(self, texts: Sequence[str], y: "Ints", rngs: Sequence[np.random.Generator]) -> list[str | None]:
        """A text each; None where a text is alone in its family, or empty."""
        return [self._spliced(text, int(code), rng) for text, code, rng in zip(texts, y, rngs, strict=True)]

    def _spliced(self, text: str, code: int, rng: np.random.Generator) -> str | None:
        family = self._family_of.get((code, text))
        partners = [t for t in self._members[family] if t != text and t.strip()] if family is not None else []
        if not partners or not text.strip():
            return None
        halves = [_half(text, rng), _half(partners[rng.integers(len(partners))], rng)]
        if rng.random() < 0.5:
            halves.reverse()
        first, second = halves
        space = gap(first, second)
        return (first + ("，" if not space and first[-1].isalnum() else space) + second).rstrip(" ,，、")


def _half(text: str, rng: np.random.Generator) -> str:
    found, separators = units(text)
    n = (len(found) + 1) // 2
    start = int(rng.integers(len(found) - n + 1))
    return "".join(a + b for a, b in zip(found[start : start + n], separators[start : start + n], strict=True)).strip()

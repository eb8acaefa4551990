"""Types words wrongly: neighbours on the keyboard, characters exchanged or left out; `typo`, `typo:0.2`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from headstart.augment._words import chosen, only_share, pieces, word_places

if TYPE_CHECKING:
    import numpy as np

    from headstart.types import Ints

__all__ = ["Typo"]

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")  # each half a key to the right of the one above


class Typo:
    """One mistake in each of a share of the words.

    A Latin letter becomes a neighbour on a QWERTY keyboard; two characters that differ change places; or one
    character of two or more is left out. Chinese words get the last two.
    """

    def __init__(self, argument: str | None = None) -> None:
        self.share = only_share("typo", argument)

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Nothing to learn."""
        return self

    def augment(self, texts: Sequence[str], y: "Ints", rngs: "Sequence[np.random.Generator]") -> list[str | None]:
        """A text each; None where no word can be mistyped (single characters that are no Latin letters)."""
        return [_mistyped(text, self.share, rng) for text, rng in zip(texts, rngs, strict=True)]


def _mistyped(text: str, share: float, rng: "np.random.Generator") -> str | None:
    parts = pieces(text)
    ways = {place: found for place in word_places(parts) if (found := _mistakes(parts[place]))}
    if not ways:
        return None
    for place in chosen(list(ways), share, rng):
        of_a_kind = ways[place][rng.integers(len(ways[place]))]
        parts[place] = of_a_kind[rng.integers(len(of_a_kind))]
    return "".join(parts)


def _mistakes(word: str) -> list[list[str]]:
    """Wrong forms of a word, a list for each kind of mistake that it allows."""
    pairs = [i for i in range(len(word) - 1) if word[i] != word[i + 1]]
    kinds = [
        [word[:i] + near + word[i + 1 :] for i in range(len(word)) for near in _neighbours(word[i])],
        [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in pairs],
        [word[:i] + word[i + 1 :] for i in range(len(word))] if len(word) > 1 else [],
    ]
    return [kind for kind in kinds if kind]


def _neighbours(letter: str) -> str:
    """The keys beside, above and below a Latin letter, in its case; "" for any other character."""
    row = next((r for r, keys in enumerate(_ROWS) if letter.lower() in keys), None)
    if row is None:
        return ""
    at = _ROWS[row].index(letter.lower())
    near = [(row, at - 1), (row, at + 1), (row - 1, at), (row - 1, at + 1), (row + 1, at - 1), (row + 1, at)]
    keys = "".join(_ROWS[r][c] for r, c in near if 0 <= r < len(_ROWS) and 0 <= c < len(_ROWS[r]))
    return keys.upper() if letter.isupper() else keys

"""What an explanation consists of: plain data, ready for JSON, a table or a page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["ClassWords", "Explanation", "Weighted", "Word"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, and what it added to the score of the class: above 0 it speaks for the class."""

    text: str
    start: int  # in characters of `Explanation.text`
    end: int
    weight: float  # in units of the score


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which words of a text spoke for a class, and which against it: score = offset + sum of the weights + rest.

    The score is a difference of logarithms of probabilities (nats): 0 is undecided, and 0.7 doubles the odds. Where the
    head's decision is a sum (methods "exact" and "exact + occlusion") it is the class's decision value minus the mean
    of the others', else (occlusion, gradients) the class's log-odds. For two classes the two are the same.
    """

    text: str  # as the model reads it: cleaned
    label: Any  # the class that is explained
    predicted: Any  # the class that the model gives
    probability: float  # of `label`
    score: float  # of `label`
    offset: float  # the score of an empty text; of gradients, of padding in its place
    rest: float  # what no single word did: words that act together, characters of no word
    words: tuple[Word, ...]  # in the order of the text; none overlap
    method: str  # "exact", "occlusion", "exact + occlusion", "gradients"
    n_read: int  # texts that the model read for it
    truncated: bool  # the model does not read the text to its end

    def strongest(self, n: int | None = None) -> "tuple[Weighted, ...]":
        """The n words that matter most, for and against (None: all). One that is repeated stands once, with the sum."""
        ordered = sorted((word for word in self._listed() if word.weight), key=lambda word: -abs(word.weight))
        return tuple(ordered[:n])

    def without_part(self) -> tuple[str, ...]:
        """The words that add nothing at all, such as those that a model of counted words has never seen."""
        return tuple(word.text for word in self._listed() if not word.weight)

    def _listed(self) -> "Iterable[Weighted]":
        found: dict[str, Weighted] = {}
        for word in self.words:
            before = found.get(word.text.casefold(), Weighted(word.text, 0.0, 0))
            found[word.text.casefold()] = Weighted(before.text, before.weight + word.weight, (before.n or 0) + 1)
        return found.values()


@dataclass(frozen=True, slots=True)
class Weighted:
    """A word and what it adds. n: how often it stands in the text, or of a class, in how many texts it was seen; None
    where the model's own weights say it.
    """

    text: str
    weight: float
    n: int | None = None


@dataclass(frozen=True, slots=True)
class ClassWords:
    """The words that speak most for a class, the strongest first."""

    name: Any  # of the class
    words: tuple[Weighted, ...]
    method: str  # "exact", "exact (n-grams only)", or how single texts were explained, averaged

"""A linear model of counted words beside a network: what it learns, and how much of it to add to the network's answer.

Shape letters: n rows, d features, k classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.preprocessing import normalize

from headstart import registry
from headstart.encoders import make_encoder
from headstart.functional.probability import clearly_lower, fit_scale, fit_weights, log_losses
from headstart.labels import LEAST_ROWS

if TYPE_CHECKING:
    from headstart.types import Encoder, Floats, Ints

__all__ = ["Mixture", "Words", "mix"]

_HEAD = "svm"
_LEAST_ASKED = 30  # that are asked: two factors from fewer would be chance


@dataclass(frozen=True, slots=True)
class Words:
    """An encoder that counts words, fitted, and linear weights (k, d), (k,) of its features, rows of length 1."""

    encoder: "Encoder"
    coef: "Floats"
    intercept: "Floats"

    @classmethod
    def learn(cls, name: str, texts: Sequence[str], y: "Ints", k: int, random_state: int) -> Self | None:
        """From these rows alone; None where fewer than two of the k classes have two of them. To a class with less the
        words never point. Raises ConfigError, DataError as encoder and head do.
        """
        known = np.flatnonzero(np.bincount(y, minlength=k) >= LEAST_ROWS)
        if len(known) < 2:
            return None
        rows = tuple(texts)  # one object: encoders hand over what `fit` has just counted
        encoder: Any = make_encoder(name, seed=random_state).fit(rows, y)
        head: Any = registry.load("head", _HEAD)(random_state=random_state)
        own = np.flatnonzero(np.isin(y, known))
        found = head.fit(normalize(encoder.encode(rows))[own], np.searchsorted(known, y[own])).get_state().arrays
        least = (found["intercept"] - np.linalg.norm(found["coef"], axis=1)).min()  # of all values: rows have length 1
        coef, intercept = np.zeros((k, found["coef"].shape[1])), np.full(k, least)
        coef[known], intercept[known] = found["coef"], found["intercept"]
        return cls(encoder, coef, intercept)

    def decide(self, texts: Sequence[str]) -> "Floats":
        """Decision values (n, k) float64."""
        features = normalize(self.encoder.encode(tuple(texts)))
        return np.asarray(features @ self.coef.T, np.float64) + self.intercept


@dataclass(frozen=True, slots=True)
class Mixture:
    """The factors of a network's decision values and of the words', and the accuracy on the n rows that chose them:
    of the two together, and of the network alone.
    """

    network: float = 1.0
    words: float = 0.0
    n: int = 0
    accuracy: float = 0.0
    alone: float = 0.0

    def reason(self, name: str) -> str:
        """A sentence for the report. name: of the encoder that counts."""
        if not self.n:
            return f"Words ({name}) stay out: there are too few rows to tell what they would add."
        if not self.words:
            return f"Words ({name}) stay out: {self.n:,} held-out rows are not clearly better off with them."
        return (
            f"Words ({name}) count beside the network: accuracy {100 * self.accuracy:.1f} on {self.n:,} held-out "
            f"rows with them, {100 * self.alone:.1f} without."
        )


def mix(network: "Floats", words: "Floats | None", y: "Ints", *, of_part: bool = False) -> Mixture:
    """The factors for decision values (n, k) of rows that neither has learnt from. of_part: both have learnt from a
    part of the rows, and stand for those that learn from all.

    Words stay out (0) where they do not make the log loss clearly lower, by more than a standard error of the
    difference row by row, and where there are fewer than 30 rows to tell.
    """
    n, scale, alone = len(y), fit_scale(network, y, per_class=of_part), _accuracy(network, y)
    if words is None or n < _LEAST_ASKED:
        return Mixture(scale)
    a, b = fit_weights([network, words], y, per_class=of_part)
    both = a * network + b * words
    if not clearly_lower(log_losses(both, y), log_losses(scale * network, y)):
        return Mixture(scale, 0.0, n, alone, alone)
    return Mixture(float(a), float(b), n, _accuracy(both, y), alone)


def _accuracy(decision: "Floats", y: "Ints") -> float:
    return float(np.mean(decision.argmax(axis=1) == y))

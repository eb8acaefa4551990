"""Scores that depend on a confusion matrix only, for one matrix or for a thousand of them at once.

Shape letters: k classes; leading axes (...) are anything, for instance bootstrap replicates. Where a
class is never predicted (or never true) its precision (or recall) is 0, as scikit-learn's zero_division=0.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = [
    "Counts",
    "accuracy",
    "balanced_accuracy",
    "counts_of",
    "f1",
    "macro",
    "mcc",
    "precision",
    "recall",
    "weighted",
]


class Counts(NamedTuple):
    """All that the scores need of a confusion matrix: three arrays (..., k)."""

    hits: "Floats"  # rows of this class that were predicted as it
    support: "Floats"  # rows of this class
    predicted: "Floats"  # rows predicted as this class


def counts_of(true: "Ints", predicted: "Ints", cells: "Ints", k: int) -> Counts:
    """Counts (..., k) from `cells` (..., m): how many rows have true class true[j], predicted[j] in cell j.

    true, predicted (m,) codes 0..k-1. Here one leading axis at most.
    """
    cells, every = np.asarray(cells, dtype=np.float64), np.arange(len(true))

    def onto(code: "Ints", weight: "Floats") -> "Floats":
        summed: Floats = cells @ csr_array((weight, (every, code)), shape=(len(true), k))
        return summed

    ones = np.ones(len(true))
    return Counts(onto(true, ones * (true == predicted)), onto(true, ones), onto(predicted, ones))


def _ratio(above: "Floats", below: "Floats") -> "Floats":
    """Elementwise above / below, and 0 where below is 0."""
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0)


def precision(counts: Counts) -> "Floats":
    """(..., k) share of the rows predicted as a class that are of it."""
    return _ratio(counts.hits, counts.predicted)


def recall(counts: Counts) -> "Floats":
    """(..., k) share of the rows of a class that are predicted as it."""
    return _ratio(counts.hits, counts.support)


def f1(counts: Counts) -> "Floats":
    """(..., k) harmonic mean of precision and recall of each class: 2 hits / (support + predicted)."""
    return _ratio(2.0 * counts.hits, counts.support + counts.predicted)


def macro(per_class: "Floats", counts: Counts) -> "Floats":
    """(...) mean over the classes that have rows: of others nothing was seen (scikit-learn's `labels=` of these)."""
    has_rows = counts.support > 0
    return _ratio((per_class * has_rows).sum(axis=-1), has_rows.sum(axis=-1).astype(np.float64))


def weighted(per_class: "Floats", counts: Counts) -> "Floats":
    """(...) mean over the classes, each weighted by its rows."""
    return _ratio((per_class * counts.support).sum(axis=-1), counts.support.sum(axis=-1))


def accuracy(counts: Counts) -> "Floats":
    """(...) share of the rows that are right."""
    return _ratio(counts.hits.sum(axis=-1), counts.support.sum(axis=-1))


def balanced_accuracy(counts: Counts) -> "Floats":
    """(...) mean recall of the classes that have rows: macro recall."""
    return macro(recall(counts), counts)


def mcc(counts: Counts) -> "Floats":
    """(...) Matthews correlation for k classes, -1..1; 0 where only one class is true or predicted.

    R_k = (c s - sum p t) / sqrt((s^2 - sum p^2) (s^2 - sum t^2)) with c right rows of s, p predicted and t
    true rows of each class. Source: Gorodkin 2004, equation 8.
    """
    right, rows = counts.hits.sum(axis=-1), counts.support.sum(axis=-1)
    above = right * rows - (counts.predicted * counts.support).sum(axis=-1)
    spread_p = rows**2 - (counts.predicted**2).sum(axis=-1)
    spread_t = rows**2 - (counts.support**2).sum(axis=-1)
    return _ratio(above, np.sqrt(spread_p * spread_t))

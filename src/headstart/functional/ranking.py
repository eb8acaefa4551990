"""The area under the ROC curve with DeLong's standard error, for two or more classes.

Shape letters: n texts, k classes.
"""

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from headstart.functional.confidence import REACH

if TYPE_CHECKING:
    from headstart.types import Bools, Floats, Ints

__all__ = ["logit_interval", "roc_auc"]

_LEAST_ROWS = 2


def roc_auc(probabilities: "Floats", y: "Ints") -> tuple[float, float]:
    """Area under the ROC curve and its standard error, which is not a number where a class has a single row.

    probabilities (n, k), y (n,) codes, every class present. Two classes: the area for class 1. More: the
    plain mean of the one-against-rest areas. Cost O(k n log n), no resampling.

    Source: DeLong, DeLong and Clarke-Pearson 1988. Their variance is the one of a mean of placement
    values; each row's share in the mean over classes is summed before squaring, which takes the
    covariances between the classes' areas into account. Departure: rows of both sides are pooled with
    n_side / (n_side - 1) as the small-sample factor.
    """
    codes = range(1, 2) if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    areas, shares = zip(*(_one_against_rest(probabilities[:, c], y == c) for c in codes), strict=True)
    share = np.mean(shares, axis=0)
    return float(np.mean(areas)), float(np.sqrt(np.sum(share**2)))


def _one_against_rest(score: "Floats", positive: "Bools") -> tuple[float, "Floats"]:
    """The area for one class, and each row's share (n,) in its error."""
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    placement = rankdata(score)
    placement[positive] -= rankdata(score[positive])
    placement[~positive] -= rankdata(score[~positive])
    placement[positive] /= n_negative  # share of the negatives below each positive
    placement[~positive] = 1.0 - placement[~positive] / n_positive  # share of the positives above
    area = float(placement[positive].mean())
    share = placement - area
    if min(n_positive, n_negative) < _LEAST_ROWS:  # the variance of one side is not known, and it is the larger one
        return area, np.full(len(share), np.nan)
    share[positive] /= np.sqrt(n_positive * (n_positive - 1))
    share[~positive] /= np.sqrt(n_negative * (n_negative - 1))
    return area, share


def logit_interval(value: float, standard_error: float) -> tuple[float, float] | None:
    """Normal 95 % interval on the logit scale, which stays within 0..1; None where it says nothing.

    That is where the value is 0 or 1, or the standard error 0 or unknown. Source: Pepe 2003, section 5.2.
    """
    if not 0.0 < value < 1.0 or not standard_error > 0.0:
        return None
    centre = np.log(value / (1.0 - value))
    half = REACH * standard_error / (value * (1.0 - value))
    low, high = 1.0 / (1.0 + np.exp(-(centre - half))), 1.0 / (1.0 + np.exp(-(centre + half)))
    return float(low), float(high)

"""How far probabilities are from what they say, measured so that few rows do not look worse than they are.

Shape letters: n texts, B bins.
"""

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from headstart.types import Bools, Floats

__all__ = ["calibration_error"]


def calibration_error(confidence: "Floats", correct: "Bools", n_bins: int = 15, *, debiased: bool = False) -> float:
    """Mean over bins of equal numbers of texts of |share right - mean confidence|, in 0..1.

    confidence (n,): the top probabilities; correct (n,). A calibrated model has a value above 0, because each bin's
    share right is of few texts; debiased takes off what that adds on average, by the normal approximation around the
    gaps that were seen (of a calibrated model: some 40 % of the value), and cuts at 0. Of n < n_bins texts each is a
    bin of its own; texts of equal confidence count as right by the share of them that are. Raises ValueError for none.

    Sources: Nguyen and O'Connor, EMNLP 2015 (bins of equal mass); Kumar et al., NeurIPS 2019, section 5 (the
    normal correction). Departure: the correction is the mean of a folded normal, in closed form instead of by draws.
    """
    if not len(confidence):
        raise ValueError("A calibration error needs one text at least.")
    _, alike = np.unique(confidence, return_inverse=True)
    shares = (np.bincount(alike, np.asarray(correct)) / np.bincount(alike))[alike]
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(n_bins, len(order)))
    weights = np.array([len(part) for part in parts]) / len(order)
    right = np.array([np.mean(shares[part]) for part in parts])
    gaps = np.abs(right - np.array([np.mean(confidence[part]) for part in parts]))
    plain = float(weights @ gaps)
    if not debiased:
        return plain
    errors = np.sqrt(right * (1 - right) / (weights * len(order)))
    return max(0.0, 2 * plain - float(weights @ _folded_mean(gaps, errors)))


def _folded_mean(mean: "Floats", deviation: "Floats") -> "Floats":
    """E |N(mean, deviation^2)| of means >= 0; without deviation the mean itself."""
    z = np.divide(mean, deviation, out=np.full_like(mean, np.inf), where=deviation > 0)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    folded: Floats = 2 * deviation * density + mean * (2 * ndtr(z) - 1)
    return folded

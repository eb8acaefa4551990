"""Probabilities from decision values, their losses, and how well they are calibrated.

Shape letters: n texts, k classes. Decision values (n, k): the larger, the more likely the class.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp

if TYPE_CHECKING:
    from headstart.types import Bools, Floats, Ints

__all__ = [
    "ConfidenceBins",
    "believed_size",
    "clearly_lower",
    "confidence_bins",
    "expected_calibration_error",
    "fit_scale",
    "fit_weights",
    "log_losses",
    "pool_weights",
    "softmax",
    "two_columns",
]


def softmax(decision: "Floats") -> "Floats":
    """Probabilities (n, k) float64 from decision values (n, k); rows sum to 1, no overflow."""
    shifted = np.asarray(decision, dtype=np.float64)
    shifted = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    total: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return total


def two_columns(decision: "Floats") -> "Floats":
    """Decision values (n, k) float64; a signed margin (n,) of two classes becomes (-m/2, m/2).

    softmax(-m/2, m/2) is exactly sigmoid(m), so two classes need no code of their own anywhere else.
    """
    decision = np.asarray(decision, dtype=np.float64)
    return np.stack([-decision / 2, decision / 2], axis=1) if decision.ndim == 1 else decision


def log_losses(decision: "Floats", y: "Ints") -> "Floats":
    """(n,) minus the log of the probability that softmax(decision (n, k)) gives to the true class y (n,)."""
    decision = np.asarray(decision, dtype=np.float64)
    losses: Floats = logsumexp(decision, axis=1) - decision[np.arange(len(y)), y]
    return losses


def clearly_lower(losses: "Floats", than: "Floats") -> bool:
    """Whether losses (n,) are lower than others of the same rows by more than one standard error of the difference.

    The difference is paired, row by row: what is hard for both does not count as noise, and a few rows that changed
    among many that did not are no proof. One row proves nothing.
    """
    gain = np.asarray(than, np.float64) - np.asarray(losses, np.float64)
    return len(gain) > 1 and float(gain.mean()) > float(gain.std(ddof=1)) / len(gain) ** 0.5


def fit_scale(decision: "Floats", y: "Ints", *, per_class: bool = True) -> float:
    """The factor a > 0 (an inverse temperature) for which softmax(a * decision) fits y best.

    decision (n, k): values of rows that the model did not learn from (out of fold, or leave-one-out);
    y (n,) codes. Minimises the log loss against Platt's smoothed targets, so that a few rows which are
    all right do not ask for an infinite a. A single factor never changes the most likely class.

    Sources: Guo et al., ICML 2017, section 4 (temperature); Platt 1999, section 2.2 (targets).
    Departure: Platt's targets are for two classes; for k classes the true one gets (m + 1) / (m + 2) with
    m the rows of that class, and the others share the rest equally. per_class False: m is the number of all rows. That
    is for rows asked of the very model that is calibrated: forty of six classes would make it far too unsure. The
    caution of the other is right for models of parts of the rows, which stand for one of all.
    """
    decision = np.asarray(decision, dtype=np.float64)
    decision = decision - decision.mean(axis=1, keepdims=True)
    spread = float(np.sqrt(np.mean(decision**2)))
    if spread == 0.0:
        return 1.0
    targets = _platt_targets(y, decision.shape[1], per_class=per_class)
    wanted = float(np.mean(np.sum(targets * decision, axis=1)))

    def loss(log_a: float) -> float:
        a = np.exp(log_a) / spread
        return float(np.mean(logsumexp(a * decision, axis=1)) - a * wanted)

    # in units of the spread, a factor outside e^-5 .. e^5 is a uniform or a one-hot answer
    best = minimize_scalar(loss, bounds=(-5.0, 5.0), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(best.x) / spread)


def fit_weights(decisions: "Sequence[Floats]", y: "Ints", *, per_class: bool = True) -> "Floats":
    """Factors (m,) >= 0 for which softmax(sum of factor * decision) fits y best, of m models' values (n, k) each.

    As `fit_scale`, which this is for m = 1: rows that no model learnt from, Platt's smoothed targets. A logarithmic
    opinion pool whose weights are free, so that it is calibrated too (Genest and Zidek 1986). The loss is convex.
    """
    values = [np.asarray(decision, np.float64) for decision in decisions]
    values = [value - value.mean(axis=1, keepdims=True) for value in values]
    spreads = np.array([float(np.sqrt(np.mean(value**2))) or 1.0 for value in values])
    stacked = np.stack([value / spread for value, spread in zip(values, spreads, strict=True)])
    targets = _platt_targets(y, stacked.shape[2], per_class=per_class)
    wanted = np.mean(np.sum(targets * stacked, axis=2), axis=1)

    def loss(factors: "Floats") -> "tuple[float, Floats]":
        mixed = np.tensordot(factors, stacked, axes=1)
        slope = np.mean(np.sum(softmax(mixed) * stacked, axis=2), axis=1) - wanted
        return float(np.mean(logsumexp(mixed, axis=1)) - factors @ wanted), slope

    start = np.full(len(stacked), 1.0 / len(stacked))
    bounds = [(0.0, float(np.exp(5.0)))] * len(stacked)  # in units of the spreads, as in `fit_scale`
    best = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-12})
    weights: Floats = best.x / spreads
    return weights


def pool_weights(decisions: "Sequence[Floats]", y: "Ints", centre: "Floats", strength: float) -> "Floats":
    """Factors (m,) >= 0 for softmax(sum of factor * decision), of m experts' values (n, k), believed to be `centre`.

    Minimises the summed log loss of y (n,) plus strength * |factor - centre|^2: with a handful of rows the factors stay
    near the belief, with many the rows decide. Values of different experts should be of one size.

    Source: stacking, Wolpert 1992, of log-linear opinion pools, Genest and Zidek 1986. Departure: the belief.
    """
    stacked = np.stack([np.asarray(each, np.float64) for each in decisions])
    stacked -= stacked.mean(axis=2, keepdims=True)
    wanted = stacked[:, np.arange(len(y)), y].sum(axis=1)

    def loss(factors: "Floats") -> "tuple[float, Floats]":
        mixed, off = np.tensordot(factors, stacked, axes=1), factors - centre
        slope = np.sum(softmax(mixed) * stacked, axis=(1, 2)) - wanted + 2.0 * strength * off
        return float(logsumexp(mixed, axis=1).sum() - factors @ wanted + strength * off @ off), slope

    start = np.asarray(centre, np.float64)
    best = minimize(loss, start, jac=True, bounds=[(0.0, None)] * len(start), method="L-BFGS-B")
    weights: Floats = best.x
    return weights


def believed_size(decision: "Floats", y: "Ints", belief: float, strength: float) -> float:
    """The factor a > 0 for softmax(a * decision), decision (n, k) of rows that were not learnt from, believed to be
    `belief`: it minimises the summed log loss of y (n,) plus strength * log(a / belief)^2.

    Source: temperature scaling, Guo et al. 2017. Departure: the belief, for a handful of rows.
    """
    values = np.asarray(decision, np.float64)
    values = values - values.mean(axis=1, keepdims=True)
    wanted = float(values[np.arange(len(y)), y].sum())

    def loss(off: float) -> float:
        a = belief * np.exp(off)
        return float(logsumexp(a * values, axis=1).sum() - a * wanted + strength * off**2)

    best = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded", options={"xatol": 1e-4})
    return float(belief * np.exp(best.x))


def _platt_targets(y: "Ints", k: int, *, per_class: bool) -> "Floats":
    """(n, k) target probabilities: (m + 1) / (m + 2) for the true class with m rows (or m = n), the rest shared."""
    m = np.bincount(y, minlength=k)[y] if per_class else np.full(len(y), len(y))
    targets = np.repeat((1.0 / ((m + 2.0) * max(k - 1, 1)))[:, None], k, axis=1)
    targets[np.arange(len(y)), y] = (m + 1.0) / (m + 2.0)
    return targets


class ConfidenceBins(NamedTuple):
    """Texts grouped by their top probability into equal bins of 0..1; all arrays (n_bins,)."""

    edges: "Floats"  # (n_bins + 1,)
    n: "Ints"  # texts a bin
    confidence: "Floats"  # sum of their top probabilities
    correct: "Floats"  # how many of them are right


def confidence_bins(confidence: "Floats", correct: "Bools", n_bins: int) -> ConfidenceBins:
    """Group n texts by top probability `confidence` (n,); bin b holds edges[b] <= p < edges[b + 1].

    The last bin holds 1.0 too. Departure from Guo et al. 2017, whose bins are open below, closed above.
    """
    edges = np.linspace(0.0, 1.0, n_bins + 1)
    which = np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, n_bins - 1)
    return ConfidenceBins(
        edges,
        np.bincount(which, minlength=n_bins),
        np.bincount(which, weights=confidence, minlength=n_bins).astype(np.float64),
        np.bincount(which, weights=correct, minlength=n_bins).astype(np.float64),
    )


def expected_calibration_error(confidence: "Floats", correct: "Bools", n_bins: int = 15) -> float:
    """Sum over bins of (share of texts) * |accuracy - mean confidence|, in 0..1.

    Sources: Naeini et al., AAAI 2015; Guo et al., ICML 2017, equation 3. It is biased upwards when texts
    are few: even a perfectly calibrated model has a positive value.
    """
    bins = confidence_bins(confidence, correct, n_bins)
    return float(np.abs(bins.correct - bins.confidence).sum() / len(confidence))

"""How well features separate classes, before any head is fitted: H-score and LogME, on the rows' own spectrum.

Shape letters: n texts, d features, k classes, r rank.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from headstart.functional.leave_one_out import Spectrum, spectrum

if TYPE_CHECKING:
    from headstart.types import Features, Floats, Ints

__all__ = ["Evidence", "class_projection", "covariance_shrinkage", "evidence", "h_score", "log_evidence"]

_MAX_STEPS = 100
_STEP = 1e-3  # relative change of alpha / beta at which the fixed point stands


class Evidence(NamedTuple):
    """The evidence of one-against-rest Bayesian linear models, per row, and where each is largest."""

    score: float  # mean over the classes of log p(t) / n: LogME
    per_class: "Floats"  # (k,)
    alpha: "Floats"  # (k,) precision of the weights
    beta: "Floats"  # (k,) precision of the noise


def h_score(features: "Features", y: "Ints", *, shrunk: bool = True, parts: Spectrum | None = None) -> float:
    """tr(cov(X)^-1 cov(E[X | y])): 0 where the class means agree, at most k - 1; larger is better.

    features (n, d), dense or CSR; y (n,) class codes. parts: `spectrum(features, ones)` where it is there already.
    shrunk: covariance of Ledoit and Wolf (2004) with strength a, and (1 - a) times the covariance of the means, as
    Ibrahim et al. do: with n of the order of d the plain score rises with d whatever the classes are. Plain:
    the pseudo-inverse, so that directions without variance do not count.
    With X - mean = U S V', both are sum_i g_i |P u_i|^2, P the projection on class means: nothing of size d is formed.

    Sources: Bao et al. 2019 (H-score); Ibrahim, Ponomareva and Mazumder 2022 (shrinkage).
    """
    parts = spectrum(features, np.ones(features.shape[0])) if parts is None else parts
    explained = np.sum(class_projection(parts.left, y) ** 2, axis=0)  # (r,) |P u_i|^2
    if not shrunk:
        return float(explained.sum())
    n, d = features.shape
    strength, variance = covariance_shrinkage(parts, d)
    values = parts.squares / n
    gain = (1.0 - strength) * values / np.maximum((1.0 - strength) * values + strength * variance, 1e-300)
    return float(gain @ explained)


def class_projection(left: "Floats", y: "Ints") -> "Floats":
    """(k, r) sums of the rows (n, r) of each class over the square root of its size: lengths are those of P left."""
    counts = np.bincount(y)
    sums = np.zeros((len(counts), left.shape[1]))
    np.add.at(sums, y, left)
    present: Floats = sums[counts > 0] / np.sqrt(counts[counts > 0])[:, None]
    return present


def covariance_shrinkage(parts: Spectrum, d: int) -> tuple[float, float]:
    """Ledoit and Wolf's strength in 0..1 and the mean variance, from the spectrum of n centred rows (n, d).

    Source: Ledoit and Wolf 2004, lemma 3.3 with the constants of scikit-learn's LedoitWolf.
    """
    n = len(parts.left)
    variance = float(parts.squares.sum()) / (n * d)
    lengths = parts.left**2 @ parts.squares  # (n,) |x_i - mean|^2
    size = float(np.sum(parts.squares**2)) / n**2  # |cov|^2
    distance = size - d * variance**2
    if distance <= 0:
        return 1.0, variance
    noise = (float(lengths @ lengths) / n - size) / n
    return float(np.clip(noise / distance, 0.0, 1.0)), variance


def evidence(features: "Features", y: "Ints", *, parts: Spectrum | None = None) -> Evidence:
    """LogME: the largest log evidence per row of t ~ N(0, X X' / alpha + I / beta), t the one-hot column of a class.

    features (n, d), dense or CSR; y (n,) class codes; parts as for `h_score`. The fixed point of You et al. on the
    spectrum costs O(n r) once and O(r) a step and class. Departure: rows and targets are centred (a free intercept),
    without which a class's share of the rows counts as signal.

    Source: You et al. 2021, algorithm 1 with the fixed point of You et al. 2022, algorithm 3.
    """
    parts = spectrum(features, np.ones(features.shape[0])) if parts is None else parts
    n, counts = features.shape[0], np.bincount(y)
    totals = counts * (1.0 - counts / n)  # (k,) |t - mean|^2
    codes = np.flatnonzero(totals > 0)
    targets = (y[:, None] == codes[None, :]).astype(np.float64)
    squares = (parts.left.T @ (targets - targets.mean(axis=0))) ** 2  # (r, k) (u_i . t)^2
    found = [_largest_evidence(parts.squares, squares[:, j], float(totals[c]), n) for j, c in enumerate(codes)]
    per_class, alpha, beta = (np.array(column, dtype=np.float64) for column in zip(*found, strict=True))
    return Evidence(float(per_class.mean()), per_class, alpha, beta)


def log_evidence(values: "Floats", squares: "Floats", total: float, n: int, alpha: float, beta: float) -> float:
    """Log p(t) / n for one target of squared length `total`, by the eigenvalues (r,) of X X' and (u_i . t)^2 (r,)."""
    along = values / alpha + 1.0 / beta  # variances of t along the u_i; 1 / beta along the n - r others
    rest = max(total - float(squares.sum()), 0.0)
    fit = float(np.sum(squares / along)) + rest * beta
    size = float(np.sum(np.log(along))) - (n - len(values)) * np.log(beta)
    return float(-0.5 * (fit + size + n * np.log(2 * np.pi)) / n)


def _largest_evidence(values: Any, squares: Any, total: float, n: int) -> tuple[float, float, float]:
    """(log evidence / n, alpha, beta) at the fixed point of alpha and beta."""
    alpha, beta = 1.0, 1.0
    rest = max(total - float(squares.sum()), 0.0)
    for _ in range(_MAX_STEPS):
        ratio = alpha / beta
        effective = float(np.sum(values / (values + ratio)))  # number of parameters that the rows determine
        weights = float(np.sum(values * squares / (values + ratio) ** 2))  # |m|^2
        error = rest + float(np.sum(squares * (ratio / (values + ratio)) ** 2))
        alpha = effective / max(weights, 1e-300)
        beta = (n - effective) / max(error, 1e-12 * total)
        if abs(alpha / beta - ratio) <= _STEP * ratio:
            break
        alpha = min(alpha, 1e12 * beta)  # targets that no feature explains: the weights go to zero
    return log_evidence(values, squares, total, n, alpha, beta), alpha, beta

"""Weighted ridge regression with every leave-one-out prediction in closed form.

Shape letters: n texts, d features, k targets, r rank.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import issparse

if TYPE_CHECKING:
    from headstart.types import Features, Floats

__all__ = ["Spectrum", "leave_one_out", "spectrum", "weights_and_intercept"]


class Spectrum(NamedTuple):
    """The decomposition that serves every alpha: W^1/2 (X - mean) = U S V', with V never formed."""

    left: "Floats"  # U (n, r)
    squares: "Floats"  # S^2 (r,)
    root: "Floats"  # (n,) square roots of the row weights
    mean: "Floats"  # (d,) weighted mean of the features


def spectrum(features: Any, weights: "Floats") -> Spectrum:
    """Decompose features (n, d), dense or CSR, with row weights (n,) > 0.

    By the smaller Gram matrix: (d, d) when d <= n, else (n, n), so d > n and n > d both cost
    O(n d m + m^3) with m = min(n, d). Directions with S^2 below 1e-10 of the largest are left out.
    """
    n, d = features.shape
    root = np.sqrt(weights)
    x = features.astype(np.float64)
    mean = np.asarray(x.T @ weights, dtype=np.float64).ravel() / weights.sum()
    if d <= n:
        weighted = x.multiply(weights[:, None]).tocsr() if issparse(x) else x * weights[:, None]
        gram = _dense(x.T @ weighted) - weights.sum() * np.outer(mean, mean)
        squares, right = _positive(*np.linalg.eigh(gram))
        left = root[:, None] * (np.asarray(x @ right) - mean @ right) / np.sqrt(squares)
        return Spectrum(left, squares, root, mean)
    along = np.asarray(x @ mean).ravel()
    gram = _dense(x @ x.T) - along[:, None] - along[None, :] + mean @ mean
    squares, left = _positive(*np.linalg.eigh(gram * root[:, None] * root[None, :]))
    return Spectrum(left, squares, root, mean)


def leave_one_out(parts: Spectrum, targets: "Floats", alpha: float) -> "Floats":
    """(n, k) what the ridge fitted without row i says of row i, for all i at once.

    minimises sum_i w_i |t_i - b - x_i B|^2 + alpha |B|^2 with a free intercept b. The hat matrix of the
    weighted, centred problem is H = root root' / sum w + U diag(S^2 / (S^2 + alpha)) U', and
    loo_i = t_i - (t_i - fitted_i) / (1 - H_ii), exactly; the weights of the other rows stay as they are.

    Sources: Allen 1974 (PRESS); Golub, Heath and Wahba 1979; Hastie et al. 2009, equation 7.64.
    """
    mean, shrink, projected = _projected(parts, targets)
    shrink = shrink / (shrink + alpha)
    fitted = mean + (parts.left @ (shrink[:, None] * projected)) / parts.root[:, None]
    leverage = parts.root**2 / np.sum(parts.root**2) + parts.left**2 @ shrink
    rest = np.maximum(1.0 - leverage, 1e-12)
    loo: Floats = targets - (targets - fitted) / rest[:, None]
    return loo


def weights_and_intercept(
    parts: Spectrum, features: "Features", targets: "Floats", alpha: float
) -> tuple["Floats", "Floats"]:
    """B (d, k) and b (k,) of the ridge on all rows: B = (X - mean)' W^1/2 U diag(1 / (S^2 + alpha)) U' t."""
    mean, squares, projected = _projected(parts, targets)
    dual = parts.root[:, None] * (parts.left @ (projected / (squares + alpha)[:, None]))
    weights = np.asarray(features.T @ dual, dtype=np.float64) - np.outer(parts.mean, dual.sum(axis=0))
    return weights, mean - parts.mean @ weights


def _projected(parts: Spectrum, targets: "Floats") -> tuple["Floats", "Floats", "Floats"]:
    """Weighted mean of the targets (k,), S^2 (r,), and U' W^1/2 (targets - mean) (r, k)."""
    mean = (parts.root**2) @ targets / np.sum(parts.root**2)
    return mean, parts.squares, parts.left.T @ (parts.root[:, None] * (targets - mean))


def _positive(values: "Floats", vectors: "Floats") -> tuple["Floats", "Floats"]:
    """The eigenvalues that are above rounding, and their vectors."""
    keep = values > 1e-10 * max(float(values[-1]), 1e-300)
    return values[keep], vectors[:, keep]


def _dense(matrix: Any) -> "Floats":
    """A small Gram matrix as an array."""
    return matrix.toarray() if issparse(matrix) else np.asarray(matrix)

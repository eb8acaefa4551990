"""A linear model of few rows with very many features, solved in as many dimensions as there are rows.

The weights that a squared penalty chooses are sums of rows. So features can be turned, without loss, into their
coordinates in an orthonormal basis of the span of the rows: n numbers a row instead of d. Decisions and penalty stay
the same, and a step of the solver no longer touches d * k weights.

Shape letters: n texts, d features, k classes.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.sparse import issparse

if TYPE_CHECKING:
    from headstart.types import Features, Floats

__all__ = ["Span", "pays", "span_of"]

_MOST_ROWS = 6_000  # n * n numbers are held in memory: 288 MB
_GAIN = 200  # a step costs n * n * k products at the speed of a matrix product, or some 40 passes over d * k weights
_BLOCK = 512  # rows of the Gram matrix at a time: as a sparse matrix it would be larger than as a dense one
_JITTER = 1e-10  # of the mean squared row norm: equal rows make the Gram matrix singular


class Span(NamedTuple):
    """rows (n, n): coordinates of the rows, whose products are those of the features. `lift` goes back."""

    rows: "Floats"
    features: "Features"

    def lift(self, coef: "Floats") -> "Floats":
        """Weights (k, n) on coordinates -> weights (k, d) on features that decide alike."""
        sums = solve_triangular(self.rows, coef.T, lower=True, trans="T")  # (n, k): how much of each row
        weights: Floats = np.asarray((self.features.T @ sums).T)
        return weights


def pays(features: "Features") -> bool:
    """Whether features (n, d) are so wide that n dimensions are cheaper."""
    n, d = features.shape
    return bool(issparse(features)) and n <= _MOST_ROWS and n * n < _GAIN * d and n < d


def span_of(features: Any) -> Span:
    """Coordinates of CSR features (n, d), by the Cholesky factor of their Gram matrix: rows @ rows.T = Gram."""
    n = features.shape[0]
    gram = np.empty((n, n))
    for start in range(0, n, _BLOCK):
        gram[start : start + _BLOCK] = (features[start : start + _BLOCK] @ features.T).toarray()
    gram[np.diag_indices(n)] += _JITTER * max(float(np.trace(gram)) / n, 1e-30) + np.finfo(np.float32).eps
    return Span(np.ascontiguousarray(cholesky(gram, lower=True, overwrite_a=True, check_finite=False)), features)

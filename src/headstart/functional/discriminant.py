"""Penalised discriminant analysis in the span of its rows.

Shape letters: n rows, k classes.
"""

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["dual_discriminant"]

_UNSEEN = 0.5  # rows that a class without one is given


def dual_discriminant(gram: "Floats", codes: "Ints", k: int, penalty: float) -> tuple["Floats", "Floats"]:
    """Weights of the rows (n, k) and offsets (k,): a new row's values are its products with the rows @ weights +
    offsets, the log of each class's share and density less their mean over the classes.

    gram (n, n): products of the rows; codes (n,) of their classes; penalty > 0. The classes are normal around their
    means, with one covariance: that within the classes, plus penalty / n in every direction. A class without a row
    lies where all rows have their middle, and is rare.

    Sources: Hastie, Buja, Tibshirani 1995 (penalised discriminant analysis), here by Woodbury's identity: with P the
    projection on the means of the classes, (S + c I)^-1 = (I - W' (W W' + n c I)^-1 W) / c for W = (I - P) rows.
    """
    n, counts = len(codes), np.bincount(codes, minlength=k)
    averages = np.zeros((n, k))
    averages[np.arange(n), codes] = 1.0 / counts[codes]
    averages[:, counts == 0] = 1.0 / n

    def within(rows: "Floats") -> "Floats":
        inside: Floats = rows - (averages.T @ rows)[codes]
        return inside

    inner = within(within(gram).T)
    factor = cho_factor(inner + penalty * np.eye(n), lower=True)
    weights: Floats = (averages - within(cho_solve(factor, within(gram @ averages)))) * (n / penalty)
    squares = np.einsum("nk,nk->k", averages, gram @ weights)
    offsets = np.log(np.maximum(counts, _UNSEEN) / n) - 0.5 * squares
    return weights - weights.mean(axis=1, keepdims=True), offsets - offsets.mean()

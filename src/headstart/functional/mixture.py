"""A mixture of Gaussians with one covariance, learnt from unlabelled rows beside a few labelled ones.

Shape letters: n rows, m labelled rows, d features, k classes.
"""

from typing import TYPE_CHECKING

import numpy as np

from headstart.functional.probability import softmax

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["anchored_mixture"]

_SHRINKAGE = 0.3  # of the covariance towards a multiple of the identity
_N_STEPS = 10


def anchored_mixture(features: "Floats", anchor: "Floats", labelled: "Floats", y: "Ints") -> tuple["Floats", "Floats"]:
    """Linear decision values: features @ coef.T + intercept, coef (k, d), intercept (k,), float64.

    features (n, d) of unlabelled rows; anchor (n, k): what is believed of each beforehand, as decision values, and
    where the search begins; labelled (m, d) and y (m,) codes, m may be 0. Each of 10 steps fits class means, shares
    and one covariance to the rows by their shares in the classes, and then takes as shares
    softmax(decision + anchor): a row never leaves what is believed of it by much, so that clusters
    which are not the classes cannot pull the classes away.

    Sources: Dempster, Laird, Rubin 1977 (EM); Nigam et al. 2000 (labelled and unlabelled rows); Fei et al. 2022
    (SimPTC: starting from class names). Departures: the anchor; a shared covariance, shrunk by 0.3 towards a multiple
    of the identity; class shares half-way to uniform.
    """
    k = anchor.shape[1]
    everything = np.concatenate([labelled, features]).astype(np.float64)
    known, shares = np.eye(k)[y], softmax(anchor)
    squares = everything.T @ everything
    coef, intercept = np.zeros((k, everything.shape[1])), np.zeros(k)
    for _ in range(_N_STEPS):
        weights = np.concatenate([known, shares])
        size = np.maximum(weights.sum(axis=0), 1e-9)
        means = (weights.T @ everything) / size[:, None]
        within = (squares - (means * size[:, None]).T @ means) / size.sum()
        spread = max(float(np.trace(within)) / len(within), 1e-12)
        covariance = (1.0 - _SHRINKAGE) * within + _SHRINKAGE * spread * np.eye(len(within))
        coef = np.linalg.solve(covariance, means.T).T
        prior = (shares.mean(axis=0) + 1.0 / k) / 2.0 if len(shares) else np.full(k, 1.0 / k)
        intercept = np.log(prior) - 0.5 * np.einsum("kd,kd->k", coef, means)
        shares = softmax(features @ coef.T + intercept + anchor)
    return coef, intercept

"""Ridge regression in the span of its rows, with an offset that is not penalised.

Shape letters: n rows, k targets.
"""

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve

if TYPE_CHECKING:
    from headstart.types import Floats

__all__ = ["dual_ridge"]


def dual_ridge(gram: "Floats", targets: "Floats", penalty: float) -> tuple["Floats", "Floats"]:
    """Weights of the rows (n, k), which add up to 0 in each column, and offsets (k,).

    gram (n, n): products of the rows, which are centred here; targets (n, k); penalty > 0. A new row's values are its
    products with the rows @ weights + offsets.

    Source: Saunders, Gammerman, Vovk 1998 (ridge regression in dual variables).
    """
    means, offset = gram.mean(axis=0), targets.mean(axis=0)
    centred = gram - means[None, :] - means[:, None] + means.mean()
    factor = cho_factor(centred + penalty * np.eye(len(gram)), lower=True)
    weights: Floats = cho_solve(factor, targets - offset)
    return weights, offset - means @ weights

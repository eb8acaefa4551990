"""What the heads ask of features (n, d), dense or CSR: checks, one scale for all, unit rows.

Shape letters: n texts, d features, k classes.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.exceptions import NotFittedError

from headstart.errors import ConfigError, DataError

if TYPE_CHECKING:
    from headstart.types import Features, Floats, Ints

__all__ = [
    "Standard",
    "check_fit",
    "check_refit",
    "check_width",
    "fitted",
    "standardise",
    "unit_rows",
]


class Standard(NamedTuple):
    """Features brought to one scale: features = (given - mean) / scale."""

    features: "Features"
    mean: "Floats | None"  # (d,), None for CSR, which centring would fill
    scale: float


def check_fit(features: "Features", y: "Ints") -> tuple["Features", "Ints", int]:
    """Features as float32 (n, d), codes y (n,) and the number of classes k.

    Raises DataError unless every code 0..k-1 is there at least twice, k >= 2, and all values are finite.
    """
    features, y = _float32(features), np.asarray(y)
    if features.shape[0] != len(y):
        raise DataError(f"A head got {features.shape[0]} rows of features but {len(y)} labels.")
    counts = np.bincount(y)
    if len(counts) < 2:
        raise DataError(f"A head needs at least two classes, got {len(counts)}. Add rows of another class.")
    rare = np.flatnonzero(counts < 2)
    if len(rare):
        some = ", ".join(f"{c} ({counts[c]})" for c in rare[:5])
        raise DataError(
            f"A head needs at least two rows of every class; too few of class code (rows): {some}"
            f"{' ...' if len(rare) > 5 else ''}. Add rows, or leave these classes out."
        )
    return features, y.astype(np.int64), len(counts)


def check_refit(features: "Features", y: "Ints", d: int, k: int) -> tuple["Features", "Ints"]:
    """As `check_fit`, for new rows of a head that was fitted on d features and k classes.

    Raises ConfigError for another d, DataError for another number of classes.
    """
    features, y, found = check_fit(check_width(features, d), y)
    if found != k:
        raise DataError(f"This head was fitted on {k} classes but is refitted on {found}: fit a new one instead.")
    return features, y


def check_width(features: "Features", d: int) -> Any:
    """Features as float32 (n, d). Raises ConfigError when they have another width."""
    if features.shape[1] != d:
        raise ConfigError(
            f"This head was fitted on {d} features a text but got {features.shape[1]}: "
            f"encode the texts with the encoder that it was fitted with."
        )
    return _float32(features)


def fitted(head: object, attribute: str) -> Any:
    """The fitted attribute of a head. Raises scikit-learn's NotFittedError before `fit`."""
    if not hasattr(head, attribute):
        raise NotFittedError(f"This {type(head).__name__} head is not fitted yet: call fit(features, y).")
    return getattr(head, attribute)


def standardise(features: Any) -> Standard:
    """Centre dense features (n, d), then divide all by one number so that the mean squared row norm is 1.

    With it one grid of regularisation strengths serves every encoder. The columns keep their relative
    spread: dividing each by its own would blow up the least informative directions of LSA features.
    """
    if sparse.issparse(features):
        scale = float(np.sqrt(features.multiply(features).sum() / features.shape[0])) or 1.0
        return Standard((features / np.float32(scale)).tocsr(), None, scale)
    mean = features.mean(axis=0, dtype=np.float64)
    centred = features - mean.astype(np.float32)
    scale = float(np.sqrt(np.sum(centred.astype(np.float64) ** 2) / len(centred))) or 1.0
    centred /= np.float32(scale)
    return Standard(centred, mean.astype(np.float32).astype(np.float64), scale)


def unit_rows(features: Any) -> tuple[Any, "Floats"]:
    """Features (n, d), dense or CSR, with rows of length 1 (or 0), and the lengths (n,) they had."""
    if sparse.issparse(features):
        length = np.sqrt(np.asarray(features.multiply(features).sum(axis=1), dtype=np.float64)).ravel()
        inverse = 1.0 / np.where(length > 0, length, 1.0)
        return (sparse.diags(inverse.astype(np.float32)) @ features).tocsr(), length
    length = np.sqrt(np.einsum("nd,nd->n", features, features, dtype=np.float64))
    return features / np.where(length > 0, length, 1.0).astype(np.float32)[:, None], length


def _float32(features: Any) -> Any:
    """The features as float32, the given object untouched. Raises DataError where they are not finite."""
    if sparse.issparse(features):
        features = features.tocsr().astype(np.float32, copy=False)
        values = features.data
    else:
        features = np.ascontiguousarray(features, dtype=np.float32)
        values = features
    if not np.isfinite(values).all():
        raise DataError("Features hold NaN or infinite values: the encoder that made them is at fault.")
    return features

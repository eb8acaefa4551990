"""What the transforms ask of features (n, d), dense or CSR: checks, labelled rows, one linear map.

Shape letters: n texts, d features, e features after the transform, m labelled texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse
from sklearn.exceptions import NotFittedError

from headstart.errors import ConfigError, DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.types import Features, Floats, Ints

__all__ = ["Projection", "checked", "fitted", "labelled"]


def checked(features: "Features", d: int | None = None) -> Any:
    """Features as finite float32 (n, d), the given object untouched; CSR stays CSR.

    Raises DataError where they are not finite, ConfigError where they have another width than d.
    """
    if d is not None and features.shape[1] != d:
        raise ConfigError(
            f"This transform was fitted on {d} features a text but got {features.shape[1]}: "
            "give it the features of the encoder that it was fitted with."
        )
    if sparse.issparse(features):
        found = sparse.csr_matrix(features, dtype=np.float32)
        values = found.data
    else:
        found = values = np.ascontiguousarray(features, dtype=np.float32)
    if not np.isfinite(values).all():
        raise DataError("Features hold NaN or infinite values: the encoder that made them is at fault.")
    return found


def labelled(name: str, features: Any, y: "Ints | None") -> tuple[Any, "Ints"]:
    """The first m rows of the features, and their class codes y (m,).

    Raises ConfigError without labels, DataError for more labels than rows or a single class.
    """
    if y is None or len(y) == 0:
        raise ConfigError(
            f"The transform {name!r} learns from labels, and there are none here. "
            "Give labels, or take a transform that needs none: pca, scale."
        )
    codes = np.asarray(y)
    if len(codes) > features.shape[0]:
        raise DataError(f"The transform {name!r} got {features.shape[0]} rows of features but {len(codes)} labels.")
    if len(np.unique(codes)) < 2:
        raise DataError(f"The transform {name!r} needs rows of at least two classes, got one. Add rows of another.")
    return features[: len(codes)], codes


def fitted(transform: object, attribute: str) -> Any:
    """The fitted attribute of a transform. Raises scikit-learn's NotFittedError before `fit`."""
    if not hasattr(transform, attribute):
        raise NotFittedError(f"This {type(transform).__name__} is not fitted yet: call fit(features, y).")
    return getattr(transform, attribute)


@dataclass(frozen=True, slots=True)
class Projection:
    """features @ directions - offset, with directions (d, e) and offset (e,), float32."""

    directions: "Floats"
    offset: "Floats"

    @classmethod
    def of(cls, directions: Any, mean: Any) -> Self:
        """The map that takes `mean` (d,) to the origin."""
        directions = np.asarray(directions, dtype=np.float64)
        offset = np.asarray(mean, dtype=np.float64) @ directions
        return cls(np.ascontiguousarray(directions, dtype=np.float32), offset.astype(np.float32))

    @classmethod
    def from_arrays(cls, arrays: "Mapping[str, NDArray[Any]]") -> Self:
        """The map again, from `arrays()`."""
        return cls(np.ascontiguousarray(arrays["directions"]), np.ascontiguousarray(arrays["offset"]))

    def arrays(self) -> "dict[str, NDArray[Any]]":
        """What a bundle keeps."""
        return {"directions": self.directions, "offset": self.offset}

    def __call__(self, features: "Features") -> "Floats":
        """(n, e) float32, dense. Raises ConfigError (another d), DataError (not finite)."""
        found: Floats = np.asarray(checked(features, len(self.directions)) @ self.directions) - self.offset
        return found

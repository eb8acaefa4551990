"""Columns of like size: mean 0 and variance 1 for dense features, largest value 1 for sparse ones; outliers clipped."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse

from headstart.checks import check_number
from headstart.errors import DataError
from headstart.transforms._features import checked, fitted
from headstart.types import State

if TYPE_CHECKING:
    from headstart.types import Features, Ints

__all__ = ["Scale"]


class Scale:
    """Dense: (x - mean) / standard deviation, then at most `clip` from 0 (None: no limit). CSR: x / largest
    absolute value of the column, not centred, so that it stays CSR; what is larger later is clipped to 1.

    A column that is constant in `fit` is only centred; a CSR column without values stays as it comes. Features are
    returned as they were fitted, dense or CSR, whichever form comes in.
    """

    supervised = False

    def __init__(self, clip: float | None = 10.0) -> None:
        self.clip = clip

    def fit(self, features: "Features", y: "Ints | None" = None) -> Self:
        """Learn from all rows (n, d), labelled or not. Raises ConfigError (clip), DataError (no rows)."""
        from sklearn.preprocessing import MaxAbsScaler, StandardScaler

        check_number("scale.clip", self.clip, above=True, word="none")
        found = checked(features)
        if not found.shape[0]:
            raise DataError("scale needs at least one text, got none.")
        self.sparse_ = sparse.issparse(found)
        if self.sparse_:
            self.mean_ = np.zeros(0, np.float32)
            self.scale_ = MaxAbsScaler().fit(found).scale_.astype(np.float32)
        else:
            model = StandardScaler().fit(found)
            self.mean_, self.scale_ = model.mean_.astype(np.float32), model.scale_.astype(np.float32)
        return self

    def transform(self, features: "Features") -> "Features":
        """Features (n, d) float32. Raises NotFittedError, ConfigError (another d)."""
        scale = fitted(self, "scale_")
        found: Any = checked(features, len(scale))
        if self.sparse_:
            found = sparse.csr_matrix(found, copy=True)
            found.data /= scale[found.indices]
            if self.clip is not None:
                np.clip(found.data, -1, 1, out=found.data)
            return found
        found = found.toarray() if sparse.issparse(found) else found
        found = (found - self.mean_) / scale
        return found if self.clip is None else np.clip(found, -self.clip, self.clip)

    def get_state(self) -> State:
        """Mean and scale of each column."""
        arrays = {"scale": fitted(self, "scale_"), "mean": self.mean_}
        return State({"clip": self.clip, "sparse": self.sparse_}, arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted transform again."""
        made = cls(clip=state.settings["clip"])
        made.sparse_ = state.settings["sparse"]
        made.mean_, made.scale_ = state.arrays["mean"], state.arrays["scale"]
        return made

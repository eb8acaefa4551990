"""Fewer columns by principal components (dense) or truncated SVD (sparse, latent semantic analysis); pca:N sets N."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse

from headstart.checks import check_whole
from headstart.errors import DataError
from headstart.transforms._features import Projection, checked, fitted
from headstart.types import State

if TYPE_CHECKING:
    from headstart.types import Features, Floats, Ints

__all__ = ["Pca"]

_LEAST = 1e-3  # of the first singular value: a millionth of its variance, below which float32 leaves noise


class Pca:
    """The n_components directions of the largest variance; never more than n, d, or what the rows span.

    Dense features are centred (PCA). CSR features are not, since centring fills them: truncated SVD, the latent
    semantic analysis of Deerwester et al. 1990; nothing of size (n, d) becomes dense. whiten: each new column has
    mean square 1 on the rows of `fit`. Same seed, same result. scikit-learn computes both.
    """

    supervised = False

    def __init__(self, n_components: int = 100, *, whiten: bool = False, random_state: int = 0) -> None:
        self.n_components, self.whiten, self.random_state = n_components, whiten, random_state

    def fit(self, features: "Features", y: "Ints | None" = None) -> Self:
        """Learn from all rows (n, d), labelled or not. Raises ConfigError, DataError (fewer than two rows)."""
        check_whole("pca.n_components", self.n_components)
        found = checked(features)
        n, d = found.shape
        if n < 2 or d < 1:
            raise DataError(f"pca needs at least two texts and one feature, got {n} texts and {d} features.")
        components, values, mean = self._found(found, min(self.n_components, n, d))
        kept = values > _LEAST * values[0]
        kept[0] = True
        directions = components[kept].T.astype(np.float64)
        if self.whiten and values[0] > 0:
            directions /= values[kept] / np.sqrt(n)
        self.projection_ = Projection.of(directions, mean)
        return self

    def _found(self, features: Any, k: int) -> tuple[Any, Any, Any]:
        """The first k components (k, d), their singular values (k,), and the mean (d,) that is subtracted."""
        from sklearn.decomposition import PCA, TruncatedSVD

        is_sparse, d = sparse.issparse(features), features.shape[1]
        if is_sparse and d == 1:  # which scikit-learn refuses
            return np.ones((1, 1)), np.array([np.linalg.norm(features.data)]), np.zeros(1)
        with np.errstate(invalid="ignore", divide="ignore"):  # of features that are all the same: no shares of it
            model = (TruncatedSVD if is_sparse else PCA)(k, random_state=self.random_state).fit(features)
        return model.components_, model.singular_values_, np.zeros(d) if is_sparse else model.mean_

    def transform(self, features: "Features") -> "Floats":
        """Features (n, e) float32, dense. Raises NotFittedError, ConfigError (another d)."""
        projection: Projection = fitted(self, "projection_")
        return projection(features)

    def get_state(self) -> State:
        """The directions and where the mean goes."""
        params = {"n_components": self.n_components, "whiten": self.whiten, "random_state": self.random_state}
        return State(params, fitted(self, "projection_").arrays())

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted transform again."""
        made = cls(**state.settings)
        made.projection_ = Projection.from_arrays(state.arrays)
        return made

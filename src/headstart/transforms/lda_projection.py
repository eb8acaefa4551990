"""The directions that tell the classes apart (linear discriminant analysis), at most one fewer than classes."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError, eigh

from headstart.checks import check_number, check_whole
from headstart.errors import ConfigError, DataError
from headstart.transforms._features import Projection, checked, fitted, labelled
from headstart.transforms.pca import Pca
from headstart.types import State

if TYPE_CHECKING:
    from headstart.types import Features, Floats, Ints

__all__ = ["LdaProjection"]

_LEAST = 1e-6  # of the spread over all rows: less is float32's rounding
_LEAST_SHRINKAGE = 1e-3  # so that there is always something to divide by
_MAX_COLUMNS = 1000  # of dense features taken as they are: the solver's work grows with the cube


class LdaProjection:
    """Fisher's linear discriminants: n_components of them (None: as many as there are), at most classes - 1.

    shrinkage: of the covariance within the classes towards a multiple of the identity, "auto" (Ledoit and Wolf 2004)
    or a number from 0 to 1, so that fewer rows than features are enough. Sparse features, and dense ones of more than
    1,000 columns, are first reduced to n_reduced columns (`pca`), which learns from all rows; the discriminants learn
    from the labelled ones. The result is one linear map, within each class of variance about 1.

    It has seen the labels of its rows: on them the classes lie further apart than on new texts, the more so the
    fewer the rows. A head that chooses its settings by cross-validation behind it finds the held-out part easy.
    Source: Fisher 1936. Departure from scikit-learn's LinearDiscriminantAnalysis: one covariance is estimated from the
    rows of all classes around their means, where scikit-learn shrinks that of each class by itself, which two or
    three rows of a class do not bear.
    """

    supervised = True

    def __init__(
        self,
        n_components: int | None = None,
        *,
        shrinkage: str | float = "auto",
        n_reduced: int = 200,
        random_state: int = 0,
    ) -> None:
        self.n_components, self.shrinkage = n_components, shrinkage
        self.n_reduced, self.random_state = n_reduced, random_state

    def fit(self, features: "Features", y: "Ints | None" = None) -> Self:
        """Learn from the first m rows of features (n, d), with class codes y (m,). Raises ConfigError, DataError."""
        self._check()
        found = checked(features)
        labelled("lda_projection", found, y)
        reducer = None
        if sparse.issparse(found) or found.shape[1] > _MAX_COLUMNS:
            reducer = Pca(self.n_reduced, random_state=self.random_state).fit(found)
            found = reducer.transform(found)
        rows, codes = labelled("lda_projection", found.astype(np.float64), y)
        projection = Projection.of(self._discriminants(rows, codes), rows.mean(axis=0))
        if reducer is not None:  # one map after another is one map
            first = reducer.projection_
            directions = first.directions.astype(np.float64) @ projection.directions
            offset = first.offset @ projection.directions + projection.offset
            projection = Projection(directions.astype(np.float32), offset)
        self.projection_ = projection
        return self

    def _discriminants(self, rows: Any, codes: "Ints") -> Any:
        """Directions (d, e), the most telling first."""
        from sklearn.covariance import empirical_covariance, ledoit_wolf, shrunk_covariance

        _, codes = np.unique(codes, return_inverse=True)
        one_hot = np.eye(codes.max() + 1)[codes]
        n, k = one_hot.shape
        centred = rows - rows.mean(axis=0)
        means = (one_hot.T @ centred) / one_hot.sum(axis=0)[:, None]
        within = centred - means[codes]
        total, spread = (np.sqrt((part**2).mean(axis=0)) for part in (centred, within))
        if spread.max() <= _LEAST * total.max():
            raise DataError(
                "lda_projection: the texts of each class do not differ, so that there is no spread within the classes "
                "to measure by. Add rows, or take another transform."
            )
        units = np.where(spread > _LEAST * total, spread, np.where(total > 0, total, 1.0))
        within /= units
        shrinkage = self.shrinkage
        if shrinkage == "auto":
            shrinkage = max(ledoit_wolf(within, assume_centered=True)[1], _LEAST_SHRINKAGE)
        covariance = shrunk_covariance(empirical_covariance(within, assume_centered=True), shrinkage) * (n / (n - k))
        between = (means / units).T @ (means / units * one_hot.mean(axis=0)[:, None])
        e = min(self.n_components or k, k - 1, len(units))
        try:
            directions = eigh(between, covariance, subset_by_index=[len(units) - e, len(units) - 1])[1]
        except LinAlgError as error:
            raise ConfigError(
                f"encoder.lda_projection.shrinkage={self.shrinkage} leaves no covariance to divide by: there are too "
                "few rows for so many features. Take auto, or a larger number."
            ) from error
        return directions[:, ::-1] / units[:, None]

    def transform(self, features: "Features") -> "Floats":
        """Features (n, e) float32, dense. Raises NotFittedError, ConfigError (another d)."""
        projection: Projection = fitted(self, "projection_")
        return projection(features)

    def get_state(self) -> State:
        """The map; a reduction before it is part of it."""
        params = {
            "n_components": self.n_components,
            "shrinkage": self.shrinkage,
            "n_reduced": self.n_reduced,
            "random_state": self.random_state,
        }
        return State(params, fitted(self, "projection_").arrays())

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted transform again."""
        made = cls(**state.settings)
        made.projection_ = Projection.from_arrays(state.arrays)
        return made

    def _check(self) -> None:
        check_whole("lda_projection.n_components", self.n_components, optional=True)
        check_whole("lda_projection.n_reduced", self.n_reduced)
        check_number("lda_projection.shrinkage", self.shrinkage, high=1, word="auto")

"""lda_projection: the directions that tell the classes apart."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from headstart.errors import ConfigError, DataError
from headstart.transforms.lda_projection import LdaProjection
from headstart.transforms.pca import Pca


def blobs(k: int, n: int, d: int, seed: int = 0):
    """Rows (n, d) around k means that differ in the last three columns, where the variance is smallest."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    x = rng.normal(size=(n, d)) * np.linspace(5, 0.5, d)
    x[:, -3:] += 1.5 * np.random.default_rng(99).normal(size=(k, 3))[y]
    return x.astype(np.float32), y


def test_without_shrinkage_it_is_the_classical_solution() -> None:
    """Up to the sign of each column it is scikit-learn's other solver's, by singular values."""
    x, y = blobs(4, 400, 8)
    peer = LinearDiscriminantAnalysis(solver="svd").fit(x, y).transform(x)
    found = LdaProjection(shrinkage=0.0).fit(x, y).transform(x)
    for ours, theirs in zip(found.T, peer.T, strict=True):
        assert abs(np.corrcoef(ours, theirs)[0, 1]) > 0.9999


@pytest.mark.parametrize(("k", "asked", "expected"), [(2, None, 1), (4, None, 3), (4, 2, 2), (4, 50, 3)])
@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
def test_at_most_one_direction_fewer_than_classes(k, asked, expected, form) -> None:
    x, y = blobs(k, 80, 10)
    assert LdaProjection(asked).fit(form(x), y).transform(form(x)).shape == (80, expected)


def test_within_the_classes_the_variance_is_about_1_around_the_origin() -> None:
    x, y = blobs(3, 3000, 8)
    found = LdaProjection().fit(x, y).transform(x)
    assert_allclose(found.mean(axis=0), 0, atol=1e-3)
    assert_allclose(np.mean([found[y == c].var(axis=0) for c in range(3)], axis=0), 1, atol=0.1)


def test_fewer_rows_than_features_still_help_new_rows() -> None:
    """60 rows, 150 features: nearest class means are right on new rows far above chance."""
    x, y = blobs(3, 4060, 150)
    learn, new = slice(60), slice(60, None)
    fitted = LdaProjection().fit(x[learn], y[learn])
    rows, means = fitted.transform(x[new]), [fitted.transform(x[learn][y[learn] == c]).mean(axis=0) for c in range(3)]
    nearest = np.argmin([((rows - mean) ** 2).sum(axis=1) for mean in means], axis=0)
    assert (nearest == y[new]).mean() > 0.55


def test_sparse_features_are_reduced_first_by_all_rows() -> None:
    """The one map is `pca` and then the discriminants of its columns; unlabelled rows help the first."""
    x, y = blobs(3, 90, 40)
    sparse = csr_matrix(np.where(np.abs(x) > 1, x, 0))
    columns = Pca(12).fit(sparse).transform(sparse)
    two_steps = LdaProjection().fit(columns, y[:50]).transform(columns)
    found = LdaProjection(n_reduced=12).fit(sparse, y[:50]).transform(sparse)
    assert_allclose(found, two_steps, atol=1e-3)


def test_wide_dense_features_are_reduced_too() -> None:
    x, y = blobs(2, 40, 1001)
    assert LdaProjection(n_reduced=5).fit(x, y).transform(x).shape == (40, 1)


def test_a_class_with_one_row() -> None:
    """Folds of cross-validation may have one: the others measure the spread."""
    x, y = blobs(2, 21, 6)
    found = LdaProjection().fit(x, np.where(np.arange(21) == 20, 2, y)).transform(x)
    assert found.shape == (21, 2)
    assert np.isfinite(found).all()


def test_rows_without_a_spread() -> None:
    """Every text of a class the same: nothing to measure against."""
    x, y = blobs(2, 20, 6)
    with pytest.raises(DataError, match="the texts of each class do not differ"):
        LdaProjection().fit(x[y], y)
    with pytest.raises(ConfigError, match=r"shrinkage=0.0 leaves no covariance.*Take auto"):
        LdaProjection(shrinkage=0.0).fit(*blobs(2, 8, 30))


def test_two_rows_of_each_class() -> None:
    """The fewest that a strategy gives; a column that is the same within each class does not take over."""
    x, y = blobs(3, 6, 20)
    x[:, 0] = y
    found = LdaProjection().fit(x, y).transform(x)
    assert found.shape == (6, 2)
    assert np.abs(found).max() < 1e3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_components": 0}, "n_components must be a whole number from 1 on, or left out. Got 0"),
        ({"n_reduced": 1.5}, "n_reduced must be a whole number from 1 on. Got 1.5"),
        ({"shrinkage": 2}, "shrinkage must be a number from 0 to 1, or auto. Got 2"),
        ({"shrinkage": "none"}, "shrinkage must be a number from 0 to 1, or auto. Got 'none'"),
        ({"shrinkage": True}, "shrinkage must be a number from 0 to 1, or auto. Got True"),
    ],
)
def test_settings_that_cannot_be_used(settings, message) -> None:
    x, y = blobs(2, 20, 6)
    with pytest.raises(ConfigError, match=f"encoder.lda_projection.{message}"):
        LdaProjection(**settings).fit(x, y)

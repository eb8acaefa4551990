"""scale: columns of like size."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix

from headstart.errors import ConfigError, DataError
from headstart.transforms.scale import Scale

X = np.random.default_rng(0).normal(3.0, [0.01, 1.0, 50.0], size=(40, 3)).astype(np.float32)


def test_dense_columns_get_mean_0_and_variance_1() -> None:
    found = Scale().fit(X).transform(X)
    assert_allclose(found.mean(axis=0), 0, atol=1e-4)
    assert_allclose(found.std(axis=0), 1, atol=1e-4)
    assert_allclose(found[:, 1], (X[:, 1] - X[:, 1].mean()) / X[:, 1].std(), atol=1e-4)


def test_csr_columns_get_the_largest_value_1_and_stay_csr() -> None:
    """Zeros stay zeros; signs stay."""
    x = np.where(X > 3, -X, 0).astype(np.float32)
    found = Scale().fit(csr_matrix(x)).transform(csr_matrix(x))
    assert isinstance(found, csr_matrix)
    assert found.nnz == np.count_nonzero(x)
    assert_allclose(found.toarray(), x / np.abs(x).max(axis=0), rtol=1e-6)


@pytest.mark.parametrize(("clip", "most"), [(2.0, 2.0), (10.0, 10.0), (None, 1e3)])
def test_extremes_are_clipped(clip: float | None, most: float) -> None:
    """A dense value far from all that `fit` saw counts as `clip` deviations; None leaves it."""
    far = X[:1] + np.array([[0, 1e3, -1e6]], np.float32)
    found = Scale(clip).fit(X).transform(far)[0]
    assert found[1] == pytest.approx(most, rel=0.5)
    assert found[2] == pytest.approx(-most, abs=0) if clip else found[2] < -most


def test_csr_extremes_are_clipped_to_the_largest_of_fit() -> None:
    fitted = Scale().fit(csr_matrix(X))
    assert_array_equal(fitted.transform(csr_matrix(100 * X[:2])).toarray(), np.ones((2, 3)))
    assert Scale(None).fit(csr_matrix(X)).transform(csr_matrix(100 * X)).max() > 50


def test_a_constant_column_is_only_centred() -> None:
    x = np.column_stack([X[:, 0], np.full(40, 7, np.float32)])
    fitted = Scale().fit(x)
    assert_array_equal(fitted.transform(x)[:, 1], 0)
    assert fitted.transform(x[:1] + 1)[0, 1] == 1


@pytest.mark.parametrize("clip", [0, -1.0, "much", True, float("inf")])
def test_a_clip_that_clips_nothing_sensible_is_refused(clip: object) -> None:
    with pytest.raises(ConfigError, match=r"encoder.scale.clip must be a number above 0, or none. Got"):
        Scale(clip).fit(X)  # type: ignore[arg-type] # that is the point


def test_no_rows() -> None:
    with pytest.raises(DataError, match="at least one text"):
        Scale().fit(X[:0])

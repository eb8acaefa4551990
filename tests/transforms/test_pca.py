"""pca: the directions of the largest variance."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix

from headstart.errors import ConfigError, DataError
from headstart.transforms.pca import Pca

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(60, 12)) * np.linspace(3, 0.5, 12) + 5).astype(np.float32)
forms = pytest.mark.parametrize("form", [np.asarray, csr_matrix])


@forms
def test_it_is_the_singular_value_decomposition(form) -> None:
    """Of centred rows where dense, of the rows as they are where CSR; up to the sign of each column."""
    u, s, _ = np.linalg.svd(X - X.mean(axis=0) if form is np.asarray else X, full_matrices=False)
    found = Pca(4).fit(form(X)).transform(form(X))
    assert found.shape == (60, 4)
    assert_allclose(np.abs(found), np.abs(u[:, :4] * s[:4]), atol=2e-2, rtol=1e-3)


@forms
def test_whitened_columns_have_mean_square_1(form) -> None:
    found = Pca(5, whiten=True).fit(form(X)).transform(form(X))
    assert_allclose((found**2).mean(axis=0), 1, rtol=1e-3)
    assert_allclose(found.T @ found / 60, np.eye(5), atol=1e-2)


@forms
@pytest.mark.parametrize("whiten", [False, True])
def test_never_more_than_the_rows_span(form, whiten) -> None:
    """n, d and the rank bound the number of columns: noise is not blown up to a column of its own."""
    line = RNG.normal(size=(40, 2)) @ RNG.normal(size=(2, 30))
    assert Pca(10, whiten=whiten).fit(form(line)).transform(form(line)).shape == (40, 2)
    assert Pca(50).fit(form(X)).transform(form(X)).shape == (60, 12)
    assert Pca(50).fit(form(X[:5])).transform(form(X)).shape[1] in {4, 5}  # centred rows span one less


@forms
def test_distances_stay_when_all_directions_are_kept(form) -> None:
    found = Pca(12).fit(form(X)).transform(form(X))
    gaps = [np.linalg.norm(rows[:, None] - rows[None], axis=2) for rows in (found, X)]
    assert_allclose(*gaps, atol=1e-3)


@forms
def test_rows_that_are_all_the_same(form) -> None:
    """One column, finite."""
    same = np.full((5, 3), 2, np.float32)
    found = Pca(2, whiten=True).fit(form(same)).transform(form(same))
    assert found.shape == (5, 1)
    assert np.isfinite(found).all()
    assert np.isfinite(Pca(2).fit(form(0 * same)).transform(form(same))).all()


@forms
@pytest.mark.parametrize("whiten", [False, True])
def test_a_single_column_stays_as_it_is(form, whiten) -> None:
    """But for sign, place and scale: texts of one term have no more."""
    column = X[:, :1]
    found = Pca(5, whiten=whiten).fit(form(column)).transform(form(column))
    assert found.shape == (60, 1)
    assert_allclose(np.abs(np.corrcoef(found[:, 0], column[:, 0])[0, 1]), 1, rtol=1e-4)
    if whiten:
        assert_allclose((found**2).mean(), 1, rtol=1e-3)


def test_a_wide_sparse_matrix_never_becomes_dense() -> None:
    """20,000 rows of 100,000 columns: dense they would take 8 GB."""
    cells = RNG.integers(0, [[20_000], [100_000]], size=(2, 50_000))
    wide = csr_matrix((np.ones(50_000, np.float32), tuple(cells)), shape=(20_000, 100_000))
    assert Pca(3).fit(wide).transform(wide).shape == (20_000, 3)


def test_what_cannot_be_done() -> None:
    with pytest.raises(ConfigError, match=r"encoder.pca.n_components must be a whole number from 1 on. Got 0 instead."):
        Pca(0).fit(X)
    with pytest.raises(DataError, match="at least two texts and one feature, got 1 texts"):
        Pca(2).fit(X[:1])

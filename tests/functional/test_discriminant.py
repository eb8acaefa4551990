"""The discriminant in the span of the rows against the one on the columns."""

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from headstart.functional.discriminant import dual_discriminant
from headstart.functional.ridge import dual_ridge


class _Penalised(BaseEstimator):
    """The covariance of some rows, plus the same in every direction."""

    def __init__(self, more: float = 0.0) -> None:
        self.more = more

    def fit(self, rows: np.ndarray) -> "_Penalised":
        self.covariance_ = np.cov(rows.T, bias=True) + self.more * np.eye(rows.shape[1])
        return self


def test_it_is_linear_discriminant_analysis_with_a_penalty() -> None:
    """New rows are given the probabilities of scikit-learn's, whose classes have other shares too."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(4), [3, 9, 7, 11])
    rows, new = rng.normal(1.0, size=(30, 5)) + 1.5 * np.eye(4, 5)[y], rng.normal(1.0, size=(7, 5))
    weights, offset = dual_discriminant(rows @ rows.T, y, 4, 0.7)
    plain = LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=_Penalised(0.7 / 30)).fit(rows, y)
    found = new @ rows.T @ weights + offset
    np.testing.assert_allclose(softmax(found, axis=1), plain.predict_proba(new), rtol=1e-8)
    np.testing.assert_allclose(found.sum(axis=1), 0.0, atol=1e-9)


def test_a_class_without_a_row_is_rarely_meant() -> None:
    """It does not change what is said of the others among themselves, and wins nowhere near them."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 2], 8)
    rows = rng.normal(size=(16, 5)) + 3.0 * np.eye(3, 5)[y]
    gram = rows @ rows.T
    (weights, offset), (plain, plain_offset) = (dual_discriminant(gram, *of, 1.0) for of in ((y, 3), (y // 2, 2)))
    found, expected = gram @ weights + offset, gram @ plain + plain_offset
    np.testing.assert_allclose(found[:, 2] - found[:, 0], expected[:, 1] - expected[:, 0], rtol=1e-8)
    assert set(found.argmax(axis=1)) == {0, 2}


def test_many_classes_do_not_hide_one_another() -> None:
    """Of three classes in a row least squares never says the middle one (Hastie, Tibshirani, Friedman 2009, section
    4.2); the discriminant tells them apart.
    """
    y = np.repeat(np.arange(3), 20)
    rows = np.stack([y + 0.1 * np.random.default_rng(0).normal(size=60), np.ones(60)], axis=1)
    gram = rows @ rows.T
    found, hidden = dual_discriminant(gram, y, 3, 1.0), dual_ridge(gram, np.eye(3)[y], 1.0)
    assert (gram @ found[0] + found[1]).argmax(axis=1).tolist() == y.tolist()
    assert 1 not in (gram @ hidden[0] + hidden[1]).argmax(axis=1)

"""Ridge: the choice of alpha, the leave-one-out values that it exposes, and its limit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix
from scipy.sparse import random as random_csr

from headstart.errors import ConfigError
from headstart.functional.probability import softmax
from headstart.heads import ridge as module
from headstart.heads._features import standardise
from headstart.heads.ridge import Ridge


def rows(n=120, d=8, k=3, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    return (rng.normal(size=(k, d))[y] + noise * rng.normal(size=(n, d))).astype(np.float32), y


def test_prediction_is_the_fit_of_one_hot_targets():
    """softmax(a * (1, x) @ B) with B from the normal equations, at the chosen alpha and a."""
    x, y = rows()
    head = Ridge(alpha=0.7, class_weight=None).fit(x, y)
    z = standardise(x).features.astype(np.float64)
    full = np.c_[np.ones(len(z)), z]
    penalty = 0.7 * np.diag([0.0] + [1.0] * z.shape[1])
    b = np.linalg.solve(full.T @ full + penalty, full.T @ np.eye(3)[y])
    assert_allclose(head.predict_proba(x), softmax(head.chosen_["scale"] * (full @ b)), atol=1e-5)


def test_loo_decision_tells_new_rows_accuracy():
    """The accuracy of loo_decision_ is the accuracy on new rows; the training accuracy is far above it."""
    x, y = rows(n=1200, d=60, noise=3.0)
    head = Ridge(alpha=0.01).fit(x[:150], y[:150])
    assert head.loo_decision_.shape == (150, 3)
    loo = (head.loo_decision_.argmax(axis=1) == y[:150]).mean()
    new = (head.predict_proba(x[150:]).argmax(axis=1) == y[150:]).mean()
    train = (head.predict_proba(x[:150]).argmax(axis=1) == y[:150]).mean()
    assert abs(loo - new) < 0.1
    assert train > loo + 0.1


def test_wide_sparse_features_give_the_same_as_dense_columns_of_zeros():
    """The kernel form (d > n) on CSR equals the covariance form on the columns that are used."""
    x, y = rows(n=60)
    wide = np.zeros((60, 500), dtype=np.float32)
    wide[:, :8] = x
    narrow, sparse = Ridge(alpha=1.0).fit(csr_matrix(x), y), Ridge(alpha=1.0).fit(csr_matrix(wide), y)
    assert_allclose(narrow.predict_proba(csr_matrix(x)), sparse.predict_proba(csr_matrix(wide)), atol=1e-5)


def test_too_large_a_problem_names_the_way_out(monkeypatch):
    """N and d above the limit raise ConfigError that names svm and logistic."""
    monkeypatch.setattr(module, "MAX_GRAM", 20)
    x = random_csr(30, 40, density=0.2, format="csr", dtype=np.float32, random_state=0)
    with pytest.raises(ConfigError, match="'svm' or 'logistic'"):
        Ridge().fit(x, np.arange(30) % 2)


def test_alpha_must_be_positive():
    """Alpha 0 or below raises ConfigError."""
    with pytest.raises(ConfigError, match="alpha"):
        Ridge(alpha=0.0).fit(*rows())

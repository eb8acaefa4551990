"""The span of the rows: the same products, the same decisions, the same fit as on the features themselves."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix, random, vstack

from headstart.heads import _linear
from headstart.heads._span import pays, span_of
from headstart.heads.logistic import Logistic


def wide(n=60, d=5000, seed=0) -> csr_matrix:
    """Rows of 40 filled columns; the last row is the first again, and one row is empty."""
    rng = np.random.default_rng(seed)
    rows = random(n - 2, d, density=40 / d, format="csr", dtype=np.float32, random_state=rng)
    return vstack([rows, csr_matrix((1, d), dtype=np.float32), rows[:1]], format="csr")


def test_products_and_decisions_stay():
    """Rows @ rows.T is the Gram matrix, and lifted weights decide as the weights on coordinates do."""
    x = wide()
    span = span_of(x)
    assert_allclose(span.rows @ span.rows.T, (x @ x.T).toarray(), atol=1e-5)
    coef = np.random.default_rng(1).normal(size=(3, x.shape[0]))
    coef[:, -1] = 0  # the repeated row has no direction of its own
    coef[:, -2] = 0  # nor has the empty one
    assert_allclose(x @ span.lift(coef).T, span.rows @ coef.T, atol=2e-3)


@pytest.fixture
def spans(monkeypatch) -> list[int]:
    """The number of rows of each span that a head computes."""
    found = []

    def noting(features):
        found.append(features.shape[0])
        return span_of(features)

    monkeypatch.setattr(_linear, "span_of", noting)
    return found


@pytest.mark.parametrize("k", [2, 4])
def test_the_fit_is_the_same(k, spans, monkeypatch):
    """Logistic gives the same probabilities, on its rows and on new ones, whether solved in the span or not."""
    x, y = wide(120, 4000), np.arange(120) % k
    x = (x + csr_matrix((np.ones(120, np.float32), (np.arange(120), y)), shape=x.shape)).tocsr()
    new = wide(30, 4000, seed=5)
    assert pays(x)
    quick = Logistic(C=3.0, class_weight=None).fit(x, y)
    assert spans == [120]  # once, for the choice and the weights
    monkeypatch.setattr(_linear, "pays", lambda features: False)
    plain = Logistic(C=3.0, class_weight=None).fit(x, y)
    assert spans == [120]
    assert quick.chosen_["scale"] == pytest.approx(plain.chosen_["scale"], rel=0.02)
    for rows in (x, new):
        assert_allclose(quick.predict_proba(rows), plain.predict_proba(rows), atol=5e-3)


def test_each_set_of_rows_has_its_own_span(spans):
    """The choice by a part of the rows, the weights from all, a refit with more rows."""
    x, y = wide(120, 4000), np.arange(120) % 2
    search = replace(Logistic(C=1.0)._search(x, 2), max_rows=60)
    _, chosen = _linear.fit_linear(search, x, y, 2, None, 0)
    assert spans == [60, 120]
    _linear.refit_linear(search, vstack([x, x[:9]], format="csr"), np.concatenate([y, y[:9]]), 2, chosen)
    assert spans == [60, 120, 129]


def test_only_wide_sparse_rows_pay():
    """Dense features, many rows, and narrow features are left as they are."""
    assert pays(csr_matrix((1000, 100_000)))
    assert not pays(csr_matrix((1000, 900)))
    assert not pays(csr_matrix((7000, 10_000_000)))
    assert not pays(np.zeros((10, 1000)))

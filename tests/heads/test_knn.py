"""Knn: votes by hand, ties, bounded memory, and the choice of the number of neighbours."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix

from headstart.errors import ConfigError
from headstart.heads import knn as module
from headstart.heads.knn import Knn

AXES = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], dtype=np.float32)
CODES = np.array([0, 0, 1, 1])


def test_votes_by_hand():
    """Cosines 0.8, 0.8, 0.6, 0.6: the far pair weighs (0.6 / 0.45) / (0.8 / 0.25) = 5 / 12 a vote."""
    head = Knn(n_neighbors=3).fit(AXES, CODES)
    head.chosen_["scale"] = 1.0
    p = head.predict_proba(np.array([[4, 3, 0]], dtype=np.float32))
    votes = np.array([2.0, 5 / 12])
    assert_allclose(p[0], (votes + 0.5) / (votes.sum() + 1), rtol=1e-5)


def test_a_row_like_no_other_gets_the_class_shares():
    """Without any positive cosine the answer is what training says of the classes, to the power a."""
    head = Knn(n_neighbors=2).fit(np.vstack([AXES, [[1, 0, 0]], [[1, 0.1, 0]]]), np.r_[CODES, 0, 0])
    head.chosen_["scale"] = 1.0
    assert_allclose(head.predict_proba(np.array([[0, 0, 1]], dtype=np.float32))[0], [4 / 6, 2 / 6])


def test_more_similar_training_rows_than_neighbours_take_the_earlier():
    """Equal cosines are settled by the order of training, not by the order of the batch."""
    x = np.ones((6, 2), dtype=np.float32)
    head = Knn(n_neighbors=2).fit(x, np.array([0, 0, 1, 1, 1, 1]))
    assert head.predict_proba(x)[:, 0].min() > 0.5


def test_blocks_do_not_change_the_answer(monkeypatch):
    """A block of one row at a time gives what one block gives."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 5)).astype(np.float32), np.arange(60) % 3
    whole = Knn().fit(x, y)
    p = whole.predict_proba(x)
    monkeypatch.setattr(module, "BLOCK", 1)
    single = Knn().fit(x, y)
    assert whole.chosen_["n_neighbors"] == single.chosen_["n_neighbors"]
    assert_allclose(single.predict_proba(x), p, atol=1e-6)


def test_a_row_is_not_its_own_neighbour_in_the_choice():
    """With random labels leave-one-out sees chance, so one neighbour is not found to be perfect."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 5)).astype(np.float32), rng.integers(0, 2, 200)
    accuracy = [t["accuracy"] for t in Knn().fit(x, y).chosen_["table"]]
    assert max(accuracy) < 0.65


def test_csr_neighbours_equal_dense_ones():
    """Sparse products find the same neighbours."""
    rng = np.random.default_rng(0)
    x = rng.random((50, 30)).astype(np.float32) * (rng.random((50, 30)) < 0.3)
    y = np.arange(50) % 2
    p, q = Knn(3).fit(x, y).predict_proba(x), Knn(3).fit(csr_matrix(x), y).predict_proba(csr_matrix(x))
    assert_array_equal(p.argmax(axis=1), q.argmax(axis=1))


def test_n_neighbors_must_be_positive():
    """n_neighbors 0 raises ConfigError."""
    with pytest.raises(ConfigError, match="n_neighbors"):
        Knn(0).fit(AXES, CODES)

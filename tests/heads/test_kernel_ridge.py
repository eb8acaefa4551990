"""Kernel ridge: against scikit-learn, its leave-one-out decisions against brute force, and its limit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.kernel_ridge import KernelRidge as Reference

from headstart.errors import ConfigError
from headstart.heads import held_out_accuracy
from headstart.heads.kernel_ridge import MAX_ROWS, KernelRidge, _solve


def rings(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two classes that no straight border separates: the sign of the product of two coordinates."""
    x = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    return x, (x[:, 0] * x[:, 1] > 0).astype(int)


def test_the_decision_is_scikit_learns():
    """On centred unit rows the log odds are the scaled difference of the reference's two outputs."""
    x, y = rings(60)
    head = KernelRidge(alpha=0.5).fit(x, y)
    centred = x - x.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    targets = 2.0 * np.eye(2)[y] - 1.0
    reference = Reference(alpha=0.5, kernel="rbf", gamma=1.0).fit(unit, targets - targets.mean(axis=0))
    decision = (reference.predict(unit) + targets.mean(axis=0)) * head.chosen_["scale"]
    p = head.predict_proba(x)
    assert_allclose(np.log(p[:, 1] / p[:, 0]), decision[:, 1] - decision[:, 0], rtol=1e-4, atol=1e-4)


def test_leave_one_out_equals_leaving_each_row_out():
    """The closed form is what a fit without the row decides of it."""
    rng = np.random.default_rng(1)
    points, targets = rng.normal(size=(12, 4)), rng.normal(size=(12, 3))
    kernel = np.exp(-((points[:, None] - points[None]) ** 2).sum(-1))
    _, left_out = _solve(kernel, targets, 0.3)
    for i in range(12):
        rest = np.delete(np.arange(12), i)
        weights = np.linalg.solve(kernel[np.ix_(rest, rest)] + 0.3 * np.eye(11), targets[rest])
        assert_allclose(kernel[i, rest] @ weights, left_out[i], rtol=1e-8)


def test_it_learns_a_curved_border():
    """Where a straight border is no better than chance, the kernel is right nine times in ten."""
    (x, y), (x_test, y_test) = rings(600), rings(300, 1)
    head = KernelRidge().fit(x, y)
    assert (head.predict_proba(x_test).argmax(axis=1) == y_test).mean() > 0.9
    assert held_out_accuracy(head) == pytest.approx(0.95, abs=0.05)


def test_too_many_rows_are_refused_with_the_way_out():
    """The kernel would not fit into memory: other heads are named."""
    y = np.arange(MAX_ROWS + 1) % 2
    with pytest.raises(ConfigError, match="logistic or svm"):
        KernelRidge().fit(np.ones((len(y), 2), np.float32), y)

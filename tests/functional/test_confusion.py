"""Scores of confusion matrices against scikit-learn, one by one and many at once."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics

from headstart.functional import confusion


def counts(y, predicted, k):
    return confusion.counts_of(y, predicted, np.ones(len(y), dtype=int), k)


@pytest.mark.parametrize("seed", range(5))
def test_scores_equal_scikit_learn(seed):
    """Precision, recall, F1 of each class, accuracy and MCC, with classes that are never predicted."""
    rng = np.random.default_rng(seed)
    y, predicted = rng.integers(0, 5, 40), rng.integers(0, 4, 40)
    expected = metrics.precision_recall_fscore_support(y, predicted, labels=range(6), zero_division=0)
    ours = counts(y, predicted, 6)
    assert_allclose(confusion.precision(ours), expected[0])
    assert_allclose(confusion.recall(ours), expected[1])
    assert_allclose(confusion.f1(ours), expected[2])
    assert_allclose(ours.support, expected[3])
    assert_allclose(confusion.accuracy(ours), metrics.accuracy_score(y, predicted))
    assert_allclose(
        confusion.balanced_accuracy(ours),
        metrics.recall_score(y, predicted, average="macro", labels=np.unique(y), zero_division=0),
    )
    assert_allclose(confusion.mcc(ours), metrics.matthews_corrcoef(y, predicted))
    weighted = metrics.f1_score(y, predicted, average="weighted", zero_division=0)
    assert_allclose(confusion.weighted(confusion.f1(ours), ours), weighted)


def test_a_stack_of_tables_is_scored_like_each_of_them():
    """Leading axes are kept: the scores of many tables are the tables' scores."""
    rng = np.random.default_rng(0)
    true, predicted = np.divmod(np.arange(9), 3)
    cells = rng.integers(0, 9, size=(4, 9))
    together = confusion.counts_of(true, predicted, cells, 3)
    for score in (confusion.f1, confusion.mcc, confusion.accuracy, confusion.balanced_accuracy):
        alone = [score(confusion.counts_of(true, predicted, row, 3)) for row in cells]
        assert_allclose(score(together), alone)


def test_mcc_of_a_constant_answer_is_zero():
    """One class predicted throughout says nothing of the truth."""
    assert confusion.mcc(counts(np.array([0, 1, 1]), np.array([1, 1, 1]), 2)) == 0.0


def test_counts_by_hand():
    cells = np.array([[2, 1, 0, 4], [0, 3, 1, 0]])
    counts = confusion.counts_of(np.array([0, 0, 1, 2]), np.array([0, 2, 1, 0]), cells, 3)
    assert counts.hits.tolist() == [[2, 0, 0], [0, 1, 0]]
    assert counts.support.tolist() == [[3, 0, 4], [3, 1, 0]]
    assert counts.predicted.tolist() == [[6, 0, 1], [0, 1, 3]]
    one = confusion.counts_of(np.array([1]), np.array([1]), np.array([5]), 2)
    assert [count.tolist() for count in one] == [[0, 5]] * 3

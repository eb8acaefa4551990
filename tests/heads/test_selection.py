"""How heads choose: the one-standard-error rule and the price of balanced weights."""

import numpy as np
import pytest

from headstart.heads._selection import (
    Trial,
    balanced_pays,
    class_weights_to_try,
    near_default,
    out_of_fold,
    row_weights,
)


def trial(value, losses, **scores):
    return Trial(value, None, np.zeros((len(losses), 2)), np.array(losses, dtype=float), 1.0, scores)


def test_a_difference_within_noise_leaves_the_default():
    """3 is best by 0.05 on average but by chance as likely not: 1 stays; a sure difference moves it."""
    noisy = [trial(1.0, [0, 1, 0, 1.2]), trial(3.0, [1, 0, 1, 0])]
    sure = [trial(1.0, [1.0, 1.1, 1.0, 1.1]), trial(3.0, [0.5, 0.6, 0.5, 0.6])]
    assert near_default(noisy, 1.0).value == 1.0
    assert near_default(sure, 1.0).value == 3.0


def test_equal_losses_take_the_default():
    """Where all are alike the default is taken."""
    assert near_default([trial(v, [0.3, 0.4]) for v in (0.1, 1.0, 10.0)], 1.0).value == 1.0


@pytest.mark.parametrize(("f1", "accuracy", "pays"), [(0.75, 0.90, True), (0.705, 0.90, False), (0.75, 0.80, False)])
def test_balanced_weights_must_gain_more_than_they_cost(f1, accuracy, pays):
    """At least 0.01 of macro F1, and more than is lost in accuracy."""
    plain = trial(1.0, [0.0, 0.0], macro_f1=0.70, accuracy=0.90)
    assert balanced_pays(plain, trial(1.0, [0.0, 0.0], macro_f1=f1, accuracy=accuracy)) is pays


def test_no_row_is_decided_by_a_model_that_learnt_from_it():
    """Each fold's model learns from all other rows and decides its own, which end up at their places."""
    folds = np.array([1, 0, 2, 0, 1, 2])

    def fit_predict(fold, learn, decide):
        assert sorted([*learn, *decide]) == list(range(6))
        assert (folds[decide] == fold).all()
        return np.stack([decide, -decide], axis=1)

    decision = out_of_fold(fit_predict, np.zeros(6, dtype=int), folds, 2)
    assert np.array_equal(decision, np.stack([np.arange(6), -np.arange(6)], axis=1))


def test_auto_tries_balanced_only_for_imbalanced_classes():
    """Above one and a half times the smallest class."""
    assert class_weights_to_try("auto", np.repeat([0, 1], [3, 2])) == (None, False)
    assert class_weights_to_try("auto", np.repeat([0, 1], [4, 2])) == (None, True)
    assert class_weights_to_try("balanced", np.repeat([0, 1], [3, 2])) == ("balanced", False)


def test_balanced_row_weights_give_every_class_the_same_total():
    """Mean 1, and equal sums a class."""
    y = np.repeat([0, 1, 2], [6, 2, 1])
    weights = row_weights("balanced", y)
    assert np.allclose(weights.mean(), 1.0)
    assert np.allclose(np.bincount(y, weights), 3.0)

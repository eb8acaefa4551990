"""The area under the ROC curve and its interval."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import roc_auc_score

from headstart.functional.probability import softmax
from headstart.functional.ranking import logit_interval, roc_auc


def draw(n, k, seed, signal=1.0):
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(k), np.arange(k), rng.integers(0, k, n - 2 * k)]
    return np.round(softmax(rng.normal(size=(n, k)) + signal * np.eye(k)[y]), 2), y


@pytest.mark.parametrize("k", [2, 4])
def test_area_equals_scikit_learn_with_ties(k):
    """Two classes: the area of class 1; more: the macro mean of one against rest."""
    p, y = draw(300, k, 0)
    expected = roc_auc_score(y, p[:, 1]) if k == 2 else np.mean([roc_auc_score(y == c, p[:, c]) for c in range(k)])
    assert_allclose(roc_auc(p, y)[0], expected)


@pytest.mark.parametrize("k", [2, 4])
def test_standard_error_is_the_spread_over_samples(k):
    """The mean standard error of many samples is the standard deviation of their areas."""
    areas, errors = zip(*(roc_auc(*draw(200, k, seed)) for seed in range(400)), strict=True)
    assert_allclose(np.mean(errors), np.std(areas), rtol=0.08)


def test_interval_stays_within_zero_and_one():
    """On the logit scale the ends cannot leave 0..1; a value of 1 has none."""
    low, high = logit_interval(0.99, 0.02)
    assert 0.0 < low < 0.99 < high < 1.0
    assert logit_interval(1.0, 0.0) is None


def test_a_single_row_of_a_class_has_no_interval():
    """Its side of the variance is unknown, and would be the larger one; the area is what it is."""
    p, y = draw(40, 2, 0)
    y = np.r_[1, np.zeros(39, int)]
    area, error = roc_auc(p, y)
    assert_allclose(area, roc_auc_score(y, p[:, 1]))
    assert np.isnan(error)
    assert logit_interval(0.7, error) is None

"""Softmax, calibration by one factor, and calibration error."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from headstart.functional.probability import (
    believed_size,
    confidence_bins,
    expected_calibration_error,
    fit_scale,
    fit_weights,
    log_losses,
    pool_weights,
    softmax,
    two_columns,
)


def test_softmax_does_not_overflow():
    """Adding a constant to a row changes nothing, even 10,000."""
    decision = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, -1e9]])
    assert_allclose(softmax(decision + 1e4), softmax(decision), atol=1e-12)
    assert_allclose(softmax(decision).sum(axis=1), 1.0)


def test_two_columns_are_a_sigmoid():
    """softmax(-m/2, m/2)[1] = sigmoid(m); a matrix passes unchanged."""
    margin = np.linspace(-30, 30, 13)
    assert_allclose(softmax(two_columns(margin))[:, 1], expit(margin), rtol=1e-12)
    assert_array_equal(two_columns(np.eye(3)), np.eye(3))


def test_log_losses_are_minus_the_log_probability():
    """By hand: two equal classes cost log 2."""
    assert_allclose(log_losses(np.array([[0.0, 0.0], [3.0, 0.0]]), np.array([1, 0])), [np.log(2), np.log1p(np.exp(-3))])


@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("true", [0.2, 2.0, 30.0])
def test_scale_is_recovered(k, true):
    """Labels drawn from softmax(a * decision) give a back."""
    rng = np.random.default_rng(0)
    decision = rng.normal(size=(20_000, k)) / true**0.5
    y = (rng.random((20_000, 1)) > softmax(true * decision).cumsum(axis=1)).sum(axis=1)
    assert_allclose(fit_scale(decision, y), true, rtol=0.05)


def test_scale_follows_the_units_of_the_decision():
    """Decision values a thousand times as large take a factor a thousand times as small."""
    rng = np.random.default_rng(0)
    decision, y = rng.normal(size=(200, 3)), rng.integers(0, 3, 200)
    y[:120] = decision[:120].argmax(axis=1)
    assert_allclose(fit_scale(1000 * decision, y) * 1000, fit_scale(decision, y), rtol=1e-3)


def test_scale_stays_finite_where_all_rows_are_right():
    """Platt's targets: four right rows, two a class, are 3 / 4 sure and not certain."""
    decision = np.array([[1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, 1.0]])
    p = softmax(fit_scale(decision, np.array([0, 0, 1, 1])) * decision)
    assert_allclose(p.max(axis=1), 0.75, atol=1e-3)


def test_scale_of_decisions_that_say_nothing_is_one():
    """Equal values for all classes leave no factor to fit."""
    assert fit_scale(np.ones((4, 2)), np.array([0, 1, 0, 1])) == 1.0


def two_views(n: int = 4000, k: int = 3) -> tuple[list[np.ndarray], np.ndarray]:
    """Decision values of two models that each see half of what decides, and the classes."""
    rng = np.random.default_rng(0)
    views = [rng.normal(size=(n, k)) * 2, rng.normal(size=(n, k))]
    p = softmax(0.5 * views[0] + 2.0 * views[1])
    y = np.array([rng.choice(k, p=row) for row in p])
    return views, y


def test_weights_are_recovered():
    """The factors that drew the classes, whatever the units of the decision values."""
    views, y = two_views()
    assert_allclose(fit_weights(views, y), [0.5, 2.0], rtol=0.1)
    assert_allclose(fit_weights([views[0] * 1e3, views[1]], y) * [1e3, 1], fit_weights(views, y), rtol=1e-3)


def test_one_weight_is_the_scale():
    """Of one model: the inverse temperature."""
    views, y = two_views()
    assert_allclose(fit_weights(views[:1], y), [fit_scale(views[0], y)], rtol=1e-3)


def test_a_model_that_knows_nothing_gets_no_weight():
    """Nor does one that is wrong more often than chance: factors are not negative."""
    views, y = two_views()
    right = 0.5 * views[0] + 2.0 * views[1]
    wrong = fit_weights([right, -right], y)
    assert_allclose(wrong, [fit_scale(right, y), 0.0], atol=0.02)
    nothing = fit_weights([right, np.random.default_rng(1).normal(size=right.shape)], y)
    assert abs(nothing[1]) < 0.1
    assert_allclose(fit_weights([right, np.zeros_like(right)], y)[0], fit_scale(right, y), rtol=1e-3)


def test_bins_hold_their_lower_edge():
    """0.5 of two bins lies in the upper one, and 1.0 in the last."""
    bins = confidence_bins(np.array([0.2, 0.5, 1.0]), np.array([True, False, True]), 2)
    assert_array_equal(bins.n, [1, 2])
    assert_allclose(bins.confidence, [0.2, 1.5])
    assert_allclose(bins.correct, [1, 1])


def test_calibration_error_by_hand():
    """Three texts at 0.9 with two right, one at 0.6 that is wrong: (|2.7 - 2| + |0.6 - 0|) / 4 = 0.325."""
    confidence = np.array([0.9, 0.9, 0.9, 0.6])
    assert_allclose(expected_calibration_error(confidence, np.array([1, 1, 0, 0], dtype=bool)), 0.325)


def test_calibration_error_goes_to_zero_for_a_calibrated_model():
    """Answers that are right with the probability that they claim."""
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1.0, 200_000)
    assert expected_calibration_error(confidence, rng.random(200_000) < confidence) < 0.01


def test_pool_weights_stay_at_the_belief_without_evidence_and_leave_it_with_much() -> None:
    """Uninformative values ask for less than the belief; a thousand rows find the factor that fits best."""
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=1000)
    good = 2.0 * np.eye(3)[y] + rng.normal(size=(1000, 3))
    noise = rng.normal(size=(1000, 3))
    belief = np.array([1.0, 1.0])
    few = pool_weights([good[:3], noise[:3]], y[:3], belief, 100.0)
    np.testing.assert_allclose(few, belief, atol=0.05)
    many = pool_weights([good, noise], y, belief, 2.0)
    np.testing.assert_allclose(many[0], fit_scale_exact(good, y), rtol=0.05)
    assert many[1] < 0.1


def fit_scale_exact(decision: np.ndarray, y: np.ndarray) -> float:
    grid = np.linspace(0.5, 4.0, 701)
    return float(grid[np.argmin([log_losses(a * decision, y).mean() for a in grid])])


def test_pool_weights_are_never_negative() -> None:
    """An expert that is wrong is not listened to; it is not believed in reverse."""
    y = np.arange(40) % 2
    wrong = -3.0 * np.eye(2)[y]
    assert pool_weights([wrong], y, np.array([1.0]), 0.5).tolist() == [0.0]


def test_a_believed_size_stays_at_the_belief_without_evidence_and_leaves_it_with_much() -> None:
    """Answers drawn by softmax(2 * values): many of them ask for 2, none for what is believed, which strength holds."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20_000, 3))
    chances = softmax(2.0 * values)
    y = (rng.random((len(values), 1)) > chances.cumsum(axis=1)).sum(axis=1)
    assert believed_size(values[:0], y[:0], 0.7, 10.0) == pytest.approx(0.7, rel=1e-3)
    assert believed_size(values[:20], y[:20], 0.7, 1e6) == pytest.approx(0.7, rel=1e-2)
    assert believed_size(values, y, 0.7, 10.0) == pytest.approx(2.0, rel=0.03)


def test_a_believed_size_is_where_evidence_and_belief_pull_alike() -> None:
    """The derivative of its own criterion, by differences, is zero there."""
    rng = np.random.default_rng(1)
    values, y = rng.normal(size=(30, 2)), rng.integers(2, size=30)

    def criterion(a: float) -> float:
        return float(log_losses(a * values, y).sum() + 3.0 * np.log(a / 0.7) ** 2)

    a = believed_size(values, y, 0.7, 3.0)
    assert criterion(1.001 * a) - criterion(0.999 * a) == pytest.approx(0.0, abs=1e-4)


def test_the_scale_of_the_very_model_is_near_the_one_that_answers_ask_for() -> None:
    """Forty rows of six classes, answers as sure as they are right: targets smoothed by all rows ask for about 1, by
    the seven rows of a class for much less; rows that are all right do not ask for the most that there is.
    """
    rng = np.random.default_rng(0)
    found = []
    for _ in range(30):
        values = 2.0 * rng.normal(size=(40, 6))
        y = (rng.random((40, 1)) > softmax(values).cumsum(axis=1)).sum(axis=1)
        found.append([fit_scale(values, y, per_class=each) for each in (False, True)])
    of_all, of_class = np.median(found, axis=0)
    assert of_class < of_all - 0.1
    assert abs(of_all - 1.0) < 0.15
    right = 2.0 * np.eye(6)[np.arange(40) % 6]
    spread = float(np.sqrt(np.mean((right - right.mean(axis=1, keepdims=True)) ** 2)))
    assert fit_scale(right, np.arange(40) % 6, per_class=False) < 0.1 * np.exp(5.0) / spread

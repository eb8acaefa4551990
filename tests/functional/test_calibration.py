"""The calibration error: zero where it is, the gap where there is one, and no fear of few rows."""

import numpy as np
import pytest

from headstart.functional.calibration import calibration_error


def test_a_constant_gap_is_measured() -> None:
    """All texts 0.9 sure, seven of ten right: 0.2, in as many bins as one likes."""
    confidence, correct = np.full(1000, 0.9), np.arange(1000) % 10 < 7
    assert calibration_error(confidence, correct, 1) == pytest.approx(0.2)
    assert calibration_error(confidence, correct, 10) == pytest.approx(0.2)


@pytest.mark.parametrize("n", [100, 300, 1000])
def test_the_debiased_error_of_a_calibrated_model_is_smaller(n: int) -> None:
    """Over 100 samples of a calibrated model the plain value is far above 0; a good part of that goes."""
    rng = np.random.default_rng(n)
    samples = [(c, rng.random(n) < c) for c in rng.uniform(0.5, 1, (100, n))]
    plain = np.mean([calibration_error(*sample) for sample in samples])
    debiased = np.mean([calibration_error(*sample, debiased=True) for sample in samples])
    assert debiased < 0.7 * plain
    assert plain > 0.5 / np.sqrt(n)


def test_the_debiased_error_of_a_gap_is_nearer_to_the_gap() -> None:
    """0.1 too sure everywhere, 150 rows: the mean over 100 samples is nearer to 0.1 than the plain one."""
    rng = np.random.default_rng(1)
    samples = [(c, rng.random(150) < c - 0.1) for c in rng.uniform(0.5, 1, (100, 150))]
    plain = np.mean([calibration_error(*sample) for sample in samples])
    debiased = np.mean([calibration_error(*sample, debiased=True) for sample in samples])
    assert abs(debiased - 0.1) < abs(plain - 0.1)


def test_bins_hold_equal_numbers() -> None:
    """Two bins of two texts each, by hand; with fewer texts than bins each text is a bin."""
    confidence, correct = np.array([0.6, 0.9, 0.5, 1.0]), np.array([True, False, False, True])
    assert calibration_error(confidence, correct, 2) == pytest.approx((abs(0.5 - 0.55) + abs(0.5 - 0.95)) / 2)
    assert calibration_error(confidence, correct, 15) == pytest.approx((0.4 + 0.9 + 0.5 + 0.0) / 4)
    assert calibration_error(confidence, correct, 15, debiased=True) == pytest.approx((0.4 + 0.9 + 0.5 + 0.0) / 4)


def test_texts_of_equal_confidence_share_what_is_right() -> None:
    """70 of 100 texts at 0.7 are right: no gap, in whatever order they come. And none is no figure."""
    sure, right = np.full(100, 0.7), np.arange(100) < 70
    assert calibration_error(sure, right) == pytest.approx(0.0, abs=1e-12)
    assert calibration_error(sure, np.random.default_rng(0).permutation(right)) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ValueError, match="one text"):
        calibration_error(np.empty(0), np.empty(0, bool))

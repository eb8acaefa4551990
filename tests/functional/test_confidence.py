"""The numbers behind every interval of 95 %."""

from statistics import NormalDist

import pytest

from headstart.functional.confidence import REACH, TAIL


def test_a_normal_estimate_is_that_near_in_95_of_100_cases() -> None:
    """By the distribution function of the standard library."""
    assert pytest.approx(0.95) == 1.0 - 2.0 * TAIL
    assert NormalDist().cdf(REACH) - NormalDist().cdf(-REACH) == pytest.approx(0.95)

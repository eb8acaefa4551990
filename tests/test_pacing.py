"""Whether there is time for one more piece of work."""

from collections.abc import Callable

import pytest

from headstart.held_out import always
from headstart.pacing import time_for_more


def clock_of(*times: float) -> Callable[[], float]:
    """A clock that shows one time after another."""
    return iter(times).__next__


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((0.0, 10.0, 20.0, 25.0, 30.0), [True, True, True, False]),  # the longest so far may be needed again
        ((0.0, 5.0, 25.0), [True, False]),
        ((30.0, 36.0), [False]),
        ((0.0, 17.5), [True]),  # it ends in time, if only just
    ],
)
def test_one_more_has_to_end_in_time(times: tuple[float, ...], expected: list[bool]) -> None:
    """Until 35: what took longest so far is what another one is reckoned with."""
    goes_on = time_for_more(35.0, clock_of(*times))
    assert [goes_on(0) for _ in expected] == expected


def test_without_a_budget_there_is_no_end() -> None:
    """And no clock is looked at."""
    assert time_for_more(None, clock_of()) is always

"""Learning-rate schedules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.functional.schedules import SCHEDULES, constant, make_schedule, squeezed, warmup_decay


def test_constant() -> None:
    """The rate never changes."""
    assert {constant(step) for step in (0, 1, 10**9)} == {1.0}


@given(n=st.integers(2, 300), share=st.floats(0, 0.99), end=st.floats(0, 0.9))
def test_up_in_a_line_then_down(n: int, share: float, end: float) -> None:
    """It rises by equal steps to 1, falls by equal steps to `end`, stays there, and each step learns."""
    n_warmup = int(share * n)
    rate = warmup_decay(n, n_warmup, end)
    values = [rate(step) for step in range(n + 1)]
    assert values[n_warmup] == pytest.approx(1)
    assert values[n] == pytest.approx(end)
    assert rate(n + 7) == values[n]
    ups = [b - a for a, b in zip([0.0, *values[:n_warmup]], values[: n_warmup + 1], strict=True)]
    downs = [b - a for a, b in zip(values[n_warmup:-1], values[n_warmup + 1 :], strict=True)]
    assert ups == pytest.approx([1 / (n_warmup + 1)] * len(ups))
    assert downs == pytest.approx([(end - 1) / (n - n_warmup)] * len(downs))
    assert min(values[:n]) > 0


@pytest.mark.parametrize(("n", "n_warmup"), [(0, 0), (5, 5), (5, -1)])
def test_no_room_to_warm_up(n: int, n_warmup: int) -> None:
    """A schedule that never comes down is refused, with the numbers."""
    with pytest.raises(ValueError, match=f"{n} steps cannot warm up for {n_warmup}"):
        warmup_decay(n, n_warmup)


@given(
    name=st.sampled_from(SCHEDULES),
    n=st.integers(5, 200),
    at=st.floats(0, 0.99),
    n_left=st.integers(1, 300),
)
def test_squeezed(name: str, n: int, at: float, n_left: int) -> None:
    """The same up to the step, and from there on all that was still to come, at another pace."""
    whole, step = make_schedule(name, n, n // 10), int(at * n)
    short = squeezed(whole, n, step, n_left)
    assert [short(i) for i in range(step)] == [whole(i) for i in range(step)]
    assert short(step) == whole(step)
    assert short(step + n_left) == pytest.approx(whole(n))
    if n_left == n - step:
        assert [short(i) for i in range(n)] == pytest.approx([whole(i) for i in range(n)])


@pytest.mark.parametrize(("at", "n_left"), [(5, 3), (-1, 3), (2, 0)])
def test_nothing_to_squeeze(at: int, n_left: int) -> None:
    """A schedule that is over, or no steps to put it in, is refused with the numbers."""
    with pytest.raises(ValueError, match=f"no rest after step {at} to squeeze into {n_left} steps"):
        squeezed(constant, 5, at, n_left)


def test_shapes_by_hand() -> None:
    """Each shape at its beginning, half of its way and its end."""
    points = {
        "constant": (1.0, 1.0, 1.0),
        "linear": (1.0, 0.5, 0.0),
        "cosine": (1.0, 0.5, 0.0),
        "step": (1.0, 0.1, 0.01),
    }
    for name, expected in points.items():
        rate = make_schedule(name, 100)
        assert (rate(0), rate(50), rate(100)) == pytest.approx(expected)
    rate = make_schedule("one_cycle", 100)
    assert (rate(0), rate(15), rate(30), rate(65)) == pytest.approx((0.04, 0.52, 1.0, 0.5), abs=1e-5)
    assert rate(100) == pytest.approx(0.04e-4)


def test_unknown_schedule() -> None:
    """The message names those that are known."""
    with pytest.raises(ValueError, match=r"no schedule 'slow'. Known: constant, linear"):
        make_schedule("slow", 10)

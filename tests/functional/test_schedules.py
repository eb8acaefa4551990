"""Learning-rate schedules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.functional.schedules import constant, warmup_decay


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

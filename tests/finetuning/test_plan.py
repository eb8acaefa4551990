"""Steps and rates where time is short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.finetuning.plan import Forecast, Pace, Plan, states_pay
from headstart.functional.schedules import make_schedule


def plan(n: int = 100, name: str = "linear") -> Plan:
    return Plan(n, make_schedule(name, n, n // 10))


def test_time_enough_changes_nothing() -> None:
    """A plan that fits stays, step for step."""
    kept, pace = plan(), Pace(on_steps=10.0, n_steps=10)
    kept.fit(10, 1000.0, pace, 50, 1)
    kept.fit(10, 1.0, Pace(), 50, 1)  # nothing was measured yet
    assert (kept.n_steps, kept.changes) == (100, [])


def test_by_hand() -> None:
    """After 10 steps of 1 s there are 50 s, a check of 2 s each 10 steps and 1 at the end: (48.5 - 2) / 1.2 steps."""
    short = plan()
    short.fit(10, 50.0, Pace(on_steps=10.0, n_steps=10, on_checks=4.0, n_checks=2), 10, 1)
    assert short.changes == [(10, 38)]
    assert short.n_steps == 48
    assert short.schedule(10) == 1.0
    assert short.schedule(9) == plan().schedule(9)
    assert short.schedule(29) == pytest.approx(0.5)
    assert short.schedule(48) == pytest.approx(0.0)


@pytest.mark.parametrize(("before", "after"), [(1.0, 1.3), (1.3, 1.0), (1.0, 1.0)])
def test_the_time_holds_where_steps_become_slower(before: float, after: float) -> None:
    """From step 600 on, of about a thousand in 1,000 s: what is planned ends within 1 % of the time, and uses it."""
    course, at, now = plan(5000), 0, 0.0
    while at < course.n_steps:
        at += 1
        now += before if at <= 600 else after
        if course.is_due(at):
            course.fit(at, 1000.0 - now, Pace(on_steps=now, n_steps=at), 10_000, 0)
    assert 0.95 * 1000 <= now <= 1.01 * 1000


@given(
    n=st.integers(2, 400),
    looks=st.lists(st.tuples(st.floats(0.01, 10), st.floats(-5, 500)), min_size=1, max_size=6),
)
def test_any_course(n: int, looks: list[tuple[float, float]]) -> None:
    """Never more steps than asked for, always one more; the rates end at the bottom; repeating gives the same."""
    given, at = plan(n), 1
    for step_s, left in looks:
        given.fit(at, left, Pace(on_steps=step_s * at, n_steps=at), 5, 1)
        assert min(at, n) < given.n_steps <= n or given.n_steps == at
        at = min(2 * at, given.n_steps)
    again = plan(n)
    again.repeat(given.changes)
    assert again.n_steps == given.n_steps
    rates = [given.schedule(step) for step in range(given.n_steps + 1)]
    assert [again.schedule(step) for step in range(given.n_steps + 1)] == rates
    assert rates[-1] == pytest.approx(0.0, abs=1e-9)


def test_before_the_first_check_its_time_is_guessed() -> None:
    """Reading costs a third of learning, token for token."""
    assert Pace(tokens_ratio=6.0, on_steps=4.0, n_steps=2).check_s() == pytest.approx(4.0)
    assert Pace(tokens_ratio=6.0, on_steps=4.0, n_steps=2, on_checks=3.0, n_checks=3).check_s() == 1.0


@given(
    fill_s=st.floats(0.1, 1000),
    left_s=st.floats(0, 10_000),
    layers=st.integers(2, 24).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n))),
)
def test_states_are_kept_where_more_rows_are_learnt(fill_s: float, left_s: float, layers: tuple[int, int]) -> None:
    """Counted in epochs: with all layers at each step, and with the upper ones after the lower ones ran once."""
    depth, n_layers = layers
    upper_s = 3 * fill_s * (n_layers - depth) / depth  # learning costs three times as much as reading, layer by layer
    whole, kept = left_s / (fill_s + upper_s), (left_s - fill_s) / upper_s
    if abs(whole - kept) > 1e-6:
        assert states_pay(fill_s, left_s, depth, n_layers) == (kept > whole)


def test_a_forecast_by_hand() -> None:
    """200 tokens in batches of 2: the first takes 9 s, the others 1 s: 1 / 2 s a token, told once, after the fourth."""
    now = [0.0]
    forecast, told = Forecast(200, clock=lambda: now[0]), []
    for number in range(1, 101):
        now[0] += 9.0 if number == 1 else 1.0
        told.append(forecast.after(2 * number))
    assert told == [None, None, None, 100.0, *[None] * 96]


def test_a_forecast_waits_for_a_fiftieth() -> None:
    """Of 10,000 tokens 200 have to be done."""
    now = [0.0]
    forecast, told = Forecast(10_000, clock=lambda: now[0]), {}
    for done in range(10, 500, 10):
        now[0] += 1.0
        if (seconds := forecast.after(done)) is not None:
            told[done] = seconds
    assert told == {200: pytest.approx(1000.0)}

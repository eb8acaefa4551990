"""Promises about errors: what they promise is counted on rows that were drawn anew."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binom

from headstart.functional import conformal

RATES = st.sampled_from([0.01, 0.05, 0.1, 0.3])


SKILL = 3.0


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(confidence, correct) of n rows; the surer, the more often right, by a law that is known: `wrong_above`."""
    rng = np.random.default_rng(seed)
    confidence = rng.random(n)
    return confidence, rng.random(n) > (1 - confidence) ** SKILL / 2


def wrong_above(threshold: float) -> float:
    """The error of all texts surer than the threshold: the mean of (1 - c)^SKILL / 2 over c in [threshold, 1]."""
    return (1 - threshold) ** SKILL / (2 * (SKILL + 1))


@pytest.mark.parametrize(("rate", "n"), [(0.05, 300), (0.05, 100)])
def test_a_promise_is_broken_no_more_often_than_it_may_be(rate: float, n: int) -> None:
    """Of 200 samples at most a tenth (and the luck of 200 draws) lead to a threshold with a higher true error."""
    choices = [conformal.sure_threshold(*drawn(n, seed), rate, 0.1) for seed in range(200)]
    answering = [c for c in choices if c.threshold is not None]
    broken = sum(wrong_above(c.threshold or 0.0) > rate for c in answering)
    assert broken <= binom.ppf(0.999, 200, 0.1)
    assert len(answering) > 100  # it is no empty promise


def test_with_many_rows_the_promise_costs_little() -> None:
    """20,000 rows: the answered share comes within five points of the best possible one."""
    best = (0.05 * 2 * (SKILL + 1)) ** (1 / SKILL)  # the share of texts above the threshold whose true error is 0.05
    choice = conformal.sure_threshold(*drawn(20_000, 0), 0.05, 0.1)
    assert best - 0.05 < choice.n_answered / 20_000 < best


@given(st.integers(0, 1000), st.integers(1, 200), RATES)
@settings(max_examples=60, deadline=None)
def test_what_a_choice_says_is_what_its_threshold_does(seed: int, n: int, rate: float) -> None:
    """n_answered and n_wrong are counted again from the threshold; a promise passes the exact binomial test."""
    confidence, correct = drawn(n, seed)
    confidence = np.round(confidence, 1)  # many are equal
    sure = conformal.sure_threshold(confidence, correct, rate, 0.1)
    expected = conformal.expected_threshold(confidence, correct, rate)
    for choice in (sure, expected):
        answered = np.zeros(n, bool) if choice.threshold is None else confidence >= choice.threshold
        assert choice.n_answered == answered.sum()
        assert choice.n_wrong == (~correct & answered).sum()
        assert choice.threshold != 0.0 or choice.n_answered == n
    if sure.threshold is not None:
        upper = beta.ppf(0.9, sure.n_wrong + 1, sure.n_answered - sure.n_wrong)  # Clopper and Pearson, one-sided
        assert upper <= rate + 1e-9
        assert sure.n_answered >= conformal.fewest_rows(rate, 0.1)


@given(st.integers(0, 1000), st.integers(1, 60), RATES)
@settings(max_examples=60, deadline=None)
def test_the_expected_threshold_is_the_lowest_that_holds(seed: int, n: int, rate: float) -> None:
    """Among all cuts of the rows, by brute force."""
    confidence, correct = drawn(n, seed)
    choice = conformal.expected_threshold(confidence, correct, rate)
    kept = [np.flatnonzero(confidence >= c) for c in sorted(confidence)]
    holding = [rows for rows in kept if (~correct[rows]).sum() + 1 <= rate * (len(rows) + 1)]
    assert choice.n_answered == max(map(len, holding), default=0)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_the_fewest_rows_are_just_enough(rate: float) -> None:
    """That many rows without a mistake show it, one fewer does not, and the first mistake needs more rows."""
    n = conformal.fewest_rows(rate, 0.1)
    assert (1 - rate) ** n <= 0.1 < (1 - rate) ** (n - 1)
    confidence = np.linspace(1, 0.5, n)
    assert conformal.sure_threshold(confidence, np.ones(n, bool), rate, 0.1) == (0.0, n, 0)
    assert conformal.sure_threshold(confidence[:-1], np.ones(n - 1, bool), rate, 0.1).threshold is None
    assert conformal.sure_threshold(confidence, np.arange(n) > 0, rate, 0.1).threshold is None


def test_no_rows_promise_nothing() -> None:
    """Nothing is answered, and no label can be excluded."""
    none = np.empty(0)
    assert conformal.sure_threshold(none, none.astype(bool), 0.05, 0.1) == (None, 0, 0)
    assert conformal.expected_threshold(none, none.astype(bool), 0.05) == (None, 0, 0)
    assert conformal.least_probability(none, 0.05) == 0.0


@pytest.mark.parametrize(("n", "rate"), [(19, 0.05), (50, 0.1), (200, 0.05), (7, 0.3)])
def test_sets_leave_out_the_truth_as_often_as_asked(n: int, rate: float) -> None:
    """Whatever the scores are: of new rows floor(rate (n + 1)) / (n + 1) fall below, counted over 5,000 draws."""
    rng = np.random.default_rng(n)
    below = 0
    for scores in rng.random((5_000, n + 1)) ** 3:
        below += scores[-1] < conformal.least_probability(scores[:-1], rate)
    wanted = np.floor(rate * (n + 1) + 1e-9) / (n + 1)
    assert abs(below / 5_000 - wanted) < 4 * np.sqrt(wanted / 5_000)


def test_with_too_few_rows_every_label_stays() -> None:
    """18 rows cannot exclude anything at 5 %, 19 can."""
    assert conformal.least_probability(np.full(18, 0.4), 0.05) == 0.0
    assert conformal.least_probability(np.full(19, 0.4), 0.05) == 0.4


def test_a_set_is_never_empty_and_shrinks_with_its_bound() -> None:
    """The most likely label is in, also when it is less likely than the bound; a higher bound never adds a label."""
    p = np.random.default_rng(0).dirichlet(np.ones(5), 200)
    wide, narrow = conformal.label_sets(p, 0.1), conformal.label_sets(p, 0.9)
    assert narrow.any(axis=1).all()
    assert not (narrow & ~wide).any()
    assert narrow[np.arange(200), p.argmax(axis=1)].all()
    assert conformal.label_sets(p, 0.0).all()


@pytest.mark.parametrize(("wrong", "n"), [(0, 10), (3, 50), (10, 10)])
def test_the_exact_interval(wrong: int, n: int) -> None:
    """Its ends are where 2.5 % of the binomial lie beyond the count."""
    low, high = conformal.exact_interval(wrong, n)
    assert low == 0 if wrong == 0 else binom.sf(wrong - 1, n, low) == pytest.approx(0.025, abs=1e-6)
    assert high == 1 if wrong == n else binom.cdf(wrong, n, high) == pytest.approx(0.025, abs=1e-6)


def test_the_bound_itself_is_allowed() -> None:
    """99 rows, 28 of the surest wrong: (28 + 1) / (99 + 1) is 0.29, though 0.29 * 100 is a little less."""
    correct = np.arange(99) >= 28
    assert conformal.expected_threshold(np.linspace(1, 0.5, 99), correct, 0.29) == (0.0, 99, 28)


def test_limits_near_nothing_and_everything() -> None:
    assert conformal.fewest_rows(1e-17, 0.1) > 1e17
    assert conformal.least_probability(np.array([0.2, 0.4]), 1 - 1e-12) == 0.4

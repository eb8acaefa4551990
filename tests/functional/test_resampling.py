"""Folds, samples and bootstrap draws."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from headstart.functional import resampling


def generator(seed=0):
    return np.random.default_rng(seed)


@settings(max_examples=50, deadline=None)
@given(counts=st.lists(st.integers(2, 9), min_size=2, max_size=6), n_folds=st.integers(2, 5))
def test_folds_spread_every_class(counts, n_folds):
    """Of each class the folds hold equally many rows but for one, and no fold holds all of them."""
    y = np.repeat(np.arange(len(counts)), counts)
    folds = resampling.stratified_folds(y, n_folds, generator())
    for code, count in enumerate(counts):
        held = np.bincount(folds[y == code], minlength=n_folds)
        assert held.max() - held.min() <= 1
        assert held.max() < count


def test_folds_depend_on_the_generator_only():
    """Same seed, same folds; another seed, other folds."""
    y = np.repeat([0, 1], 20)
    one, same, other = (resampling.stratified_folds(y, 4, generator(s)) for s in (1, 1, 2))
    assert_array_equal(one, same)
    assert (one != other).any()


def test_sample_keeps_shares_and_two_rows_of_a_rare_class():
    """100 of 1,000 rows: in proportion, but a class of three keeps two."""
    y = np.r_[np.zeros(797, int), np.ones(200, int), [2, 2, 2]]
    rows = resampling.stratified_sample(y, 100, generator())
    assert_array_equal(np.bincount(y[rows]), [80, 20, 2])
    assert len(set(rows.tolist())) == len(rows)
    assert_array_equal(resampling.stratified_sample(y, 1000, generator()), np.arange(1000))


def test_resampled_cells_have_the_moments_of_a_multinomial():
    """Mean n p and variance n p (1 - p) in every cell, rows always n."""
    counts = np.array([50, 30, 20])
    draws = resampling.resampled_cells(counts, 20_000, generator())
    p = counts / 100
    assert (draws.sum(axis=1) == 100).all()
    assert_allclose(draws.mean(axis=0), counts, rtol=0.02)
    assert_allclose(draws.var(axis=0), 100 * p * (1 - p), rtol=0.05)


def test_resampled_means_have_the_standard_error_of_the_mean(monkeypatch):
    """Their spread is s / sqrt(n), in one block or in many."""
    values = generator().normal(size=(400, 2)) * [1, 10]
    means = resampling.resampled_means(values, 4000, generator())
    assert_allclose(means.mean(axis=0), values.mean(axis=0), atol=0.05)
    assert_allclose(means.std(axis=0), values.std(axis=0) / 20, rtol=0.05)
    monkeypatch.setattr(resampling, "_BLOCK", 1)
    assert resampling.resampled_means(values, 3, generator()).shape == (3, 2)


def test_columns_are_resampled_together():
    """A column and its double stay in step: one draw of rows serves all columns."""
    values = generator().normal(size=(50, 1)) @ np.array([[1.0, 2.0]])
    means = resampling.resampled_means(values, 20, generator())
    assert_allclose(means[:, 1], 2 * means[:, 0])


def test_percentile_interval_of_known_replicates():
    """0, 1, ..., 1000 has the 95 % interval 25 to 975."""
    assert_allclose(resampling.percentile_interval(np.arange(1001.0)), (25.0, 975.0))

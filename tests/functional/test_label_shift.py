"""Shares of classes among new rows: found where they are others, left alone where they are not."""

import numpy as np
import pytest

from headstart.functional.label_shift import label_shift


def drawn(shares: list[float], n: int, seed: int, sharpness: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, k) that an unsure model gives, and the classes."""
    rng, k = np.random.default_rng(seed), len(shares)
    y = rng.choice(k, n, p=shares)
    decision = rng.normal(size=(n, k)) + sharpness * np.eye(k)[y]
    probabilities = np.exp(decision) / np.exp(decision).sum(axis=1, keepdims=True)
    return probabilities, y


def test_the_shares_are_found_though_answers_are_often_wrong() -> None:
    """Of many rows; the mean answer itself is far from them."""
    answers, y = drawn([1 / 3] * 3, 6000, 0)
    new, new_y = drawn([0.7, 0.2, 0.1], 6000, 1)
    true = np.bincount(new_y) / len(new_y)
    found = label_shift(answers, y, new, 0.0)
    np.testing.assert_allclose(found.shares, true, atol=0.03)
    assert np.abs(new.mean(axis=0) - true).max() > 0.1
    assert found.p_value < 1e-6
    np.testing.assert_allclose(found.before, np.bincount(y) / len(y))
    assert found.shares.sum() == pytest.approx(1.0)


def test_answers_that_are_never_wrong_are_counted() -> None:
    """The share of each answer, but for the one more answer a class that knows nothing."""
    y = np.repeat([0, 1], 2000)
    new = np.eye(2)[np.repeat([0, 1], [300, 100])]
    found = label_shift(np.eye(2)[y], y, new, 0.0)
    np.testing.assert_allclose(found.shares, [0.75, 0.25], atol=0.002)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.6, 0.3, 0.1]])
@pytest.mark.parametrize("picked", [True, False])
def test_chance_is_no_shift(shares: list[float], picked: bool) -> None:
    """The p value is under 0.05 in about one draw of twenty, with a few rows: picked by class, or drawn."""
    p, k = [], len(shares)
    for seed in range(200):
        answers, y = drawn(shares, 80, 2 * seed)
        if picked:
            pool, labels = drawn([1 / k] * k, 400, 2 * seed)
            rows = np.concatenate([np.flatnonzero(labels == label)[:27] for label in range(k)])
            answers, y = pool[rows], labels[rows]
        new = drawn([1 / k] * k if picked else shares, 400, 2 * seed + 1)[0]
        p.append(label_shift(answers, y, new, 0.1).p_value)
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.10
    assert 0.35 <= np.mean(np.array(p) < 0.5) <= 0.65


def test_rows_that_are_asked_twice_are_no_more_rows() -> None:
    answers, y = drawn([0.5, 0.5], 60, 0)
    new = drawn([0.8, 0.2], 300, 1)[0]
    once = label_shift(answers, y, new, 0.1)
    twice = label_shift(np.concatenate([answers, answers]), np.concatenate([y, y]), new, 0.1, n_rounds=2)
    np.testing.assert_allclose(once.shares, twice.shares, atol=1e-12)
    assert twice.p_value == pytest.approx(once.p_value, rel=0.25)


def test_the_pull_towards_the_labelled_rows() -> None:
    """Stronger, and the shares are nearer to theirs; answers that tell nothing leave them as they were."""
    answers, y = drawn([0.5, 0.5], 400, 0)
    new = drawn([0.9, 0.1], 400, 1)[0]
    found = [label_shift(answers, y, new, strength).shares[0] for strength in (0.0, 0.1, 1.0, 1e6)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(np.mean(y == 0), abs=1e-3)
    nothing = label_shift(np.full((400, 2), 0.5), y, np.full((90, 2), 0.5), 0.1)
    np.testing.assert_allclose(nothing.shares, nothing.before)
    assert nothing.p_value == pytest.approx(1.0)


def test_a_class_of_one_row() -> None:
    """Nothing is known of how its answers differ: no error, and no zero."""
    answers, y = drawn([0.5, 0.5], 30, 0)
    y = np.where(np.arange(30) == 0, 2, y)
    answers = np.hstack([answers * 0.9, np.full((30, 1), 0.1)])
    found = label_shift(answers, y, answers, 0.1)
    assert np.isfinite(found.shares).all()
    assert (found.shares > 0).all()
    assert 0.0 <= found.p_value <= 1.0

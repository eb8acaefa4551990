"""Experts against other computations of the same."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.kernel_ridge import KernelRidge

from headstart.few_labels.experts import (
    DISCRIMINANT,
    LEAST_SQUARES,
    Parts,
    Ridge,
    Way,
    centred,
    from_names,
    way_of_dense,
)
from headstart.functional.discriminant import dual_discriminant


def rows(n: int = 40, d: int = 6, k: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    return rng.normal(size=(n, d)) + 1.5 * np.eye(k, d)[y], y


def parts_of(y: np.ndarray, k: int = 3) -> Parts:
    return Parts.of(y, k, [f"text {i}" for i in range(len(y))], 0)


def test_texts_that_differ_in_case_alone_are_equal() -> None:
    """Six spellings of one text are no parts; with four others there are as many parts as texts at most."""
    spellings = ["good film", "Good film", "GOOD film", "good  film", "good Film", " gOOd film"]
    y = np.arange(6) % 2
    assert Parts.of(y, 2, spellings, 0).pairs == ()
    several = [*spellings, "a", "b", "c", "A"]
    parts = Parts.of(np.arange(10) % 2, 2, several, 0)
    for learn, check in parts.pairs:
        assert not {several[i].lower() for i in learn} & {several[i].lower() for i in check}
    assert len(parts.pairs) == 2 * 4


@pytest.mark.parametrize("way", [LEAST_SQUARES, DISCRIMINANT])
def test_rows_that_are_all_alike_are_no_error(way: Way) -> None:
    """They differ by less than float32 can tell: nothing is learnt, and everything is a number."""
    rng = np.random.default_rng(0)
    row = rng.normal(size=384)
    alike = (row / np.linalg.norm(row) + 5e-9 * rng.normal(size=(12, 384))).astype(np.float32)
    made = Ridge(alike, 12, way=way).expert("alike", Parts(np.arange(12) % 3, 3, (), 0))
    assert np.isfinite(made.final).all()


def test_each_row_is_checked_once_a_round() -> None:
    """By a model that did not learn from it; few rows are dealt twice."""
    _, y = rows()
    parts = parts_of(y)
    assert parts.n_rounds == 2
    assert np.bincount(parts.rows).tolist() == [2] * len(y)
    assert all(not set(learn) & set(check) for learn, check in parts.pairs)
    assert parts_of(np.arange(90) % 3).n_rounds == 1


def test_equal_texts_stay_together_and_few_are_not_cut() -> None:
    """A text is never checked by a model that has learnt its equal."""
    y = np.arange(12) % 2
    texts = [f"text {i // 4}" for i in range(12)] + []
    parts = Parts.of(y, 2, texts, 0)
    assert parts.pairs == ()
    texts = [f"text {i // 2}" for i in range(12)]
    for learn, check in Parts.of(y, 2, texts, 0).pairs:
        assert not {texts[i] for i in learn} & {texts[i] for i in check}


@pytest.mark.parametrize("knows_rest", [True, False])
def test_held_out_words_are_new_ones(knows_rest: bool) -> None:
    """A row that was held out counts by the words that its part knows, as a new text will: words that no other row has
    change nothing in it. Those of an unlabelled row are known, where they were learnt.
    """
    y = np.arange(20) % 2
    parts = parts_of(y, 2)
    check = parts.pairs[0][1]
    plain = np.zeros((21, 40))
    plain[np.arange(20), y] = 1.0  # a word that tells the class
    plain[np.arange(20), 2 + np.arange(20) // 2] = 1.0  # and one that two rows share
    more = plain.copy()
    more[check, 12 + check] = 2.0
    plain[20, 32:], more[20, 12:32] = 1.0, 1.0  # the unlabelled row
    found = []
    for rows in (plain, more):
        unit = csr_matrix(rows / np.linalg.norm(rows, axis=1, keepdims=True))
        values = Ridge(unit, 20, knows_rest).expert("words", parts).partial[0][:20]
        found.append(centred(values)[:, 0])
    ratio = found[1] / found[0]  # experts are of one size over all parts: each value has the same factor
    learnt = np.setdiff1d(np.arange(20), check)
    assert ratio[learnt] == pytest.approx(ratio[learnt[0]])
    if knows_rest:
        assert (ratio[check] < 0.6 * ratio[learnt[0]]).all()
    else:
        assert ratio[check] == pytest.approx(ratio[learnt[0]])


def test_weights_of_a_part_serve_the_whole() -> None:
    """Columns before and after the part count nothing."""
    x, y = rows()
    linear = Ridge(x[:, 2:5], len(y)).expert("part", parts_of(y)).linear
    np.testing.assert_allclose(linear.among(2, 1)(x), linear(x[:, 2:5]))


@pytest.mark.parametrize("sparse", [False, True])
def test_ridge_is_scikit_learns_kernel_ridge_on_centred_rows(sparse: bool) -> None:
    """Up to the size that held-out values are brought to; the linear form says the same of the same rows."""
    x, y = rows()
    if sparse:
        x = np.where(np.abs(x) > 0.5, x, 0.0)
    features = csr_matrix(x) if sparse else x
    parts = parts_of(y)
    expert = Ridge(features, len(y)).expert("words", parts)
    middle = x.mean(axis=0)
    square = np.mean((x**2).sum(axis=1)) - (0.0 if sparse else middle @ middle)
    targets = np.eye(3)[y]
    plain = KernelRidge(alpha=1.0).fit((x - middle) / square**0.5, targets - targets.mean(axis=0))
    expected = plain.predict((x - middle) / square**0.5) + targets.mean(axis=0)
    ratio = expert.final / expected
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)
    np.testing.assert_allclose(expert.linear(features), expert.final, atol=1e-9)
    np.testing.assert_allclose(np.mean(centred(expert.held_out(parts)) ** 2), 1.0)


def test_a_discriminant_says_the_same_of_rows_and_of_features() -> None:
    """Learnt in the span of the rows, whose mean square is 1, and up to the size of held-out values."""
    x, y = rows()
    expert = Ridge(x, len(y), way=DISCRIMINANT).expert("layers", parts_of(y))
    np.testing.assert_allclose(expert.linear(x), expert.final, atol=1e-9)
    square = np.mean(((x - x.mean(axis=0)) ** 2).sum(axis=1))
    weights, offset = dual_discriminant(x @ x.T / square, y, 3, 1.0)
    ratio = centred(expert.final) / centred(x @ x.T / square @ weights + offset)
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)


def test_what_hides_no_class_is_for_several_of_few_rows() -> None:
    """Two classes are the same either way."""
    assert way_of_dense(16, 2) is LEAST_SQUARES
    assert way_of_dense(24, 3) is DISCRIMINANT
    assert way_of_dense(1_200, 150) is DISCRIMINANT
    assert way_of_dense(2_000, 3) is LEAST_SQUARES


def test_a_part_does_not_see_what_it_is_checked_on() -> None:
    """Other labels of the checked rows change nothing of what is said of them."""
    x, y = rows()
    parts = parts_of(y)
    _, check = parts.pairs[0]
    other = y.copy()
    other[check] = (y[check] + 1) % 3
    first, second = (Ridge(x, len(y)).expert("features", Parts(v, 3, parts.pairs, 2)) for v in (y, other))
    ratio = first.partial[0][check] / second.partial[0][check]
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)


def test_names_look_in_their_direction_from_the_middle_of_the_classes() -> None:
    """The middle gives each class the same weight, however many rows it has; unlabelled rows have no say."""
    x, _ = rows(60)
    y = np.array([0] * 30 + [1] * 6 + [2] * 4)
    parts = parts_of(y)
    towards = np.eye(3, 6)
    expert = from_names(x, towards, parts, "names")
    middle = np.mean([x[:40][y == c].mean(axis=0) for c in range(3)], axis=0)
    expected = (x - middle) @ towards.T
    ratio = expert.final / expected
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)
    np.testing.assert_allclose(expert.linear(x), expert.final, atol=1e-9)


def test_an_expert_of_some_rows_among_all() -> None:
    """What it says of its own rows stays, after all of them and after each part; of the others it says nothing."""
    features, y = rows()
    some = np.array([1, 4, 7, 8, 15, 20, 21, 30, 36, 38, 39])
    parts = parts_of(y[some])
    expert = Ridge(features[some], len(some)).expert("features", parts)
    among = expert.among(some, 40)
    others = np.setdiff1d(np.arange(40), some)
    for own, values in zip((expert.final, *expert.partial), (among.final, *among.partial), strict=True):
        np.testing.assert_array_equal(values[some], own)
        assert not values[others].any()
    assert (among.name, among.linear) == (expert.name, expert.linear)


@pytest.mark.parametrize("way", [LEAST_SQUARES, DISCRIMINANT])
def test_rows_that_lie_close_together_are_learnt_from_all_the_same(way: Way) -> None:
    """Features of size 1 and spread 4e-3 say what the same ones say without what they share."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 3
    spread = rng.normal(size=(200, 32)) + 2.0 * np.eye(3, 32)[y]
    parts = Parts.of(y, 3, [f"text {i}" for i in range(200)], 0)
    near, far = (
        Ridge(rows.astype(np.float32), 200, way=way).expert("features", parts)
        for rows in (1.0 + 4e-3 * spread, spread - spread.mean(axis=0))
    )
    assert (near.final.argmax(axis=1) == far.final.argmax(axis=1)).mean() > 0.98

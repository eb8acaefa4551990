"""Laws of drawing rows: sizes, proportions, same seed same rows, nothing lost."""

from collections import Counter
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.data import folds, limit_rows, sample_per_class
from headstart.data.splits import folds_at_most
from headstart.errors import ConfigError, DataError
from headstart.types import Dataset

LABELS = st.lists(st.sampled_from("abc"), min_size=4, max_size=60)


def dataset(labels: list[str]) -> Dataset:
    n = len(labels)
    return Dataset(tuple(map(str, range(n))), tuple(labels), None, tuple(range(n)), "a.csv")


@given(LABELS, st.integers(1, 10), st.integers(0, 5))
def test_shots_per_class(labels: list[str], shots: int, seed: int):
    """Each class gives `shots` rows, or all it has; file order is kept; the step says which fell short."""
    data = dataset(labels)
    drawn, step = sample_per_class(data, shots, seed)
    counts = Counter(labels)
    assert {name: min(shots, n) for name, n in counts.items()} == Counter(drawn.labels)
    assert list(drawn.lines or ()) == sorted(drawn.lines or ())
    assert (data.n, drawn.n) == (step.n_before, step.n_after)
    assert all((f"{name!r} has {n}" in step.action) == (n < shots) for name, n in counts.items())


@given(LABELS, st.integers(1, 60), st.integers(0, 5))
def test_limit_is_in_proportion(labels: list[str], limit: int, seed: int):
    """A class of m of n rows gives its share of the limit, within one row; rows stay with their labels."""
    data = dataset(labels)
    drawn, step = limit_rows(data, limit, seed)
    assert min(limit, len(labels)) == drawn.n == step.n_after
    kept = Counter(drawn.labels)
    for name, n in Counter(labels).items():
        assert abs(kept[name] - n * drawn.n / len(labels)) <= 1 + 1e-9
    assert all(label == labels[int(text)] for text, label in zip(drawn.texts, drawn.labels or (), strict=True))


@given(LABELS, st.integers(2, 4), st.integers(0, 5))
def test_folds_are_a_stratified_partition(labels: list[str], n_folds: int, seed: int):
    """Each row is checked on once; a class of m rows has floor or ceil of m/k in each fold."""
    pairs = folds(labels, n_folds, seed)
    assert list(range(len(labels))) == sorted(np.concatenate([check for _, check in pairs]).tolist())
    for learn, check in pairs:
        assert list(range(len(labels))) == sorted([*learn.tolist(), *check.tolist()])
        for name, n in Counter(labels).items():
            in_fold = sum(labels[i] == name for i in check)
            assert floor(n / n_folds) <= in_fold <= ceil(n / n_folds)


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xy")), min_size=12, max_size=40),
    st.integers(0, 5),
)
def test_equal_texts_stay_together(rows: list[tuple[str, str]], seed: int):
    """No text, whatever its case and spaces, is on both sides of a fold."""
    texts = [text.upper() + " " if i % 2 else text for i, (text, _) in enumerate(rows)]
    if len({text for text, _ in rows}) < 2:
        return
    for learn, check in folds([label for _, label in rows], 2, seed, texts):
        assert not {rows[i][0] for i in learn} & {rows[i][0] for i in check}
        assert len(learn) + len(check) == len(rows)


def test_same_seed_same_rows():
    """The same seed gives the same rows, another seed others; numpy's global generator is left alone."""
    data = dataset(["a", "b"] * 50)
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - that is the point
    assert sample_per_class(data, 5, 1) == sample_per_class(data, 5, 1)
    assert sample_per_class(data, 5, 1) != sample_per_class(data, 5, 2)
    assert limit_rows(data, 9, 1) == limit_rows(data, 9, 1) != limit_rows(data, 9, 2)
    first, second = folds(data.labels, 5, 1), folds(data.labels, 5, 1)
    assert all(np.array_equal(a, b) for x, y in zip(first, second, strict=True) for a, b in zip(x, y, strict=True))
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_unlabelled_rows_can_be_limited():
    """A limit needs no labels; shots do."""
    data = Dataset(("a", "b", "c"))
    assert limit_rows(data, 2, 0)[0].n == 2
    with pytest.raises(DataError, match="no labels"):
        sample_per_class(data, 1, 0)


@pytest.mark.parametrize("n_folds", [0, 1, 5])
def test_impossible_folds(n_folds: int):
    """Fewer than two folds, or more than texts, are refused."""
    with pytest.raises(ConfigError, match=f"Got {n_folds}"):
        folds(["a", "b", "a", "b"], n_folds, 0)


@pytest.mark.parametrize("draw", [sample_per_class, limit_rows])
def test_impossible_sizes(draw):
    """Fewer than one row is refused."""
    with pytest.raises(ConfigError, match="Got 0"):
        draw(dataset(["a", "b"]), 0, 0)


def test_classes_with_fewer_rows_than_shots_are_counted():
    """The step says how many keep all their rows, and names ten at most."""
    _, step = sample_per_class(dataset([*"aaab", *"b"]), 3, 0)
    assert step.action == "3 rows of each class drawn with seed 0; 1 of 2 classes have fewer and keep all: 'b' has 2"
    assert step.is_told
    assert not sample_per_class(dataset([*"aab", *"b"]), 2, 0)[1].is_told
    _, step = sample_per_class(dataset([f"{i:02}" for i in range(12)]), 2, 0)
    assert "; 12 of 12 classes have fewer and keep all: '00' has 1, " in step.action
    assert step.action.endswith("'09' has 1, ...")


@given(st.lists(st.sampled_from(["a", "A ", "b", "c", "d"]), max_size=30), st.integers(2, 7), st.integers(0, 5))
def test_no_more_folds_than_different_texts(texts: list[str], most: int, seed: int):
    """Those of `folds`, as many as there can be; none where there can be no two."""
    y = [i % 3 for i in range(len(texts))]
    pairs = folds_at_most(y, most, seed, texts)
    n_different = len({text.strip().lower() for text in texts})
    assert len(pairs) == (min(most, n_different) if n_different > 1 else 0)
    expected = folds(y, len(pairs), seed, texts) if pairs else []
    for found, same in zip(pairs, expected, strict=True):
        assert [part.tolist() for part in found] == [part.tolist() for part in same]

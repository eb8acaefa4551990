"""Rows are checked by models that have not seen them, one fold or all."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from headstart import Dataset, TextClassifier
from headstart.held_out import by_others, in_columns, out_of_fold, part_of
from headstart.types import Floats, Ints, Task


class Spy:
    """Learns the shares of the codes, and notes which rows it learnt from and which texts it was asked."""

    def __init__(self, y: Ints) -> None:
        """Nothing was learnt."""
        self.y, self.learnt, self.asked = y, list[set[int]](), list[tuple[int, str]]()

    def __call__(self, rows: Ints) -> Callable[[Sequence[str]], Floats]:
        """Learn: the answer to any text is the share of each code among the rows."""
        number = len(self.learnt)
        self.learnt.append(set(rows.tolist()))
        shares = np.bincount(self.y[rows], minlength=int(self.y.max()) + 1) / len(rows)

        def predict(texts: Sequence[str]) -> Floats:
            self.asked += [(number, text) for text in texts]
            return np.tile(shares, (len(texts), 1))

        return predict


def texts_of(y: Ints) -> list[str]:
    return [f"text {i}" for i in range(len(y))]


@pytest.mark.parametrize(
    ("n", "is_slow", "n_checked", "way"),
    [
        (40, False, 40, "5-fold cross-validation"),
        (1_500, False, 1_500, "5-fold cross-validation"),
        (40, True, 40, "5-fold cross-validation"),
        (200, True, 200, "5-fold cross-validation"),
        (400, True, 240, "3/5 held out, before the final fit on all rows"),
        (1_000, True, 200, "1/5 held out, before the final fit on all rows"),
    ],
)
def test_no_model_sees_what_it_is_asked(n: int, is_slow: bool, n_checked: int, way: str) -> None:
    """All rows, or as many folds as have 200, are checked once; the row numbers are those of the texts."""
    y = np.arange(n) % 2
    spy, texts = Spy(y), texts_of(y)
    found = out_of_fold(spy, texts, y, 2, 0, is_slow=is_slow)
    assert found is not None
    assert [text for _, text in spy.asked] == [texts[i] for i in found.rows]
    assert len(set(found.rows.tolist())) == len(found.rows) == n_checked
    assert all(texts.index(text) not in spy.learnt[number] for number, text in spy.asked)
    assert len(spy.learnt) == 5 * n_checked // n
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
    assert found.way == way


def test_many_rows_are_checked_in_part() -> None:
    """Above 2,000 rows one fold is enough."""
    y = np.arange(2_005) % 3
    spy = Spy(y)
    found = out_of_fold(spy, texts_of(y), y, 3, 0)
    assert found is not None
    assert (len(spy.learnt), len(found.rows)) == (1, 401)


@pytest.mark.parametrize(("most", "n_checked"), [(0, 8), (8, 8), (9, 16), (24, 24), (100, 40)])
def test_folds_are_checked_while_there_is_time(most: int, n_checked: int) -> None:
    """It is asked after each fold with how many rows were checked so far; one fold is checked in any case."""
    y = np.arange(40) % 2
    spy, asked = Spy(y), list[int]()

    def goes_on(n: int) -> bool:
        asked.append(n)
        return n < most

    found = out_of_fold(spy, texts_of(y), y, 2, 0, goes_on=goes_on)
    assert found is not None
    assert (len(found.rows), len(found.probabilities), len(spy.learnt)) == (n_checked, n_checked, n_checked // 8)
    assert asked == list(range(8, min(n_checked, 32) + 1, 8))
    part = f"{n_checked // 8}/5 held out (there was no time for more), before the final fit on all rows"
    assert found.way == (part if n_checked < 40 else "5-fold cross-validation")


def test_equal_texts_are_checked_together() -> None:
    """A text that stands twice is never learnt while it is checked."""
    y = np.arange(40) % 2
    texts = [f"text {i // 2}" for i in range(40)]
    spy = Spy(y)
    out_of_fold(spy, texts, y, 2, 0)
    assert all(texts[i] != text for number, text in spy.asked for i in spy.learnt[number])


def test_rare_classes_are_learnt_and_not_checked() -> None:
    """Two rows are too few to check; the class keeps its column, and the words say it."""
    y = np.array([0] * 10 + [1] * 10 + [2] * 2)
    found = out_of_fold(Spy(y), texts_of(y), y, 3, 0)
    assert found is not None
    assert set(y[found.rows]) == {0, 1}
    assert (found.probabilities[:, 2] > 0).all()
    assert found.way.endswith("1 class with fewer than 3 rows is not checked")


def test_a_class_that_a_fold_cannot_learn_has_probability_0() -> None:
    """All rows of class 1 are one text: who is asked about it knows the others only."""
    y = np.array([0] * 10 + [1] * 5 + [2] * 10)
    texts = [text if code != 1 else "same" for text, code in zip(texts_of(y), y, strict=True)]
    found = out_of_fold(Spy(y), texts, y, 3, 0)
    assert found is not None
    assert (found.probabilities[y[found.rows] == 1, 1] == 0).all()


@pytest.mark.parametrize(
    ("y", "texts"),
    [([0, 0, 1, 1], None), ([0] * 9 + [1] * 2, None), ([0] * 5 + [1] * 5, ["one"] * 10)],
    ids=["two rows a class", "one class", "one text"],
)
def test_none_where_nothing_can_be_checked(y: list[int], texts: list[str] | None) -> None:
    """And nothing is fitted for it."""
    codes = np.array(y)
    spy = Spy(codes)
    assert out_of_fold(spy, texts or texts_of(codes), codes, 2, 0) is None
    assert spy.learnt == []


def test_rows_of_a_class_that_the_others_do_not_have() -> None:
    """Columns are those of all codes; a code without two rows among the others is neither learnt nor expected."""
    y = np.array([0, 0, 0, 1, 1, 2, 2])
    spy = Spy(y)
    found = by_others(spy, texts_of(y), y, np.array([0, 1, 2, 3, 4, 5]), np.array([6, 0]), 3)
    np.testing.assert_allclose(found, [[0.6, 0.4, 0.0]] * 2)
    assert spy.learnt == [{0, 1, 2, 3, 4}]
    assert spy.asked == [(0, "text 6"), (0, "text 0")]


def test_answers_in_the_columns_of_all_classes() -> None:
    """Each class in its place, numbers and text alike; classes that are not known have nothing."""
    predict = in_columns(lambda texts: np.tile([0.25, 0.75], (len(texts), 1)), (10, 2), ("0", "10", "2"))
    assert predict(["a", "b"]).tolist() == [[0.0, 0.25, 0.75]] * 2


def test_a_part_of_a_task() -> None:
    """Its rows in the order asked for, with codes of the classes that they have; what stands beside them does not have
    the texts of the other rows; all else is the whole's but the place of its state.
    """
    source = Dataset(("B", "s", "d"), ("x", "y", "x"), lines=(1, 2, 3))
    whole = Task(
        ("a", "b", "c", "d"), np.array([0, 2, 1, 2]), ("x", "y", "z"), source, Dataset(("u", " C ", "a")),
        {"x": "ex", "y": "why"}, random_state=3, checkpoint=Path("here"),
    )  # fmt: skip
    part = part_of(whole, np.array([3, 0]))
    assert (part.texts, part.y.tolist(), part.classes) == (("d", "a"), [1, 0], ("x", "z"))
    assert (part.random_state, part.checkpoint, part.label_names) == (3, None, {"x": "ex"})
    assert part.source == Dataset(("s", "d"), ("y", "x"), lines=(2, 3))
    assert part.unlabelled == Dataset(("u", "a"))
    everything = part_of(whole, np.arange(4))
    assert (everything.source, everything.unlabelled) == (whole.source, whole.unlabelled)


@pytest.mark.parametrize("strategy", ["few_labels", "pooled"])
def test_source_rows_that_are_the_targets_teach_nothing(
    noisy_rows: Callable[[int], tuple[list[str], list[str]]], strategy: str
) -> None:
    """Whoever is checked is as sure as if the source did not hold the target's rows, to the last bit."""
    texts, labels = noisy_rows(360)
    found = []
    for rows in (texts[120:], [*texts[120:], *map(str.upper, texts[:120])]):
        source = Dataset(tuple(rows), tuple([*labels[120:], *labels[:120]][: len(rows)]))
        model = TextClassifier("tfidf", strategy, max_error="0.3:expected")
        limit = model.fit(texts[:120], labels[:120], source=source).predictor_.abstaining
        assert limit is not None
        found.append(limit)
    np.testing.assert_array_equal(found[0].confidence, found[1].confidence)
    np.testing.assert_array_equal(found[0].true_probability, found[1].true_probability)


def test_a_source_that_holds_the_rows_gives_no_label_away(
    noisy_rows: Callable[[int], tuple[list[str], list[str]]],
) -> None:
    """A quarter of the labels are wrong, which nobody can know who has not seen them."""
    texts, labels = noisy_rows(360)
    source = Dataset(tuple(text.upper() for text in texts), tuple(labels))
    model = TextClassifier("tfidf", max_error="0.3:expected").fit(texts[:120], labels[:120], source=source)
    limit = model.predictor_.abstaining
    assert limit is not None
    assert limit.correct.mean() < 0.85

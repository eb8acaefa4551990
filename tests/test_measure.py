"""Measuring: rows are judged by models that have not seen them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from headstart import Dataset, TextClassifier
from headstart.measure import Estimate, cross_validate, on_test


class Spy:
    """Makes "classifiers" that answer with the shares of the labels they learnt, and notes what passes."""

    def __init__(self) -> None:
        """Nothing was learnt."""
        self.learnt: list[Dataset] = []
        self.asked: list[tuple[int, str]] = []

    def __call__(self, rows: Dataset) -> Any:
        """Learn."""
        self.learnt.append(rows)
        return Answerer(self, len(self.learnt) - 1)


class Answerer:
    """Probability of a class = its share of the rows that were learnt."""

    def __init__(self, spy: Spy, number: int) -> None:
        """It belongs to the spy's fit of this number."""
        self.spy, self.number = spy, number
        self.classes_ = sorted(set(spy.learnt[number].labels or ()))

    def predict_proba(self, texts: list[str]) -> Any:
        """(n, k) in the order of the sorted labels, as a real classifier's."""
        self.spy.asked += [(self.number, text) for text in texts]
        labels = self.spy.learnt[self.number].labels or ()
        names = sorted(set(labels))
        return np.array([[labels.count(name) / len(labels) for name in names]] * len(texts)).reshape(-1, len(names))


def rows(counts: dict[str, int], text: Callable[[str, int], str] = lambda name, i: f"{name} {i}") -> Dataset:
    pairs = [(text(name, i), name) for name, n in counts.items() for i in range(n)]
    return Dataset(tuple(t for t, _ in pairs), tuple(n for _, n in pairs), origin="data.csv")


def estimated(data: Dataset, seed: int = 0) -> tuple[Estimate, Spy]:
    spy = Spy()
    found = cross_validate(spy, data, sorted(set(data.labels or ())), seed)
    assert found is not None
    return found, spy


@pytest.mark.parametrize("counts", [{"a": 10, "b": 10}, {"a": 3, "b": 3}, {"a": 30, "b": 4, "c": 3}])
def test_every_row_is_checked_once_by_a_model_that_did_not_see_it(counts: dict[str, int]) -> None:
    """Out-of-fold: the asked texts are the data, each once, and no model had learnt them."""
    data = rows(counts)
    found, spy = estimated(data)
    assert sorted(text for _, text in spy.asked) == sorted(data.texts)
    assert [text for _, text in spy.asked] == list(found.rows.texts)
    assert not [text for number, text in spy.asked if text in spy.learnt[number].texts]
    assert dict(zip(found.rows.texts, found.rows.labels or (), strict=True)) == dict(
        zip(data.texts, data.labels or (), strict=True)
    )
    assert found.probabilities.shape == (data.n, len(counts))
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)


def test_equal_texts_stay_on_one_side() -> None:
    """Duplicates (also by case and white space) never stand on both sides, whatever their labels."""
    data = rows({"a": 20, "b": 20}, lambda name, i: ["Same text", "same  TEXT ", f"text {i}"][i % 3])
    _, spy = estimated(data)
    for number, text in spy.asked:
        seen = {" ".join(t.lower().split()) for t in spy.learnt[number].texts}
        assert " ".join(text.lower().split()) not in seen


def test_same_seed_same_folds() -> None:
    """Two models are compared on the same rows in the same order; another seed draws others."""
    data = rows({"a": 25, "b": 25})
    assert estimated(data, 1)[0].rows == estimated(data, 1)[0].rows
    assert estimated(data, 1)[0].rows != estimated(data, 2)[0].rows


def test_classes_with_two_rows_are_learnt_and_not_checked() -> None:
    """They stand in every training part, none of their rows is asked, and the protocol says so."""
    found, spy = estimated(rows({"a": 10, "b": 10, "rare": 2}))
    assert set(found.rows.labels or ()) == {"a", "b"}
    assert all((part.labels or ()).count("rare") == 2 for part in spy.learnt)
    assert found.protocol.startswith("20 training rows of data.csv: 5-fold cross-validation; ")
    assert found.protocol.endswith("; 1 class with fewer than 3 rows is not checked")
    assert found.probabilities.shape == (20, 3)
    assert (found.probabilities[:, 2] > 0).all()


@pytest.mark.parametrize(
    "data",
    [
        rows({"a": 2, "b": 2}),
        rows({"a": 2, "b": 2, "c": 2, "d": 1}),
        rows({"a": 50, "b": 2}),
        rows({"a": 5, "b": 5}, lambda name, i: "one text for all"),
    ],
    ids=["two rows a class", "fewer", "one class only", "one text only"],
)
def test_none_when_nothing_can_be_checked(data: Dataset) -> None:
    """Without two classes of three rows, or two different texts, there is no estimate, and no fit."""
    spy = Spy()
    assert cross_validate(spy, data, sorted(set(data.labels or ())), 0) is None
    assert spy.learnt == []


def test_a_class_that_a_fold_cannot_learn_gets_probability_0() -> None:
    """All rows of b are one text: the model that is checked on them knows a and c, in the right columns."""
    data = rows({"a": 10, "b": 4, "c": 5}, lambda name, i: "the same" if name == "b" else f"{name} {i}")
    found, spy = estimated(data)
    about_b = found.probabilities[[label == "b" for label in found.rows.labels or ()]]
    others = [part for part in spy.learnt if "b" not in (part.labels or ())]
    assert len(about_b) == 4
    assert len(others) == 1
    shares = [(others[0].labels or ()).count(name) / others[0].n for name in "abc"]
    assert about_b.tolist() == [shares] * 4
    assert shares[1] == 0


def test_a_fold_left_with_one_class_says_that_class() -> None:
    """Two classes, one of them a single text: its rows are judged by what is left, without a fit."""
    data = rows({"a": 10, "b": 4}, lambda name, i: "the same" if name == "b" else f"{name} {i}")
    found, spy = estimated(data)
    about_b = found.probabilities[[label == "b" for label in found.rows.labels or ()]]
    assert about_b.tolist() == [[1, 0]] * 4
    assert all(set(part.labels or ()) == {"a", "b"} for part in spy.learnt)


def test_nothing_left_to_learn_says_nothing() -> None:
    """Each class is one text: a fold without any class to learn gives all classes alike."""
    data = rows({"a": 3, "b": 3}, lambda name, i: name)
    found, _ = estimated(data)
    assert set(map(tuple, found.probabilities.tolist())) <= {(0, 1), (1, 0), (0.5, 0.5)}
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)


def test_many_rows_are_checked_on_a_fifth() -> None:
    """Beyond 2,000 rows one fold is enough: one fit, a fifth of the rows, and the protocol says so."""
    found, spy = estimated(rows({"a": 1500, "b": 600}))
    assert len(spy.learnt) == 1
    assert found.rows.n == 420
    assert spy.learnt[0].n == 1680
    assert found.protocol == "420 training rows of data.csv: 1/5 held out, before the final fit on all rows"


def test_a_real_classifier(tmp_path: object) -> None:
    """With a model that learns, out-of-fold answers are right: columns are the sorted classes."""
    data = rows({"b": 6, "a": 6, "c": 6}, lambda name, i: f"word{name} and {i}")
    found = cross_validate(
        lambda part: TextClassifier("tfidf", head="prototype").fit(part.texts, part.labels or ()), data, "abc", 0
    )
    assert found is not None
    answers = ["abc"[i] for i in found.probabilities.argmax(axis=1)]
    assert answers == list(found.rows.labels or ())


def test_on_test() -> None:
    """On test rows the fitted model's own probabilities are the estimate."""
    data = rows({"a": 5, "b": 5})
    model = TextClassifier("tfidf").fit(data.texts, data.labels or ())
    found = on_test(model, data, model.classes_)
    assert found.probabilities.tolist() == model.predict_proba(data.texts).tolist()
    assert (found.rows, found.protocol) == (data, "10 test rows of data.csv")

"""What strategies decide by: predictions of rows that were not learnt."""

from typing import Any

import numpy as np
import pytest

from headstart.data.folding import distinct_rows
from headstart.functional.probability import softmax
from headstart.heads import make_head
from headstart.strategies._crossval import fit_head, learn_and_predict, macro_f1, out_of_fold


class Nearest:
    """A head: the class whose mean is nearest; it takes codes 0..k-1, two rows or more of each, as all do."""

    def fit(self, features: Any, y: Any) -> "Nearest":
        """Means (k, d)."""
        counts = np.bincount(y)
        assert len(counts) >= 2
        assert counts.min() >= 2
        self.means = np.stack([features[y == code].mean(axis=0) for code in range(len(counts))])
        return self

    def predict_proba(self, features: Any) -> Any:
        """(n, k)."""
        return softmax(-np.abs(features[:, None, 0] - self.means[None, :, 0]).astype(np.float64))


def learn(*arguments: Any) -> Any:
    head: Any = Nearest()
    return learn_and_predict(head, *arguments)


def column(*values: float) -> Any:
    return np.array(values, dtype=np.float32)[:, None]


def test_rows_are_predicted_by_others() -> None:
    """Every row once, never by a part that holds it, every class in every part; same seed, same parts."""
    y = np.repeat([0, 1, 2], [10, 5, 2])
    parts: list[tuple[Any, Any]] = []

    def predict(train: Any, test: Any) -> Any:
        parts.append((train, test))
        return y[test]

    texts = [f"text {i}" for i in range(17)]
    assert out_of_fold(y, 5, 0, predict, texts).tolist() == y.tolist()
    assert sorted(np.concatenate([test for _, test in parts])) == list(range(17))
    for train, test in parts:
        assert not set(train) & set(test)
        assert set(y[train]) == {0, 1, 2}
    first = [test.tolist() for _, test in parts]
    parts.clear()
    out_of_fold(y, 5, 0, predict, texts)
    assert [test.tolist() for _, test in parts] == first


def test_fewer_rows_than_folds() -> None:
    """As many folds as rows, then, or as different texts."""
    y = np.array([0, 0, 1, 1])
    for texts in ("abcd", "aabc", "aaaa"):
        assert out_of_fold(y, 5, 0, lambda train, test: y[test], list(texts)).tolist() == [0, 0, 1, 1]


def test_equal_texts_are_predicted_by_others() -> None:
    """However they are written."""
    y, texts = np.arange(12) % 2, [f"{'Text' if i % 2 else 'text '} {i // 3}" for i in range(12)]

    def predict(train: Any, test: Any) -> Any:
        assert not {i // 3 for i in train} & {i // 3 for i in test}
        return y[test]

    out_of_fold(y, 5, 0, predict, texts)


def test_codes_are_those_of_the_task() -> None:
    """A class with one row is not learnt; the others keep their codes."""
    features, y = column(0, 1, 5, 10, 11), np.array([0, 0, 1, 2, 2])
    assert learn(features, y, column(0.2, 9, 5)).tolist() in ([0, 2, 0], [0, 2, 2])


@pytest.mark.parametrize(("y", "answer"), [([1, 1, 0], 1), ([2, 1, 0], 2), ([0, 0, 0], 0)])
def test_too_little_to_learn(y: list[int], answer: int) -> None:
    """One class that can be learnt, or none: a constant answer, no error."""
    found = learn(column(0, 1, 2), np.array(y), column(5, 6))
    assert found.tolist() == [answer, answer]


def test_macro_f1_by_hand() -> None:
    """The mean over the classes of y; a class that only the answers have costs, and does not count."""
    assert macro_f1(np.array([0, 0, 1]), np.array([0, 2, 0])) == pytest.approx((0.5 + 0) / 2)
    assert macro_f1(np.array([0, 0, 1]), np.array([0, 0, 0])) == pytest.approx((0.8 + 0) / 2)
    assert macro_f1(np.array([0, 1]), np.array([0, 1])) == 1.0


def test_copies_do_not_make_a_head_surer() -> None:
    """Labels that are noise, each row once and three times: every head says the same, or nearly."""
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = rng.normal(size=(90, 20)).astype(np.float32)
    texts, new = [f"text {i}" for i in range(90)], rng.normal(size=(200, 20)).astype(np.float32)
    for name in ("logistic", "ridge", "knn", "prototype"):
        once = fit_head(make_head(name), x, y, texts).predict_proba(new)
        thrice = fit_head(make_head(name), np.tile(x, (3, 1)), np.tile(y, 3), texts * 3).predict_proba(new)
        assert thrice.max(axis=1).mean() < once.max(axis=1).mean() + 0.05, name


def test_without_copies_a_head_is_fitted_as_it_is() -> None:
    """The same bits."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 5)), np.arange(40) % 2
    found = fit_head(make_head("logistic"), x, y, [str(i) for i in range(40)]).predict_proba(x)
    assert found.tobytes() == make_head("logistic").fit(x, y).predict_proba(x).tobytes()


def test_rows_without_copies() -> None:
    """A text once with each of its classes; all rows of a class that would be left with one."""
    texts = ["a", "A ", "b", "b", "c", "c", "d"]
    assert distinct_rows(texts, np.array([0, 0, 0, 1, 1, 1, 1])).tolist() == [0, 2, 3, 4, 6]
    assert distinct_rows(texts, np.array([0, 0, 1, 1, 2, 2, 1])).tolist() == [0, 1, 2, 4, 5, 6]
    assert distinct_rows([], np.empty(0, np.int64)).tolist() == []

"""A limit of errors: what may be asked, what is kept, what a predictor and a classifier do with it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from headstart import TextClassifier
from headstart.abstaining import Abstaining, MaxError, percent
from headstart.errors import ConfigError
from headstart.predictor import Predictor
from headstart.strategies.linear_probe import LinearProbe
from headstart.types import Task

GOOD, BAD = ("lovely", "kind", "warm", "fresh"), ("rude", "cold", "dirty", "late")


def reviews(n: int, seed: int = 0, noise: float = 0.1) -> tuple[list[str], list[str]]:
    """Reviews of two words, each word from its label's list, but with the chance `noise` from the other."""
    rng = np.random.default_rng(seed)
    labels = ["good" if good else "bad" for good in rng.random(n) < 0.5]
    texts = []
    for i, label in enumerate(labels):
        own, other = (GOOD, BAD) if label == "good" else (BAD, GOOD)
        texts.append(" ".join(rng.choice(other if rng.random() < noise else own) for _ in range(2)) + f" place {i}")
    return texts, labels


@pytest.fixture(scope="module")
def model() -> TextClassifier:
    return TextClassifier("tfidf", head="ridge", max_error=0.05).fit(*reviews(400))


def kept(confidence: list[float], correct: list[bool], asked: str = "0.05") -> Abstaining:
    """Two classes: (c, 1 - c) with the truth where `correct` says."""
    p = np.array([[c, 1 - c] for c in confidence]).reshape(-1, 2)
    y = np.array([0 if right else 1 for right in correct], dtype=np.int64)
    return Abstaining.from_held_out(p, y, MaxError.read(asked), "rows that were made up")


@pytest.mark.parametrize(
    ("given", "rate", "is_expected", "written"),
    [
        (0.05, 0.05, False, "0.05"),
        ("5%", 0.05, False, "0.05"),
        ("2.5 %", 0.025, False, "0.025"),
        ("0.1:expected", 0.1, True, "0.1:expected"),
        ("10%:expected", 0.1, True, "0.1:expected"),
    ],
)
def test_what_may_be_asked(given: Any, rate: float, is_expected: bool, written: str) -> None:
    """A share or per cent, promised or expected; what is written reads back."""
    found = MaxError.read(given)
    assert (found.rate, found.is_expected, str(found)) == (rate, is_expected, written)
    assert MaxError.read(written) == found


@pytest.mark.parametrize("given", [0, 1, -0.1, 5, "", "five", "0.05:", "0.05:maybe", "nan", True, "inf%"])
def test_what_may_not_be_asked(given: Any) -> None:
    """The message shows what was got and what is expected."""
    with pytest.raises(ConfigError, match=r"expected a share of errors between 0 and 1 such as 0\.05"):
        MaxError.read(given)
    with pytest.raises(ConfigError, match="max_error"):
        TextClassifier("tfidf", max_error=given).fit(["a", "b", "c", "d"], ["x", "x", "y", "y"])


@pytest.mark.parametrize(("share", "shown"), [(0.05, "5 %"), (0.7134, "71.3 %"), (0.0004, "0.04 %"), (1, "100 %")])
def test_percent(share: float, shown: str) -> None:
    """Short, and never 0 for what is not."""
    assert percent(share) == shown


def test_the_sentence_says_all_some_or_none() -> None:
    """All texts, the share above a threshold, or why none: too few rows, or too many errors."""
    all_right = kept([0.9] * 60, [True] * 60)
    assert "all texts are answered; 0 % [0 %, 6 %] of them are wrong" in all_right.limit().sentence()
    assert (
        "takes 45 checked rows without an error, and there are 44" in kept([0.9] * 44, [True] * 44).limit().sentence()
    )
    half = kept([0.9] * 60 + [0.6] * 40, [True] * 60 + [True, False] * 20)
    assert "At most 5 % errors (90 % sure): 60 % of the texts are answered (threshold 0.9)" in half.limit().sentence()
    assert "5 % errors expected: 60 %" in half.limit("5%:expected").sentence()
    wrong = kept([0.9] * 100, [True, False] * 50)
    assert "no text is answered. The surest of the 100 checked rows have too many errors" in wrong.limit().sentence()
    assert "no text is answered" in wrong.limit("0.05:expected").sentence()
    few = kept([0.9] * 30 + [0.6] * 10, [True] * 30 + [False] * 10)
    assert "ask for 0.05:expected: without a promise 75 % are answered" in few.limit().sentence()
    nothing = kept([], [])
    assert "takes 45 checked rows without an error, and there are 0" in nothing.limit().sentence()
    assert nothing.limit().sets(np.array([[0.9, 0.1]])).all()


def test_a_higher_rate_answers_no_fewer_texts() -> None:
    """From the same kept rows, promised or expected; the expected threshold answers no fewer than the promised."""
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 500)
    found = kept(confidence.tolist(), (rng.random(500) < confidence).tolist())
    for kind in ("", ":expected"):
        answered = [found.limit(f"{rate}{kind}").n_answered for rate in (0.01, 0.05, 0.1, 0.2, 0.4)]
        assert answered == sorted(answered)
    assert found.limit("0.1:expected").n_answered >= found.limit("0.1").n_answered > 0
    assert found.limit("0.4").threshold == 0.0


def test_state_gives_the_same_limits() -> None:
    """What is kept holds three numbers a row, no text; damaged columns are refused."""
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 1, 200)
    found = kept(confidence.tolist(), (rng.random(200) < confidence).tolist(), "0.1:expected")
    state = found.get_state()
    again = Abstaining.from_state(state)
    for asked in (None, 0.05, 0.3):
        assert again.limit(asked) == found.limit(asked)
    assert {array.shape for array in state.arrays.values()} == {(200,)}
    with pytest.raises(ValueError, match="three columns"):
        Abstaining.from_state(replace(state, arrays={**state.arrays, "correct": np.ones(3, np.uint8)}))


def test_abstained_are_the_unsure_and_the_errors_among_the_others_are_few(model: TextClassifier) -> None:
    """On 2,000 new texts: exactly those below the threshold; the answered err less than asked, the whole more."""
    texts, labels = reviews(2000, seed=1)
    found, limit = model.predictor_.predict(texts), model.predictor_.required_limit()
    assert found.abstained is not None
    assert limit.threshold is not None
    assert found.abstained.tolist() == (found.probabilities.max(axis=1) < limit.threshold).tolist()
    wrong = found.labels != np.array(labels)
    assert wrong.mean() > 0.05 > wrong[~found.abstained].mean()
    assert 0 < found.abstained.mean() < 0.5


def test_sets_hold_the_true_label_as_often_as_asked(model: TextClassifier) -> None:
    """The first of a set is the label that is predicted; a smaller rate gives no smaller set."""
    texts, labels = reviews(2000, seed=2)
    sets = model.predict_sets(texts)
    missed = np.mean([label not in labels_ for label, labels_ in zip(labels, sets, strict=True)])
    assert 0.02 < missed < 0.08
    assert [labels_[0] for labels_ in sets] == model.predict(texts).tolist()
    wider = model.predict_sets(texts, max_error=0.01)
    assert all(set(a) <= set(b) for a, b in zip(sets, wider, strict=True))
    assert model.predict_sets([]) == []


def test_without_a_limit_nothing_abstains_and_none_can_be_asked() -> None:
    """`abstained` is None; the message says how to get a limit."""
    plain = TextClassifier("tfidf").fit(*reviews(40))
    assert plain.predictor_.predict(["kind"]).abstained is None
    for ask in (plain.predict_sets, lambda texts: plain.predictor_.predict(texts, max_error=0.1)):
        with pytest.raises(ConfigError, match=r"headstart fit TRAIN --max-error 0\.05"):
            ask(["kind"])


def test_another_rate_is_asked_of_the_same_rows(model: TextClassifier) -> None:
    """`max_error` at prediction: 40 % answers every text, 0.1 % none."""
    texts, _ = reviews(50, seed=3)
    assert not model.predictor_.predict(texts, max_error=0.4).abstained.any()
    assert model.predictor_.predict(texts, max_error="0.1%").abstained.all()


def test_the_limit_changes_no_answer_and_comes_again() -> None:
    """Same seed, same limit; the probabilities are those of a fit without limit."""
    texts, labels = reviews(60)
    plain = TextClassifier("tfidf", head="ridge").fit(texts, labels)
    first, again = (TextClassifier("tfidf", head="ridge", max_error=0.3).fit(texts, labels) for _ in range(2))
    assert first.predictor_.limit() == again.predictor_.limit() is not None
    assert plain.predict_proba(texts).tobytes() == first.predict_proba(texts).tobytes()


def test_too_few_rows_to_check_answer_nothing() -> None:
    """Two rows a class: fitted all the same, and the sentence says what is missing."""
    model = TextClassifier("tfidf", max_error="0.3:expected").fit(
        ["kind a", "kind b", "rude a", "rude b"], [1, 1, 0, 0]
    )
    assert model.predictor_.predict(["kind"]).abstained.tolist() == [True]
    assert model.predict_sets(["kind"]) == [(1, 0)]
    assert "two classes need three rows each" in model.predictor_.required_limit().sentence()


def test_long_work_is_checked_on_some_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a strategy says of what it has made that it took long, 200 rows of 400 are enough: three folds."""
    fits = []

    class Slow:
        def fit(self, task: Task) -> Predictor:
            fits.append(len(task.texts))
            return replace(LinearProbe("tfidf", "ridge").fit(task), is_slow=True)

    monkeypatch.setattr("headstart.classifier.make_strategy", lambda *_, **__: Slow())
    model = TextClassifier("tfidf", "linear_probe", max_error=0.05).fit(*reviews(400))
    assert fits == [400, 320, 320, 320]
    assert "240 training rows: 3/5 held out" in model.predictor_.required_limit().sentence()

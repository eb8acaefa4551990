"""linear_probe: frozen features, a head, and a source that must prove its worth."""

from typing import Any

import numpy as np
import pytest

from headstart import Dataset, Predictor
from headstart.strategies import make_strategy
from headstart.types import Task

GOOD, BAD = [f"good{i}" for i in range(40)], [f"bad{i}" for i in range(40)]
NOISE = [f"noise{i}" for i in range(200)]


def texts_of(rng: np.random.Generator, y: Any) -> tuple[str, ...]:
    """One polar word of the class among nine of no class: 40 words a class to be learnt, one in each text."""
    polar = [(BAD, GOOD)[code][rng.integers(40)] for code in y]
    return tuple(" ".join([word, *rng.choice(NOISE, 9)]) for word in polar)


def target(n: int = 40, seed: int = 0, **more: Any) -> Task:
    y = np.arange(n) % 2
    return Task(texts_of(np.random.default_rng(seed), y), y, ("bad", "good"), **more)


def source(n: int = 400, *, flipped: bool = False, names: tuple[str, str] = ("bad", "good")) -> Dataset:
    y = np.arange(n) % 2
    labels = tuple(names[int(code) ^ flipped] for code in y)
    return Dataset(texts_of(np.random.default_rng(1), y), labels)


def probe(task: Task, **settings: Any) -> Predictor:
    predictor: Predictor = make_strategy("linear_probe", encoder="tfidf", head="prototype", **settings).fit(task)
    return predictor


def accuracy(predictor: Predictor) -> float:
    """On 400 fresh texts of the target."""
    fresh = target(400, seed=2)
    return float((predictor.predict_proba(fresh.texts).argmax(axis=1) == fresh.y).mean())


def reason(predictor: Predictor, part: str) -> str:
    return next((sentence for sentence in predictor.reasons if part in sentence), "")


def test_a_helpful_source_joins_and_helps() -> None:
    """400 rows of the same task: macro-F1 by cross-validation rises, they join, and fresh rows agree."""
    alone, helped = probe(target()), probe(target(source=source()))
    assert "they joined the training rows" in reason(helped, "400 source rows")
    assert accuracy(helped) > accuracy(alone) + 0.1


def test_a_harmful_source_is_left_out() -> None:
    """The same rows with their labels flipped: seen through, left out, and the head is as without them."""
    alone = probe(target(source=Dataset(source().texts)))
    guarded = probe(target(source=source(flipped=True)))
    assert "they were left out" in reason(guarded, "400 source rows")
    fresh = target(400, seed=2).texts
    assert guarded.predict_proba(fresh).tobytes() == alone.predict_proba(fresh).tobytes()


@pytest.mark.parametrize(("flipped", "verdict"), [(False, "joined"), (True, "left out")])
def test_the_guard_works_with_two_rows_a_class(flipped: bool, verdict: str) -> None:
    """No fold can learn from the target alone; its rows still tell a good source from a bad one."""
    task = Task(
        ("good0 good1 good2", "good3 good4 good5", "bad0 bad1 bad2", "bad3 bad4 bad5"),
        np.array([1, 1, 0, 0]),
        ("bad", "good"),
        source=source(flipped=flipped),
    )
    assert verdict in reason(probe(task), "400 source rows")


def test_labels_that_the_target_does_not_have() -> None:
    """Such rows are counted, and serve an encoder that learns from texts; none of them joins."""
    foreign = probe(target(source=source(names=("one star", "five stars"))))
    assert reason(foreign, "have no label") == (
        "400 of 400 source rows have no label of the target: used for their words only."
    )
    assert not reason(foreign, "joined")
    mixed = source()
    labels = tuple("neutral" if i < 100 else label for i, label in enumerate(mixed.labels or ()))
    partly = probe(target(source=Dataset(mixed.texts, labels)))
    assert "100 of 400 source rows have no label of the target" in reason(partly, "have no label")
    assert reason(partly, "300 source rows")


def test_more_texts_widen_the_vocabulary() -> None:
    """The encoder tfidf learns its words from target, source and unlabelled texts together."""
    task = target(unlabelled=Dataset(("onlyunlabelled",)), source=Dataset(("onlysource",)))
    predictor = probe(task)
    vocabulary = predictor.encoder.get_state(None).settings["vocabulary"]  # type: ignore[arg-type] # needs no folder
    assert {"onlyunlabelled", "onlysource", task.texts[0].split()[0]} <= set(vocabulary)
    assert reason(predictor, "1 unlabelled texts: the encoder learns from them")


def test_label_names_are_not_ignored_in_silence() -> None:
    """What it cannot use it says."""
    assert reason(probe(target(label_names={"good": "a good thing"})), "Label names are not used by linear_probe.")


@pytest.mark.parametrize("with_source", [False, True])
def test_same_seed_same_result(with_source: bool) -> None:
    """Bit-equal probabilities and equal reasons."""
    task = target(random_state=5, source=source() if with_source else None)
    first, second = probe(task), probe(task)
    assert first.reasons == second.reasons
    assert first.predict_proba(task.texts).tobytes() == second.predict_proba(task.texts).tobytes()


def test_the_head_that_auto_takes() -> None:
    """It is svm for sparse features, and the reason says so."""
    predictor = make_strategy("linear_probe", encoder="tfidf").fit(target())
    assert predictor.head_name == "svm"
    assert "Head svm: the features are many and sparse." in predictor.reasons


def test_many_dense_rows_keep_the_best_of_three_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A border that is no line: kernel_ridge wins on held-out rows, the reasons show all three, and it is right."""

    class Corners:
        pretrained = True

        def fit(self, texts: object, y: object = None) -> "Corners":
            return self

        def encode(self, texts: tuple[str, ...]) -> np.ndarray:
            return np.array([[float(part) for part in text.split()] for text in texts], dtype=np.float32)

    monkeypatch.setattr("headstart.strategies.linear_probe.make_encoder", lambda name, **settings: Corners())
    points = np.random.default_rng(0).normal(size=(1200, 3))
    texts, y = tuple(" ".join(map(str, p)) for p in points), (points[:, 0] * points[:, 1] > 0).astype(int)
    predictor = make_strategy("linear_probe", encoder="corners").fit(Task(texts[:1000], y[:1000], ("-", "+")))
    assert predictor.head_name == "kernel_ridge"
    assert any("logistic" in r and "svm" in r and "kernel_ridge" in r for r in predictor.reasons)
    assert (predictor.predict_proba(texts[1000:]).argmax(axis=1) == y[1000:]).mean() > 0.9
    few = make_strategy("linear_probe", encoder="corners").fit(Task(texts[:100], y[:100], ("-", "+")))
    assert few.head_name == "logistic"

"""What rows of a related domain teach: judged by the target's own rows, never by themselves."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from headstart import Dataset, TextClassifier, load_bundle
from headstart.encoders import make_encoder
from headstart.explaining import explain
from headstart.few_labels.experts import Linear, Parts, middle_of_classes
from headstart.few_labels.source import Lesson, lessons, usable_source
from headstart.types import Task

GOOD = ("good", "fine", "lovely", "superb", "tasty", "bright", "calm", "swift")
BAD = ("bad", "poor", "awful", "dire", "bland", "dull", "loud", "slow")
THINGS = ("film", "soup", "room", "phone", "train", "song", "chair", "walk")


def rows(seed: int, n: int, *, flipped: bool = False) -> Dataset:
    """Texts of a word of one class and a thing; half of them are good."""
    rng, texts, labels = np.random.default_rng(seed), [], []
    for i in range(n):
        label = i % 2
        texts.append(f"{rng.choice(GOOD if label else BAD)} {rng.choice(THINGS)} {seed}{i}")
        labels.append("ab"[label ^ flipped])
    return Dataset(tuple(texts), tuple(labels))


def fitted(source: Dataset | None, **more: Any) -> TextClassifier:
    few = rows(1, 12)
    return TextClassifier("tfidf", "few_labels").fit(few.texts, few.labels, source=source, **more)


def told(model: TextClassifier) -> list[str]:
    return [reason for reason in model.predictor_.reasons if "source rows" in reason]


def task_of(few: Dataset, source: Dataset, **more: Any) -> Task:
    classes = tuple(sorted(set(few.labels or ())))
    y = np.array([classes.index(label) for label in few.labels or ()])
    return Task(few.texts, y, classes, source=source, **more)


def read_words(task: Task) -> Any:
    """A reading of words alone."""
    return SimpleNamespace(dense=None, unlabelled=(), words_name="tfidf")


def taught(task: Task) -> Any:
    return lessons(task, read_words(task), lambda: make_encoder("tfidf"))


def test_a_source_helps_where_it_knows_more_words() -> None:
    """Twelve rows have not seen all words; 300 of a source have, and the rung says so."""
    test, alone, helped = rows(9, 200), fitted(None), fitted(rows(2, 300))
    assert helped.score(test.texts, test.labels) > alone.score(test.texts, test.labels) + 0.1
    (rung,) = told(helped)
    assert "+ 300 source rows (tfidf)" in rung
    assert "; kept (log loss" in rung


def test_a_harmful_source_changes_nothing() -> None:
    """Its labels are the wrong way round: left out, and every answer is as it was without."""
    test, alone, guarded = rows(9, 50), fitted(None), fitted(rows(2, 300, flipped=True))
    assert "left out" in told(guarded)[0]
    np.testing.assert_allclose(guarded.predict_proba(test.texts), alone.predict_proba(test.texts))


def test_labels_that_are_numbers() -> None:
    """In Python the labels of both may be integers."""
    few, source = rows(1, 12), rows(2, 40)
    numbers = [Dataset(data.texts, tuple("ab".index(label) for label in data.labels or ())) for data in (few, source)]
    model = TextClassifier("tfidf", "few_labels").fit(few.texts, numbers[0].labels, source=numbers[1])
    assert any("+ 40 source rows (tfidf)" in reason for reason in told(model))


def test_copies_of_the_labelled_rows_do_not_speak_for_a_source() -> None:
    """Nor those in capitals: the rows that judge are not among those that teach."""
    few, other = rows(1, 12), rows(2, 40)
    copies = tuple(text.upper() for text in few.texts)
    both = Dataset((*copies, *other.texts), (*(few.labels or ()), *(other.labels or ())))
    found = taught(task_of(few, both))
    assert found.n == 40
    assert found.notes == ("40 of 52 source rows were learnt from.",)


def test_rows_of_other_labels_are_not_learnt_from() -> None:
    """Without two classes of the target there is nothing to learn, which is said."""
    few, other = rows(1, 12), rows(2, 40)
    names = ("a", "c")
    mixed = Dataset(other.texts, tuple(names["ab".index(label)] for label in other.labels or ()))
    texts, y = usable_source(task_of(few, mixed))
    assert (len(texts), set(y.tolist())) == (20, {0})
    third = Dataset((*other.texts, "a third kind"), (*(other.labels or ()), "c"))
    assert taught(task_of(few, third)).notes == ("1 of 41 source rows have no label of the target: not used.",)
    found = taught(task_of(few, mixed))
    assert (found.each, found.n) == ((), 0)
    assert found.notes[0].startswith("Source rows were not used: 20 of 40 have a label of the target")
    assert taught(task_of(few, Dataset(other.texts))).notes[0].startswith("Source rows were not used: 0 of 40 ")


def test_a_class_that_the_source_lacks_lies_between() -> None:
    """Its decision value is the mean of the others'."""
    few = Dataset((*rows(1, 12).texts, "third kind", "third sort"), (*(rows(1, 12).labels or ()), "c", "c"))
    (lesson,) = taught(task_of(few, rows(2, 60))).each
    values = lesson.linear(lesson.features)
    np.testing.assert_allclose(values[:, 2], values[:, :2].mean(axis=1), atol=1e-9)


@pytest.mark.parametrize("n", [4, 16, 64])
def test_few_rows_move_the_middle_a_part_of_the_way(n: int) -> None:
    """16 / (n + 16) of it is left, whatever the shares of the classes; each part moves by its own rows."""
    rng = np.random.default_rng(n)
    y = np.concatenate([[0, 1], rng.integers(0, 2, n - 2)])
    features = rng.normal(size=(n + 10, 3)) + 5.0
    linear = Linear(rng.normal(size=(2, 3)), np.array([3.0, -1.0]))
    learn = np.arange(0, n, 2) if n > 4 else np.array([0, 1])
    parts = Parts(y, 2, ((learn, np.setdiff1d(np.arange(n), learn)),), 1)
    expert = Lesson("source", "minilm", linear, features).expert(parts)
    size = np.ptp(linear(features)[:, 0]) / np.ptp(expert.final[:, 0])  # an expert's values have a size of their own
    before = middle_of_classes(linear(features)[:n], y)
    np.testing.assert_allclose(size * middle_of_classes(expert.final[:n], y), before * 16 / (n + 16))
    np.testing.assert_allclose(expert.linear(features), expert.final)
    of_part = middle_of_classes(linear(features)[learn], y[learn]) * len(learn) / (len(learn) + 16)
    np.testing.assert_allclose(size * expert.partial[0], linear(features) - of_part)


class Slow:
    """An encoder whose clock goes on by a second with every text."""

    def __init__(self) -> None:
        """At zero."""
        self.now, self.recipe_ = 0.0, None

    def encode(self, texts: Sequence[str]) -> Any:
        """(n, 4): whether each word of a class is there."""
        self.now += len(texts)
        return np.array(
            [[any(w in t for w in words) for words in (GOOD[:4], GOOD[4:], BAD[:4], BAD[4:])] for t in texts], float
        )


def test_a_budget_bounds_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of 800 s is time for 200 texts (blocks of 100, the first look after the first of them)."""
    few, source, encoder = rows(1, 12), rows(2, 1_000), Slow()
    monkeypatch.setattr("headstart.few_labels.source.time", SimpleNamespace(perf_counter=lambda: encoder.now))
    monkeypatch.setattr("headstart.few_labels.reading.time", SimpleNamespace(perf_counter=lambda: encoder.now))
    task = task_of(few, source, budget_s=800.0)
    reading: Any = read_words(task)
    reading.dense, reading.dense_name, reading.dense_features = encoder, "slow", encoder.encode(few.texts)
    found = lessons(task, reading, lambda: make_encoder("tfidf"))
    assert [lesson.name for lesson in found.each] == ["source", "source words"]
    assert 200 <= found.n <= 300
    assert found.notes == (f"{found.n} of 1,000 source rows were learnt from.",)


def test_saved_and_explained(tmp_path: Path) -> None:
    """A bundle gives the same answers, and words that only the source knew have their part in them."""
    model = fitted(rows(2, 300))
    texts = rows(9, 20).texts
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    np.testing.assert_allclose(loaded.predict_proba(texts), model.predict_proba(texts), atol=1e-6)
    few_words = {word for text in rows(1, 12).texts for word in text.split()}
    word = next(word for word in GOOD if word not in few_words)
    (explained,) = explain(model.predictor_, [f"some {word} thing"])
    assert explained.label == "b"
    assert word in str(explained)


def test_real_rows_of_two_domains(minilm_folder: Path) -> None:
    """A source of `auto`: restaurants help hotels, or are left out; both rungs are told."""
    from headstart import read_dataset

    examples = Path(__file__).parents[2] / "examples"
    few, source = (read_dataset(str(examples / name / "train.csv")).dataset for name in ("hotels_en", "restaurants_en"))
    model = TextClassifier(random_state=0).fit(few.texts, few.labels, source=source)
    assert model.predictor_.strategy == "few_labels"
    assert len(told(model)) >= 2


def test_a_budget_that_reads_one_class_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows of 1,000 are of the other class: who had no time to meet them learns nothing, and says so."""
    few, source = rows(1, 12), rows(2, 1_000)
    rare = Dataset(source.texts, tuple("b" if i in (1, 3) else "a" for i in range(1_000)))
    said = []
    for seed in range(8):
        encoder = Slow()
        clock = SimpleNamespace(perf_counter=lambda encoder=encoder: encoder.now)
        monkeypatch.setattr("headstart.few_labels.source.time", clock)
        monkeypatch.setattr("headstart.few_labels.reading.time", clock)
        task = task_of(few, rare, budget_s=4.0, random_state=seed)
        reading: Any = read_words(task)
        reading.dense, reading.dense_name, reading.dense_features = encoder, "slow", encoder.encode(few.texts)
        found = lessons(task, reading, lambda: make_encoder("tfidf"))
        said += [found.notes[0]] if not found.each else []
    assert set(said) == {"Source rows were not used: there was no time to read enough of them."}

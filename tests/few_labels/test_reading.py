"""Which columns speak of what."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import normalize

from headstart import Dataset, TextClassifier, load_bundle
from headstart.encoders import make_encoder
from headstart.encoders.composed import Composed
from headstart.few_labels.reading import highest_layer, naming, read, read_until, wanted_unlabelled
from headstart.types import Task


class _Layers:
    """Rows of six columns, from layers of three each."""

    recipe_ = SimpleNamespace(layers=(6, 4))

    def encode(self, texts: list[str]) -> np.ndarray:
        rng = np.random.default_rng(len(texts))
        return rng.normal(size=(len(texts), 6)).astype(np.float32)


@pytest.mark.parametrize(("layers", "columns"), [((), (0, 6)), ((3, 6), (3, 6)), ((6, 4, 5), (0, 2))])
def test_columns_of_the_highest_layer(layers: tuple[int, ...], columns: tuple[int, int]) -> None:
    """Wherever it stands; all of them where nothing stands side by side."""
    encoder = SimpleNamespace(recipe_=SimpleNamespace(layers=layers))
    assert highest_layer(encoder, 6) == slice(*columns)
    assert highest_layer(object(), 6) == slice(0, 6)


def test_names_are_read_by_the_highest_layer() -> None:
    """The rest of a row is zero, and its length is 1."""
    encoder: Any = _Layers()
    rows = naming(encoder)(["a", "b", "c", "d"])
    plain = encoder.encode(["a", "b", "c", "d"])[:, :3]
    np.testing.assert_allclose(rows[:, :3], plain / np.linalg.norm(plain, axis=1, keepdims=True), rtol=1e-5)
    assert not rows[:, 3:].any()


class _Slow:
    """An encoder whose every text takes a second of a clock."""

    def __init__(self) -> None:
        self.now, self.read = 0.0, 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.now, self.read = self.now + len(texts), self.read + len(texts)
        return np.ones((len(texts), 2), np.float32)


@pytest.mark.parametrize(("until", "n"), [(None, 1000), (-5.0, 100), (250.0, 300), (1e9, 1000)])
def test_unlabelled_texts_are_read_until_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch, until: float | None, n: int
) -> None:
    """Block after block, at least one of them, and all without a budget; nothing is read and thrown away."""
    encoder = _Slow()
    monkeypatch.setattr("headstart.few_labels.reading.time", SimpleNamespace(perf_counter=lambda: encoder.now))
    assert len(read_until(encoder, ["text"] * 1000, until)) == encoder.read == n


def test_whoever_learnt_from_the_texts_keeps_them() -> None:
    """Lsa has read all of them when it is fitted: what it says of them costs nothing more."""
    texts = [f"{word} {thing} {i}" for i, word in enumerate(("good", "bad") * 80) for thing in ("soup",)]
    lsa = make_encoder("lsa", n_components=4).fit(texts)
    assert len(read_until(lsa, texts, -1.0)) == len(texts)


def test_a_composed_encoder_beside_words(tmp_path: Path) -> None:
    """What is dense may be a composition itself: fitted, it predicts, is saved, and predicts the same."""
    texts = [f"{word} {thing} number {i}" for i, word in enumerate(("good", "bad") * 20) for thing in ("soup", "film")]
    labels = [text.split()[0] for text in texts]
    for strategy in ("few_labels", "pooled"):
        model = TextClassifier("tfidf+pca:8", strategy).fit(texts, labels)
        found = model.predict_proba(texts)
        again = load_bundle(model.save(tmp_path / strategy)).predict_proba(texts)
        np.testing.assert_allclose(again, found, atol=1e-6)
        assert np.mean(model.predict(texts) == labels) > 0.9


def test_encoders_side_by_side_have_rows_of_their_own() -> None:
    """The columns are those of the fitted encoders, each row of length 1, whatever they are made of."""
    texts = [f"{word} soup {i}" for i, word in enumerate(("good", "bad", "fine") * 10)]
    words, dense = make_encoder("tfidf").fit(texts), make_encoder("bow+scale").fit(texts)
    rows = Composed.of(("bow+scale", "tfidf"), (dense, words)).encode(texts)
    parts = [normalize(each.encode(texts)) for each in (dense, words)]
    np.testing.assert_allclose(rows.toarray(), np.hstack([part.toarray() for part in parts]), atol=1e-6)


def _task(texts: Sequence[str], unlabelled: Sequence[str], **more: Any) -> Task:
    return Task(tuple(texts), np.arange(len(texts)) % 2, ("a", "b"), unlabelled=Dataset(tuple(unlabelled)), **more)


ENGLISH, CHINESE = ["a good film", "a bad film", "the soup was cold"], ["房间很干净", "味道很差", "物流很快"]


@pytest.mark.parametrize(
    ("labelled", "unlabelled", "kept"),
    [
        (ENGLISH, [*(f"{i} more films" for i in range(5)), *CHINESE], 5),
        (CHINESE, [*(f"{i} more films" for i in range(5)), *(f"{text}！" for text in CHINESE)], 3),
        (CHINESE, ["房间 room 很 nice 干净"], 1),  # both at once: it may well belong to them
        ([*ENGLISH, *CHINESE], [*(f"{i} more films" for i in range(5)), *(f"{text}！" for text in CHINESE)], 8),
    ],
)
def test_texts_in_another_language_are_left_out(labelled: list[str], unlabelled: list[str], kept: int) -> None:
    """They say nothing of these classes, nor of the classes' shares; and the report says so."""
    reading = read(_task(labelled * 4, unlabelled), "tfidf", "tfidf", {})
    assert len(reading.unlabelled) == kept
    left = [note for note in reading.notes if "left out" in note]
    assert len(left) == (kept < len(unlabelled))


def test_the_labelled_rows_choose_the_encoder() -> None:
    """Unlabelled texts in another language do not keep English rows from the encoder that has read English."""
    pytest.importorskip("onnxruntime")
    reading = read(_task(ENGLISH * 4, CHINESE * 40), "auto", "tfidf", {})
    assert not any("has read English only" in note for note in reading.notes)


def test_why_texts_were_not_read() -> None:
    """All of them repeat labelled rows: the note says so, and not only how many were read."""
    reading = read(_task(ENGLISH * 4, ENGLISH), "tfidf+pca:2", "tfidf", {})
    assert "0 of 3 unlabelled texts were read; the others repeat labelled rows or each other." in reading.notes


@pytest.mark.parametrize("encoder", ["tfidf", "tfidf+pca:2"])
def test_how_many_texts_were_read_is_told_by_any_encoder(encoder: str) -> None:
    """Counted words are read as dense features are: the account is the same, and names what the others are."""
    new = [f"{i} more films" for i in range(8)]
    for unlabelled, most, said in (
        (new, 5, "5 of 8 unlabelled texts were read."),
        (new, None, "8 of 8 unlabelled texts were read."),
        ([*new, " ", ""], None, "8 of 10 unlabelled texts were read; the others are blank."),
        ([*new, "", *ENGLISH], None, "others are blank or repeat labelled rows or each other."),
        ([*new, *new], None, "8 of 16 unlabelled texts were read; the others repeat labelled rows or each other."),
    ):
        reading = read(_task(ENGLISH * 4, unlabelled), encoder, "tfidf", {}, most)
        assert [note for note in reading.notes if note.endswith(said)]
        assert len(reading.unlabelled) == (most or 8)
    assert not read(Task(tuple(ENGLISH), np.array([0, 1, 0]), ("a", "b")), encoder, "tfidf", {}).notes


def test_unlabelled_texts_that_are_labelled_ones_are_left_out() -> None:
    """However they are spaced and spelt; of equal ones the first stays."""
    given = Dataset(("great thing", "Another one", "bad thing", " another  ONE", "BAD THING", " ", "last"))
    task = Task(("Great Thing", "Bad  thing"), np.arange(2), ("a", "b"), unlabelled=given)
    assert wanted_unlabelled(task) == (["Another one", "last"], 0)

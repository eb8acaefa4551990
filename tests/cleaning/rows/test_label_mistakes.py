"""Laws of label_mistakes: planted mistakes come first, the seed decides, and what cannot be judged is said."""

import random

import numpy as np
import pytest

from headstart.cleaning.rows.label_mistakes import LabelMistakes, doubtful
from headstart.errors import DataError, UnknownComponent
from headstart.types import Dataset

WORDS = {"sport": ["goal", "match", "team", "coach", "league"], "money": ["bank", "share", "rate", "loan", "stock"]}


def topics(n: int, wrong: set[int]) -> Dataset:
    """Short texts of two topics, the labels of `wrong` exchanged."""
    rng = random.Random(0)
    texts, labels = [], []
    for i in range(n):
        topic = ("sport", "money")[i % 2]
        texts.append(" ".join(rng.choices(WORDS[topic], k=6)) + f" {i}")
        labels.append({"sport": "money", "money": "sport"}[topic] if i in wrong else topic)
    return Dataset(tuple(texts), tuple(labels))


def test_exchanged_labels_come_first():
    """Six exchanged labels among 120 rows of two plain topics are the first six."""
    wrong = {3, 20, 51, 64, 87, 110}
    hits = LabelMistakes().find(topics(120, wrong))
    assert {hit.row for hit in hits[: len(wrong)]} == wrong
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert "labelled" in hits[0].reason


def test_same_seed_same_rows():
    """Two runs agree."""
    data = topics(60, {5, 6})
    assert LabelMistakes().find(data, seed=3) == LabelMistakes().find(data, seed=3)


def test_rows_without_label_and_tiny_classes_take_no_part():
    """They are never named, and do not disturb the others."""
    data = topics(80, {10})
    labels = ["" if i % 9 == 0 else label for i, label in enumerate(data.labels or ())]
    labels[1], labels[2] = "rare", "rare"
    found = {hit.row for hit in LabelMistakes().find(Dataset(data.texts, tuple(labels)))}
    assert 10 in found
    assert not found & {1, 2, *range(0, 80, 9)}


def test_doubtful_counts_by_the_confident_joint():
    """Worked by hand: thresholds 0.7 and 0.6; rows 1 and 4 are claimed by the other class, one of each."""
    p = np.array([[0.9, 0.1], [0.3, 0.7], [0.9, 0.1], [0.2, 0.8], [0.8, 0.2], [0.2, 0.8]])
    y = np.array([0, 0, 0, 1, 1, 1])
    rows, instead = doubtful(p, y)
    assert rows.tolist() == [4, 1]
    assert instead.tolist() == [0, 1]


def test_sure_labels_are_never_doubted():
    """Where the label is the likeliest class of every row, no row is named."""
    p = np.array([[0.6, 0.4], [0.99, 0.01], [0.45, 0.55], [0.1, 0.9]])
    rows, _ = doubtful(p, np.array([0, 0, 1, 1]))
    assert rows.tolist() == []


def test_a_label_is_doubted_where_another_is_twice_as_likely():
    """Of the rows that another class claims one is nearly even, and stays."""
    p = np.array([[0.9, 0.1], [0.45, 0.55], [0.3, 0.7], [0.2, 0.8], [0.5, 0.5], [0.6, 0.4]])
    rows, instead = doubtful(p, np.array([0, 0, 0, 1, 1, 1]))
    assert rows.tolist() == [2]
    assert instead.tolist() == [1]


def test_labels_that_the_texts_do_not_tell_are_not_doubted(caplog: pytest.LogCaptureFixture):
    """Words by chance: half of the labels would be doubted by a guess; a warning says why none is."""
    rng = np.random.default_rng(0)
    texts = tuple(" ".join(rng.choice(["a1", "b2", "c3", "d4", "e5", "f6"], 5)) + f" {i}" for i in range(60))
    data = Dataset(texts, tuple("xy"[i % 2] for i in range(60)), origin="rows.csv")
    assert LabelMistakes().find(data) == []
    assert "other rows tell the 60 labels of rows.csv no better than their shares do" in caplog.text


@pytest.mark.parametrize("data", [Dataset(("a",) * 30), Dataset(("a", "b"), ("x", "y")), topics(40, set()).take([])])
def test_too_little_to_judge_by(data: Dataset):
    """The message says what is needed and what there is; the option that names a column, where there are no labels."""
    with pytest.raises(DataError, match="at least 20 labelled rows") as caught:
        LabelMistakes().find(data)
    assert ("--label" in str(caught.value)) == (data.labels is None)


def test_an_unknown_encoder_is_an_error_at_once():
    """Before any data is read."""
    with pytest.raises(UnknownComponent, match="tfidf"):
        LabelMistakes("tfdif")


def test_few_different_texts():
    """As many folds as there are texts; of one text no other says anything, and the message says so."""
    few = ("good film", "bad film", "good soup") * 10
    hits = LabelMistakes().find(Dataset(few, ("good", "bad", "good") * 10))
    assert {hit.row for hit in hits} <= set(range(30))
    one = Dataset(("good film", "Good  film") * 15, ("good", "bad") * 15, origin="rows.csv")
    with pytest.raises(DataError, match=r"All 30 labelled rows of rows\.csv have one and the same\."):
        LabelMistakes().find(one)

"""Classes that have a name and no labelled row, or one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart import Dataset, TextClassifier, load_bundle
from headstart.errors import ConfigError, DataError
from headstart.named_classes import found_by_name
from headstart.types import Task

NAMES = {"positive": "positive", "negative": "negative", "neutral": "neutral"}
GOOD, BAD = ("wonderful", "great", "excellent", "lovely"), ("awful", "terrible", "horrible", "disappointing")
THINGS = (
    "soup", "room", "staff", "view", "bed", "tea", "pool", "song", "plot", "phone", "desk", "fish", "wine", "walk",
)  # fmt: skip


def said_of(words: tuple[str, ...], start: str) -> list[str]:
    return [f"{start} {thing} was {word}" for thing in THINGS for word in words]


UNLABELLED = Dataset((*said_of(GOOD, "the"), *said_of(BAD, "the")))
LABELLED = [
    *said_of(GOOD, "our")[:6],
    *(f"the {thing} was there on {day}" for thing in THINGS[:3] for day in ("Monday", "Friday")),
]
LABELS = ["positive"] * 6 + ["neutral"] * 6


def quick(**more: Any) -> TextClassifier:
    """Without the last rung, which takes seconds."""
    return TextClassifier(strategy="few_labels", settings={"strategy.tuning": "none"}, random_state=0, **more)


def task(y: list[int], **more: Any) -> Task:
    given = {"unlabelled": UNLABELLED, "label_names": NAMES} | more
    return Task(tuple(LABELLED[: len(y)]), np.array(y, np.int64), tuple(sorted(NAMES)), **given)


def test_a_name_finds_texts_of_its_class_and_of_no_other() -> None:
    """None for classes with rows; for the one without as many as the others have, at least 8; they hold its words."""
    found = found_by_name(task([2] * 6 + [1] * 6))
    assert found.y.tolist() == [0] * 8
    assert all(any(word in text for word in BAD) for text in found.texts)
    assert len(set(found.texts)) == 8
    assert "'negative' has no labelled row: 8 unlabelled texts" in found.reasons[0]
    assert found_by_name(task([2] * 6 + [1] * 6)).texts == found.texts
    assert found_by_name(task([0, 0, 1, 1, 2, 2])).texts == ()


def test_a_class_without_a_row_is_predicted(tmp_path: Path) -> None:
    """Complaints that nobody has labelled are told from praise; the bundle knows the class; the report says so."""
    model = quick().fit(LABELLED, LABELS, unlabelled=UNLABELLED, label_names=NAMES)
    assert model.classes_.tolist() == ["negative", "neutral", "positive"]
    assert model.predict(["this wall was terrible", "this wall was excellent"]).tolist() == ["negative", "positive"]
    assert model.predictor_.reasons[0].startswith("'negative' has no labelled row")
    folder = model.save(tmp_path / "b")
    assert load_bundle(folder).predict(["an awful day"]).labels.tolist() == ["negative"]
    kept = "".join(file.read_text(encoding="utf-8") for file in folder.iterdir() if file.suffix in (".md", ".json"))
    assert any(repr(text) in model.predictor_.examples[0] for text in UNLABELLED.texts)
    assert not any(text in kept for text in UNLABELLED.texts)


@pytest.mark.parametrize("model", [quick(), TextClassifier("tfidf", random_state=0)])
def test_one_row_is_enough_beside_a_name(model: TextClassifier) -> None:
    """For any strategy: what the name finds are rows like others. The one row is learnt too: only it has a lift."""
    texts, labels = [*LABELLED, "we complained about the lift"], [*LABELS, "negative"]
    model.fit(texts, labels, unlabelled=UNLABELLED, label_names=NAMES)
    assert model.predict(["this wall was terrible", "complained about the lift"]).tolist() == ["negative"] * 2
    assert "'negative' has one labelled row" in model.predictor_.reasons[0]


def test_limits_are_set_on_rows_that_people_have_labelled() -> None:
    """Those that a name found are learnt from in every fold, and never checked."""
    model = TextClassifier("tfidf", max_error="0.3:expected", random_state=0)
    model.fit(LABELLED, LABELS, unlabelled=UNLABELLED, label_names=NAMES)
    limit = model.predictor_.limit()
    assert limit is not None
    assert limit.protocol.startswith(f"{len(LABELLED)} training rows")
    assert model.predict_proba(["any text"]).shape == (1, 3)


def test_numbers_as_labels() -> None:
    """Names are text in any case; a class without a row comes back as the number that it is."""
    names = {"0": "negative", "1": "neutral", "2": "positive"}
    model = quick().fit(LABELLED, [2] * 6 + [1] * 6, unlabelled=UNLABELLED, label_names=names)
    assert model.predict(["this wall was terrible"]).tolist() == [0]
    with pytest.raises(DataError, match="'bad' is not a label of the data"):
        TextClassifier().fit(LABELLED, [2] * 6 + [1] * 6, unlabelled=UNLABELLED, label_names={**names, "bad": "bad"})
    for odd in ("--5", "007", "٣"):  # no label comes back as these
        with pytest.raises(DataError, match="is not a label of the data"):
            TextClassifier().fit(LABELLED, [2] * 6 + [1] * 6, unlabelled=UNLABELLED, label_names={**names, odd: "x"})


def test_what_is_missing_is_named() -> None:
    """Too few unlabelled texts; a name too many where another is missing, which looks like a mistake of writing."""
    for few in (None, Dataset(UNLABELLED.texts[:99])):
        with pytest.raises(ConfigError, match=r"Fewer than two labelled rows: 'negative'.*100 at least; got (0|99)"):
            TextClassifier().fit(LABELLED, LABELS, unlabelled=few, label_names=NAMES)
    wrong = {"positive": "positive", "nuetral": "neutral"}
    with pytest.raises(ConfigError, match=r"'nuetral' is not a label of the data\. Did you mean 'neutral'"):
        TextClassifier().fit(LABELLED, LABELS, unlabelled=UNLABELLED, label_names=wrong)

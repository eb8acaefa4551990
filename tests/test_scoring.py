"""Predicting rows: what is asked of the predictor, and the columns that come of it."""

import json
from pathlib import Path

import numpy as np
import pytest

from headstart import TextClassifier
from headstart.abstaining import Abstaining
from headstart.data import read_rows
from headstart.predictor import Predictor
from headstart.progress import shown
from headstart.scoring import predict_rows

TEXTS = (
    "lovely warm room",
    "kind lovely staff",
    "warm kind people",
    "cold rude staff",
    "rude cold room",
    "cold people",
)
LABELS = ("good", "good", "good", "bad", "bad", "bad")


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return TextClassifier("tfidf", "linear_probe", "logistic", max_error=0.2).fit(TEXTS * 4, LABELS * 4).predictor_


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    given = [{"text": text, "p_good": i} for i, text in enumerate(("lovely room", "", "rude", "kind"))]
    path.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    return path


def predicted(predictor: Predictor, rows: Path, **more: object) -> list[dict[str, object]]:
    out = rows.with_name("out.jsonl")
    predict_rows(predictor, read_rows(rows, skip_bad_rows=True), str(out), **more)  # type: ignore[arg-type] # by name
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_rows_say_what_the_predictor_says(predictor: Predictor, rows: Path) -> None:
    """Label and probabilities are those of `predict`; the input's own column stays; no text, no label."""
    found = predicted(predictor, rows, all_probabilities=True)
    expected = predictor.predict(["lovely room", "rude", "kind"])
    assert found[1] == {"text": "", "p_good": 1} | dict.fromkeys(
        ("predicted", "probability", "truncated", "abstained", "p_bad", "p_good_")
    )
    for row, label, odds in zip(
        found[::2] + found[3:], expected.labels[[0, 1, 2]], expected.probabilities, strict=True
    ):
        assert row["predicted"] == label
        assert [row["p_bad"], row["p_good_"]] == pytest.approx(odds, abs=1e-6)
    assert [row["p_good"] for row in found] == [0, 1, 2, 3]


def test_the_limit_is_worked_out_once(predictor: Predictor, rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many chunks there are; and it decides as the predictor does."""
    monkeypatch.setattr("headstart.scoring._CHUNK_ROWS", 1)
    made, limit = [], Abstaining.limit
    monkeypatch.setattr(Abstaining, "limit", lambda *words: made.append(words) or limit(*words))
    found = predicted(predictor, rows)
    assert len(made) == 1
    texts = ["lovely room", "rude", "kind"]
    abstained = [row["abstained"] for row in found if row["text"]]
    assert abstained == np.asarray(predictor.predict(texts).abstained).tolist()


def test_the_number_of_rows_is_not_known_beforehand(predictor: Predictor, rows: Path) -> None:
    """Progress is told as rows of a total that is not known, which is 0."""
    told: list[tuple[object, ...]] = []

    def start(what: str, total: int) -> object:
        told.append((what, total))
        return lambda by, total, note: told.append((by, total))

    with shown(start):  # type: ignore[arg-type] # a function like it
        predicted(predictor, rows)
    assert told == [("predicting", 0), (4, 0)]

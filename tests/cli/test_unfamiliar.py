"""Texts in a script that a classifier did not learn from: the commands say that its answers mean nothing there."""

import json
from pathlib import Path

import pytest

from .conftest import REVIEWS, Headstart

CHINESE = ("房间很干净，就是隔音差了点。", "发货太慢，客服也不回，差评！")


def strange(printed: str) -> list[list[tuple[int, list[str]]]]:
    """Of each data set in the report, how many texts and which lines are found to be so."""
    found = [
        [f for f in a["findings"] if f["name"] == "unfamiliar_script"] for a in json.loads(printed)["report"]["audits"]
    ]
    return [[(f["n"], [e.partition(":")[0] for e in f["examples"]]) for f in each] for each in found]


@pytest.fixture
def bundle(headstart: Headstart, tmp_path: Path) -> Path:
    rows = tmp_path / "english.jsonl"
    rows.write_text("".join(json.dumps({"text": t, "label": label}) + "\n" for t, label in REVIEWS), encoding="utf-8")
    assert headstart("fit", rows, "--encoder", "tfidf", "--out", tmp_path / "bundle").code == 0
    return tmp_path / "bundle"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Two Chinese texts, two English ones, and one without letters."""
    path = tmp_path / "mixed.jsonl"
    texts = (CHINESE[0], REVIEWS[0][0], CHINESE[1], "12345 !!!", REVIEWS[1][0])
    path.write_text("".join(json.dumps({"text": t, "label": "good"}) + "\n" for t in texts), encoding="utf-8")
    return path


def test_predict_counts_them(headstart: Headstart, bundle: Path, mixed: Path, tmp_path: Path) -> None:
    """In the sentence and in the JSON summary; every row is answered all the same."""
    done = headstart("predict", bundle, mixed, "--out", tmp_path / "out.csv")
    assert "5 rows predicted; 2 texts are in a script that it did not learn from (lines 1, 3)" in done.err
    summary = json.loads(headstart("predict", bundle, mixed, "--out", tmp_path / "out.csv", "--json").out)
    assert (summary["n_unfamiliar"], summary["unfamiliar_lines"]) == (2, [1, 3])


def test_evaluate_names_their_lines(headstart: Headstart, bundle: Path, mixed: Path) -> None:
    """The figures are lower for them: the report says where they are."""
    assert strange(headstart("evaluate", bundle, mixed, "--json").out) == [[(2, ["line 1", "line 3"])]]


def test_fit_names_those_of_the_test_rows(headstart: Headstart, bundle: Path, mixed: Path, tmp_path: Path) -> None:
    """Not of the training rows: what is rare there was learnt from all the same."""
    words = ("--test", mixed, "--encoder", "tfidf", "--json", "--out", tmp_path / "tested")
    assert strange(headstart("fit", tmp_path / "english.jsonl", *words).out) == [[], [(2, ["line 1", "line 3"])]]


def test_explain_says_so(headstart: Headstart, bundle: Path) -> None:
    """A text of which no word is known has no words to show, and that is why."""
    assert "1 of 1 texts are in a script that the model did not learn" in headstart("explain", bundle, CHINESE[0]).err
    assert "did not learn from" not in headstart("explain", bundle, REVIEWS[0][0]).err


def test_nothing_is_said_of_what_was_learnt_from(headstart: Headstart, tmp_path: Path) -> None:
    """Rows of both languages: texts of either are read."""
    rows = tmp_path / "both.jsonl"
    both = [*REVIEWS, (CHINESE[0], "good"), (CHINESE[1], "bad"), ("味道很好", "good"), ("差评", "bad")]
    rows.write_text("".join(json.dumps({"text": t, "label": label}) + "\n" for t, label in both), encoding="utf-8")
    assert headstart("fit", rows, "--encoder", "tfidf", "--out", tmp_path / "both").code == 0
    done = headstart("predict", tmp_path / "both", rows, "--out", tmp_path / "out.csv")
    assert "script" not in done.err

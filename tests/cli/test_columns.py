"""Commands on a bundle read the columns that its classifier learnt from."""

import csv
import json
from pathlib import Path

import pytest

from .conftest import REVIEWS, Headstart


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Reviews with semicolons, as spreadsheets write them, whose column `text` is something else."""
    path = tmp_path / "odd.csv"
    rows = [(f"order {number}", text, stars) for number, (text, stars) in enumerate(REVIEWS)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("text", "review", "stars"), *rows])
    return path


@pytest.fixture
def bundle(headstart: Headstart, odd: Path, tmp_path: Path) -> Path:
    words = ("--text", "review", "--label", "stars", "--encoder", "tfidf", "--out", tmp_path / "bundle")
    assert headstart("fit", odd, *words).code == 0
    return tmp_path / "bundle"


def test_a_bundle_knows_its_columns(headstart: Headstart, bundle: Path, odd: Path, tmp_path: Path) -> None:
    """predict, evaluate, suggest and explain agree, without a name, with the same commands that are told all names."""
    told = headstart("predict", bundle, odd, "--text", "review", "--format", "csv")
    quiet = headstart("predict", bundle, odd, "--format", "csv")
    assert quiet.out == told.out
    assert "column 'review' used as text, as when the classifier learnt" in quiet.err
    assert {row["predicted"] for row in csv.DictReader(quiet.out.splitlines())} == {"good", "bad"}
    evaluated = json.loads(headstart("evaluate", bundle, odd, "--json").out)
    assert (
        evaluated["test"]
        == json.loads(headstart("evaluate", bundle, odd, "--text", "review", "--label", "stars", "--json").out)["test"]
    )
    more = tmp_path / "more.csv"
    more.write_text(
        odd.read_text(encoding="utf-8") + "order 8;a kind waiter, but the soup was cold;\n", encoding="utf-8"
    )
    suggested = json.loads(headstart("suggest", bundle, more, "--n", 3, "--labelled", odd, "--json").out)
    assert suggested["n_labelled"] == len(REVIEWS)  # the texts of both are the reviews
    explained = json.loads(headstart("explain", bundle, "--file", odd, "--json").out)
    assert [each["text"] for each in explained["texts"]] == [text for text, _ in REVIEWS]


def test_another_column_is_read_when_asked_for(headstart: Headstart, bundle: Path, odd: Path) -> None:
    """--text text means the column of this name, which has no word that the classifier knows."""
    done = headstart("predict", bundle, odd, "--text", "text", "--format", "jsonl")
    assert len({json.loads(line)["probability"] for line in done.out.splitlines()}) == 1

"""`headstart suggest`: the rows, their columns, and what is said of them."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

THINGS = ("soup", "staff", "room", "garden", "breakfast", "lift")
WORDS = {"good": ("lovely", "kind", "great"), "bad": ("rude", "cold", "dirty")}


Headstart = Any


def write_rows(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


@pytest.fixture
def files(tmp_path: Path, headstart: Headstart) -> tuple[Path, Path, Path]:
    """A bundle, the rows that it learnt from, and texts to choose from, with domains."""
    known = [(f"the {t} was {w}", label) for label, words in WORDS.items() for w in words[:2] for t in THINGS]
    labelled = write_rows(tmp_path / "labelled.csv", known)
    new = tmp_path / "new.csv"
    with new.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "domain", "reason"])
        texts = [f"this {t} seemed {w} to us" for words in WORDS.values() for w in words for t in THINGS]
        writer.writerows([i, text, "ab"[i % 2], "kept"] for i, text in enumerate([*texts, texts[0], known[0][0]]))
    bundle = tmp_path / "bundle"
    done = headstart("fit", labelled, "--encoder", "tfidf", "--strategy", "linear_probe", "--out", bundle)
    assert done.code == 0, done.err
    return bundle, labelled, new


def test_rows_keep_their_columns_and_say_why(files: tuple[Path, Path, Path], headstart: Headstart, tmp_path: Path):
    """All columns, then predicted, probability and a reason that does not write over the file's own."""
    bundle, labelled, new = files
    out = tmp_path / "rows.csv"
    done = headstart("suggest", bundle, new, "--labelled", labelled, "--n", 6, "--out", out)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == ["id", "text", "domain", "reason", "label", "predicted", "probability", "reason_"]
    assert len({row["text"] for row in rows}) == 6
    assert {row["reason"] for row in rows} == {"kept"}
    assert {row["domain"] for row in rows} == {"a", "b"}
    assert {row["label"] for row in rows} == {""}
    assert all(row["reason_"] for row in rows)
    assert "50 more labels: about" in done.out.replace("\n", " ")
    assert "repeat another one" in done.out
    assert "repeat a labelled one" in done.out


def test_the_rows_are_fit_to_learn_from_once_they_are_labelled(
    files: tuple[Path, Path, Path], headstart: Headstart, tmp_path: Path
):
    """The empty column has the name that the classifier learnt labels by; one that the file has stays as it is."""
    _, labelled, new = files
    stars, out = tmp_path / "stars.csv", tmp_path / "rows.csv"
    stars.write_text(labelled.read_text(encoding="utf-8").replace("text,label", "text,stars"), encoding="utf-8")
    assert headstart("fit", stars, "--label", "stars", "--encoder", "tfidf", "--out", tmp_path / "b").code == 0
    assert headstart("suggest", tmp_path / "b", new, "--n", 6, "--out", out).code == 0
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert {row["stars"] for row in rows} == {""}
    filled = [{**row, "stars": "good" if number % 2 else "bad"} for number, row in enumerate(rows)]
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(filled[0]))
        writer.writeheader()
        writer.writerows(filled)
    assert headstart("fit", out, "--label", "stars", "--encoder", "tfidf", "--out", tmp_path / "more").code == 0
    assert headstart("suggest", tmp_path / "b", out, "--n", 2, "--out", tmp_path / "again.csv").code == 0
    again = list(csv.DictReader((tmp_path / "again.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["stars"] for row in again} <= {"good", "bad"}


def test_json_is_one_object_in_the_order_of_the_file(files: tuple[Path, Path, Path], headstart: Headstart):
    bundle, labelled, new = files
    done = headstart("suggest", bundle, new, "--labelled", labelled, "--n", 4, "--json")
    found = json.loads(done.out)
    assert len(found["rows"]) == 4
    assert set(found["rows"][0]) == {"line", "text", "predicted", "probability", "reason"}
    assert list(found["more_labels"]["more"]) == ["50", "200", "500"]
    again = json.loads(headstart("suggest", bundle, new, "--labelled", labelled, "--n", 2, "--json").out)
    assert [row["line"] for row in again["rows"]] == [row["line"] for row in found["rows"][:2]]


def test_stdout_takes_the_rows_and_nothing_else(files: tuple[Path, Path, Path], headstart: Headstart):
    bundle, _, new = files
    done = headstart("suggest", bundle, new, "--n", 3, "--out", "-")
    assert [json.loads(line)["text"] for line in done.out.splitlines()]
    assert "--labelled" in done.err


def test_two_things_on_stdout_are_refused(files: tuple[Path, Path, Path], headstart: Headstart):
    bundle, _, new = files
    done = headstart("suggest", bundle, new, "--json", "--out", "-")
    assert done.code == 1
    assert "--out" in done.err


def test_the_report_of_fit_says_what_more_labels_would_buy(files: tuple[Path, Path, Path], headstart: Headstart):
    """From the accuracy that the report has: the real model's, with its rows."""
    _, labelled, _ = files
    done = headstart("fit", labelled, "--encoder", "tfidf", "--strategy", "linear_probe", "--no-bundle", "--json")
    report = json.loads(done.out)["report"]
    assert report["more_labels"]["n"] == 24
    assert report["more_labels"]["more"]["500"]["high"] <= 1


def test_the_accuracy_now_is_the_one_that_fit_measured(headstart: Headstart, reviews: Path, tmp_path: Path) -> None:
    """Not that of a stand-in which learns from the same rows: fit and suggest say the same of one bundle."""
    fitted = json.loads(headstart("fit", reviews, "--encoder", "tfidf", "--out", tmp_path / "b", "--json").out)
    new = write_rows(tmp_path / "new.csv", [(f"a lovely rude soup {i}", "") for i in range(5)])
    said = json.loads(headstart("suggest", tmp_path / "b", new, "--labelled", reviews, "--json").out)
    assert said["more_labels"]["now"] == fitted["report"]["more_labels"]["now"]

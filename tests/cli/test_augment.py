"""`headstart augment`, and `headstart fit --augment`."""

import csv
import json
from pathlib import Path

from .conftest import REVIEWS, Headstart


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_originals_first_then_the_new_rows(headstart: Headstart, reviews: Path, tmp_path: Path) -> None:
    """Every row of the file as it was, then new ones with their origin's label, line and the augmentation's name."""
    out = tmp_path / "more.csv"
    done = headstart("augment", reviews, "--with", "swap,delete:0.3", "--copies", 2, "--out", out)
    assert done.code == 0, done.err
    rows = rows_of(out)
    originals, new = rows[: len(REVIEWS)], rows[len(REVIEWS) :]
    assert [(row["text"], row["label"]) for row in originals] == REVIEWS
    assert [row["origin"] for row in originals] == [str(line) for line in range(2, 10)]
    assert {row["augmentation"] for row in originals} == {""}
    assert {row["augmentation"] for row in new} == {"swap", "delete:0.3"}
    assert 20 < len(new) <= 32
    for row in new:
        text, label = REVIEWS[int(row["origin"]) - 2]
        assert row["label"] == label
        assert row["text"] != text
        assert set(row["text"].replace(",", "").split()) <= set(text.replace(",", "").split())


def test_without_out_nothing_is_written(headstart: Headstart, reviews: Path, tmp_path: Path) -> None:
    """Counts and three examples each, and no file."""
    before = sorted(tmp_path.iterdir())
    done = headstart("augment", reviews, "--with", "swap")
    assert done.code == 0
    assert sorted(tmp_path.iterdir()) == before
    assert "Nothing was written" in done.out
    assert done.out.count("line ") == 3
    assert done.out.count("->") == 3
    assert REVIEWS[0][0] in done.out


def test_json_and_seeds(headstart: Headstart, reviews: Path, tmp_path: Path) -> None:
    """Counts agree with the rows; the same seed writes the same file, another one another."""
    outs = [tmp_path / f"{i}.csv" for i in range(3)]
    found = [
        json.loads(headstart("augment", reviews, "--with", "swap", "--out", out, "--seed", seed, "--json").out)
        for out, seed in zip(outs, (1, 1, 2), strict=True)
    ]
    assert found[0]["n_new"] == found[0]["augmentations"]["swap"]["n_new"] == len(rows_of(outs[0])) - len(REVIEWS)
    assert outs[0].read_bytes() == outs[1].read_bytes() != outs[2].read_bytes()


def test_other_columns_titles_and_taken_names(headstart: Headstart, tmp_path: Path) -> None:
    """Columns are copied; a title is part of the new text; rows without label stay and give nothing."""
    file, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given = [
        {"id": 1, "title": "Cold", "text": "the soup was cold", "label": "bad", "origin": "x"},
        {"id": 2, "title": "", "text": "a lovely evening here", "label": "good", "origin": "y"},
        {"id": 3, "title": "", "text": "nobody knows what this is", "label": None, "origin": "z"},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    done = headstart("augment", file, "--with", "swap:0.5", "--out", out)
    assert done.code == 0, done.err
    assert "1 of 3 rows have no text or no label" in done.out
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [{key: row[key] for key in given[0]} for row in rows[:3]] == given
    new = {row["id"]: row for row in rows[3:]}
    assert set(new) == {1, 2}
    assert new[1]["title"] == ""
    assert sorted(new[1]["text"].split()) == sorted(["Cold", *given[0]["text"].split()])
    assert (new[1]["origin_"], new[1]["augmentation"], new[1]["origin"]) == (1, "swap:0.5", "x")


def test_mistakes_are_messages(headstart: Headstart, reviews: Path, tmp_path: Path) -> None:
    """An unknown name, copies said twice, a summary and rows on one stdout: exit 1, and nothing written."""
    out = tmp_path / "x.csv"
    unknown = headstart("augment", reviews, "--with", "swop", "--out", out)
    assert (unknown.code, "Did you mean 'swap'" in unknown.err) == (1, True)
    twice = headstart("augment", reviews, "--with", "swap,copies:2", "--copies", 2, "--out", out)
    assert (twice.code, "twice" in twice.err) == (1, True)
    assert headstart("augment", reviews, "--with", "swap", "--out", "-", "--json").code == 1
    assert not out.exists()


def test_stdout_holds_rows_only(headstart: Headstart, reviews: Path) -> None:
    """With --out - every line of stdout is a row."""
    done = headstart("augment", reviews, "--with", "swap", "--out", "-")
    assert all(json.loads(line)["text"] for line in done.out.splitlines())


def test_fit_augment_says_what_it_did(headstart: Headstart, reviews: Path) -> None:
    """The report has the counts and the verdict; the bundle's figures count real rows only."""
    parts = ("--encoder", "tfidf", "--head", "prototype")
    done = headstart("fit", reviews, "--test", reviews, *parts, "--augment", "swap", "--no-bundle", "--json")
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert result["n_train"] == len(REVIEWS)
    assert result["test"]["n"] == len(REVIEWS)
    text = json.dumps(result["report"])
    assert "Augmentation swap: 8 new training texts from 8 tries" in text
    assert "not shown to help" in text


def test_fit_refuses_a_wrong_spec_before_it_reads(headstart: Headstart, tmp_path: Path) -> None:
    """The mistake in the spec comes first."""
    done = headstart("fit", tmp_path / "missing.csv", "--augment", "swop", "--no-bundle")
    assert done.code == 1
    assert "Did you mean 'swap'" in done.err

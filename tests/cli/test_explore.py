"""`headstart explore`: clusters, labels from names, the page."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

FOOD = ("soup", "bread", "kitchen", "dinner", "cook")
MONEY = ("bank", "loan", "interest", "account", "market")


Headstart = Any


def write_rows(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    rows = [(" ".join((words[i % 5], words[(i + 1) % 5], words[(i + 2) % 5], f"w{i}")), "old")
            for words in (FOOD, MONEY) for i in range(20)]  # fmt: skip
    return write_rows(tmp_path / "texts.csv", rows)


def test_named_clusters_are_rows_that_fit_takes(texts: Path, headstart: Headstart, tmp_path: Path):
    """Look, name, write, learn: the names are the labels of the file, and fit reads it."""
    common = ("explore", texts, "--encoder", "tfidf", "--clusters", 2)
    found = json.loads(headstart(*common, "--json").out)
    assert [c["n"] for c in found["clusters"]] == [20, 20]
    names = {str(c["number"]): "food" if set(c["terms"]) & set(FOOD) else "money" for c in found["clusters"]}
    (tmp_path / "names.json").write_text(json.dumps(names))
    out = tmp_path / "labelled.csv"
    done = headstart(*common, "--names", tmp_path / "names.json", "--labels-out", out)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert {(row["label"], row["text"].split()[0] in FOOD) for row in rows} == {("food", True), ("money", False)}
    fitted = headstart("fit", out, "--encoder", "tfidf", "--strategy", "linear_probe", "--no-bundle", "--json")
    assert json.loads(fitted.out)["classes"] == ["food", "money"]


def test_a_cluster_named_null_is_left_out_and_counted(texts: Path, headstart: Headstart, tmp_path: Path):
    (tmp_path / "names.json").write_text('{"0": null}')
    out = tmp_path / "rows.jsonl"
    done = headstart(
        "explore", texts, "--encoder", "tfidf", "--clusters", 2, "--names", tmp_path / "names.json",
        "--labels-out", out, "--label", "cluster",
    )  # fmt: skip
    assert "20 texts are in clusters named null" in done.out.replace("\n", " ")
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {(row["cluster"], row["label"]) for row in rows} == {("1", "old")}
    assert len(rows) == 20


def test_the_page_is_written(texts: Path, headstart: Headstart, tmp_path: Path):
    page = tmp_path / "page.html"
    done = headstart("explore", texts, "--encoder", "tfidf", "--report", page, "--language", "zh")
    assert done.code == 0, done.err
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "典型文本" in done.out
    assert "按平均轮廓系数" in done.out
    assert "按平均轮廓系数" in page.read_text(encoding="utf-8")
    assert not re.search(r"\b(clusters|texts|cohesion|typical|Page)\b", done.out)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--clusters", "many"), "--clusters"),
        (("--clusters", "39"), "--clusters"),
        (("--names", "names.json"), "--labels-out"),
        (("--json", "--labels-out", "-"), "--labels-out"),
        (("--report", "nowhere/page.html"), "no folder"),
    ],
)
def test_options_that_cannot_be_used_are_refused(
    texts: Path, headstart: Headstart, options: tuple[str, ...], said: str
):
    done = headstart("explore", texts, "--encoder", "tfidf", *options)
    assert done.code == 1
    assert said in done.err

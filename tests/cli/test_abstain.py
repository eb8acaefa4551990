"""--max-error from the command line: fit keeps it, predict marks rows, evaluate counts, and all say what they did."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.strategies.linear_probe import LinearProbe

from .conftest import Headstart, write_rows


def reviews(path: Path, n: int, seed: int) -> Path:
    """A file of reviews whose one telling word is wrong for a tenth of the rows."""
    rng = np.random.default_rng(seed)
    words = {"good": ("lovely", "kind", "warm"), "bad": ("rude", "cold", "dirty")}
    rows = []
    for i in range(n):
        label = ("good", "bad")[int(rng.integers(2))]
        told = label if rng.random() < 0.9 else "bad"
        rows.append((f"{rng.choice(words[told])} {i}", label))
    return write_rows(path, rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("abstain")
    reviews(place / "train.csv", 200, 0)
    reviews(place / "test.csv", 300, 1)
    return place


FIT = ("--encoder", "tfidf", "--head", "ridge", "--json")


@pytest.fixture
def bundle(headstart: Headstart, folder: Path, tmp_path: Path) -> Path:
    place = tmp_path / "bundle"
    done = headstart("fit", folder / "train.csv", *FIT, "--max-error", "0.2", "--out", place)
    assert done.code == 0, done.err
    return place


def test_fit_says_what_it_keeps(headstart: Headstart, folder: Path, bundle: Path):
    """The rows of the report set the limit: there is a sentence, and no figure on them."""
    done = headstart("fit", folder / "train.csv", *FIT, "--max-error", "20%", "--no-bundle")
    result = json.loads(done.out)
    told = result["report"]["answering"]
    assert told["sentence"] == result["max_error"]["sentence"]
    assert told["sentence"].startswith("At most 20 % errors (90 % sure): ")
    assert "200 training rows of " in told["sentence"]
    assert (told["measured"], told["max_error"]) == (None, "0.2")
    assert told["sentence"] in (bundle / "card.md").read_text()


def test_test_rows_have_no_part_in_the_limit(headstart: Headstart, folder: Path):
    """With --test the limit is the same, and the test rows measure it."""
    words = ("fit", folder / "train.csv", *FIT, "--max-error", "0.2", "--no-bundle")
    alone = json.loads(headstart(*words).out)["max_error"]
    tested = json.loads(headstart(*words, "--test", folder / "test.csv").out)
    assert tested["max_error"] == alone
    measured = tested["report"]["answering"]["measured"]
    assert measured["n"] == 300
    assert measured["error"]["low"] <= measured["error"]["value"] <= measured["error"]["high"]


def test_predict_marks_rows_and_evaluate_counts_them(headstart: Headstart, folder: Path, bundle: Path, tmp_path: Path):
    """Coverage, error and sets of `evaluate` are those counted in the file that `predict` writes."""
    out = tmp_path / "out.csv"
    asked = ("--max-error", "0.05:expected")
    done = headstart("predict", bundle, folder / "test.csv", "--out", out, "--sets", *asked, "--json")
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    answered = [row for row in rows if row["abstained"] == "false"]
    assert json.loads(done.out)["n_abstained"] == len(rows) - len(answered)
    told = json.loads(headstart("evaluate", bundle, folder / "test.csv", *asked, "--json").out)["report"]["answering"]
    assert told["max_error"] == "0.05:expected"
    assert 0 < len(answered) < len(rows)
    assert told["measured"]["coverage"]["value"] == pytest.approx(len(answered) / len(rows))
    wrong = sum(row["predicted"] != row["label"] for row in answered)
    assert told["measured"]["error"]["value"] == pytest.approx(wrong / len(answered))
    sets = [row["label_set"].split("|") for row in rows]
    assert told["measured"]["set_size"] == pytest.approx(sum(map(len, sets)) / len(rows))
    without = sum(row["label"] not in labels for row, labels in zip(rows, sets, strict=True))
    assert told["measured"]["sets_without"]["value"] == pytest.approx(without / len(rows))
    assert all(row["predicted"] == labels[0] for row, labels in zip(rows, sets, strict=True))


def test_the_page_and_the_terminal_show_it(headstart: Headstart, folder: Path, bundle: Path, tmp_path: Path):
    """In both languages."""
    page = tmp_path / "r.html"
    cases = (("en", "Which texts are answered?", "At most 20 % errors"), ("zh", "回答哪些文本？", "错误至多 20 %"))
    for language, title, limit in cases:
        done = headstart("evaluate", bundle, folder / "test.csv", "--report", page, "--language", language)
        assert title in done.out
        assert title in page.read_text(encoding="utf-8")
        assert limit in page.read_text(encoding="utf-8")
        assert limit in done.out


def test_without_a_limit_there_is_no_column_and_a_rate_is_refused(headstart: Headstart, reviews: Path, tmp_path: Path):
    """A bundle that was fitted without: --sets and --max-error say what to do."""
    bundle = tmp_path / "plain"
    assert headstart("fit", reviews, "--encoder", "tfidf", "--out", bundle).code == 0
    assert "abstained" not in headstart("predict", bundle, reviews).out
    for words in (("predict", "--sets"), ("predict", "--max-error", "0.1"), ("evaluate", "--max-error", "0.1")):
        done = headstart(words[0], bundle, reviews, *words[1:])
        assert done.code == 1
        assert "Fit it again with a limit: headstart fit TRAIN --max-error 0.05" in done.err


@pytest.mark.parametrize("value", ["0", "2", "five", "0.05:sure"])
def test_a_wrong_rate_is_told_before_the_fit(headstart: Headstart, reviews: Path, value: str):
    """One sentence with what was expected and got."""
    done = headstart("fit", reviews, "--max-error", value)
    assert done.code == 1
    assert "max_error" in done.err
    assert f"Got '{value}' instead" in done.err
    assert "fitting" not in done.err


def test_a_run_without_figures_says_why_nothing_is_answered(headstart: Headstart, tmp_path: Path):
    """Two rows a class cannot be checked: the bundle abstains, and fit says so."""
    train = write_rows(tmp_path / "few.csv", [("kind", "a"), ("warm", "a"), ("rude", "b"), ("cold", "b")])
    done = headstart("fit", train, "--encoder", "tfidf", "--max-error", "0.1", "--out", tmp_path / "b")
    assert done.code == 0
    assert "no text is answered" in " ".join(done.out.split())
    rows = [json.loads(line) for line in headstart("predict", tmp_path / "b", train).out.splitlines()]
    assert [row["abstained"] for row in rows] == [True] * 4


def test_long_work_is_checked_on_some_rows(headstart: Headstart, tmp_path: Path, folder: Path, monkeypatch):
    """Two hundred are enough where the strategy says that it took long, with test rows and without them."""
    fit = LinearProbe.fit
    monkeypatch.setattr(LinearProbe, "fit", lambda self, task: replace(fit(self, task), is_slow=True))
    train = reviews(tmp_path / "train.csv", 400, 0)
    with_test = headstart("fit", train, *FIT, "--max-error", "0.2", "--test", folder / "test.csv", "--no-bundle")
    assert "240 training rows of " in json.loads(with_test.out)["max_error"]["sentence"]
    without = headstart("fit", train, *FIT, "--max-error", "0.2", "--no-bundle")
    assert "240 training rows of " in json.loads(without.out)["max_error"]["sentence"]
    assert "train.csv: 3/5 held out" in without.out

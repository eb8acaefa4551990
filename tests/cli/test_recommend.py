"""Laws of `headstart recommend`: one JSON object, the next command, reasons, and plain refusals."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from headstart.cli.commands.recommend import _seconds
from headstart.errors import ConfigError

Headstart = Any


def test_json_has_everything(headstart: Headstart, reviews: Path):
    """Facts, machine, candidates with their figures, reasons and the next command; nothing else on stdout."""
    done = headstart("recommend", reviews, "--encoders", "tfidf,bow,nothing", "--json")
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    assert answer["facts"]["classes"] == {"good": 4, "bad": 4}
    assert {c["name"] for c in answer["candidates"]} == {"tfidf", "bow", "nothing"}
    assert "nothing" in answer["candidates"][-1]["problem"]
    assert answer["machine"]["cpus"] >= 1
    assert answer["candidates"][0]["expected"]["value"] >= answer["candidates"][1]["expected"]["value"]
    assert shlex.split(answer["next"])[:2] == ["headstart", "fit"]


def test_the_next_command_runs(headstart: Headstart, tmp_path: Path, reviews: Path):
    """With the columns that were named."""
    path = tmp_path / "other names.csv"
    path.write_text(reviews.read_text().replace("text,label", "body,kind"))
    asked = headstart("recommend", path, "--encoders", "tfidf", "--text", "body", "--label", "kind", "--json")
    words = shlex.split(json.loads(asked.out)["next"])
    assert headstart(*words[1:], "--no-bundle", "--json").code == 0


def test_a_newcomer_sees_the_choice_and_why(headstart: Headstart, reviews: Path):
    """The recommendation, its reasons, the table, what cannot be used, and what to type."""
    done = headstart("recommend", reviews, "--encoders", "tfidf,nothing")
    assert done.code == 0
    for words in ("Recommended: tfidf", "expected", "nothing cannot be used", "headstart fit", "LogME"):
        assert words in done.out


def test_without_labels_it_says_what_it_can(headstart: Headstart, tmp_path: Path):
    """Facts and the way on; no ranking and no command."""
    path = tmp_path / "bare.csv"
    path.write_text("text\na kind place\na cold room\n")
    done = headstart("recommend", path, "--encoders", "tfidf")
    assert done.code == 0
    assert "No labels" in done.out
    assert "headstart fit" not in done.out
    assert json.loads(headstart("recommend", path, "--encoders", "tfidf", "--json").out)["next"] is None


@pytest.mark.parametrize(("written", "seconds"), [("60", 60), ("60s", 60), ("1.5m", 90), ("1h", 3600)])
def test_budgets_are_read(written: str, seconds: float):
    """Seconds, minutes, hours."""
    assert _seconds(written) == seconds


@pytest.mark.parametrize("written", ["", "0s", "-5", "5 days", "soon"])
def test_other_budgets_are_refused(headstart: Headstart, reviews: Path, written: str):
    """With what is expected; exit 1."""
    with pytest.raises(ConfigError):
        _seconds(written)
    done = headstart("recommend", reviews, f"--budget={written}")
    assert done.code == 1
    assert "60s" in done.err


def test_unlabelled_rows_are_counted(headstart: Headstart, reviews: Path, tmp_path: Path):
    """They are texts to learn words from."""
    more = tmp_path / "more.csv"
    more.write_text("text\nanother kind place\nanother cold room\n")
    done = headstart("recommend", reviews, "--encoders", "tfidf", "--unlabelled", more, "--json")
    assert json.loads(done.out)["facts"]["n_unlabelled"] == 2


def test_no_candidate_is_an_error(headstart: Headstart, reviews: Path, tmp_path: Path):
    """The table says why, and the exit code is that of an error; so it is without labels."""
    bare = tmp_path / "bare.csv"
    bare.write_text("text\na kind place\na cold room\n")
    for path in (reviews, bare):
        done = headstart("recommend", path, "--encoders", "nothing")
        assert (done.code, "nothing cannot be used" in done.out) == (1, True)
        done = headstart("recommend", path, "--encoders", "nothing", "--json")
        assert (done.code, json.loads(done.out)["next"]) == (1, None)

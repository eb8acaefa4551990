"""`headstart clean`, and `headstart fit --clean`, end to end."""

import csv
import gzip
import inspect
import json
import re
from pathlib import Path

import pytest

from headstart.cli.commands import clean

from .conftest import REVIEWS, Headstart, write_rows

DIRTY = [
    ("<p>the  soup was lovely</p>", "good"),
    ("the soup was lovely", "good"),
    ("...", "bad"),
    ("cold food and a rude waiter", "bad"),
    ("COLD food and a rude waiter", "good"),
]


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "dirty.csv", DIRTY)


def read(path: Path) -> list[dict[str, str]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(content.decode().splitlines()))


def test_without_out_it_only_shows(headstart: Headstart, dirty: Path, monkeypatch: pytest.MonkeyPatch):
    """The table names each rule, its counts and lines, before and after; no file appears or changes."""
    monkeypatch.setenv("COLUMNS", "120")
    before = dirty.read_bytes()
    done = headstart("clean", dirty)
    assert done.code == 0
    for words in ("html", "duplicates", "line 3: repeats line 2", "<p>the", "5 rows, 3 left", "Nothing was written"):
        assert words in done.out
    assert dirty.read_bytes() == before
    assert list(dirty.parent.iterdir()) == [dirty]


def test_a_dot_is_a_space_and_nothing_else(headstart: Headstart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is explained where an example shows one; a count of 0 is a dash."""
    monkeypatch.setenv("COLUMNS", "120")
    rows = {"spaces": "the  soup was lovely", "none": "the soup was lovely", "dots": "soup · staff <b>kind</b>"}
    for name, text in rows.items():
        out = headstart("clean", write_rows(tmp_path / f"{name}.csv", [(text, "good"), ("cold food", "bad")])).out
        assert ("· in an example is a space" in out) is (name == "spaces")
        assert "–" in out
        assert ("·" in out) is (name != "none")


def test_the_rules_of_the_help_exist(headstart: Headstart, dirty: Path):
    """Its example is one that can be typed (label_mistakes asks for more rows than there are)."""
    rules = re.search(r"Such as (\S+?);", inspect.getsource(clean)).group(1)  # type: ignore[union-attr] # it is there
    assert "at least 20 labelled rows" in headstart("clean", dirty, "--rules", rules).err


def test_out_and_removed(headstart: Headstart, dirty: Path, tmp_path: Path):
    """Rows left and rows removed are all rows; the removed ones are as they were, with rule and line."""
    out, removed = tmp_path / "out.csv.gz", tmp_path / "removed.csv"
    done = headstart("clean", dirty, "--out", out, "--removed", removed, "--rules", "default,conflicts", "--json")
    result = json.loads(done.out)
    assert result["written"] == [str(out), str(removed)]
    assert [(row["text"], row["label"]) for row in read(out)] == [("the soup was lovely", "good")]
    rows = [(row["line"], row["rule"], row["action"], row["text"]) for row in read(removed)]
    assert rows == [
        ("4", "missing", "removed", "..."),
        ("5", "conflicts", "removed", DIRTY[3][0]),
        ("6", "conflicts", "removed", DIRTY[4][0]),
        ("3", "duplicates", "removed", DIRTY[1][0]),
    ]
    assert result["n"] == result["n_left"] + sum(effect["n_removed"] for effect in result["effects"])


def test_dry_run_writes_nothing(headstart: Headstart, dirty: Path, tmp_path: Path):
    """Whatever else is said; the counts are those of the real run."""
    words = ("clean", dirty, "--out", tmp_path / "out.csv", "--removed", tmp_path / "r.csv", "--json")
    dry = json.loads(headstart(*words, "--dry-run").out)
    assert list(tmp_path.iterdir()) == [dirty]
    assert json.loads(headstart(*words).out)["effects"] == dry["effects"]


def test_a_file_may_replace_itself_once_complete(headstart: Headstart, dirty: Path, monkeypatch: pytest.MonkeyPatch):
    """A failure while writing leaves the old file; success leaves the new one, and nothing beside it."""
    from headstart.data.formats.delimited import Delimited

    before = dirty.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Delimited, "open_writer", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
        assert headstart("clean", dirty, "--out", dirty).code == 1
    assert dirty.read_bytes() == before
    assert headstart("clean", dirty, "--out", dirty).code == 0
    assert len(read(dirty)) == 3
    assert list(dirty.parent.iterdir()) == [dirty]


def test_rows_on_stdout(headstart: Headstart, dirty: Path):
    """--out - writes jsonl on stdout and the table on stderr; with --json that is refused."""
    done = headstart("clean", dirty, "--out", "-")
    assert [json.loads(line)["label"] for line in done.out.splitlines()] == ["good", "bad", "good"]
    assert "duplicates" in done.err
    refused = headstart("clean", dirty, "--out", "-", "--json")
    assert (refused.code, refused.out) == (1, "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--rules", "defualt"), "Did you mean 'default'"),
        (("--rules", "near_duplicates:2"), "from 0.7 to 1"),
        (("--rules", "label_mistakes"), "at least 20 labelled rows"),
        (("--text", "body"), "no column 'body'"),
        (("--out", "x.doc"), "no format"),
    ],
)
def test_mistakes_are_messages(headstart: Headstart, dirty: Path, words: tuple[str, ...], message: str):
    """Exit 1, one message, no traceback."""
    done = headstart("clean", dirty, *words)
    assert done.code == 1
    assert message in done.err
    assert "Traceback" not in done.err


def steps(done: str) -> list[str]:
    return [step["action"] for step in json.loads(done)["report"]["steps"]]


def test_fit_cleans_training_rows_and_says_so(headstart: Headstart, tmp_path: Path):
    """Row rules shorten the training data; test rows all stay; the overlap once cleaned is counted."""
    more = [("<p>rude, slow, and the food was cold</p>", "bad"), ("...", "good")]
    train = write_rows(tmp_path / "train.csv", [*REVIEWS, *more])
    test = write_rows(
        tmp_path / "test.csv", [(f"<b>{REVIEWS[0][0]}</b>", "good"), (REVIEWS[1][0], "good"), ("...", "bad")]
    )
    done = headstart("fit", train, "--test", test, "--clean", "default", "--encoder", "bow", "--no-bundle", "--json")
    result = json.loads(done.out)
    assert result["n_train"] == len(REVIEWS)
    assert result["test"]["n"] == 3
    said = steps(done.out)
    assert "cleaning rule duplicates: 1 row removed" in said
    assert any(
        action.startswith("2 test texts are in the training data once both are cleaned, 1 as") for action in said
    )


def test_fit_checks_rows_that_label_rules_have_not_chosen(headstart: Headstart, tmp_path: Path):
    """Without test rows a rule that judges labels works inside the folds: all rows are checked."""
    rows = [*REVIEWS, *((f"{text} again", label) for text, label in REVIEWS)]
    train = write_rows(tmp_path / "train.csv", [*rows, (rows[0][0], "bad"), (rows[4][0], "good")])
    done = headstart("fit", train, "--clean", "conflicts", "--encoder", "tfidf", "--no-bundle", "--json")
    result = json.loads(done.out)
    assert result["n_train"] == len(rows) - 2
    assert result["cross_validation"]["n"] == len(rows) + 2
    assert any("conflicts inside each fold" in action for action in steps(done.out))

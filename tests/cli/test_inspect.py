"""Laws of `headstart inspect`: it refuses no row, and --json is one object."""

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from headstart import registry
from headstart.errors import DataError

GOOD = "text,label\n这家店很好,pos\nnot good,neg\nfine,pos\nbad [red]food[/red],neg\n"


def run(*arguments: str) -> Any:
    app = typer.Typer()
    app.command()(registry.load("command", "inspect"))
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100", "NO_COLOR": "1"})


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "good.csv"
    path.write_text(GOOD, encoding="utf-8")
    return str(path)


def test_tables_show_classes_languages_and_findings(good: str):
    """The page names the classes with their rows, the languages and the encoding."""
    result = run(good)
    assert result.exit_code == 0
    for word in ("good.csv", "pos", "neg", "50.0%", "Chinese 25.0%", "utf-8", "fewer than 5 rows"):
        assert word in result.output


def test_bad_rows_are_reported_with_lines_not_refused(tmp_path: Path):
    """Every kind of bad row is an error finding with its line, and the exit code is 0."""
    path = tmp_path / "bad.csv"
    path.write_text("text,label\na,x\n,x\nb,\nc\nd,x \n", encoding="utf-8")
    result = run(str(path))
    assert result.exit_code == 0
    for words in (
        "line 3: no text",
        "line 4: no label",
        "line 5: 1 field",
        "line 6: label 'x '",
        "3 unusable",
    ):
        assert words in result.output


def test_a_full_label_column_of_unusable_rows_is_not_called_empty(tmp_path: Path):
    """Every text has a NUL; the labels are there all the same."""
    path = tmp_path / "nul.csv"
    path.write_text("text,label\na\0,x\nb\0,y\n", encoding="utf-8")
    result = run(str(path))
    assert result.exit_code == 0
    assert "unlabelled" not in result.output
    assert "no usable row has a label" in result.output


def test_json_is_one_object(good: str, tmp_path: Path):
    """--json prints one object with a file entry each, and the overlap of each pair."""
    other = tmp_path / "other.csv"
    other.write_text("text,label\nFINE,pos\nother,neg\n", encoding="utf-8")
    result = run(good, str(other), "--json")
    answer = json.loads(result.output)
    assert [entry["n"] for entry in answer["files"]] == [4, 2]
    assert answer["files"][0]["classes"] == {"pos": 2, "neg": 2}
    assert [found["n"] for found in answer["overlaps"]] == [1]


def test_overlap_is_shown(good: str):
    """A file against itself shares all texts."""
    result = run(good, good)
    assert "4 of 4 texts" in result.output.replace("\n", " ")


def test_columns_can_be_renamed(tmp_path: Path):
    """--text and --label name the columns."""
    path = tmp_path / "a.csv"
    path.write_text("body,kind\na,x\nb,y\n", encoding="utf-8")
    answer = json.loads(run(str(path), "--text", "body", "--label", "kind", "--json").output)
    assert answer["files"][0]["classes"] == {"x": 1, "y": 1}


def test_a_missing_file_is_the_projects_error(tmp_path: Path):
    """What concerns the file as a whole is a DataError, which the command line turns into exit 1."""
    assert isinstance(run(str(tmp_path / "no.csv")).exception, DataError)


def test_encoder_counts_truncated_texts(good: str, monkeypatch: pytest.MonkeyPatch):
    """--encoder asks the encoder which texts it cuts, and only then."""

    class Stub:
        def fit(self, texts: list[str]) -> "Stub":
            return self

        def truncated(self, texts: list[str]) -> Any:
            return np.array([len(text) > 5 for text in texts])

    module = ModuleType("headstart.encoders")
    module.make_encoder = lambda name: Stub()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "headstart.encoders", module)
    findings = json.loads(run(good, "--encoder", "stub", "--json").output)["files"][0]["findings"]
    n_long = sum(len(line.rpartition(",")[0]) > 5 for line in GOOD.splitlines()[1:])
    assert [n_long] == [found["n"] for found in findings if found["name"] == "long_texts"]
    findings = json.loads(run(good, "--json").output)["files"][0]["findings"]
    assert [found for found in findings if found["name"] == "long_texts"] == []

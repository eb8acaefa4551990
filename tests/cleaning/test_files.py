"""Laws of cleaning a file: columns stay, titles are cleaned by themselves, no file is lost."""

import json
from pathlib import Path

import pytest

from headstart.cleaning import Cleaner, files
from headstart.data import Columns
from headstart.errors import ConfigError, DataError

DEFAULT = Cleaner.from_spec("default")


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: list[dict[str, object]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_other_columns_stay_as_they_were(tmp_path: Path):
    """Numbers, lists and empty values of other columns, and a text that needs no cleaning, keep their type."""
    rows: list[dict[str, object]] = [
        {"id": 1, "text": "a  b", "tags": ["x"], "score": 0.5},
        {"id": 2, "text": 7, "tags": None, "score": None},
    ]
    table = files.read_table(write(tmp_path / "in.jsonl", rows), Columns())
    files.write_rows(str(tmp_path / "out.jsonl"), table, files.clean_table(table, DEFAULT))
    assert rows_of(tmp_path / "out.jsonl") == [{**rows[0], "text": "a b"}, rows[1]]


def test_title_and_text_are_cleaned_by_themselves(tmp_path: Path):
    """Each goes back to its column; rows are compared by both."""
    rows: list[dict[str, object]] = [
        {"title": "<i>One</i>", "text": "same"},
        {"title": "Two", "text": "same"},
        {"title": "one", "text": " SAME"},
        {"title": "Only a title", "text": ""},
        {"title": "", "text": " "},
    ]
    table = files.read_table(write(tmp_path / "in.jsonl", rows), Columns())
    result = files.clean_table(table, DEFAULT)
    assert result.cleaned.kept == (0, 1, 3)
    assert result.titles[0] == "One"
    assert [(flag.row, flag.rule) for flag in result.cleaned.removed] == [(4, "missing"), (2, "duplicates")]
    assert all(effect.n_rows <= 5 for effect in result.cleaned.effects)


def test_bad_rows_are_refused_with_their_lines_or_listed(tmp_path: Path):
    """A row that cannot be read is an error, or leaves with its reason; rows without text or label are no error."""
    path = tmp_path / "in.csv"
    path.write_text("text,label\ngood,x\nshort\n,x\nfine,\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 3"):
        files.read_table(str(path), Columns())
    table = files.read_table(str(path), Columns(), skip_bad_rows=True)
    result = files.clean_table(table, DEFAULT)
    assert result.cleaned.kept == (0, 2)
    files.write_flags(str(tmp_path / "removed.jsonl"), table, result.cleaned.flags)
    assert [(row["line"], row["rule"]) for row in rows_of(tmp_path / "removed.jsonl")] == [
        (4, "missing"),
        (3, "unusable"),
    ]


def test_added_columns_never_hide_those_of_the_file(tmp_path: Path):
    """A file with a column `rule` keeps it."""
    table = files.read_table(
        write(tmp_path / "in.jsonl", [{"text": "a", "rule": 1}, {"text": "a", "rule": 2}]), Columns()
    )
    files.write_flags(str(tmp_path / "r.jsonl"), table, files.clean_table(table, DEFAULT).cleaned.flags)
    (row,) = rows_of(tmp_path / "r.jsonl")
    assert (row["rule"], row["rule_"]) == (2, "duplicates")


def test_nothing_left_is_an_error(tmp_path: Path):
    """A file without rows could not be read again."""
    table = files.read_table(write(tmp_path / "in.jsonl", [{"text": "..."}]), Columns())
    with pytest.raises(DataError, match="no row would be left"):
        files.clean_table(table, DEFAULT)


def test_no_file_is_written_over_another(tmp_path: Path):
    """The removed rows have a file of their own; a filtered file is not replaced by its part."""
    path = write(tmp_path / "in.jsonl", [{"text": "a", "k": "1"}])
    with pytest.raises(ConfigError, match="--removed"):
        files.check_places(path, None, path)
    with pytest.raises(ConfigError, match="--removed"):
        files.check_places(path, "x.csv", str(Path("x.csv").resolve()))
    with pytest.raises(ConfigError, match="would be lost"):
        files.check_places(f"{path}?k=1", path, None)
    files.check_places(path, path, None)

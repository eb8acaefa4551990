"""A table that a spreadsheet wrote comes back as one that it reads: with the byte order mark that tells it of UTF-8."""

import codecs
import csv
import io
from pathlib import Path
from typing import Any

import pytest

from .conftest import Headstart

GOOD = (
    "房间很干净，服务也热情",
    "味道不错，下次还来",
    "物流很快，包装完好",
    "性价比高，值得推荐",
    "老板人好，还送了水果",
)
BAD = ("发货太慢，客服也不回", "隔音太差，整夜没睡好", "味道一般，分量又少", "用了两天就坏了", "排队一小时，菜是凉的")
REVIEWS = (*((text, "好") for text in GOOD), *((text, "差") for text in BAD))


def table(path: Path, encoding: str) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([("text", "label"), *REVIEWS])
    return path


@pytest.fixture
def bundle(headstart: Headstart, tmp_path: Path) -> Path:
    rows = table(tmp_path / "rows.csv", "utf-8")
    assert headstart("fit", rows, "--encoder", "tfidf", "--out", tmp_path / "bundle").code == 0
    return tmp_path / "bundle"


def commands(bundle: Path, rows: Path, out: Path) -> tuple[tuple[Any, ...], ...]:
    """All that write rows to a file."""
    return (
        ("predict", bundle, rows, "--out", out),
        ("suggest", bundle, rows, "--n", len(REVIEWS), "--out", out),
        ("augment", rows, "--with", "swap", "--out", out),
        ("clean", rows, "--rules", "missing", "--out", out),
        ("explore", rows, "--clusters", 2, "--encoder", "tfidf", "--labels-out", out),
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_every_command_that_writes_rows_marks_them(
    headstart: Headstart, bundle: Path, tmp_path: Path, encoding: str
) -> None:
    """predict, suggest, augment, clean, explore: the text is as it was, behind the mark."""
    rows, out = table(tmp_path / "table.csv", encoding), tmp_path / "out.csv"
    for command in commands(bundle, rows, out):
        done = headstart(*command)
        assert done.code == 0, done.err
        written = out.read_bytes()
        assert written.startswith(codecs.BOM_UTF8), command[0]
        found = {row["text"] for row in csv.DictReader(io.StringIO(written.decode("utf-8-sig")))}
        assert found >= {text for text, _ in REVIEWS}
        out.unlink()


def test_plain_utf8_and_other_formats_have_no_mark(headstart: Headstart, bundle: Path, tmp_path: Path) -> None:
    """Nor has standard output: programs read these."""
    for encoding, name in (("utf-8", "out.csv"), ("utf-8-sig", "out.jsonl")):
        rows = table(tmp_path / "table.csv", encoding)
        assert headstart("predict", bundle, rows, "--out", tmp_path / name).code == 0
        assert not (tmp_path / name).read_bytes().startswith(codecs.BOM_UTF8)
    done = headstart("predict", bundle, table(tmp_path / "table.csv", "utf-8-sig"), "--format", "csv")
    assert done.out.startswith("text,label,predicted")


def test_semicolons_stay(headstart: Headstart, bundle: Path, tmp_path: Path) -> None:
    """A spreadsheet that writes semicolons reads them: every command keeps them in a csv file."""
    rows, out = tmp_path / "table.csv", tmp_path / "out.csv"
    with rows.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("text", "label", "price"), *((*row, "0,5") for row in REVIEWS)])
    for command in commands(bundle, rows, out):
        assert headstart(*command).code == 0
        header, first, *_ = out.read_text(encoding="utf-8").splitlines()
        assert (header[:16], ";0,5" in first) == ("text;label;price", True), command[0]
        out.unlink()

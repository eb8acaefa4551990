"""Laws of the file formats: what is written is read again, defects carry their line, damage one message."""

import bz2
import csv
import gzip
import io
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headstart import registry
from headstart.data import Columns, check_writable, open_writer
from headstart.data.formats._base import Row
from headstart.data.opening import locate, readable, split_suffixes
from headstart.data.source import format_for, known_suffixes, open_source
from headstart.errors import DataError

# everything that a file can hold: no surrogates; separators, quotes, breaks and exotic line ends on purpose
NASTY = st.text(
    st.one_of(
        st.sampled_from(",\t\"'\n\r\\;|\x00\x0b\x0c\x1c\x85\u2028\u2029\ufeff\u3000 "),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=30,
)
RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows_of(path: Path, encoding: str = "utf-8") -> Iterator[Row]:
    location = locate(str(path))
    with readable(location.name):
        yield from format_for(location.suffix, location.name).read(location, encoding)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "csv.gz", "jsonl.xz", "tsv.bz2", "parquet.gz"])
@RELAXED
@given(rows=st.lists(st.tuples(NASTY, NASTY), min_size=1, max_size=8))
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str, rows: list[tuple[str, str]]):
    """Reading a written file gives the same rows, whatever the strings hold."""
    path = tmp_path / f"rows.{suffix}"
    wanted = [{"text": text, "a label": label} for text, label in rows]
    with open_writer(path, ["text", "a label"]) as out:
        out.write(wanted)
    assert wanted == [row.values for row in rows_of(path)]


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
@RELAXED
@given(rows=st.lists(NASTY, min_size=1, max_size=8))
def test_the_line_is_where_the_record_starts(tmp_path: Path, suffix: str, rows: list[str]):
    """A record's line is one more than the line breaks before it in the file, however it is quoted."""
    path = tmp_path / f"rows.{suffix}"
    with open_writer(path, ["text"]) as out:
        out.write({"text": text} for text in rows)
    # the writer ends each record with LF; inside a field CR LF is one break, a lone CR or LF too
    breaks = [text.replace("\r\n", "\n").replace("\r", "\n").count("\n") for text in rows]
    starts = [2 + i + sum(breaks[:i]) for i in range(len(rows))]
    assert starts == [row.line for row in rows_of(path)]


def test_bounded_memory_many_row_groups(tmp_path: Path):
    """A parquet file of several row groups comes back whole and in order."""
    path = tmp_path / "many.parquet"
    with open_writer(path, ["n", "text"]) as out:
        out.write({"n": i, "text": None if i < 16384 else str(i)} for i in range(40_000))
    values = [row.values for row in rows_of(path)]
    assert list(range(40_000)) == [value["n"] for value in values]
    assert [values[0]["text"], values[-1]["text"]] == [None, "39999"]


def test_a_field_of_megabytes_is_read_and_the_csv_limit_is_left_alone(tmp_path: Path):
    """A field of 3 million characters is read; the csv module's limit is what it was, even in between."""
    long = "长" * 3_000_000
    path = written(tmp_path / "long.csv", f'text,label\n"{long}",a\nshort,b\n'.encode())
    before = csv.field_size_limit()
    rows = rows_of(path)
    first = next(rows)
    assert before == csv.field_size_limit()
    assert long == first.values["text"]
    assert [row.values["text"] for row in rows] == ["short"]


def test_blank_lines_are_no_rows(tmp_path: Path):
    """Blank lines are skipped, and lines are still counted with them."""
    path = written(tmp_path / "a.csv", b"text,label\n\nx,a\n\n\ny,b\n")
    assert [row.line for row in rows_of(path)] == [3, 6]
    path = written(tmp_path / "a.jsonl", b'\n{"text": "x"}\n  \n{"text": "y"}')
    assert [row.line for row in rows_of(path)] == [2, 4]


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
@pytest.mark.parametrize(
    ("mark", "note"), [(";", "semicolons"), ("|", "vertical bars"), ("\t", "tabs"), (",", "commas")]
)
def test_the_separator_of_the_header_is_taken(tmp_path: Path, suffix: str, mark: str, note: str):
    """Whatever the suffix says; a note says so, unless it is the suffix's own."""
    path = tmp_path / f"reviews.{suffix}"
    path.write_text(f'text{mark}"la{mark}bel"\n"one{mark} two"{mark}a\n', encoding="utf-8")
    source = open_source(path, Columns(label=f"la{mark}bel"))
    assert [row.values for row in source.rows] == [{"text": f"one{mark} two", f"la{mark}bel": "a"}]
    usual = (suffix, mark) in (("csv", ","), ("tsv", "\t"))
    assert (f"separated by {note}" in source.notes) != usual


@pytest.mark.parametrize(("line", "mark"), [("sep=;", ";"), ("SEP=,", ","), ("sep=\t", "\t"), ('"sep=^"', "^")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_line_for_excel_names_the_separator(tmp_path: Path, line: str, mark: str, end: str, encoding: str):
    """It is no row, nor the header, and counts as a line of the file."""
    path = tmp_path / "reviews.csv"
    rows = [line, mark.join(("text", "label")), mark.join(("one; two, three" if mark == "^" else "one", "a")), "odd"]
    path.write_bytes(end.join(rows).encode(encoding))
    read = list(open_source(path, Columns()).rows)
    assert [(row.line, row.values.get("label")) for row in read] == [(3, "a"), (4, None)]
    assert read[0].values["text"] == ("one; two, three" if mark == "^" else "one")


def test_a_line_for_excel_alone_is_an_empty_file(tmp_path: Path):
    """It is not the header."""
    with pytest.raises(DataError, match="is empty: not even a header"):
        open_source(written(tmp_path / "a.csv", b"sep=;\n"), Columns())


@pytest.mark.parametrize(
    ("name", "columns", "mark"),
    [
        ("out.csv", ["text", "label"], ";"),
        ("out.csv.gz", ["text", "label"], ";"),
        ("out.tsv", ["text", "label"], "\t"),
        ("out.csv", ["text", "p_a,b"], ","),  # readers would take the comma for the separator
        ("out.csv", ["text"], ","),
    ],
)
def test_the_separator_of_a_file_is_kept_in_one_that_is_made_of_it(
    tmp_path: Path, name: str, columns: list[str], mark: str
):
    """In a csv file whose header shows it; a decimal comma then stands without quotation marks."""
    source = open_source(written(tmp_path / "a.csv", b"text;n\none;0,5\n"), Columns())
    assert source.dialect.separator == ";"
    with open_writer(tmp_path / name, columns, like=source.dialect) as out:
        out.write([dict.fromkeys(columns, "0,5")])
    content = (tmp_path / name).read_bytes()
    content = gzip.decompress(content) if name.endswith(".gz") else content
    cell = '"0,5"' if mark == "," else "0,5"
    header = mark.join(f'"{column}"' if mark in column else column for column in columns)
    assert content.decode() == f"{header}\n{mark.join([cell] * len(columns))}\n"
    assert [row.values for row in rows_of(tmp_path / name)] == [dict.fromkeys(columns, "0,5")]


def test_the_suffix_of_a_file_goes_before_the_format(tmp_path: Path):
    """`format` is for standard output."""
    with open_writer(tmp_path / "a.jsonl", ["text"], format="csv") as out:
        out.write([{"text": "x"}])
    assert (tmp_path / "a.jsonl").read_text() == '{"text":"x"}\n'


@pytest.mark.parametrize("header", ["text", '"text; label"', "text,a;b;c;d", ""])
def test_the_separator_of_the_suffix_stays(tmp_path: Path, header: str):
    """Where the header has several names with it, or one name with each."""
    path = tmp_path / "reviews.csv"
    path.write_text(f"{header}\na{',b' * header.count(',')}\n" if header else "", encoding="utf-8")
    if not header:
        with pytest.raises(DataError, match="is empty"):
            open_source(path, Columns())
        return
    text = header.split(",")[0].strip('"')
    assert not any("separated" in note for note in open_source(path, Columns(text=text)).notes)


def test_defects_carry_line_and_reason(tmp_path: Path):
    """A row that cannot be read is one defect with its line; the rows around it are read."""
    content = b'text,label\nx,a\nx\n"a"b,c\ny,b,c\nz,d\n'
    rows = list(rows_of(written(tmp_path / "a.csv", content)))
    assert [" ".join(row.defect.split()[:2]) for row in rows] == [
        "",
        "1 field",
        "text behind",
        "3 fields",
        "",
    ]
    assert [row.line for row in rows] == [2, 3, 4, 5, 6]
    assert rows[-1].values == {"text": "z", "label": "d"}
    content = b'{"text": "x"}\n[1]\n{"text": \n"s"\n3\nnull\n{"text": "\\ud800", "n": NaN}\n'
    rows = list(rows_of(written(tmp_path / "a.jsonl", content)))
    assert [row.line for row in rows if row.defect] == [2, 3, 4, 5, 6]
    assert rows[1].defect == "a JSON object is expected, got an array"
    assert rows[-1].values["text"] == "\ud800"


def test_json_text_may_hold_unicode_line_separators(tmp_path: Path):
    """Only LF ends a line of JSON lines, in UTF-8 and in GB 18030 alike."""
    line = '{"text": "一\u2028二\x85三"}\n'
    for encoding in ("utf-8", "gb18030"):
        path = written(tmp_path / "a.jsonl", line.encode(encoding))
        assert [row.values["text"] for row in rows_of(path, encoding)] == ["一\u2028二\x85三"]


def test_class_folders(tmp_path: Path):
    """A file is a text, its folder the label; stray files are defects that name the file, hidden ones not."""
    for name, text in {"pos/1.txt": "好\n", "pos/2.txt": "\ufeffgood", "neg/1.txt": "坏"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "neg" / "notes.md").write_text("?")
    (tmp_path / "neg" / ".DS_Store").write_text("?")
    (tmp_path / "top.txt").write_text("?")
    rows = list(rows_of(tmp_path))
    assert [(row.values["text"], row.values["label"]) for row in rows if not row.defect] == [
        ("坏", "neg"),
        ("好", "pos"),
        ("good", "pos"),
    ]
    assert [row.place for row in rows if row.defect] == ["file top.txt", "file neg/notes.md"]


def test_class_folders_do_not_write():
    """Class folders say so when asked to write."""
    with pytest.raises(DataError, match="only read"):
        registry.load("format", "class_folders")("").open_writer(io.BytesIO(), ["text"])


BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "empty csv": ("a.csv", b"", "is empty: not even a header"),
    "empty jsonl": ("a.jsonl", b"\n\n", "is empty"),
    "header only": ("a.csv", b"text,label\n", "has a header but no rows"),
    "column twice": ("a.csv", b"text,text\nx,y\n", "line 1: the header has the column 'text' twice"),
    "open quote": (
        "a.csv",
        b'text,label\nx,a\n"y,b\nz,c\n',
        "line 3: a quotation mark opened here is never closed",
    ),
    "json array": ("a.json", b'[{"text": "x"}]', "starts a JSON array"),
    "not parquet": ("a.parquet", b"text,label\nx,a\n", "cannot be read as parquet"),
    "not gzip": ("a.csv.gz", b"text,label\nx,a\n", "is no gz archive"),
    "gzip cut off": ("a.csv.gz", gzip.compress(b"text\n" + b"abc\n" * 9000)[:-40], "damaged or cut off"),
    "gzip changed": ("b.csv.gz", gzip.compress(b"text\nabc\n")[:-6] + b"123456", "damaged or cut off"),
    "xz cut off": ("a.csv.xz", lzma.compress(b"text\nabc\n" * 9000)[:-40], "damaged or cut off"),
    "bz2 cut off": ("a.csv.bz2", bz2.compress(b"text\nabc\n" * 9000)[:-40], "damaged or cut off"),
    "xlsx": ("a.csv", b"PK\x03\x04rest", "an Excel workbook"),
    "suffix": ("a.doc", b"x", "ends in .doc, which is no format"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_one_message_with_the_name(tmp_path: Path, case: str):
    """A file that cannot be read as a whole is a DataError that names the file and the trouble."""
    name, content, message = BAD_FILES[case]
    with pytest.raises(DataError, match=message) as caught:
        list(rows_of(written(tmp_path / name, content)))
    assert name in str(caught.value)


def test_a_folder_without_classes(tmp_path: Path):
    """A folder without class folders says what was expected."""
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DataError, match="without class folders"):
        list(rows_of(tmp_path))


def test_the_field_limit_is_an_unclosed_quote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A field beyond the limit is reported on the line where it starts."""
    monkeypatch.setattr("headstart.data.formats.delimited._MAX_FIELD_CHARS", 100)
    path = written(tmp_path / "a.csv", b'text,label\nx,a\n"y,b\n' + b"z,c\n" * 100)
    with pytest.raises(DataError, match=r"a.csv line 3: a field has more than 100 characters"):
        list(rows_of(path))


def test_nothing_is_left_of_an_output_that_failed(tmp_path: Path):
    """An error inside the block leaves no file and keeps an older one; success replaces it."""
    path = tmp_path / "out.csv"
    path.write_text("old")

    def failing() -> Iterator[dict[str, object]]:
        yield {"text": "x"}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), open_writer(path, ["text"]) as out:
        out.write(failing())
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_text() == "old"
    with open_writer(path, ["text"]) as out:
        out.write([{"text": "x"}])
    assert path.read_text() == "text\nx\n"


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_key_that_is_no_column_is_refused(tmp_path: Path, suffix: str):
    """A value that would be dropped in silence is an error."""
    with pytest.raises(DataError, match="'extra'"), open_writer(tmp_path / f"a.{suffix}", ["text"]) as out:
        out.write([{"text": "x", "extra": 1}])


@pytest.mark.parametrize(
    ("destination", "message"),
    [("nowhere/a.csv", "there is no folder"), (".", "is a folder"), ("a.doc", "no format")],
)
def test_bad_destinations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, destination: str, message: str):
    """A destination that cannot be written is a DataError before any row."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=message):
        check_writable(destination)
    with pytest.raises(DataError, match=message):
        open_writer(destination, ["text"])
    assert list(tmp_path.iterdir()) == []


def test_parquet_refuses_mixed_types(tmp_path: Path):
    """Values that fit no one type are an error that names the way out."""
    with pytest.raises(DataError, match="Write jsonl"), open_writer(tmp_path / "a.parquet", ["x"]) as out:
        out.write([{"x": 1}, {"x": "a"}])


def test_suffixes_belong_to_one_format():
    """Every suffix is handled by exactly one format, and each format handles at least one."""
    suffixes = [s for name in registry.names("format") for s in registry.load("format", name).suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert set(registry.names("format")) == set(known_suffixes().values())


@pytest.mark.parametrize(
    ("name", "parts"),
    [("a/b.csv", ("csv", "")), ("b.c.JSONL.GZ", ("jsonl", "gz")), ("b.gz", ("", "gz")), ("b", ("", ""))],
)
def test_suffixes_split(name: str, parts: tuple[str, str]):
    """The last suffix may be a compression, the one before it is the format."""
    assert parts == split_suffixes(name)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_compression_is_known_by_content(tmp_path: Path, pack: Callable[[bytes], bytes]):
    """A packed file without the packing's suffix is read all the same."""
    path = written(tmp_path / "a.csv", pack(b"text\nx\n"))
    assert [row.values["text"] for row in rows_of(path)] == ["x"]


def test_standard_output_is_jsonl_unless_asked(capsysbinary: pytest.CaptureFixture[bytes]):
    """`-` writes to standard output and leaves it open; the format can be named."""
    with open_writer("-", ["text"]) as out:
        out.write([{"text": "x"}, {"text": "half \ud800"}])
    with open_writer("-", ["text", "n"], format="csv") as out:
        out.write([{"text": ["a", True], "n": 1.5}, {"n": False}])
    assert capsysbinary.readouterr().out == (
        b'{"text":"x"}\n{"text": "half \\ud800"}\ntext,n\n"[""a"",true]",1.5\n,false\n'
    )


def test_plain_text_is_a_text_a_line(tmp_path: Path):
    """Blank lines are skipped, line ends of any system are none of the text's, and it can be compressed."""
    rows = [("one, two", 1), ("  drei", 4), ("四", 5)]
    content = "one, two\r\n\n \n  drei\n四".encode()
    for name, data in (("a.txt", content), ("b.txt.gz", gzip.compress(content))):
        found = rows_of(written(tmp_path / name, data))
        assert [(row.values["text"], row.line) for row in found] == rows
    source = open_source(tmp_path / "a.txt", Columns())
    assert source.roles.text == "text"
    assert "one text a line" in source.notes
    with pytest.raises(DataError, match="is empty"):
        list(rows_of(written(tmp_path / "c.txt", b"\n \n")))
    with pytest.raises(DataError, match="no columns"):
        format_for("txt", "out.txt").open_writer(io.BytesIO(), ["text"])


def test_empty_columns_without_a_name_are_none(tmp_path: Path):
    """As spreadsheets write them; a value in one of them is a defect of its row, and so is a row that is too short."""
    path = written(tmp_path / "a.csv", b"text,label,,\none,a,,\ntwo,b\nthree,c,,x\nfour\n")
    rows = list(rows_of(path))
    assert [row.values for row in rows] == [{"text": "one", "label": "a"}, {"text": "two", "label": "b"}, {}, {}]
    assert ["4 fields" in row.defect or "1 field" in row.defect for row in rows] == [False, False, True, True]

"""Laws of reading data: every row is accounted for, and every bad input is one message with its way out."""

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headstart.checks import MAX_TEXT_CHARS
from headstart.data import (
    Columns,
    check_known_labels,
    check_trainable,
    open_writer,
    read_dataset,
    read_leniently,
    read_rows,
)
from headstart.data.load import _Gathered, _label_problems
from headstart.data.spec import Filter, parse_spec
from headstart.errors import ConfigError, DataError, DataFileMissing
from headstart.types import Dataset

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def csv_file(folder: Path, content: str, name: str = "reviews.csv") -> str:
    path = folder / name
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    return str(path)


def jsonl_file(folder: Path, *rows: object, name: str = "reviews.jsonl") -> str:
    return csv_file(folder, "".join(json.dumps(row) + "\n" for row in rows), name)


def test_texts_labels_domains_lines(tmp_path: Path):
    """The columns become tuples, with the line of each row and the file as origin."""
    path = csv_file(tmp_path, 'text,label,domain\n"good\nfood",pos,a\n坏,neg,b\n')
    loaded = read_dataset(path)
    assert Dataset(("good\nfood", "坏"), ("pos", "neg"), ("a", "b"), (2, 4), path) == loaded.dataset
    assert (loaded.n_rows, loaded.problems) == (2, ())


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "csv.gz", "jsonl.xz", "parquet.xz"])
def test_all_formats_read_alike(tmp_path: Path, suffix: str):
    """The same rows give the same data set in every format."""
    rows = [{"text": f"文本, {i}", "label": "ab"[i % 2], "domain": "x"} for i in range(5)]
    with open_writer(tmp_path / f"a.{suffix}", ["text", "label", "domain"]) as out:
        out.write(rows)
    dataset = read_dataset(tmp_path / f"a.{suffix}").dataset
    assert tuple(row["text"] for row in rows) == dataset.texts
    assert tuple(row["label"] for row in rows) == dataset.labels


def test_news_shape(tmp_path: Path):
    """`id,title,content,label`: the text is title, line break, content; both guesses are noted."""
    path = csv_file(tmp_path, "id,title,content,label\n1,T,C,a\n2,,C2,a\n3,T3,,b\n")
    loaded = read_dataset(path)
    assert loaded.dataset.texts == ("T\nC", "C2", "T3")
    notes = " | ".join(loaded.notes)
    assert "column 'content' used as text" in notes
    assert "text = column 'title', a line break, column 'content'" in notes
    assert "1 row with a title only" in notes
    assert read_dataset(path, columns=Columns(title=""), limit=2).dataset.texts == ("C", "C2")


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        (
            "review,sentence,label",
            Columns(),
            "no column 'text' but several that may be it: 'review', 'sentence'",
        ),
        (
            "text,class,category",
            Columns(),
            r"several that may be it: 'class', 'category'. Name one with --label",
        ),
        (
            "txt,label",
            Columns(),
            "no column 'text'. Did you mean 'txt'.* Its columns are: 'txt', 'label'.* --text",
        ),
        ("text,label", Columns(label="lable"), "no column 'lable'. Did you mean 'label'"),
        ("text,label", Columns(domain="shop"), "no column 'shop'"),
        ("text,x", Columns(), "no column 'label'.*--label"),
        ('"text;label"', Columns(), "several names, in quotation marks together"),
        ("text，label", Columns(), "separate the columns by a comma"),
    ],
)
def test_columns_that_cannot_be_found(tmp_path: Path, header: str, columns: Columns, message: str):
    """A column that is absent, or could be two, is an error with the nearest and those there are."""
    n = header.count(",")
    path = csv_file(tmp_path, header + "\na" + ",b" * n + "\n")
    with pytest.raises(DataError, match=message):
        read_dataset(path, columns=columns, labelled=True)


def test_labels_by_any_other_name(tmp_path: Path):
    """A single alias, in any case, is used and noted; a column named text wins over it without a note."""
    loaded = read_dataset(csv_file(tmp_path, "Text,Category\nx,a\n"))
    assert (loaded.dataset.texts, loaded.dataset.labels) == (("x",), ("a",))
    assert {"column 'Text' used as text", "column 'Category' used as label"} <= set(loaded.notes)
    loaded = read_dataset(csv_file(tmp_path, "review,text,label\nr,t,a\n"))
    assert loaded.dataset.texts == ("t",)
    assert len(loaded.notes) == 1  # the encoding


def test_filters(tmp_path: Path):
    """Filters keep rows whose value is one of those named, all filters together; steps count them."""
    path = csv_file(tmp_path, "text,label,domain,n\na,x,books,1\nb,y,dvd,1\nc,x,toys,2\nd,y,books,2\n")
    assert read_dataset(path + "?domain=books,dvd").dataset.texts == ("a", "b", "d")
    loaded = read_dataset(path + "?domain=books&n=2")
    assert loaded.dataset.texts == ("d",)
    assert loaded.dataset.lines == (5,)
    step = loaded.steps[1]
    assert (step.n_before, step.n_after, step.action) == (4, 1, "kept where domain is books and n is 2")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("domian=books", "no column 'domian' to filter by. Did you mean 'domain'"),
        ("domain=book", r"no row has domain 'book'. Did you mean .books.*Values .* .books. .2., .dvd. .1."),
        ("domain=books,cd", "no row has domain 'cd'"),
        ("domain=dvd&label=x", "no row has all of: domain is dvd; label is x"),
        ("domain", "'domain' is no filter. Expected PATH"),
        ("domain=", "is no filter"),
        ("", "is no filter"),
    ],
)  # fmt: skip
def test_filters_that_keep_nothing(tmp_path: Path, query: str, message: str):
    """A filter that names an absent column or value is an error with those there are."""
    path = csv_file(tmp_path, "text,label,domain\na,x,books\nb,y,dvd\nc,x,books\n")
    with pytest.raises(DataError, match=message):
        read_dataset(f"{path}?{query}")


def test_a_question_mark_in_a_name(tmp_path: Path):
    """A path that exists is taken literally; a Path object always; percent signs escape separators."""
    path = csv_file(tmp_path, "text\nx\n", "what?a=b.csv")
    assert read_dataset(path).dataset.texts == ("x",)
    assert path == parse_spec(Path(path)).path
    assert (Filter("a,b", ("c&d", "50%")),) == parse_spec("x.csv?a%2Cb=c%26d,50%").filters


def test_numbers_and_booleans_become_strings(tmp_path: Path):
    """JSON numbers and booleans are texts and labels as Python writes them; integers are class names."""
    dataset = read_dataset(jsonl_file(tmp_path, {"text": 12, "label": 1}, {"text": True, "label": 0})).dataset
    assert (dataset.texts, dataset.labels) == (("12", "True"), ("1", "0"))


def test_labels_that_are_true_or_false_are_the_same_in_every_format(tmp_path: Path):
    """A csv file has them as Python and pandas write them."""
    with open_writer(tmp_path / "a.parquet", ["text", "label"]) as out:
        out.write([{"text": "x", "label": True}, {"text": "y", "label": False}])
    rows = jsonl_file(tmp_path, {"text": "x", "label": True}, {"text": "y", "label": False})
    for path in (csv_file(tmp_path, "text,label\nx,True\ny,False\n"), rows, tmp_path / "a.parquet"):
        assert read_dataset(path).dataset.labels == ("True", "False")


BAD_ROWS: dict[str, tuple[list[object], str]] = {
    "no text": ([{"label": "a"}], "line 3: no text"),
    "null text": ([{"text": None, "label": "a"}], "line 3: no text"),
    "NaN text": ([{"text": float("nan"), "label": "a"}], "line 3: no text"),
    "empty text": ([{"text": "", "label": "a"}], "line 3: no text"),
    "spaces": ([{"text": " \u3000\n", "label": "a"}], "line 3: no text, only white space"),
    "NUL": ([{"text": "a\0b", "label": "a"}], "line 3: a NUL character in the text"),
    "NUL in label": ([{"text": "x", "label": "a\0"}], "line 3: a NUL character in the label"),
    "surrogate": ([{"text": "a\ud800", "label": "a"}], "line 3: half a surrogate pair in the text"),
    "surrogate in label": ([{"text": "x", "label": "\udc00"}], "line 3: half a surrogate pair in the label"),
    "long": ([{"text": "x" * 101, "label": "a"}], "line 3: the text has 101 characters, more than 100"),
    "list": ([{"text": ["x"], "label": "a"}], "line 3: the text is a list, not a string"),
    "object": ([{"text": {"a": 1}, "label": "a"}], "line 3: the text is an object"),
    "list label": ([{"text": "x", "label": ["a", "b"]}], "line 3: the label is a list"),
    "no label": ([{"text": "x"}], "line 3: no label"),
    "blank label": ([{"text": "x", "label": "  "}], "line 3: no label"),
    "no object": ([7], "line 3: a JSON object is expected, got a number"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_bad_rows_are_refused_or_skipped(tmp_path: Path, case: str):
    """A bad row is refused with file, line and way out; skipped when asked, and then counted in a step."""
    bad, message = BAD_ROWS[case]
    good = [{"text": "x", "label": "a"}, {"text": "y", "label": "b"}]
    path = jsonl_file(tmp_path, *good, *bad, {"text": "z", "label": "a"})
    with pytest.raises(DataError) as caught:
        read_dataset(path, max_text_chars=100)
    assert f"{path} {message}" in str(caught.value)
    assert "--skip-bad-rows" in str(caught.value)
    loaded = read_dataset(path, max_text_chars=100, skip_bad_rows=True)
    assert loaded.dataset.texts == ("x", "y", "z")
    assert loaded.dataset.lines == (1, 2, 4)
    assert (loaded.steps[-1].n_before, loaded.steps[-1].n_after) == (4, 3)
    assert read_leniently(path, max_text_chars=100).problems == loaded.problems


def test_all_mistakes_of_a_kind_together(tmp_path: Path):
    """One message lists each kind once, with its count and its first places."""
    rows = "".join(f"{'' if i % 2 else 'x'},{'' if i == 4 else 'a'}\n" for i in range(20)) + "x,a,b\n"
    with pytest.raises(DataError) as caught:
        read_dataset(csv_file(tmp_path, "text,label\n" + rows))
    first, second, third, advice = str(caught.value).splitlines()
    assert first.endswith("line 22: 3 fields where the header has 2.")
    assert second.endswith("line 3: no text. 9 more rows have the same problem (lines 5, 7, 9, 11, ...).")
    assert third.endswith("line 6: no label.")
    assert advice == "Fix the rows, or pass --skip-bad-rows (skip_bad_rows=True) to leave out such rows."
    loaded = read_dataset(csv_file(tmp_path, "text,label\n" + rows), skip_bad_rows=True)
    assert loaded.steps[0].n_before - loaded.dataset.n == 12 == sum(p.n for p in loaded.problems)
    assert loaded.dataset.n == loaded.steps[-1].n_after


def test_labels_that_differ_by_spaces(tmp_path: Path):
    """Labels equal but for spaces are refused; `strip_labels` makes them one and says how many."""
    path = csv_file(tmp_path, "text,label\na,Positive\nb,Positive \nc,neg\nd, Positive\n")
    with pytest.raises(DataError) as caught:
        read_dataset(path, skip_bad_rows=True)
    assert (
        f"{path} line 3: label 'Positive ' differs from 'Positive' only by spaces. "
        "1 more row has the same problem (line 5). Fix the rows, or pass --strip-labels (strip_labels=True)."
    ) in str(caught.value).replace("' Positive'", "'Positive'")
    loaded = read_dataset(path, strip_labels=True)
    assert loaded.dataset.labels == ("Positive", "Positive", "neg", "Positive")
    assert loaded.steps[-1].action == "spaces around the label stripped in 2 rows"
    assert loaded.steps[-1].is_told


def test_many_labels_with_spaces_are_compared_once_each():
    """The work grows with the number of labels, not with its square."""
    n_compared = 0

    class Label(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal n_compared
            n_compared += 1
            return str.__eq__(self, other)

        def strip(self, chars: str | None = None) -> "Label":
            return Label(str.strip(self, chars))

    labels = [Label(f"class {i} ") for i in range(300)] + [Label("class 7")]
    rows = _Gathered(texts=["x"] * 301, labels=list(labels), domains=[""] * 301)
    rows.lines.extend(range(2, 303))
    (problem,) = _label_problems(rows, [])
    assert (problem.kind, problem.n, problem.places) == ("label_spaces", 1, ("line 9",))
    assert n_compared < 20 * len(labels)


def test_labels_with_spaces_that_collide_with_nothing(tmp_path: Path):
    """Such labels are kept, and noted."""
    loaded = read_dataset(csv_file(tmp_path, "text,label\na,Positive \nb,neg\n"))
    assert loaded.dataset.labels == ("Positive ", "neg")
    assert any("'Positive ' has spaces" in note for note in loaded.notes)


@pytest.mark.parametrize("labels", [(1.0, 0.0), (3.5, 2.0), ("1e-3", "2.5"), (".5", "1.")])
def test_float_labels_are_refused(tmp_path: Path, labels: tuple[object, object]):
    """When all labels are decimal numbers they are no classes, skipping or not."""
    path = jsonl_file(tmp_path, *({"text": "x", "label": label} for label in labels))
    with pytest.raises(DataError, match=r"line 1: label .* is a decimal number.*write class codes as integers"):
        read_dataset(path, skip_bad_rows=True)


@pytest.mark.parametrize("labels", [("1", "0"), ("2.5", "many"), ("1.2.3", "2.0.0"), ("e5", "b2")])
def test_other_labels_are_classes(tmp_path: Path, labels: tuple[str, str]):
    """Integers, and anything of which one is no decimal number, are class names."""
    path = jsonl_file(tmp_path, *({"text": "x", "label": label} for label in labels))
    assert labels == read_dataset(path).dataset.labels


def test_labelled_true_false_none(tmp_path: Path):
    """None reads labels where there are any; False ignores them; True needs them all."""
    path = csv_file(tmp_path, "text,label\na,x\nb,\n")
    assert read_dataset(path, labelled=False).dataset.labels is None
    with pytest.raises(DataError, match="no label"):
        read_dataset(path)
    empty = csv_file(tmp_path, "text,label\na,\nb,\n", "pool.csv")
    loaded = read_dataset(empty)
    assert loaded.dataset.labels is None
    assert any("read as unlabelled" in note for note in loaded.notes)
    with pytest.raises(DataError, match=r"line 2: no label\. 1 more row"):
        read_dataset(empty, labelled=True)
    assert read_dataset(csv_file(tmp_path, "text\na\n", "c.csv")).dataset.labels is None


def test_a_label_column_is_empty_when_no_row_has_a_label(tmp_path: Path):
    """Rows that cannot be used count too: a full column is not called empty because no text is usable."""
    for content, is_empty in (("a\0,x\nb\0,y\n", False), ("a\0,x\nb,\n", False), ("a\0,\nb,\n", True)):
        loaded = read_leniently(csv_file(tmp_path, "text,label\n" + content))
        assert any("read as unlabelled" in note for note in loaded.notes) == is_empty
        assert (loaded.dataset.labels is None) == is_empty
    loaded = read_leniently(jsonl_file(tmp_path, {"text": "x", "label": ["a", "b"]}))
    assert not any("read as unlabelled" in note for note in loaded.notes)


def test_limit_is_the_first_rows(tmp_path: Path):
    """The limit takes the first rows that pass the filter, and a step says so."""
    path = csv_file(tmp_path, "text,d\n" + "".join(f"{i},{i % 2}\n" for i in range(50)))
    loaded = read_dataset(path + "?d=1", limit=3)
    assert loaded.dataset.texts == ("1", "3", "5")
    assert any("(limit)" in step.action for step in loaded.steps)


def test_encoding_is_noted_and_can_be_named(tmp_path: Path):
    """A detected encoding is a note; a wrong one asked for is refused with the line."""
    path = tmp_path / "gb.csv"
    path.write_bytes("text,label\n这家店的味道很好，送餐也快,a\n难吃，再也不会点了,b\n".encode("gb18030"))
    loaded = read_dataset(path)
    assert loaded.dataset.texts[1] == "难吃，再也不会点了"
    assert any("gb18030" in note for note in loaded.notes)
    with pytest.raises(DataError, match=r"line 2: byte .* is not utf-8. The file seems to be gb18030"):
        read_dataset(path, encoding="utf-8")
    with pytest.raises(ConfigError, match="Unknown encoding"):
        read_dataset(path, encoding="klingon")


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path: Path):
    """A mark before the header does not hide the column, whether the encoding is detected or asked for."""
    for content in ("text,label\nx,a\n", '{"text": "x", "label": "a"}\n'):
        path = tmp_path / ("a.csv" if content[0] == "t" else "a.jsonl")
        path.write_bytes(content.encode("utf-8-sig"))
        assert ("x",) == read_dataset(path).dataset.texts == read_dataset(path, encoding="utf-8").dataset.texts


def test_missing_file_names_the_near_ones(tmp_path: Path):
    """A missing file is DataFileMissing with near names of its folder, a missing folder says so."""
    csv_file(tmp_path, "text\nx\n")
    with pytest.raises(DataFileMissing, match=r"review.csv does not exist. Did you mean '.*reviews.csv'\?"):
        read_dataset(tmp_path / "review.csv")
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        read_dataset(tmp_path / "no" / "review.csv")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path: Path):
    """A file without read permission is one message."""
    path = csv_file(tmp_path, "text\nx\n")
    Path(path).chmod(0)
    with pytest.raises(DataError, match="permission denied"):
        read_dataset(path)


def test_permission_errors_are_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whatever the reason, an OSError while opening is one message with the file's name."""
    path = csv_file(tmp_path, "text\nx\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"reviews.csv may not be read by this user"):
        read_dataset(path)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (b"text,label\nx,a\ny,b\n", ("text", "label")),
        (b"text\tlabel\nx\ta\ny\tb\n", ("text", "label")),
        (b'\n{"text": "x", "label": "a"}\n{"text": "y", "label": "b"}\n', ("text", "label")),
        (gzip.compress(b"text\tlabel\nx\ta\ny\tb\n", mtime=0), ("text", "label")),
        ("text,label\nx,a\ny,b\n".encode("utf-16"), ("text", "label")),
    ],
)
def test_standard_input_is_sniffed(monkeypatch: pytest.MonkeyPatch, content: bytes, columns: tuple[str, ...]):
    """`-` reads standard input; format and compression are known by its first bytes."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    rows = read_rows("-")
    assert columns == rows.columns
    assert [row.text for row in rows] == ["x", "y"]


def test_packed_standard_input_with_an_encoding(monkeypatch: pytest.MonkeyPatch):
    """The format of a packed pipe is sniffed inside the packing, with or without a named encoding."""
    content = gzip.compress(b'{"text": "x"}\n')
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert [row.text for row in read_rows("-", encoding="utf-8")] == ["x"]


def test_standard_input_streams_when_the_encoding_is_given():
    """With an encoding, rows of a pipe come before the pipe ends."""
    code = (
        "from headstart.data import read_rows\n"
        "rows = read_rows('-', encoding='utf-8', limit=1000)\n"
        "for row in rows: print(row.text, flush=True)\n"
    )
    lines = b'{"text": "x"}\n' * 3000
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(lines)
        child.stdin.flush()  # the pipe stays open
        assert child.stdout.readline().strip() == b"x"
        child.stdin.close()
        assert len(child.stdout.readlines()) == 999


def test_a_pipe_with_a_wrong_encoding_is_one_message(monkeypatch: pytest.MonkeyPatch):
    """Bytes of a pipe that the asked encoding cannot read are a DataError, not a traceback."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"text\nabc\n\xff\xff\n")))
    with pytest.raises(DataError, match="standard input is not utf-8: byte 0xFF"):
        list(read_rows("-", encoding="utf-8"))


def test_class_folders_in_another_encoding(tmp_path: Path):
    """The encoding of a folder is detected over all its files together."""
    for name, text in {"pos/1.txt": "这家店的味道很好", "neg/1.txt": "难吃，再也不会点了"}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(text.encode("gb18030"))
    loaded = read_dataset(tmp_path)
    assert loaded.dataset.texts == ("难吃，再也不会点了", "这家店的味道很好")
    assert any("gb18030" in note for note in loaded.notes)


def test_class_folders_in_several_encodings(tmp_path: Path):
    """Files of a folder that are in no one encoding: UTF-8 is read, the others are named."""
    for name, content in {
        "pos/1.txt": "这家店的味道很好".encode(),
        "neg/1.txt": b"caf\xe9 au lait",
    }.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=r"file neg/1.txt: not utf-8\."):
        read_dataset(tmp_path)
    assert read_dataset(tmp_path, skip_bad_rows=True).dataset.texts == ("这家店的味道很好",)


def test_parquet_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Parquet needs to seek, and is read from a pipe all the same."""
    with open_writer(tmp_path / "a.parquet", ["text", "n"]) as out:
        out.write([{"text": "x", "n": 1}])
    content = (tmp_path / "a.parquet").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert [row.values for row in read_rows("-")] == [{"text": "x", "n": 1}]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_named_pipes(tmp_path: Path):
    """A named pipe, as the shell's <(...) gives, is read like a file."""
    pipe = tmp_path / "a.jsonl"
    os.mkfifo(pipe)
    with subprocess.Popen(["sh", "-c", f'echo \'{{"text": "x"}}\' > {pipe}']):
        assert read_dataset(pipe).dataset.texts == ("x",)


def test_rows_for_prediction_keep_all_columns(tmp_path: Path):
    """`read_rows` gives text, line and all columns as they were; labels play no role."""
    path = csv_file(tmp_path, "id,title,content,label\n1,T,C,\n2,,D,a\n")
    rows = list(read_rows(path))
    assert [(row.line, row.text) for row in rows] == [(2, "T\nC"), (3, "D")]
    assert rows[0].values == {"id": "1", "title": "T", "content": "C", "label": ""}


def test_the_longest_text_is_the_callers_choice(tmp_path: Path):
    """All readers take a limit; one character more is a mistake of the row, whose message names the limit."""
    path = csv_file(tmp_path, "text,label\nfour,a\nfives,b\n")
    assert MAX_TEXT_CHARS == 1_000_000
    assert [row.text for row in read_rows(path, max_text_chars=5)] == ["four", "fives"]
    assert [row.text for row in read_rows(path, max_text_chars=4, skip_bad_rows=True)] == ["four", None]
    for read in (lambda: list(read_rows(path, max_text_chars=4)), lambda: read_dataset(path, max_text_chars=4)):
        with pytest.raises(DataError, match=r"line 3: the text has 5 characters, more than 4 \(--max-text-chars\)"):
            read()
    assert [problem.n for problem in read_leniently(path, max_text_chars=4).problems] == [1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}\n{}\n", "rows.jsonl: the first 2 rows have no columns. Rows with a text are expected, such as {"),
        ("{}\n", "rows.jsonl: the first row has no columns."),
        ("{}\nnull\n", "rows.jsonl line 2: a JSON object is expected, got null."),
    ],
)
def test_rows_without_columns(tmp_path: Path, content: str, message: str):
    """What is wrong is said, be it that nothing is there."""
    with pytest.raises(DataError) as caught:
        read_dataset(csv_file(tmp_path, content, "rows.jsonl"))
    assert message in str(caught.value)


def test_rows_for_prediction_stop_at_the_first_bad_one(tmp_path: Path):
    """Without skipping the first bad row is an error; with it the bad rows are counted."""
    path = csv_file(tmp_path, "text\na\n' '\n".replace("' '", '""') + "b\n")
    rows = read_rows(path)
    iterator = iter(rows)
    assert next(iterator).text == "a"
    with pytest.raises(DataError, match="line 3: no text"):
        next(iterator)
    rows = read_rows(path, skip_bad_rows=True)
    assert [row.text for row in rows] == ["a", None, "b"]
    assert [(p.kind, p.n) for p in rows.problems] == [("missing_text", 1)]


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (Dataset((), ()), "no rows"),
        (Dataset(("a",)), "no labels"),
        (Dataset(("a", "b"), ("x", "x")), r"every row \(2\) has the label 'x'"),
        (
            Dataset(("a", "b", "c"), ("x", "y", "x"), None, (2, 3, 4), "f.csv"),
            r"f.csv: a class .* 'y' \(line 3\)",
        ),
        (Dataset(("a", "b"), ("x", "y")), r"2 classes have one row only: 'x' \(row 1\); 'y' \(row 2\)"),
    ],
)
def test_what_cannot_be_learned_from(dataset: Dataset, message: str):
    """No rows, no labels, one class, or a class of one row: one message each."""
    with pytest.raises(DataError, match=message):
        check_trainable(dataset)


def test_what_can_be_learned_from():
    """Two classes of two rows pass; one row is enough where every label has a name, and is named by its line where its
    own has none, as one that is written wrongly.
    """
    check_trainable(Dataset(("a", "b", "c", "d"), ("x", "y", "x", "y")))
    single = Dataset(("a", "b", "c"), ("x", "y", "x"), None, (2, 3, 4), "f.csv")
    check_trainable(single, {"x": "one", "y": "other"})
    with pytest.raises(DataError, match=r"'y' \(line 3\)"):
        check_trainable(single, {"x": "one", "z": "other"})


def test_rows_need_one_label_that_is_known():
    """The message names labels of both sides, ten at most; rows without labels are somebody else's case."""
    rows = Dataset(("a", "b"), ("x", "y"), None, None, "test.csv")
    check_known_labels(rows, ("y", "z"), "train.csv")
    check_known_labels(Dataset(("a",)), ("z",), "train.csv")
    with pytest.raises(DataError, match=r"^test.csv: not .* that train.csv has. .* here: 'x', 'y'; .* '9' and 2 more"):
        check_known_labels(rows, map(str, range(12)), "train.csv")


def test_importing_data_is_cheap():
    """`import headstart.data` loads neither scikit-learn, torch nor pyarrow."""
    code = "import sys, headstart.data; print([m for m in ('sklearn', 'torch', 'pyarrow') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


@pytest.mark.shared
@pytest.mark.parametrize(("name", "n"), [("waimai_10k", 2398), ("amazon_multidomain", 5921), ("20newsgroups", 7532)])
def test_real_data(name: str, n: int):
    """Real test sets come whole, with as many rows as their manifest says."""
    path = SHARED / name / "test.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    loaded = read_dataset(path, skip_bad_rows=True)
    assert n == loaded.n_rows
    assert n == loaded.dataset.n + sum(p.n for p in loaded.problems)

"""Laws of the encoding detection: on text re-encoded, the answer reads the same text."""

import csv
import gzip
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from headstart.data.encoding import Encoding, check, detect, first_undecodable
from headstart.errors import ConfigError, DataError

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SIMPLIFIED = [
    "这家店的味道很好，送餐也快",
    "难吃，再也不会点了",
    "服务态度太差了",
    "价格便宜，量很足",
    "一般般吧，没有想象中好",
]
TRADITIONAL = [
    "這家店的味道很好，送餐也快",
    "難吃，再也不會點了",
    "服務態度太差了",
    "價格便宜，量很足",
    "一般般吧，沒有想像中好",
]
WESTERN = ["Le film était très réussi", "La habitación olía mal", "Schön, größer als erwartet",
           "Ça marche à merveille", "Déjà cassé"]  # fmt: skip


def table(texts: list[str]) -> str:
    """A CSV file of these texts."""
    out = io.StringIO()
    csv.writer(out).writerows([["text", "label"], *([text, "positive"] for text in texts)])
    return out.getvalue()


def found(content: bytes, size: int = 1 << 20) -> Encoding:
    return detect(lambda: (content[i : i + size] for i in range(0, len(content), size)), "a.csv")


@pytest.mark.parametrize("n", [2, 5, 200])
@pytest.mark.parametrize(
    ("texts", "encoding"),
    [
        *((SIMPLIFIED, name) for name in ("utf-8", "gb18030", "gbk", "utf-16-le", "utf-16-be", "utf-16", "utf-32")),
        *((TRADITIONAL, name) for name in ("big5", "cp950", "gb18030")),
        *((WESTERN, name) for name in ("utf-8-sig", "latin-1", "cp1252", "utf-16-le", "utf-16-be")),
    ],
)
def test_what_was_encoded_is_read_again(texts: list[str], encoding: str, n: int):
    """The detected encoding decodes the bytes to the very text that was encoded, for few and many rows."""
    text = table((texts * n)[:n])
    answer = found(text.encode(encoding))
    assert text == text.encode(encoding).decode(answer.name)
    assert (encoding in ("utf-8-sig", "utf-16", "utf-32")) == answer.had_bom


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5", "utf-16-le", "utf-16"])
def test_the_pieces_do_not_matter(encoding: str, size: int):
    """The answer is the same whatever the sizes in which the file is read."""
    content = table(TRADITIONAL).encode(encoding)
    assert found(content).name == found(content, size).name


def test_a_late_byte_counts():
    """A file that is ASCII for a megabyte and Latin-1 at its end is not taken for UTF-8."""
    content = b"text\n" + b"plain words\n" * 100_000 + "Le film était très réussi\n".encode("latin-1")
    assert found(content).name == "cp1252"


def test_utf8_with_one_bad_byte_names_line_and_byte():
    """UTF-8 that breaks once is refused with the line and byte, not read as something else."""
    content = table(SIMPLIFIED).encode() + b"caf\xe9,positive\n"
    with pytest.raises(DataError, match=r"a.csv line 7: byte 0xE9 at offset \d+ does not decode") as caught:
        found(content)
    assert f"offset {len(table(SIMPLIFIED).encode()) + 3} " in str(caught.value)


def test_a_false_mark_is_refused():
    """A byte order mark that the rest contradicts is an error with the place."""
    with pytest.raises(DataError, match="starts with a byte order mark of utf-8"):
        found(b"\xef\xbb\xbftext\nok\n\xff\n")


def test_what_reads_as_nothing_is_refused():
    """Bytes that are text in no candidate encoding are an error that names the way out."""
    with pytest.raises(DataError, match="--encoding"):
        found(random.Random(0).randbytes(4000))


def test_cyrillic_is_not_guessed():
    """One-byte encodings beyond western Europe are refused, not read as accents."""
    with pytest.raises(DataError, match="--encoding"):
        found(table(["Очень хороший фильм, всем советую"] * 5).encode("cp1251"))


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16-be", "utf-16"])
@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_first_undecodable_line(codec: str, size: int):
    """The line is one more than the line breaks before the bad byte, in every encoding and piece size."""
    good = "一\n二\n三"
    bad = {
        "utf-8": b"\xff",
        "gb18030": b"\xff",
        "utf-16-be": b"\xd8\x00\x00\x41",
        "utf-16": b"\x00\xd8\x41\x00",
    }[codec]
    head = good.encode(codec)
    content = head + bad + "\n四".encode(codec.replace("utf-16", "utf-16-le") if codec == "utf-16" else codec)
    error = first_undecodable(lambda: (content[i : i + size] for i in range(0, len(content), size)), codec)
    assert error is not None
    assert (3, len(head)) == (error.line, error.offset)


def test_asked_encoding_is_checked_over_the_whole():
    """An encoding that the file is not in names line, byte and the detected one; a right one is taken."""
    content = table(SIMPLIFIED).encode("gb18030")
    assert check(lambda: [content], "GB18030", "a.csv").name == "gb18030"
    with pytest.raises(DataError, match=r"a.csv line 2: byte 0x.* is not utf-8. The file seems to be gb18030"):
        check(lambda: [content], "utf-8", "a.csv")
    with pytest.raises(DataError, match="No encoding that Headstart knows"):
        check(lambda: [random.Random(0).randbytes(4000)], "utf-8", "a.csv")


def test_asked_utf8_with_a_mark_loses_the_mark():
    """`utf-8` asked for a file with a byte order mark does not leave the mark in the first column's name."""
    assert check(lambda: ["文".encode("utf-8-sig")], "utf-8", "a.csv").name == "utf-8-sig"


@pytest.mark.parametrize(("name", "message"), [("utf8x", "Did you mean 'utf-8'"), ("hex", "Unknown encoding")])
def test_unknown_encodings(name: str, message: str):
    """A name that is no text encoding is a ConfigError with the nearest."""
    with pytest.raises(ConfigError, match=message):
        check(lambda: [b""], name, "a.csv")


def real_texts(name: str) -> list[str]:
    path = SHARED / name / "test.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with gzip.open(path) as lines:
        return [json.loads(line)["text"] for line in lines]


def draws(texts: list[str], n: int) -> Iterator[str]:
    rng = random.Random(n)
    for _ in range(20):
        yield table(rng.sample(texts, n))


@pytest.mark.shared
@pytest.mark.parametrize("n", [2, 5, 100])
@pytest.mark.parametrize("name", ["waimai_10k", "chnsenticorp", "thucnews_title"])
def test_real_chinese_files(name: str, n: int):
    """Real texts as GB 18030, UTF-16 and (turned traditional) Big5 are read again, from two rows on."""
    texts = real_texts(name)
    with gzip.open(SHARED / "lexicon" / "opencc_STCharacters.txt.gz", "rt", encoding="utf-8") as lines:
        traditional = {ord(pair[0]): pair[1] for line in lines if len(pair := line.split()) > 1}
    for text in draws(texts, n):
        for encoding in ("gb18030", "utf-16-le", "utf-16-be"):
            content = text.encode(encoding)
            assert text == content.decode(found(content).name)
        content = text.translate(traditional).encode("big5", "ignore")
        assert content.decode("big5") == content.decode(found(content).name)


@pytest.mark.shared
@pytest.mark.parametrize("n", [2, 100])
def test_real_english_with_accents(n: int):
    """Real English with a few accents as cp1252 is read again."""
    for text in draws(real_texts("imdb"), n):
        content = (text + "Le café était très réussi – à 5 €\n").encode("cp1252", "ignore")
        assert content.decode("cp1252") == content.decode(found(content).name)


@pytest.mark.parametrize("appended", [SIMPLIFIED[:3], WESTERN])
def test_two_files_in_one_name_the_line_where_the_first_one_ends(appended: list[str]) -> None:
    """Two hundred rows in GB 18030, then some in UTF-8: the first row that is no UTF-8 is a good one."""
    first = "".join(f"{SIMPLIFIED[i % 5]}{i},positive\n" for i in range(200)).encode("gb18030")
    content = first + "".join(f"{text}\n" for text in appended).encode() + b"\xff\xff\n"
    with pytest.raises(DataError, match=r"line 1: .*gb18030 reads it up to line 20\d: .*several files in one"):
        detect(lambda: [content], "mixed.csv")


def test_what_reads_half_like_text_is_a_guess() -> None:
    """A row in GB 18030 and labels in UTF-8, which decode as characters that nobody uses."""
    content = f"{SIMPLIFIED[0]}\n".encode("gb18030") + "".join(["好评\n", "差评\n", "好评\n"] * 2).encode()
    found = detect(lambda: [content], "mixed.csv")
    assert (found.name, found.confidence) == ("gb18030", "guess")


@pytest.mark.parametrize("at", [1, 150, 200])
@pytest.mark.parametrize(
    ("texts", "encoding", "row"),
    [(SIMPLIFIED, "gb18030", "味道很好下次再来,positive\n"), (TRADITIONAL, "cp950", "家好快度,positive\n")],
)
def test_a_row_in_utf8_is_named(texts: list[str], encoding: str, row: str, at: int) -> None:
    """An even number of characters decodes in a Chinese encoding too, as ones that nobody wrote."""
    rows = [f"{texts[i % 5]}{i},好\n".encode(encoding) for i in range(200)]
    content = b"".join([*rows[:at], row.encode(), *rows[at:]])
    assert content.decode(encoding)
    with pytest.raises(DataError, match=rf"a.csv line {at + 1} is UTF-8, and the file reads as text in {encoding}:"):
        found(content)
    assert check(lambda: [content], encoding, "a.csv").name == encoding  # whoever names it has it read


@pytest.mark.shared
@pytest.mark.parametrize("name", ["waimai_10k", "chnsenticorp", "thucnews_title", "tnews_few"])
def test_no_real_row_in_gb18030_is_taken_for_utf8(name: str) -> None:
    """Whole texts, and words of two to eight characters cut out of them."""
    texts, rng = real_texts(name), random.Random(0)
    places = [(text, rng.randrange(len(text))) for text in texts if text for _ in range(5)]
    words = [text[i : i + rng.randint(2, 8)] for text, i in places]
    for each in (texts, words):
        assert found(table(each).encode("gb18030")).name == "gb18030"


def test_rare_characters_in_gb18030_are_not_taken_for_utf8() -> None:
    """Words of hanzi drawn from all there are, beside common ones."""
    rng = random.Random(0)
    rare = ["".join(chr(rng.randrange(0x4E00, 0x9FA6)) for _ in range(rng.choice((2, 3, 4, 6)))) for _ in range(50_000)]
    content = table(SIMPLIFIED * 20_000 + rare).encode("gb18030")
    assert found(content).name == "gb18030"

"""Bad input: one clear message with the way out, exit 1, no traceback, and nothing lost."""

from pathlib import Path

import pytest

from .conftest import REVIEWS, Headstart, write_rows

FIT = ("fit", "--encoder", "tfidf", "--no-bundle")


def refused(headstart: Headstart, *words: object) -> str:
    done = headstart(*words)
    assert done.code == 1, done
    assert done.out == ""
    assert "Traceback" not in done.err
    message = done.err[done.err.index("headstart: error: ") :]
    assert message.rstrip()[-1] in ".)?"
    return message


def with_row(tmp_path: Path, text: str, label: str = "good") -> Path:
    return write_rows(tmp_path / "rows.csv", [*REVIEWS, (text, label)])


def test_missing_file_names_near_ones(headstart: Headstart, reviews: Path):
    """A misspelt name gets the file that is there."""
    assert "reviews.csv" in refused(headstart, *FIT, reviews.with_name("review.csv"))


def test_unknown_column_suggests_the_nearest(headstart: Headstart, reviews: Path):
    """A misspelt column gets the nearest that there is."""
    assert "Did you mean 'label'?" in refused(headstart, *FIT, reviews, "--label", "lable")


def test_empty_file(headstart: Headstart, tmp_path: Path):
    """An empty file is called empty."""
    (tmp_path / "none.csv").write_text("")
    assert "empty" in refused(headstart, *FIT, tmp_path / "none.csv")


def test_one_class_only(headstart: Headstart, tmp_path: Path):
    """One class is nothing to classify."""
    path = write_rows(tmp_path / "one.csv", [(text, "good") for text, _ in REVIEWS])
    assert "at least two classes" in refused(headstart, *FIT, path)


def test_a_class_with_one_row_is_named_with_its_line(headstart: Headstart, tmp_path: Path):
    """The lonely class and its line are in the message."""
    message = refused(headstart, *FIT, with_row(tmp_path, "so so", "mixed"))
    assert "'mixed'" in message
    assert "line 10" in message


def test_float_labels(headstart: Headstart, tmp_path: Path):
    """Numbers with a fraction are a regression target."""
    path = write_rows(tmp_path / "f.csv", [(text, f"{i}.5") for i, (text, _) in enumerate(REVIEWS)])
    assert "0.5" in refused(headstart, *FIT, path)


@pytest.mark.parametrize("text", ["", "   ", "\u3000"])
def test_text_of_nothing_is_named_and_can_be_skipped(headstart: Headstart, tmp_path: Path, text: str):
    """The line is named, the way out is in the message, and it works."""
    path = with_row(tmp_path, text)
    message = refused(headstart, *FIT, path)
    assert "line 10" in message
    assert "--skip-bad-rows" in message
    assert headstart(*FIT, path, "--skip-bad-rows").code == 0


def test_text_of_five_megabytes(headstart: Headstart, tmp_path: Path):
    """A whole file in one cell is most likely a quoting error; the limit can be raised."""
    path = with_row(tmp_path, "word " * 1_000_000)
    assert "--max-text-chars" in refused(headstart, *FIT, path)
    assert headstart(*FIT, path, "--max-text-chars", 6_000_000).code == 0


def test_nul_bytes(headstart: Headstart, tmp_path: Path):
    """A NUL is not text."""
    path = tmp_path / "nul.jsonl"
    path.write_text('{"text": "a\\u0000b", "label": "good"}\n' * 4)
    assert "NUL" in refused(headstart, *FIT, path)


def test_lone_surrogates(headstart: Headstart, tmp_path: Path):
    """Half a character is no JSON text; the line is named."""
    path = tmp_path / "half.jsonl"
    path.write_text('{"text": "fine", "label": "good"}\n{"text": "\\ud83d", "label": "bad"}\n')
    assert "line 2" in refused(headstart, *FIT, path)


def test_unreadable_row_is_named_by_its_line(headstart: Headstart, tmp_path: Path):
    """The broken line is named."""
    path = tmp_path / "broken.jsonl"
    path.write_text('{"text": "fine", "label": "good"}\n{"text": oops}\n')
    assert "line 2" in refused(headstart, *FIT, path)


def test_wrong_encoding(headstart: Headstart, tmp_path: Path):
    """An encoding that does not fit is refused, and the one that does is named."""
    path = tmp_path / "gb.csv"
    rows = "".join(f"{text},{label}\n" for text, label in (("房间很干净", "good"), ("太吵了睡不着", "bad")) * 4)
    path.write_bytes(("text,label\n" + rows).encode("gb18030"))
    assert "gb18030" in refused(headstart, *FIT, path, "--encoding", "utf-8").lower()
    assert headstart(*FIT, path).code == 0


def test_unknown_names_get_suggestions(headstart: Headstart, reviews: Path):
    """Encoder, head, strategy and setting: what is near, and what there is."""
    assert "Did you mean 'tfidf'?" in refused(headstart, "fit", reviews, "--encoder", "tfdif")
    assert "Did you mean 'logistic'?" in refused(headstart, *FIT, reviews, "--head", "logistik")
    assert "linear_probe" in refused(headstart, *FIT, reviews, "--strategy", "linear-probe")
    assert "ngram" in refused(headstart, *FIT, reviews, "--set", "encoder.ngram=3")
    assert "key=value" in refused(headstart, *FIT, reviews, "--set", "C")


def test_places_are_checked_before_the_work(headstart: Headstart, reviews: Path, tmp_path: Path):
    """A report or bundle that cannot be written is refused, and what is there is left alone."""
    assert "--report" in refused(headstart, *FIT, reviews, "--report", tmp_path / "no" / "r.html")
    assert "is a folder" in refused(headstart, *FIT, reviews, "--report", tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    words = ("fit", reviews, "--encoder", "tfidf", "--out", tmp_path / "mine")
    assert "not a bundle" in refused(headstart, *words)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_bundles_that_cannot_be_trusted(headstart: Headstart, reviews: Path, tmp_path: Path):
    """Not there, not a bundle, a changed file: the file is named."""
    bundle = tmp_path / "b"
    assert headstart("fit", reviews, "--encoder", "tfidf", "--out", bundle).code == 0
    assert "not there" in refused(headstart, "predict", tmp_path / "nothing", reviews)
    assert "swapped" in refused(headstart, "predict", reviews, bundle)
    assert "manifest.json" in refused(headstart, "predict", tmp_path, reviews)
    (bundle / "head.safetensors").write_bytes((bundle / "head.safetensors").read_bytes()[:-1])
    assert "head.safetensors" in refused(headstart, "evaluate", bundle, reviews)


def test_usage_errors_exit_2(headstart: Headstart):
    """A wrong option is a matter of usage."""
    assert headstart("fit", "--nonsense").code == 2
    assert headstart("fit").code == 2
    assert headstart("nonsense").code == 2


def test_pages_and_tables_are_checked_before_the_work(headstart: Headstart, reviews: Path, tmp_path: Path):
    """A folder is no file to write: said before a bundle that is not there is read, or a file with one text."""
    bundle, one = tmp_path / "nothing", write_rows(tmp_path / "one.csv", [("lovely", "good")])
    commands = (
        ("evaluate", bundle, reviews, "--report"),
        ("explain", bundle, "a text", "--out"),
        ("suggest", bundle, reviews, "--out"),
        ("explore", one, "--report"),
        ("explore", one, "--labels-out"),
        ("augment", tmp_path / "no.csv", "--with", "swap", "--out"),
    )
    for command in commands:
        assert f"{tmp_path} is a folder" in refused(headstart, *command, tmp_path)


def test_a_second_file_with_the_usual_names(headstart: Headstart, tmp_path: Path):
    """--text and --label are of the training file; another may have the usual names, or else is to be changed."""
    train = write_rows(tmp_path / "train.csv", REVIEWS, ("评论内容", "评价"))
    words = (*FIT, train, "--text", "评论内容", "--label", "评价")
    for role in ("--test", "--source", "--unlabelled"):
        assert headstart(*words, role, write_rows(tmp_path / "other.csv", REVIEWS)).code == 0
        other = write_rows(tmp_path / "odd.csv", REVIEWS, ("body", "label"))
        message = refused(headstart, *words, role, other)
        assert "Rename the one with the text in this file to '评论内容' or 'text'" in message


def test_rows_without_any_label_that_is_known(headstart: Headstart, reviews: Path, tmp_path: Path):
    """Both evaluate and fit --test name labels of both sides; one known label is enough."""
    bundle = tmp_path / "b"
    assert headstart("fit", reviews, "--encoder", "tfidf", "--out", bundle).code == 0
    other = write_rows(tmp_path / "other.csv", [("lovely", "1"), ("rude", "0")])
    for command in (("evaluate", bundle, other), (*FIT, reviews, "--test", other)):
        message = refused(headstart, *command)
        assert "Labels here: '1', '0'" in message
        assert "'bad'" in message
        assert "fitting" not in message
    assert headstart("evaluate", bundle, write_rows(other, [("lovely", "1"), ("rude", "bad")])).code == 0


def test_labels_with_spaces_can_be_stripped_by_each_command_that_says_so(headstart: Headstart, tmp_path: Path):
    """The way out that the message names is one that the command has."""
    clean = write_rows(tmp_path / "clean.csv", REVIEWS)
    rows = write_rows(tmp_path / "rows.csv", [*REVIEWS, ("lovely soup", "good ")])
    new = write_rows(tmp_path / "new.csv", [("a lovely room", "good"), ("a rude porter", "bad")])
    bundle = tmp_path / "bundle"
    assert headstart("fit", clean, "--encoder", "tfidf", "--out", bundle).code == 0
    for words in (
        (*FIT, rows),
        ("evaluate", bundle, rows),
        ("recommend", rows, "--encoders", "bow"),
        ("suggest", bundle, new, "--labelled", rows),
    ):
        message = refused(headstart, *words)
        assert "line 10" in message
        assert "--strip-labels" in message
        assert headstart(*words, "--strip-labels").code == 0
    assert "--strip-labels" in headstart("recommend", rows, "--encoders", "bow", "--strip-labels", "--json").out

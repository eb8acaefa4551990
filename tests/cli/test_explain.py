"""Laws of `headstart explain`: words with signs, one JSON object, a page, and plain refusals."""

import json
from pathlib import Path

import pytest

from .conftest import Headstart, write_rows


@pytest.fixture
def bundle(headstart: Headstart, reviews: Path, tmp_path: Path) -> Path:
    assert headstart("fit", reviews, "--encoder", "tfidf", "--out", tmp_path / "bundle").code == 0
    return tmp_path / "bundle"


def test_json_adds_up(headstart: Headstart, bundle: Path):
    """One JSON object; score = offset + words + rest; each word is where it says."""
    done = headstart("explain", bundle, "a lovely but rude waiter", "cold!", "--json")
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    assert answer["model"] == "tfidf + svm"
    assert len(answer["texts"]) == 2
    for found in answer["texts"]:
        total = found["offset"] + sum(word["weight"] for word in found["words"]) + found["rest"]
        assert total == pytest.approx(found["score"])
        assert found["method"] == "exact"
        assert all(found["text"][w["start"] : w["end"]] == w["text"] for w in found["words"])
    weights = {word["text"]: word["weight"] for word in answer["texts"][0]["words"]}
    sign = 1 if answer["texts"][0]["label"] == "good" else -1
    assert sign * weights["lovely"] > 0 > sign * weights["rude"]


def test_the_terminal_lists_the_words_and_the_sum(headstart: Headstart, bundle: Path, tmp_path: Path):
    """Class, probability, method, signed words, what is left; and the page is written."""
    page = tmp_path / "page.html"
    done = headstart("explain", bundle, "a lovely but unheard waiter", "--class", "good", "--out", page)
    assert done.code == 0, done.err
    for words in ("good 0.", "exact", "lovely", "+", "empty text", "= score", "no part in it: but, unheard", str(page)):
        assert words in done.out.replace("\n", "")  # a long path may be broken
    assert "<mark" in page.read_text(encoding="utf-8")


def test_a_file_and_its_first_rows(headstart: Headstart, bundle: Path, tmp_path: Path):
    """--limit takes the first rows; labels are not needed; texts on the line come first."""
    file = write_rows(tmp_path / "new.csv", [(f"lovely {i}", "x") for i in range(30)])
    done = headstart("explain", bundle, "rude", "--file", file, "--limit", 3, "--json")
    assert [found["text"] for found in json.loads(done.out)["texts"]] == ["rude", "lovely 0", "lovely 1", "lovely 2"]
    done = headstart("explain", bundle, "--file", file, "--method", "occlusion", "--max-reads", 16, "--json")
    assert all(found["method"] == "occlusion" for found in json.loads(done.out)["texts"])


def test_the_words_of_each_class(headstart: Headstart, bundle: Path, tmp_path: Path):
    """From the weights without a file, over texts with one."""
    answer = json.loads(headstart("explain", bundle, "--classes", "--words", 4, "--json").out)
    assert {each["name"] for each in answer["classes"]} == {"good", "bad"}
    assert all(each["method"] == "exact" and len(each["words"]) == 4 for each in answer["classes"])
    file = write_rows(tmp_path / "new.csv", [("lovely and kind", "x"), ("cold and lovely", "x")])
    done = headstart("explain", bundle, "--classes", "--class", "good", "--file", file)
    assert "mean of 2 texts" in done.out
    assert "lovely ×2" in done.out


def test_the_terms_are_explained_at_the_end(headstart: Headstart, bundle: Path, monkeypatch: pytest.MonkeyPatch):
    """Once, however many texts there are, and only those that were shown."""
    monkeypatch.setenv("COLUMNS", "500")
    out = headstart("explain", bundle, "a lovely but unheard waiter", "rude").out
    for term in ("+ speaks for the class, - against it", "empty text: ", "rest: ", "no part in it: words", "exact: "):
        assert out.count(term) == 1
        assert out.index(term) > out.rindex("= score")
    assert "occlusion: " not in out
    out = headstart("explain", bundle, "rude", "--method", "occlusion").out
    assert "occlusion: " in out
    assert "exact: " not in out
    assert "no part in it" not in out
    out = headstart("explain", bundle, "--classes").out
    assert "what a word adds to the score of the class" in out
    assert "empty text" not in out


def test_in_chinese_all_of_it_is(headstart: Headstart, bundle: Path, monkeypatch: pytest.MonkeyPatch):
    """But for the words of the texts, the labels and the names of methods."""
    monkeypatch.setenv("COLUMNS", "500")
    done = headstart("explain", bundle, "a lovely but unheard waiter", "rude", "--language", "zh")
    assert "= 得分" in done.out
    assert "未起作用：" in done.out
    for english in ("score", "empty", "rest", "no part", "speaks"):
        assert english not in done.out


def test_other_models_need_texts_for_their_classes(headstart: Headstart, reviews: Path, tmp_path: Path):
    """As the help says: a linear model of counted words alone needs none."""
    words = ("--encoder", "tfidf", "--head", "knn", "--out", tmp_path / "knn")
    assert headstart("fit", reviews, *words).code == 0
    done = headstart("explain", tmp_path / "knn", "--classes")
    assert (done.code, "--file" in done.err) == (1, True)
    assert headstart("explain", tmp_path / "knn", "--classes", "--file", reviews).code == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "--classes"),
        (("x", "--class", "god"), 1, "Did you mean 'good'?"),
        (("x", "--method", "magic"), 1, "auto, exact, occlusion"),
        (("x", "--max-reads", "3"), 2, "16"),
    ],
)
def test_refusals(headstart: Headstart, bundle: Path, words: tuple, code: int, message: str):
    """A message with the way out, never a traceback."""
    done = headstart("explain", bundle, *words)
    assert done.code == code
    assert message in done.err
    assert "Traceback" not in done.err


def test_the_report_of_a_fit_has_the_words_of_each_class(headstart: Headstart, reviews: Path, tmp_path: Path):
    """Of a linear model of counted words: in the JSON, the page and the terminal."""
    page = tmp_path / "report.html"
    done = headstart("fit", reviews, "--test", reviews, "--encoder", "tfidf", "--no-bundle", "--json", "--report", page)
    listed = json.loads(done.out)["report"]["class_words"]
    assert [each["name"] for each in listed] == ["bad", "good"]
    best = listed[1]["words"][0]["text"]
    assert best == "lovely"
    assert 'id="class_words"' in page.read_text(encoding="utf-8")
    assert f"good: {best}" in headstart("fit", reviews, "--test", reviews, "--encoder", "tfidf", "--no-bundle").out


def test_nothing_to_explain(headstart: Headstart, tmp_path: Path) -> None:
    """An empty text has no words: a usage error before anything is loaded."""
    for text in ("", "  "):
        done = headstart("explain", tmp_path / "none", text)
        assert (done.code, "no words to explain" in " ".join(done.err.split())) == (2, True)

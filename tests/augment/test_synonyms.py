"""Synonyms from files, from WordNet through wn, and near words."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart import registry
from headstart.augment._synonyms import read_groups, replaced
from headstart.augment.insert import Insert
from headstart.augment.synonym import Synonym
from headstart.errors import ConfigError, DataError


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_groups_apart_by_spaces_commas_or_tabs(tmp_path: Path) -> None:
    """A line with commas or tabs may hold words of several parts; a word in two groups has both."""
    file = tmp_path / "groups.txt"
    file.write_text("# a comment\nbig large\nbig,very great , huge\nold\tof age\nalone\n\n", encoding="utf-8")
    lookup, notes = read_groups("synonym", str(file))
    assert set(lookup("big")) == {"large", "very great", "huge"}
    assert lookup("of age") == ("old",)
    assert lookup("alone") == lookup("unknown") == ()
    assert "3 groups" in notes[0]


def test_cilin_takes_groups_of_synonyms_only(tmp_path: Path) -> None:
    """Lines marked = count; headings and those marked # and @ do not. GB 18030 and gzip are read."""
    file = tmp_path / "cilin.txt.gz"
    lines = "A 人\nAa 人 泛称\nAa01A01= 人物 人士\nAa01A02# 学生 老师\nAa01A03@ 众学生\nEd03A01= 良好 不错 美好\n"
    file.write_bytes(gzip.compress((lines * 3).encode("gb18030")))
    lookup, notes = read_groups("synonym", str(file))
    assert lookup("人物") == ("人士",)
    assert set(lookup("不错")) == {"良好", "美好"}
    assert lookup("学生") == lookup("泛称") == ()
    assert "HIT Cilin" in notes[0]


def test_files_that_are_of_no_use(tmp_path: Path) -> None:
    """No file, and no group in it: a message with the name and the way out."""
    empty = tmp_path / "empty.txt"
    empty.write_text("alone\n")
    with pytest.raises(DataError, match=r"no file of synonyms 'nowhere\.txt'"):
        read_groups("synonym", "nowhere.txt")
    with pytest.raises(DataError, match="no group of two"):
        read_groups("synonym", str(empty))


def test_replaced_keeps_capitals_function_words_and_single_characters() -> None:
    """A replacement looks like its word; what has no meaning of its own stays."""
    table = {"soup": ["broth"], "the": ["article"], "of": ["from"], "味道": ["滋味"], "好": ["良"]}
    assert replaced("The SOUP of the day", 1.0, lambda w: table.get(w, []), rng()) == "The BROTH of the day"
    assert replaced("Soup", 0.1, lambda w: table.get(w, []), rng()) == "Broth"
    assert replaced("味道好", 1.0, lambda w: table.get(w, []), rng()) == "滋味好"
    assert replaced("the best", 1.0, lambda w: table.get(w, []), rng()) is None


def test_the_share_is_of_all_words() -> None:
    """Three of ten words have a synonym, two of ten change."""
    text = "red green blue w1 w2 w3 w4 w5 w6 w7"
    found = {replaced(text, 0.2, lambda w: ["X"] if w in text[:14].split() else [], rng(seed)) for seed in range(20)}
    assert {answer.count("X") for answer in found if answer} == {2}
    assert len(found) == 3


LMF = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE LexicalResource SYSTEM "http://globalwordnet.github.io/schemas/WN-LMF-1.1.dtd">
<LexicalResource xmlns:dc="https://globalwordnet.github.io/schemas/dc/">
  <Lexicon id="tiny" label="Tiny" language="en" email="nobody@example.org" license="none" version="1">
    <LexicalEntry id="tiny-film-n"><Lemma writtenForm="film" partOfSpeech="n"/>
      <Sense id="tiny-film-1" synset="tiny-1-n"/><Sense id="tiny-film-2" synset="tiny-2-n"/></LexicalEntry>
    <LexicalEntry id="tiny-movie-n"><Lemma writtenForm="movie" partOfSpeech="n"/>
      <Sense id="tiny-movie-1" synset="tiny-1-n"/></LexicalEntry>
    <LexicalEntry id="tiny-layer-n"><Lemma writtenForm="thin layer" partOfSpeech="n"/>
      <Sense id="tiny-layer-1" synset="tiny-2-n"/></LexicalEntry>
    <Synset id="tiny-1-n" ili="" partOfSpeech="n"/>
    <Synset id="tiny-2-n" ili="" partOfSpeech="n"/>
  </Lexicon>
</LexicalResource>
"""


@pytest.fixture
def wn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The package wn with a data folder of its own, empty."""
    wn = pytest.importorskip("wn")
    before = wn.config.data_directory
    wn.config.data_directory = tmp_path / "wn_data"
    yield wn
    wn.config.data_directory = before


def test_english_words_through_wn(wn: Any, tmp_path: Path) -> None:
    """All senses of a word in the lexicon that is there, and a note that names it."""
    file = tmp_path / "tiny.xml"
    file.write_text(LMF, encoding="utf-8")
    wn.add(file, progress_handler=None)
    synonym = Synonym("1").fit(["a film"], np.array([0]))
    rngs = [rng(seed) for seed in range(20)]
    answers = synonym.augment(["This Film pleases"] * 20, np.zeros(20, dtype=int), rngs)
    assert set(answers) == {"This Movie pleases", "This Thin layer pleases"}
    assert synonym.augment(["films"], np.array([0]), [rng()]) == [None]  # another form is another word
    assert synonym.notes_ == ("synonym: synonyms from tiny:1.",)


def test_without_a_lexicon_it_says_how_to_get_one(wn: Any) -> None:
    """And leaves no database behind."""
    with pytest.raises(ConfigError, match=r"wn download.*synonym:FILE.*'vectors'"):
        Synonym().fit(["an English text"], np.array([0]))
    assert not Path(wn.config.database_path).exists()


def test_near_words_know_the_context() -> None:
    """Words that stand in the same places are exchanged; a note says so. Chinese falls back to it."""
    pytest.importorskip("gensim")
    draw = rng()
    texts = [f"drink {draw.choice(['tea', 'coffee'])} hot now" for _ in range(150)]
    texts += [f"drive {draw.choice(['car', 'truck'])} fast there" for _ in range(150)]
    y = np.zeros(len(texts), dtype=int)
    vectors = registry.load("augmentation", "vectors")("1").fit(texts, y)
    assert "300 texts" in vectors.notes_[0]
    answers = vectors.augment(["tea"] * 30, y[:30], [rng(seed) for seed in range(30)])
    assert "coffee" in answers
    assert set(answers) <= {word for text in texts for word in text.split()} - {"tea"}
    assert vectors.augment(["unheard"], y[:1], [rng()]) == [None]
    chinese = Synonym().fit(["味道很好", "服务很好"], np.array([0, 1]))
    assert "no file of Chinese synonyms" in chinese.notes_[0]


def test_insert_finds_synonyms_of_words_in_any_case(tmp_path: Path) -> None:
    """As `synonym` does: a word at the beginning of a sentence, in capitals, in full width."""
    file = tmp_path / "groups.txt"
    file.write_text("Big large\nfilm movie\n", encoding="utf-8")
    insert = Insert(f"1:{file}").fit([], np.array([], dtype=int))
    for text in ("big film", "Big Film", "BIG FILM", "ｂｉｇ ｆｉｌｍ"):
        (answer,) = insert.augment([text], np.array([0]), [rng()])
        assert answer is not None
        assert set(answer.split()) - set(text.split()) <= {"large", "movie"}
        assert len(answer.split()) == 4

"""Laws of missing, duplicates and conflicts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.cleaning.rows.conflicts import Conflicts
from headstart.cleaning.rows.duplicates import Duplicates
from headstart.cleaning.rows.missing import Missing
from headstart.data.folding import fold
from headstart.errors import ConfigError
from headstart.types import Dataset

few_texts = st.lists(st.sampled_from(["Good", "good ", "ｇｏｏｄ", "bad", "很好", "很 好"]), max_size=12)


@pytest.mark.parametrize("text", ["", "  \t\n", "...", "？！", "\u200b\u3000", "—", "\ufe0f"])
def test_no_text(text: str):
    """White space, punctuation and invisible characters are no text."""
    assert [hit.row for hit in Missing().find(Dataset(("word", text)))] == [1]


@pytest.mark.parametrize("text", ["a", "好", "7", "😀", "!x!", "€", "½", "ا"])
def test_text(text: str):
    """One letter, digit or symbol is text."""
    assert Missing().find(Dataset((text,))) == []


@settings(max_examples=60, deadline=None)
@given(few_texts, st.data())
def test_duplicates_leave_each_text_and_label_once(texts: list[str], data: st.DataObject):
    """What is left has every (folded text, label) once, and it is the first of them."""
    labels = data.draw(st.lists(st.sampled_from("ab"), min_size=len(texts), max_size=len(texts)))
    gone = {hit.row for hit in Duplicates().find(Dataset(tuple(texts), tuple(labels)))}
    pairs = [(fold(text), label) for text, label in zip(texts, labels, strict=True)]
    assert [i for i in range(len(texts)) if i not in gone] == [pairs.index(pair) for pair in dict.fromkeys(pairs)]


def test_duplicates_name_the_line_that_stays():
    """The reason says which row of the file is repeated."""
    (hit,) = Duplicates().find(Dataset(("a", "b", "A"), lines=(2, 5, 9), origin="x.csv"))
    assert hit.reason == "repeats line 2"


@settings(max_examples=60, deadline=None)
@given(few_texts, st.data())
def test_conflicts_leave_one_label_a_text(texts: list[str], data: st.DataObject):
    """After the rule no two rows have one text and two labels; rows whose text has one label all stay."""
    labels = data.draw(st.lists(st.sampled_from(["a", "b", ""]), min_size=len(texts), max_size=len(texts)))
    found: dict[str, set[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        found.setdefault(fold(text), set()).add(label)
    gone = {hit.row for hit in Conflicts().find(Dataset(tuple(texts), tuple(labels)))}
    disputed = {text for text, names in found.items() if len(names - {""}) > 1}
    assert gone == {i for i, text in enumerate(texts) if fold(text) in disputed and labels[i]}


def test_majority_stays():
    """Three against one: the three stay; one against one: both go."""
    data = Dataset(("x", "X", "x", " x", "y", "y"), ("a", "a", "b", "a", "a", "b"))
    assert sorted(hit.row for hit in Conflicts("majority").find(data)) == [2, 4, 5]
    assert sorted(hit.row for hit in Conflicts().find(data)) == [0, 1, 2, 3, 4, 5]


def test_unlabelled_data_has_no_conflicts():
    """Without labels there is nothing to contradict."""
    assert Conflicts().find(Dataset(("x", "x"))) == []


def test_a_wrong_argument_is_named():
    """The message says what is allowed."""
    with pytest.raises(ConfigError, match="conflicts:majority"):
        Conflicts("minority")

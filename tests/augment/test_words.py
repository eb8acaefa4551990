"""Words, sentences and arguments: what the augmentations share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.augment._words import chosen, gap, pieces, share_and_rest, units, word_places
from headstart.errors import ConfigError

TEXT = st.text(alphabet=st.sampled_from("ab'’ ,.!?;:\n，。！；“”好的很吃饭9é…"), max_size=40)


@settings(deadline=None)
@given(TEXT)
def test_pieces_are_the_text(text: str) -> None:
    """Nothing is lost, no piece is empty, and every letter and digit is in a word."""
    parts = pieces(text)
    assert "".join(parts) == text
    assert all(parts)
    words = "".join(parts[place] for place in word_places(parts))
    assert [c for c in words if c.isalnum()] == [c for c in text if c.isalnum()]


@settings(deadline=None)
@given(TEXT)
def test_units_are_the_text(text: str) -> None:
    """Units and separators, in turn, are the text without outer white space; no unit is empty but that of no text."""
    found, separators = units(text)
    assert "".join(a + b for a, b in zip(found, separators, strict=True)) == text.strip()
    assert all(found) or not text.strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is 3.5 m. Fine!  Really?", ["It is 3.5 m.", "Fine!", "Really?"]),
        ("味道很好！！服务也好。“还会来。”", ["味道很好！！", "服务也好。", "“还会来。”"]),
        ("slow, cold; rude.", ["slow", "cold", "rude"]),
        ("发货太慢，客服不回", ["发货太慢", "客服不回"]),
        ("one line\nanother", ["one line", "another"]),
        ("nothing to split", ["nothing to split"]),
        ("...", ["..."]),
    ],
)
def test_sentences_or_clauses(text: str, expected: list[str]) -> None:
    """Sentences of both languages; the clauses of a single one."""
    assert units(text)[0] == expected


def test_words_of_both_languages() -> None:
    """Contractions are one word; Chinese is segmented."""
    assert [p for p in pieces("Don't go, it’s bad") if p[0].isalnum()] == ["Don't", "go", "it’s", "bad"]
    assert "餐厅" in pieces("这家餐厅很好")


@pytest.mark.parametrize(
    ("n", "share", "expected"), [(10, 0.1, 1), (10, 0.39, 3), (3, 0.1, 1), (4, 1.0, 4), (0, 0.5, 0)]
)
def test_chosen_is_the_share_at_least_one(n: int, share: float, expected: int) -> None:
    """Different places of those given, in order."""
    places = list(range(100, 100 + n))
    found = chosen(places, share, np.random.default_rng(0))
    assert len(found) == expected
    assert found == sorted(set(found))
    assert set(found) <= set(places)


def test_chosen_of_more_words_than_there_are_places() -> None:
    """The share is one of `of` words, and never more than the places."""
    rng = np.random.default_rng(0)
    assert len(chosen([1, 2, 3], 0.5, rng, of=4)) == 2
    assert chosen([1, 2, 3], 0.5, rng, of=100) == [1, 2, 3]


def test_arguments() -> None:
    """A number first is the share; the rest, colons and all, is left."""
    assert share_and_rest("x", None) == (0.1, None)
    assert share_and_rest("x", "0.2") == (0.2, None)
    assert share_and_rest("x", "0.2:C:\\a.txt") == (0.2, "C:\\a.txt")
    assert share_and_rest("x", "C:\\a.txt") == (0.1, "C:\\a.txt")
    with pytest.raises(ConfigError, match="x:-1"):
        share_and_rest("x", "-1")


def test_gap() -> None:
    """Only Chinese joins without a space."""
    assert (gap("很好", "好吃"), gap("very", "good"), gap("App", "很好")) == ("", " ", " ")

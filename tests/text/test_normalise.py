"""Folding, and what counts as texts."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import DataError
from headstart.text.normalise import fold, require_texts


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ABC def", "abc def"),
        ("ＡＢＣ１２３！", "abc123!"),
        ("ﬁne №①", "fine no1"),
        ("Don\u2019t", "don't"),
        (
            "他说\u2019好\u2019",
            "他说\u2019好\u2019",
        ),  # a closing quotation mark is none of an apostrophe's business
        ("rock \u2019n\u2019 roll", "rock \u2019n\u2019 roll"),
        ("Café", "café"),
        ("Cafe\u0301", "café"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    """Width, ligatures, case and the apostrophe inside a word do not matter."""
    assert fold(text) == folded


@given(st.text())
def test_fold_is_nfkc_and_lower_case(text: str) -> None:
    """Apart from the apostrophe, folding is NFKC and lower case, and ASCII takes no other way."""
    if "\u2019" not in text:
        assert fold(text) == unicodedata.normalize("NFKC", text).lower()


@pytest.mark.parametrize(
    "texts", [["a", "好"], ("a", "好"), np.array(["a", "好"]), iter(["a", "好"]), {"a": 1, "好": 2}.keys()]
)
def test_sequences_of_texts(texts: object) -> None:
    """Lists, tuples, arrays, iterators become a tuple of the same strings."""
    assert require_texts(texts) == ("a", "好")


class Table(dict[str, list[str]]):
    """As a DataFrame: iterated it gives the names of its columns."""

    columns = ("review", "note")


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"a": 1, "好": 2}, "a dict would give its names: pass one column"),
        (Table(), "a Table would give its names: pass one column"),
        ({"a", "好"}, "a set has no order"),
    ],
)
def test_what_would_be_iterated_by_name_is_refused(texts: object, why: str) -> None:
    """Its keys, or columns, are no texts; a set's order is chance."""
    with pytest.raises(DataError, match=f"titles must be a sequence of strings; {why}"):
        require_texts(texts, "titles")


@pytest.mark.parametrize("texts", ["a text", b"bytes", 3, None])
def test_one_text_is_no_sequence(texts: object) -> None:
    """A bare string, whose items would be its characters, is refused with its type."""
    with pytest.raises(DataError, match=f"titles must be a sequence of strings, got one {type(texts).__name__}"):
        require_texts(texts, "titles")


@pytest.mark.parametrize("value", [None, float("nan"), 3, b"bytes", ["a"], np.float64("nan")])
def test_values_that_are_no_text(value: object) -> None:
    """The first value that is no string is named with its index and type, and the others are counted."""
    with pytest.raises(DataError) as caught:
        require_texts(["a", "b", value, "c", value, value])
    message = str(caught.value)
    assert message.startswith(f"texts[2] is {value!r} ({type(value).__name__}), expected a string.")
    assert "2 more have the same problem" in message


def test_lone_surrogates() -> None:
    """Half a character is named with its index; whole characters beyond 16 bits are not concerned."""
    with pytest.raises(DataError, match=r"texts\[1\] holds a lone surrogate.*Read the file again as UTF-8"):
        require_texts(["👍", "half \ud83d", "ok"])
    assert require_texts(["👍"]) == ("👍",)


def test_long_values_are_cut_in_messages() -> None:
    """A message does not print a whole document."""
    with pytest.raises(DataError) as caught:
        require_texts([["x" * 10_000]])
    assert len(str(caught.value)) < 250

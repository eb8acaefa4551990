"""What is left around a piece that was taken out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import ConfigError
from headstart.text.rules._replace import choice, replace


@pytest.mark.parametrize(
    ("text", "dropped", "masked"),
    [
        ("aXb", "a b", "a M b"),
        ("a X b", "a b", "a M b"),
        ("a   X   b", "a b", "a M b"),
        ("X b", "b", "M b"),
        ("a X", "a", "a M"),
        ("XX", "", "M M"),
        ("(X)", "()", "(M)"),
        ("a X, b", "a, b", "a M, b"),
        ("a\nX\nb", "a\n\nb", "a\nM\nb"),
        ("看X！", "看！", "看 M！"),
        ("  a  b", "  a  b", "  a  b"),
    ],
)
def test_gaps(text: str, dropped: str, masked: str) -> None:
    """One space between words, none at the ends, inside of brackets, beside line ends and before punctuation."""
    assert replace(text, re.finditer("X", text)) == dropped
    assert replace(text, re.finditer("X", text), "M") == masked


@given(st.text(alphabet="abX ,\n(", max_size=30))
def test_all_else_stays(text: str) -> None:
    """Every other character stays in its order; only spaces change in number."""
    left = replace(text, re.finditer("X", text))
    assert left.replace(" ", "") == text.replace(" ", "").replace("X", "")


def test_a_wrong_argument_is_said() -> None:
    """The message has the rule, the argument and what is known."""
    with pytest.raises(ConfigError, match=r"Cleaning rule 'r': unknown argument 'x'\. Known: a, b\."):
        choice("r", "x", ("a", "b"))

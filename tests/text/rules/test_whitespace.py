"""White space: the same words, single gaps."""

import re

from hypothesis import given
from hypothesis import strategies as st

from headstart.text.rules.whitespace import _ODD_GAP, Whitespace

SPACES = [chr(point) for point in range(0x110000) if chr(point).isspace()]


@given(st.lists(st.sampled_from([*SPACES, "  ", "a", "好", ".", "ab c"])).map("".join))
def test_words_and_lines_stay(text: str) -> None:
    """The words are the same, and so are the lines that have words; no gap is longer than one character."""
    squeezed = Whitespace()(text)
    assert squeezed.split() == text.split()
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert squeezed.splitlines() == [line for line in lines if line]
    assert not re.search(r"\s\s|^\s|\s\Z", squeezed)


def test_every_space_of_unicode_is_known() -> None:
    """The quick check looks for all white space but the space and the line end."""
    assert {space for space in SPACES if _ODD_GAP.match(space)} == set(SPACES) - {" ", "\n"}

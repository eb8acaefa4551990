"""Control: nothing invisible is left, nothing visible is lost."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from headstart.text.rules.control import Control

VISIBLE = st.characters(categories=["L", "N", "P", "Sm", "Sc"], exclude_characters="\u115f\u1160\u3164\uffa0")


HIDDEN = st.characters(max_codepoint=0xFFFF, categories=["Cc", "Cf", "Zl", "Zp"])
# Number and verse signs of Arabic, Syriac and others: Cf by category, drawn on the page
DRAWN = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")


@given(st.text(alphabet=HIDDEN | st.sampled_from("a好 ")))
def test_nothing_hides(text: str) -> None:
    """Of the characters that hide (Cc, Cf) only tab and line end are left."""
    left = {sign for sign in Control()(text) if unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"}}
    assert left - DRAWN <= {"\t", "\n"}


@given(st.text(alphabet=VISIBLE), st.sampled_from("\u200b\ufeff\u00ad\u2060\u202e\x00\x07\u200c\u200f"))
def test_nothing_visible_is_lost(text: str, hidden: str) -> None:
    """A hidden character behind every letter goes, and the text is what it was."""
    assert Control()(hidden.join(["", *text, ""])) == text


def test_windows_punctuation() -> None:
    """Windows-1252 bytes read as Latin-1 are read as Windows-1252; the line end U+0085 is its ellipsis."""
    text = "“I’m – fine…” €5™"
    assert Control()(text.encode("cp1252").decode("latin-1")) == text

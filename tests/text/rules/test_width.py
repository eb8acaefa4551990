"""Width: as NFKC within its block, and only there."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from headstart.text.rules.width import Width

SIGNS = st.text(
    alphabet=st.characters(min_codepoint=0x2FF0, max_codepoint=0xFFEF, exclude_categories=["Cs"]) | st.characters()
)


@given(SIGNS)
def test_one_block_as_nfkc(text: str) -> None:
    """U+FF01 to U+FF5E and the wide space become what NFKC makes of them; `letters` takes letters and digits alone."""
    for argument, taken in (("half", str.isprintable), ("letters", str.isalnum)):
        expected = [
            unicodedata.normalize("NFKC", sign)
            if "\uff01" <= sign <= "\uff5e" and taken(sign)
            else " "
            if sign == "\u3000" and argument == "half"
            else sign
            for sign in text
        ]
        assert Width(argument)(text) == "".join(expected)

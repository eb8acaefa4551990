"""Symbols: what stays is letters, digits, white space and the punctuation of sentences."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from headstart.text.rules.symbols import Symbols


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_letters_and_digits_stay(text: str) -> None:
    """Every letter and digit stays in its order, and no symbol (So, Sm but ～, Sk, Pc) does."""
    left = Symbols()(text)
    assert [sign for sign in left if sign.isalnum()] == [sign for sign in text if sign.isalnum()]
    others = {sign for sign in left if not sign.isalnum()} - {"～"}
    assert not {unicodedata.category(sign) for sign in others} & {"So", "Sm", "Sk", "Pc", "Cf", "Co"}


def test_accents_stay() -> None:
    """Accents belong to their letters: composed or not, Latin, Devanagari, Thai."""
    for text in ("café", "cafe\u0301", "हिन्दी", "ภาษาไทย", "שָׁלוֹם"):
        assert Symbols()(text) == text

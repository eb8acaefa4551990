"""Unicode: NFKC for every text that people write, and bounded work for the others."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from headstart.text.normalise import _is_mark
from headstart.text.rules.unicode import Unicode

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)


@given(TEXT)
def test_it_is_nfkc(text: str) -> None:
    """Up to 30 characters cannot have more than 30 accents in a row: plain NFKC."""
    assert Unicode()(text) == unicodedata.normalize("NFKC", text)


def test_long_runs_of_accents_are_cut() -> None:
    """Normalising sorts accents in quadratic time, so no more than 30 in a row reach it; text around them stays."""
    for pair in ("\u0301\u0323", "\u0301\uff9e", "\u0344\u0316"):
        text = Unicode()("a" + pair * 5000 + "b，" + "\u0301" * 10)
        assert len(text) < 100
        assert text[-12:] == "b," + "\u0301" * 10


def test_many_signs_that_are_no_accents_stay() -> None:
    """Long runs of punctuation and emoji are no accents."""
    text = "。" * 40 + "😂" * 50 + "——" * 30
    assert Unicode()(text) == text


def test_no_letter_is_an_accent_but_two() -> None:
    """The quick search for long runs leaves letters out; of these only two Japanese marks become accents."""
    letters = [chr(point) for point in range(0x110000) if chr(point).isalnum()]
    assert [sign for sign in letters if _is_mark(sign)] == ["\uff9e", "\uff9f"]

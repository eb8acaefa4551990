"""Emoji: every one that the package knows has a name and can go; text stays."""

import emoji
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.text.rules.emoji import _TEXT_BY_DEFAULT, Emoji

KNOWN = [sign for sign in emoji.EMOJI_DATA if not _TEXT_BY_DEFAULT.fullmatch(sign)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_emoji_has_its_name(language: str) -> None:
    """All known emoji become the package's name of them in either language, and `drop` leaves nothing of them."""
    named, dropped = Emoji("name" if language == "en" else "name_zh"), Emoji()
    emoji.config.load_language(language)
    for sign in KNOWN:
        name = emoji.EMOJI_DATA[sign][language].strip(":").replace("_", " ")
        assert named(f"很{sign}a") == f"很 {name} a"
        assert dropped(f"很{sign}a") == "很 a"


@given(st.text(alphabet=st.characters(categories=["L", "P", "Nd", "Zs"])))
def test_text_stays(text: str) -> None:
    """Letters, digits and punctuation of all languages are no emoji."""
    signs = set("‼⁉〰〽")
    assert signs & set(text) or Emoji()(text) == text
    assert Emoji("keep")(text + "😀") == text + "😀"


def test_chains_of_joiners_are_read_in_pieces() -> None:
    """No call of the package reads more than 5 pictures: it needs quadratic time for a chain."""
    assert Emoji()("👨\u200d" * 20_000) == ""
    assert Emoji("name")("👨\u200d" * 5).split() == ["man"] * 5

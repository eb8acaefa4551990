"""Laws of the words of a text."""

from hypothesis import given
from hypothesis import strategies as st

from headstart.explaining.pieces import pieces, without


def test_pieces_of_english_and_chinese():
    """Words, contractions and emoticons are pieces; lone punctuation and white space are none."""
    text = "I don’t like it, non-stop noise :( 👍!"
    assert [text[start:end] for start, end in pieces(text)] == [
        "I", "don’t", "like", "it", "non-stop", "noise", ":(", "👍!",
    ]  # fmt: skip
    text = "房间干净，服务 很热情！"
    assert [text[start:end] for start, end in pieces(text)] == ["房间", "干净", "服务", "很", "热情", "！"]


@given(st.text(st.sampled_from("ab 好\n,."), max_size=20))
def test_without_leaves_the_rest(text: str):
    """Leaving out a piece takes away its characters and white space alone."""
    for start, end in pieces(text):
        left = without(text, start, end)
        assert "".join(left.split()) == "".join((text[:start] + text[end:]).split())

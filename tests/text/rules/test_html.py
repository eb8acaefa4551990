"""Markup: what the standard library's parser reads as text, kept; what is not HTML, untouched."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.text.rules.html import _ELEMENTS, Html

PLAIN = st.text(alphabet="abc 好吃1,。'", min_size=1, max_size=12)
INLINE = st.sampled_from(["b", "i", "em", "span", "a", "font", "strong"])
ATTRIBUTES = st.sampled_from(["", ' class="x > y"', " href='a?b=1'", " id=c", " hidden", ' title="it\'s"'])


class Text(HTMLParser):
    """The text of a well-formed document, by another parser."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.pieces.append(data)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Well-formed inline markup around plain text."""
    text = draw(PLAIN)
    for _ in range(draw(st.integers(0, 5))):
        tag, attributes = draw(INLINE), draw(ATTRIBUTES)
        text = f"{draw(PLAIN)}<{tag}{attributes}>{text}</{tag}>{draw(PLAIN)}<!-- {draw(PLAIN)} -->"
    return text


@given(documents())
def test_inline_markup_leaves_its_text(document: str) -> None:
    """Inline tags and comments vanish, and every other character stays, as Python's own parser reads it."""
    parser = Text()
    parser.feed(document)
    parser.close()
    assert Html()(document) == "".join(parser.pieces)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="<&")))
def test_text_without_markup_is_itself(text: str) -> None:
    """Without `<` and `&` there is nothing to do."""
    assert Html()(text) is text


@given(st.text(alphabet="abc <>&\"'=;好5 ", max_size=30))
def test_escaped_text_is_unescaped(text: str) -> None:
    """Escaping a text, once or twice, does not change what is left of it."""
    assert Html()(html.escape(text)) == Html()(html.escape(html.escape(text))) == Html()(text)


@pytest.mark.parametrize("name", sorted(_ELEMENTS - {"script", "style"}))
def test_every_element_is_cut(name: str) -> None:
    """Opening, closing and empty tags of every element, in either case; the text stays."""
    for document in (f"x<{name}>y</{name}>z", f"x<{name.upper()} id='1'>y</{name}\n>z<{name}/>"):
        assert "".join(Html()(document).split()) == "xyz"


@pytest.mark.parametrize(
    "text",
    [
        "i<n",
        "a<-b",
        "x <= y >= z",
        "<>",
        "</>",
        "< b>",
        "<1>",
        "<中文>",
        "<a.b>",
        "<T>",
        "<b,c>",
        "<b and c>",
        "</b c>",
    ],
)
def test_what_is_no_tag_stays(text: str) -> None:
    """A `<` without the name of an element behind it is a sign like any other."""
    assert Html()(text) == text


def test_a_huge_number_is_no_entity() -> None:
    """`html.unescape` raises for a number of 5,000 digits; here it is text."""
    text = "&#" + "9" * 5000 + ";"
    assert Html()(text) == text


def test_deep_nesting() -> None:
    """20,000 nested blocks are 2 lines, with no recursion."""
    assert Html()("a" + "<div>" * 20_000 + "b" + "</div>" * 20_000) == "a\nb"

"""Laws of the page that marks words."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.evaluation.report import render_explanations
from headstart.evaluation.report.formatting import visible
from headstart.explaining import ClassWords, Explanation, Weighted, Word

from .conftest import NASTY
from .test_browser import BROWSER, measured
from .test_html import Page


def explanation(text: str, weights: dict[str, float], **others: object) -> Explanation:
    """The first place of each word has its weight."""
    places = sorted((text.index(word), word) for word in weights)
    found = tuple(Word(word, at, at + len(word), weights[word]) for at, word in places)
    total = sum(weights.values())
    facts = {"label": "good", "predicted": "good", "probability": 0.9, "truncated": False, "n_read": 9}
    facts |= {"score": total + 0.5, "offset": 0.25, "rest": 0.25, "method": "occlusion"}
    return Explanation(text=text, words=found, **{**facts, **others})


LOVELY = explanation("A lovely room, but rude staff.", {"lovely": 1.5, "but": -0.25, "rude": -3.0, "A": 0.0})
CHINESE = explanation("味道很好，服务冷淡", {"味道": 0.8, "很好": 1.2, "冷淡": -0.9}, label="好评", truncated=True)
HOSTILE = explanation(NASTY, {NASTY[:40]: 2.0}, label=NASTY, method=NASTY)
CLASSES = (ClassWords("good", (Weighted("kind", 2.0, 3), Weighted("<b>", 1.0, 1)), "occlusion, mean of 3 texts"),)


def page(*explanations: Explanation, language: str = "en") -> str:
    return render_explanations(explanations, CLASSES, title="reviews: minilm + logistic", language=language)


def test_words_are_marked_by_sign_and_size():
    """For and against have their own marks, the stronger the more; what adds nothing has none, and is named."""
    html = page(LOVELY)
    pattern = r'<mark class="(\w+)" style="--s:([\d.]+)" title[^>]*>(.*?)</mark>'
    marks = {m[3]: (m[1], float(m[2])) for m in re.finditer(pattern, html)}
    assert {word: kind for word, (kind, _) in marks.items()} == {"lovely": "pro", "but": "con", "rude": "con"}
    assert marks["rude"][1] == 1.0 > marks["lovely"][1] > marks["but"][1]
    found = Page(html)
    assert "No part in it: A" in found.text
    for figure in ("+1.500", "−3.000", "−1.250", "+0.250"):
        assert figure in found.text


def test_how_it_was_explained_is_said_in_the_language() -> None:
    """The name of a method stays."""
    assert "occlusion, mean of 3 texts" in page(LOVELY)
    assert "occlusion，3 条文本的平均" in page(LOVELY, language="zh")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_whole(language: str):
    """Well-formed, self-contained, one title, tables with names, whatever the texts hold."""
    html = page(LOVELY, CHINESE, HOSTILE, language=language)
    found = Page(html)
    assert found.faults == []
    tags = [tag for tag, _ in found.tags]
    assert tags.count("h1") == tags.count("main") == 1
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert "http" not in html
    assert tags.count("table") == tags.count("caption")
    assert None is re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html)


@settings(max_examples=40, deadline=None)
@given(text=st.text(min_size=1, max_size=60))
def test_the_text_comes_back_as_it_was(text: str):
    """Marks change no character of it."""
    middle = len(text) // 2
    words = tuple(Word(text[a:b], a, b, 1.0) for a, b in ((0, middle), (middle, len(text))) if b > a)
    found = Explanation(text, "a", "a", 0.5, 2.0, 0.0, 0.0, words, "exact", 1, truncated=False)
    assert visible(text) in Page(page(found)).text or "\r" in text


def test_a_very_long_text_is_cut_and_says_so():
    """Its first 20,000 characters are marked."""
    html = page(explanation("end " * 10_000, {"end": 1.0}))
    assert "The first 20,000 of 40,000 characters" in html
    assert len(html) < 60_000


@pytest.mark.skipif(BROWSER is None, reason="needs chromium or google-chrome on PATH")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(scheme: str, tmp_path):
    """At 375 px nothing makes the page scroll sideways, and all words have a contrast of 4.5 or more."""
    pages = [page(LOVELY, CHINESE, HOSTILE, language=language) for language in ("en", "zh")]
    for found in measured(pages, scheme, tmp_path):
        assert found["width"] <= 375
        assert found["worst"] >= 4.5, found["where"]

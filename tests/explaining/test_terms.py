"""Laws of the places of terms: they are the encoder's own terms, and each stands where its characters are."""

import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.encoders.bow import Bow
from headstart.explaining.terms import CHARACTERS, TermPlaces
from headstart.text.normalise import fold

CORPUS = ("a good film; don't miss it!", "房间干净，服务热情 check in 快")
HOSTILE = "ab Zé好房间很味道,.!?-_' \n\t’ßİﬁＡａ①σΣς가ᄀ\u1161e\u0301\u3099がｶﾞ👍🏽\u200d1½"


def encoder(analyser: str) -> Bow:
    return Bow(analyser=analyser, ngrams=(1, 2), characters=(1, 3)).fit(CORPUS)


ENCODERS = {name: encoder(name) for name in ("word", "char", "zh")}


@settings(max_examples=120, deadline=None)
@given(text=st.text(st.sampled_from(HOSTILE), max_size=30))
@pytest.mark.parametrize("analyser", list(ENCODERS))
def test_they_are_the_terms_that_the_encoder_counts(analyser: str, text: str):
    """As a multiset: no term is lost, made up or counted twice, whatever folding does to the text."""
    found = TermPlaces(ENCODERS[analyser], text)
    own = ENCODERS[analyser]._vectoriser.build_analyzer()(text)
    assert Counter(term.text for term in found.terms()) == Counter(own)


@settings(max_examples=120, deadline=None)
@given(text=st.text(st.sampled_from(HOSTILE), max_size=30))
@pytest.mark.parametrize("analyser", list(ENCODERS))
def test_each_place_holds_the_characters_of_the_term(analyser: str, text: str):
    """What stands there, folded, has the term in it; word n-grams have a place for each word."""
    found = TermPlaces(ENCODERS[analyser], text)
    assert found.text in (text, fold(text))
    for term in found.terms():
        words = [term.text.removeprefix(CHARACTERS)] if len(term.places) == 1 else term.text.split(" ")
        for word, (start, end) in zip(words, term.places, strict=True):
            assert characters(word) <= characters(found.text[start:end])


def characters(text: str) -> Counter[str]:
    """How often each letter and mark occurs, whichever forms they have."""
    return Counter("".join(unicodedata.normalize("NFKD", fold(text).replace("’", "'").replace("ς", "σ")).split()))


def test_capitals_and_width_keep_their_places():
    """The words are shown as the text has them, not as the encoder folds them."""
    text = "ＧＯＯＤ ﬁlm, Don’t"
    found = TermPlaces(ENCODERS["word"], text)
    assert found.text == text
    assert [text[start:end] for start, end in found.words()] == ["ＧＯＯＤ", "ﬁlm", "Don’t"]

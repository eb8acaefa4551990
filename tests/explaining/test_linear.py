"""Laws of linear heads on columns that are terms."""

import numpy as np
import pytest

from headstart.explaining.linear import Linear

from .conftest import ENGLISH, LINEAR, MIXED, TEXTS, fitted


@pytest.mark.parametrize("encoder", LINEAR + MIXED)
def test_terms_others_and_offsets_are_the_scores(encoder: str):
    """Of every text and class; and columns that are terms have the names that the encoder gave them."""
    predictor = fitted(encoder)
    linear = Linear.of(predictor)
    assert linear.is_exact == (encoder in LINEAR)
    for text in TEXTS:
        features = predictor.encoder.encode((text,))
        total = linear.row(features).added.sum(axis=0) + linear.other_scores(features)[0] + linear.offsets
        assert total == pytest.approx(linear.scores(features)[0], abs=1e-5)


@pytest.mark.parametrize("encoder", LINEAR + MIXED)
def test_a_text_without_a_term_has_a_zero_in_its_column(encoder: str):
    """A column is called by the term that it counts: other texts, other terms."""
    predictor = fitted(encoder)
    linear = Linear.of(predictor)
    for text in [text for text, _ in ENGLISH]:
        row = linear.row(predictor.encoder.encode((text,)))
        for number, counter in enumerate(linear.counters):
            names = sorted(linear.vocabulary(number), key=linear.vocabulary(number).get)
            terms = set(counter._vectoriser.build_analyzer()(text))
            assert {names[term] for term in row.term[row.counter == number]} <= terms


@pytest.mark.parametrize(("encoder", "head"), [("lsa", "logistic"), ("tfidf", "prototype"), ("tfidf+pca:3", "svm")])
def test_what_is_not_linear_in_terms_is_none(encoder: str, head: str):
    """Other columns, other heads, and terms that a transform has mixed."""
    assert Linear.of(fitted(encoder, head)) is None


def test_scores_do_not_see_what_all_classes_share():
    """Their mean over the classes is 0."""
    linear = Linear.of(fitted("tfidf", "svm"))
    features = linear.encoder.encode(tuple(TEXTS))
    assert linear.scores(features).mean(axis=1) == pytest.approx(np.zeros(len(TEXTS)), abs=1e-9)

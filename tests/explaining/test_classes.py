"""Laws of the words of a class."""

import pytest

from headstart import TextClassifier
from headstart.errors import ConfigError
from headstart.explaining import class_words, exact_class_words, explain
from headstart.explaining.terms import CHARACTERS

from .conftest import CHINESE, ENGLISH, fitted, margins


def test_weights_are_what_one_unit_of_a_term_adds():
    """Of a text of one known word, whose row has length 1, the score grows by the word's weight."""
    texts, labels = zip(*ENGLISH, strict=True)
    settings = {"encoder.ngrams": [1, 1]}
    for encoder, head in (("tfidf", "svm"), ("bow", "logistic"), ("tfidf+select:20", "ridge")):
        predictor = TextClassifier(encoder, "linear_probe", head, settings=settings).fit(texts, labels).predictor_
        for code, found in enumerate(class_words(predictor, n=5)):
            assert found.method == "exact"
            assert 2 < len(found.words) <= 5
            for word in found.words:
                added = margins(predictor, word.text)[code] - margins(predictor, "")[code]
                assert word.weight == pytest.approx(added, abs=1e-5)


def test_the_strongest_come_first_and_none_speaks_against():
    """In order, above 0, and no other term has a larger weight."""
    predictor = fitted("tfidf", "svm")
    coef, vocabulary = predictor.head.scorer_.coef, predictor.encoder._vectoriser.vocabulary_
    for code, found in enumerate(exact_class_words(predictor, n=10)):
        weights = [word.weight for word in found.words]
        assert weights == sorted(weights, reverse=True)
        assert min(weights) > 0
        margin = (coef[code] - coef.mean(axis=0)) * 1.5
        others = [
            m
            for term, column in vocabulary.items()
            if term not in {w.text for w in found.words}
            for m in [margin[column]]
        ]
        assert weights[-1] >= max(others) - 1e-6


def test_a_chinese_word_and_its_characters_stand_together():
    """The weight is the sum of the two columns, for two classes twice the coefficient; nothing is listed twice."""
    predictor = fitted("tfidf", "svm", CHINESE)
    vocabulary = predictor.encoder._vectoriser.vocabulary_
    for code, found in enumerate(class_words(predictor, n=8)):
        names = [word.text for word in found.words]
        assert len(names) == len(set(names))
        for word in found.words:
            columns = [vocabulary[t] for t in (word.text, CHARACTERS + word.text) if t in vocabulary]
            total = 2 * predictor.head.scorer_.coef[code, columns].sum()
            assert word.weight == pytest.approx(total, abs=1e-5)


def test_spaces_at_the_ends_are_visible():
    """Of a model of characters."""
    words = [word.text for found in class_words(fitted("tfidf:char", "svm"), n=60) for word in found.words]
    assert not any(word != word.strip() for word in words)
    assert any("\N{OPEN BOX}" in word for word in words)


def test_over_texts_a_word_has_its_mean_with_one_empty_text():
    """Computed again from the explanations of the single texts."""
    predictor = fitted("lsa", "logistic")
    texts = ["lovely food", "a Lovely view", "rude and cold"]
    single = [explain(predictor, [text], label="good")[0] for text in texts]
    values = [word.weight for found in single for word in found.words if word.text.lower() == "lovely"]
    (found,) = class_words(predictor, texts, label="good", n=20)
    assert found.method == "occlusion, mean of 3 texts"
    lovely = next(word for word in found.words if word.text == "lovely")
    assert lovely.n == len(values) == 2
    assert lovely.weight == pytest.approx(sum(values) / 3, abs=1e-4)


def test_what_is_said_of_a_part_says_so():
    """Terms beside other features; and a model without terms needs texts."""
    assert {found.method for found in class_words(fitted("tfidf+lsa"))} == {"exact (n-grams only)"}
    with pytest.raises(ConfigError, match="--file"):
        class_words(fitted("lsa"))
    with pytest.raises(ConfigError, match="--file"):
        class_words(fitted("tfidf"), method="occlusion")
    with pytest.raises(ConfigError, match="good"):
        class_words(fitted("tfidf"), label="goood")


def test_of_terms_whose_presence_counts_single_words_are_told():
    """Longer ones correct what their words say ("not good" takes back "good"): alone they mislead."""
    texts, labels = zip(*ENGLISH, strict=True)
    for binary in (True, False):
        settings = {"encoder.binary": binary, "encoder.ngrams": [1, 2]}
        predictor = TextClassifier("bow", "linear_probe", "logistic", settings=settings).fit(texts, labels).predictor_
        words = [word.text for found in exact_class_words(predictor, n=50) for word in found.words]
        assert words
        assert any(" " in word for word in words) != binary


def test_words_in_a_script_that_was_not_learnt_from_are_not_told():
    """A lexicon knows both languages; Chinese texts are told of in Chinese."""
    texts = [f"这家{'很好喜欢' if i % 2 else '太差失望'}第{i}次" for i in range(40)]
    texts[0] = f"{texts[0]} checkin at the front desk, hotel app"  # one text in two languages
    names = {"a": "差评", "b": "好评"}
    labels = ["b" if i % 2 else "a" for i in range(40)]
    predictor = TextClassifier("tfidf", "few_labels").fit(texts, labels, label_names=names).predictor_
    words = [word.text for found in exact_class_words(predictor, n=200) for word in found.words]
    assert any("好" in word for word in words)
    assert not {word for word in words if word.isascii() and word.isalpha()} - set(texts[0].split())

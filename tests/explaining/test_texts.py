"""Laws of explanations: they add up, the words are where they are said to be, and what they point at matters."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart import Predictor, TextClassifier
from headstart.errors import ConfigError, DataError
from headstart.explaining import explain
from headstart.explaining.pieces import without
from headstart.text.normalise import fold

from .conftest import CHINESE, ENGLISH, LINEAR, MIXED, TEXTS, fitted, margins


@pytest.mark.parametrize("head", ["logistic", "svm", "ridge"])
@pytest.mark.parametrize("encoder", LINEAR)
def test_exact_parts_add_up_to_the_decision(encoder: str, head: str):
    """Empty text plus words is the margin of the log-probabilities, for every class, scaled and calibrated as they are;
    nothing is left over where every term stands on a word.
    """
    predictor = fitted(encoder, head)
    for text in TEXTS:
        wanted, empty = margins(predictor, text), margins(predictor, "")
        for code, label in enumerate(predictor.classes):
            (found,) = explain(predictor, [text], label=label, method="exact")
            total = found.offset + sum(word.weight for word in found.words)
            assert found.offset == pytest.approx(empty[code], abs=1e-5)
            assert found.score == pytest.approx(wanted[code], abs=1e-5)
            assert total + found.rest == pytest.approx(wanted[code], abs=1e-5)
            if "char" not in encoder:  # there spaces and commas are terms too
                assert abs(found.rest) < 1e-5


def test_two_classes_are_explained_in_log_odds():
    """The score is log(p / (1 - p)), and the two classes' explanations are each other's opposite."""
    predictor = fitted("tfidf", "svm", CHINESE)
    text = "房间很脏，味道很好"
    p = predictor.predict_proba([text])[0, 0]
    first, second = (explain(predictor, [text], label=label)[0] for label in predictor.classes)
    assert first.score == pytest.approx(np.log(p / (1 - p)), abs=1e-5)
    assert [w.weight for w in first.words] == pytest.approx([-w.weight for w in second.words])


@settings(max_examples=20, deadline=None)
@given(text=st.text(st.sampled_from("ab好房间很味道.!? \n\t’'éßİﬁＡσΣ가\u0301\u3099👍1-"), max_size=24))
@pytest.mark.parametrize("encoder", ["tfidf", "tfidf:char", "tfidf+lsa"])
@pytest.mark.parametrize("rows", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_words_stand_where_they_are_said_to_stand(encoder: str, rows: tuple, text: str):
    """Places are in order, do not overlap, and hold the words; the text is the given one, or its folded form."""
    for method in ("auto", "occlusion"):
        (found,) = explain(fitted(encoder, "logistic", rows), [text], method=method)
        assert found.text in (text, fold(text))
        ends = [0, *(word.end for word in found.words)]
        for before, word in zip(ends, found.words, strict=False):
            assert before <= word.start < word.end
            assert found.text[word.start : word.end] == word.text
        total = found.offset + sum(w.weight for w in found.words) + found.rest
        assert found.score == pytest.approx(total, abs=1e-9)


def test_a_term_is_shared_evenly_among_its_words():
    """With bigrams alone, each of the two words has half of the one term that is known."""
    texts, labels = zip(*ENGLISH, strict=True)
    model = TextClassifier("bow", "linear_probe", "svm", settings={"encoder.ngrams": [2, 2]}).fit(texts, labels)
    (found,) = explain(model.predictor_, ["unheard lovely view unheard"], label="good")
    weights = {word.text: word.weight for word in found.words}
    assert weights["lovely"] == pytest.approx(weights["view"])
    assert weights["lovely"] > 0
    assert weights["unheard"] == 0
    assert found.without_part() == ("unheard",)


def test_repeated_words_share_their_term():
    """A word that stands twice has the same weight in both places, and is listed once with the sum."""
    (found,) = explain(fitted("bow"), ["lovely rude Lovely"], label="good")
    first, _, last = found.words
    assert first.weight == last.weight
    listed = next(word for word in found.strongest() if word.text == "lovely")
    assert listed.n == 2
    assert listed.weight == pytest.approx(2 * first.weight)


@pytest.mark.parametrize("encoder", MIXED)
def test_beside_other_features_the_terms_part_is_exact(encoder: str):
    """The whole still adds up to the margin; the words' sum and the rest are what the two parts are."""
    predictor = fitted(encoder)
    for text in TEXTS[:3]:
        (found,) = explain(predictor, [text], label="good")
        assert found.method == "exact + occlusion"
        code = predictor.classes.index("good")
        assert found.score == pytest.approx(margins(predictor, text)[code], abs=1e-5)
        assert found.offset == pytest.approx(margins(predictor, "")[code], abs=1e-5)


@pytest.mark.parametrize("encoder", ["tfidf", "lsa"])
def test_occlusion_is_what_leaving_out_does(encoder: str):
    """A word's weight is the log-odds of the text minus those without the word, for any head."""

    def log_odds(predictor: Predictor, text: str) -> float:
        p = predictor.predict_proba([text])[0, 1]
        return float(np.log(p) - np.log(1 - p))

    predictor = fitted(encoder, "prototype")
    text = "rude staff, but a lovely view !!"
    (found,) = explain(predictor, [text], label=predictor.classes[1], method="occlusion")
    assert [word.text for word in found.words] == ["rude", "staff", "but", "a", "lovely", "view", "!!"]
    for word in found.words:
        left = without(text, word.start, word.end)
        assert word.weight == pytest.approx(log_odds(predictor, text) - log_odds(predictor, left), abs=1e-4)
    assert found.n_read == len(found.words) + 2


def test_texts_are_cleaned_as_the_model_cleans_them():
    """Words are placed in the text that the encoder reads."""
    texts, labels = zip(*ENGLISH, strict=True)
    model = TextClassifier("tfidf", "linear_probe", "svm", clean="html").fit(texts, labels)
    (found,) = explain(model.predictor_, ["<p>lovely &amp; kind</p>"])
    assert "<p>" not in found.text
    assert "amp" not in [word.text for word in found.words]


def test_the_predicted_class_is_explained_unless_another_is_asked_for():
    """The label and its probability follow."""
    predictor = fitted("tfidf")
    text = ENGLISH[4][0]
    (own,), (other,) = explain(predictor, [text]), explain(predictor, [text], label="good")
    probabilities = dict(zip(predictor.classes, predictor.predict_proba([text])[0], strict=True))
    assert (own.label, own.predicted) == ("bad", "bad")
    assert (other.label, other.predicted) == ("good", "bad")
    assert own.probability == probabilities["bad"]
    assert other.probability == probabilities["good"]
    assert explain(predictor, []) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"label": "god"}, "good"),
        ({"method": "magic"}, "occlusion"),
        ({"most_reads": 3}, "16"),
        ({"method": "exact"}, "tfidf+lsa"),
    ],
)
def test_refusals_name_the_way_out(settings: dict, words: str):
    """Unknown classes and methods, too few reads, and exactness where there is none."""
    with pytest.raises(ConfigError, match=words.replace("+", r"\+")):
        explain(fitted("tfidf+lsa"), ["lovely"], **settings)
    with pytest.raises(DataError):
        explain(fitted("tfidf"), "one string")


@pytest.mark.parametrize(("name", "head"), [("cr", "prototype"), ("waimai_10k", "logistic"), ("trec6", "logistic")])
def test_removing_the_top_words_lowers_the_probability(shared_data: Path, name: str, head: str):
    """On real rows: without the three words that occlusion puts first the probability of the class falls more than
    without three random ones, by more than three standard errors of the paired differences.
    """
    with gzip.open(shared_data / name / "train.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    rng = np.random.default_rng(0)
    rng.shuffle(rows)
    learnt, asked = rows[:400], [row["text"] for row in rows[400:480]]
    model = TextClassifier("tfidf", "linear_probe", head)
    predictor = model.fit([row["text"] for row in learnt], [row["label"] for row in learnt]).predictor_
    gains = []
    for found in explain(predictor, asked, method="occlusion"):
        if len(found.words) < 6:
            continue
        code = predictor.classes.index(found.label)
        top = sorted(found.words, key=lambda word: -word.weight)[:3]
        some = rng.choice(len(found.words), 3, replace=False)
        lefts = [_left(found.text, each) for each in (top, [found.words[i] for i in some])]
        without_top, without_some = predictor.predict_proba(lefts)[:, code]
        gains.append(without_some - without_top)
    assert len(gains) > 30
    assert np.mean(gains) > 3 * np.std(gains) / np.sqrt(len(gains)) > 0


def _left(text: str, words: list) -> str:
    for word in sorted(words, key=lambda word: -word.start):
        text = without(text, word.start, word.end)
    return text

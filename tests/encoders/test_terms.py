"""Bag of words and TF-IDF: terms in each language, values against scikit-learn, settings, state."""

import math
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save
from scipy.sparse import issparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from headstart.encoders import make_encoder
from headstart.encoders._terms import choose_analyser, make_analyser
from headstart.errors import ConfigError, DataError
from headstart.text.segment import SEGMENTERS, segment
from headstart.types import State

ENGLISH = [
    "The soup was cold, but the waiter could not have been kinder!",
    "Don't expect anything new: the second half repeats the first half.",
    "Where is the nearest station?",
    "the the the soup",
]
CHINESE = [
    "这家餐厅的味道很好，服务员也很热情。",
    "发货太慢，客服也不回，差评！",
    "房间很干净，就是隔音差了点。",
]
MIXED = ["新版 App 更新后 check in 更快了", "iPhone 的 battery 很好", "这个 phone 不 good"]


def dense(features: Any) -> np.ndarray:
    return np.asarray(features.toarray() if issparse(features) else features)


def ngrams(units: list[str], joiner: str, sizes: range) -> list[str]:
    return [joiner.join(units[i : i + n]) for n in sizes for i in range(len(units) - n + 1)]


def test_words() -> None:
    """N-grams of letters, digits, inner apostrophes; ! and ? are words; case and width do not matter."""
    words = make_analyser("word", (1, 2), (1, 3))
    assert words("Don't stop! 'Really?'") == [
        *("don't", "stop", "!", "really", "?"),
        *("don't stop", "stop !", "! really", "really ?"),
    ]
    assert words("DON\u2019T stop！") == words("don't stop!")
    assert words("ＡＢＣ １２３ snake_case") == ngrams(["abc", "123", "snake", "case"], " ", range(1, 3))
    assert words("") == words(" \n ") == words("—…,;") == []


def test_pictures_are_words() -> None:
    """They carry sentiment; each is a word, without its colour of skin, and arrows and signs of trade are none."""
    words = make_analyser("word", (1, 1), (1, 1))
    assert words("Loved it 😍😍 👍🏽 ☺️ ★ © → ™") == ["loved", "it", "😍", "😍", "👍", "☺", "★", "tm"]


def test_characters() -> None:
    """Character n-grams cross words; runs of white space are one space."""
    assert make_analyser("char", (1, 2), (1, 2))("Ab\n\tc") == ["a", "b", " ", "c", "ab", "b ", " c"]


@pytest.mark.parametrize("text", [*CHINESE, *MIXED, "", "  "])
def test_chinese(text: str) -> None:
    """Segmented words and their pairs, and every character n-gram as a term of its own."""
    terms = Counter(make_analyser("zh", (1, 2), (2, 3))(text))
    folded = text.lower().replace("，", ",").replace("！", "!")
    words = [word for word in segment(folded) if word.strip()]
    expected = Counter(ngrams(words, " ", range(1, 3)))
    expected.update(f"\u241f{gram}" for gram in ngrams(list(folded.replace("  ", " ")), "", range(2, 4)))
    assert terms == expected


def test_analyser_follows_the_language() -> None:
    """Chinese or mixed in a tenth of the texts is enough for segmentation."""
    assert choose_analyser(ENGLISH) == "word"
    assert choose_analyser(CHINESE) == choose_analyser(MIXED) == "zh"
    assert choose_analyser(ENGLISH[:1] * 9 + CHINESE[:1]) == "zh"
    assert choose_analyser(ENGLISH[:1] * 10 + CHINESE[:1]) == "word"
    assert choose_analyser([]) == "word"


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE, MIXED])
@pytest.mark.parametrize("analyser", ["word", "char", "zh"])
def test_tfidf_is_scikit_learns(analyser: str, texts: list[str]) -> None:
    """The features are TfidfVectorizer(sublinear_tf=True)'s over the same terms, for unseen texts too."""
    peer = TfidfVectorizer(analyzer=make_analyser(analyser, (1, 2), (1, 3)), sublinear_tf=True).fit(texts)
    ours = make_encoder("tfidf", analyser=analyser).fit(texts)
    unseen = [*ENGLISH, *CHINESE, "", "\u4e91" * 5]
    for some in (texts, unseen):
        features = ours.encode(some)
        assert features.dtype == np.float32
        np.testing.assert_allclose(features.toarray(), peer.transform(some).toarray(), atol=1e-6)


@pytest.mark.parametrize("name", ["bow", "tfidf"])
def test_texts_just_fitted_are_read_again(name: str) -> None:
    """What `fit` has counted is never given for other texts: neither for a list changed since, nor twice."""
    texts = list(ENGLISH)
    encoder = make_encoder(name).fit(texts)
    expected = encoder.encode(ENGLISH).toarray()
    texts.reverse()
    np.testing.assert_array_equal(make_encoder(name).fit(ENGLISH).encode(texts).toarray(), expected[::-1])
    changed = list(ENGLISH)
    encoder = make_encoder(name).fit(changed)
    changed.reverse()
    np.testing.assert_array_equal(encoder.encode(changed).toarray(), expected[::-1])
    encoder = make_encoder(name).fit(tuple(ENGLISH))
    for texts_again in (tuple(ENGLISH), ENGLISH):
        np.testing.assert_array_equal(encoder.encode(texts_again).toarray(), expected)
    same = tuple(ENGLISH)
    encoder = make_encoder(name).fit(same)
    for _ in range(3):
        np.testing.assert_array_equal(encoder.encode(same).toarray(), expected)


def test_tfidf_by_hand() -> None:
    """(1 + log tf) (log((1 + n) / (1 + df)) + 1), at length 1."""
    encoder = make_encoder("tfidf", analyser="word", ngrams=(1, 1)).fit(["a b", "a a a c"])
    both, one = math.log(3 / 3) + 1, math.log(3 / 2) + 1
    row = np.array([(1 + math.log(3)) * both, one])
    np.testing.assert_allclose(encoder.encode(["c a a a"]).toarray(), [[row[0], 0, row[1]] / np.linalg.norm(row)], 1e-6)


@pytest.mark.parametrize("binary", [False, True])
def test_bow_is_counts_at_length_one(binary: bool) -> None:
    """The features are CountVectorizer's, divided by their length; binary counts each term once."""
    terms = make_analyser("word", (1, 2), (1, 3))
    counts = CountVectorizer(analyzer=terms, binary=binary).fit(ENGLISH).transform(ENGLISH).toarray()
    found = make_encoder("bow", binary=binary).fit(ENGLISH).encode(ENGLISH)
    np.testing.assert_allclose(found.toarray(), counts / np.linalg.norm(counts, axis=1, keepdims=True), rtol=1e-6)


@pytest.mark.parametrize("name", ["bow", "tfidf"])
@pytest.mark.parametrize("texts", [ENGLISH, CHINESE, MIXED])
def test_state_is_bit_equal(name: str, texts: list[str], tmp_path: Path) -> None:
    """Through JSON and safetensors the encoder comes back with the same bits, settings included."""
    encoder = make_encoder(name, ngrams=[1, 3], characters=[0, 0]).fit(texts)
    state = encoder.get_state(tmp_path)
    arrays = load(save(dict(state.arrays))) if state.arrays else {}
    again = type(encoder).from_state(State(orjson.loads(orjson.dumps(state.settings)), arrays), tmp_path)
    expected, found = encoder.encode([*texts, "", "soup"]), again.encode([*texts, "", "soup"])
    for part in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found, part), getattr(expected, part))
    assert found.shape == expected.shape
    assert again.get_state(tmp_path).settings == state.settings
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["bow", "tfidf"])
def test_copies(name: str) -> None:
    """A fitted encoder survives pickling, as parallel cross-validation needs."""
    encoder = make_encoder(name).fit(MIXED)
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again.encode(MIXED).toarray(), encoder.encode(MIXED).toarray())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("analyser", "words"),
        ("ngrams", [2, 1]),
        ("ngrams", [0, 1]),
        ("ngrams", 2),
        ("ngrams", [1.0, 2.0]),
        ("ngrams", [True, 2]),
        ("ngrams", [1, 2, 3]),
        ("characters", [-1, 2]),
        ("min_df", 0),
        ("min_df", 0.5),
        ("min_df", True),
        ("max_features", 0),
        ("max_features", "many"),
    ],
)
@pytest.mark.parametrize("name", ["bow", "tfidf"])
def test_settings_are_checked(name: str, setting: str, value: Any) -> None:
    """A setting that cannot be used is named with its value, before any text is read."""
    with pytest.raises(ConfigError) as caught:
        make_encoder(name, **{setting: value}).fit(ENGLISH)
    assert str(caught.value).startswith(f"encoder.{setting} must be ")
    assert str(caught.value).endswith(f"Got {value!r} instead.")


def test_char_needs_characters() -> None:
    """The analyser of characters without character n-grams is a mistake in the settings, not in the data."""
    with pytest.raises(ConfigError, match=r"encoder.characters must be \[shortest, longest\] from 1 on"):
        make_encoder("tfidf", analyser="char", characters=[0, 0]).fit(ENGLISH)


@pytest.mark.parametrize("texts", [[], ["", " "], ["—", "…"]])
def test_no_terms(texts: list[str]) -> None:
    """Texts without a single term are an error that says where to look, and no way that leads nowhere."""
    said = rf"No terms are left of {len(texts)} texts .*right column\?$" if texts else "There is no text to learn"
    with pytest.raises(DataError, match=said):
        make_encoder("tfidf", analyser="word").fit(texts)


def test_rare_terms_go_only_where_texts_are_many() -> None:
    """From 1,000 texts on a term must occur in two; min_df and max_features override and bound."""
    few, many = ["common"] * 998 + ["rare"], ["common"] * 999 + ["rare"]
    assert make_encoder("bow").fit(few).encode(["rare"]).nnz == 1
    assert make_encoder("bow").fit(many).encode(["rare"]).nnz == 0
    assert make_encoder("bow", min_df=1).fit(many).encode(["rare"]).nnz == 1
    assert make_encoder("bow", max_features=3).fit(ENGLISH).encode(ENGLISH).shape[1] == 3


@pytest.mark.parametrize("name", ["bow", "tfidf", "lsa", "lda"])
def test_what_the_number_of_texts_decided(name: str) -> None:
    """Given to an encoder of fewer texts, it is the same threshold; nothing was decided where the user did."""
    many = ["common word here"] * 1000 + ["rare"]
    decided = make_encoder(name).fit(many).decided_by_number()
    assert decided == {"min_df": 2}
    few = many[-20:]
    assert make_encoder(name).fit(few).decided_by_number() == {"min_df": 1}
    part = make_encoder(name, **decided).fit(few)
    assert "rare" not in part._vectoriser.vocabulary_
    assert part.decided_by_number() == {}


def test_another_segmenter_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A state made with another segmenter is used with a warning, where the words may be others."""
    encoder = make_encoder("tfidf").fit(CHINESE)
    state = encoder.get_state(tmp_path)
    for name in SEGMENTERS:  # they cut alike
        type(encoder).from_state(State({**state.settings, "segmenter": name}, state.arrays), tmp_path)
    assert not caplog.text
    type(encoder).from_state(State({**state.settings, "segmenter": "another"}, state.arrays), tmp_path)
    assert "the segmenter another" in caplog.text
    assert make_encoder("tfidf").fit(ENGLISH).get_state(tmp_path).settings["segmenter"] is None
    caplog.clear()
    state = make_encoder("tfidf", user_dictionary=["餐厅的味道"]).fit(CHINESE).get_state(tmp_path)
    (other,) = {*SEGMENTERS} - {state.settings["segmenter"]}
    type(encoder).from_state(State({**state.settings, "segmenter": other}, state.arrays), tmp_path)
    assert f"the segmenter {other}" in caplog.text


@pytest.mark.parametrize("name", ["bow", "tfidf", "lsa", "lda"])
def test_the_state_carries_the_user_dictionary(name: str, tmp_path: Path) -> None:
    """Words of the file become terms, also after the file is gone; another encoder does not know them."""
    path = tmp_path / "words.txt"
    path.write_text("隔音差 20 a\n客服也不回\n", encoding="utf-8")
    encoder = make_encoder(name, user_dictionary=str(path)).fit(CHINESE)
    expected = encoder.encode(CHINESE)
    path.unlink()
    state = encoder.get_state(tmp_path)
    again = type(encoder).from_state(State(orjson.loads(orjson.dumps(state.settings)), state.arrays), tmp_path)
    assert {"隔音差", "客服也不回"} <= set(state.settings["vocabulary"])
    assert str(path) not in orjson.dumps(state.settings).decode()
    np.testing.assert_allclose(dense(again.encode(CHINESE)), dense(expected), atol=1e-6)
    assert again.get_state(tmp_path).settings == state.settings
    assert "隔音差" not in make_encoder(name).fit(CHINESE).get_state(tmp_path).settings["vocabulary"]


def test_a_user_dictionary_that_cannot_be_used(tmp_path: Path) -> None:
    """Where no Chinese is cut, where the file is missing, or where it is no list: an error, before any text."""
    with pytest.raises(ConfigError, match=r"is for the analyser 'zh'.* it is 'word' \(encoder.analyser=auto\)"):
        make_encoder("tfidf", user_dictionary=["云顿"]).fit(ENGLISH)
    with pytest.raises(ConfigError, match=r"words.txt is not there"):
        make_encoder("tfidf", user_dictionary=tmp_path / "words.txt").fit(CHINESE)
    for wrong in ([], [1], 5):
        with pytest.raises(ConfigError, match=r"encoder.user_dictionary must be a file, or a list of words"):
            make_encoder("tfidf", user_dictionary=wrong).fit(CHINESE)


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_text_is_encoded(texts: list[str]) -> None:
    """Whatever the characters: rows have length 1 or 0, and nothing fails."""
    for analyser in ("word", "char", "zh"):
        encoder = make_encoder("tfidf", analyser=analyser).fit([*texts, "a 好"])
        lengths = np.sqrt(encoder.encode(texts).power(2).sum(axis=1))
        assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))


@pytest.mark.parametrize("unit", ["这家餐厅的味道很好，服务员也很热情。", "好", "a", "soup was cold! "])
def test_a_megabyte(unit: str) -> None:
    """A text of 1 MB is read to its end: a character occurs as often as it was written."""
    encoder = make_encoder("bow", analyser="zh", characters=[1, 1], ngrams=[1, 1]).fit([*CHINESE, *ENGLISH, "cold!"])
    n = 1_000_000 // len(unit.encode())
    column = encoder.get_state(Path()).settings["vocabulary"].index(f"\u241f{unit[0]}")
    assert encoder.truncated([unit * n]).tolist() == [False]
    assert encoder._counts([unit * n])[0, column] == n * unit.count(unit[0])

"""`word2vec`: vectors learnt from the texts, the same in every process, kept without gensim."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import orjson
import pytest

from headstart.encoders import make_encoder
from headstart.encoders.word2vec import Word2Vec
from headstart.errors import ConfigError, DataError
from headstart.types import State

pytest.importorskip("gensim")

# two topics; words of one topic occur together and never with the other's
_RNG = np.random.default_rng(0)
_TOPICS = (
    ["soup", "waiter", "menu", "table", "dinner", "chef"],
    ["engine", "wheel", "brake", "road", "driver", "tyre"],
)
TEXTS = [" ".join(_RNG.choice(_TOPICS[i % 2], 6)) for i in range(120)]
ZH = ["房间很干净，服务员很热情。", "发货太慢，客服也不回，差评！", "房间很小，服务员也不热情。"] * 5


@pytest.fixture(scope="module")
def encoder() -> Word2Vec:
    return Word2Vec(vector_size=16, random_state=1).fit(TEXTS)


def test_words_of_one_topic_are_near(encoder: Word2Vec) -> None:
    """The nearest words of a word are those it stands beside; so are the texts of its topic."""
    for topic in _TOPICS:
        for word in topic:
            assert {near for near, _ in encoder.word_vectors_.nearest(word, 5)} == set(topic) - {word}
    features = Word2Vec(vector_size=16, weighting="mean").fit(TEXTS).encode(TEXTS)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosines = unit @ unit.T
    same = np.equal.outer(np.arange(120) % 2, np.arange(120) % 2)
    assert cosines[same].mean() > cosines[~same].mean() + 0.2


def test_word_vectors_are_there(encoder: Word2Vec) -> None:
    """Words, their vectors, and the way from a text to words, for whoever builds on them."""
    vectors = encoder.word_vectors_
    assert set(vectors.words) == {word for topic in _TOPICS for word in topic}
    assert vectors.vectors.shape == (12, 16)
    assert vectors.vectors.dtype == np.float32
    assert vectors.tokenise("Soup, ENGINE!") == ["soup", "engine", "!"]


def test_words_never_seen_are_left_out(encoder: Word2Vec) -> None:
    """They change nothing; a text of them alone is zeros."""
    features = encoder.encode(["soup zebra road", "soup road", "zebra", ""])
    np.testing.assert_array_equal(features[0], features[1])
    assert not features[2:].any()


def test_chinese_is_segmented() -> None:
    """The analyser follows the texts."""
    encoder = Word2Vec(vector_size=8, n_epochs=2).fit(ZH)
    assert {"房间", "干净", "服务员"} <= set(encoder.word_vectors_.words)
    assert encoder.analyser_ == "zh"


def test_the_seed_decides(encoder: Word2Vec) -> None:
    """Another seed, other vectors."""
    other = Word2Vec(vector_size=16, random_state=2).fit(TEXTS)
    assert np.abs(other.encode(TEXTS) - encoder.encode(TEXTS)).max() > 1e-3


def test_no_gensim_to_predict_and_the_same_vectors_in_every_process(encoder: Word2Vec, tmp_path: Path) -> None:
    """Another process, with another hash of strings, learns the same vectors; one without gensim encodes with them."""
    script = """
import sys, numpy as np, orjson
from pathlib import Path
from headstart.encoders.word2vec import Word2Vec
from headstart.types import State
folder = Path(sys.argv[1])
texts = orjson.loads((folder / "texts.json").read_bytes())
learnt = Word2Vec(vector_size=16, random_state=1).fit(texts).encode(texts)
sys.modules.update({name: None for name in list(sys.modules) if name.split(".")[0] == "gensim"})
state = State(orjson.loads((folder / "state.json").read_bytes()), dict(np.load(folder / "state.npz")))
np.savez(folder / "out.npz", learnt=learnt, loaded=Word2Vec.from_state(state, folder).encode(texts))
"""
    state = encoder.get_state(tmp_path)
    (tmp_path / "texts.json").write_bytes(orjson.dumps(TEXTS))
    (tmp_path / "state.json").write_bytes(orjson.dumps(dict(state.settings)))
    np.savez(tmp_path / "state.npz", **state.arrays)
    environment = {**os.environ, "PYTHONHASHSEED": "123"}
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, env=environment)
    out, expected = np.load(tmp_path / "out.npz"), encoder.encode(TEXTS)
    np.testing.assert_array_equal(out["learnt"], expected)
    np.testing.assert_array_equal(out["loaded"], expected)
    assert state.arrays["vectors"].dtype == np.float16
    assert isinstance(Word2Vec.from_state(State(state.settings, state.arrays), tmp_path).word_vectors_.words, list)


def test_a_long_text_is_learnt_whole() -> None:
    """Of a sentence, gensim reads 10,000 words; the words after these are learnt too."""
    long = " ".join(["soup", "table"] * 6000 + ["engine", "wheel"] * 10)
    assert "wheel" in Word2Vec(vector_size=4, n_epochs=1).fit([long]).word_vectors_.words


def test_min_count_by_number_of_texts() -> None:
    """From 1,000 texts on a word seen once has no vector."""
    few = Word2Vec(vector_size=4, n_epochs=1).fit([*TEXTS, "once"])
    many = Word2Vec(vector_size=4, n_epochs=1).fit([*TEXTS * 9, "once"])
    assert "once" in few.word_vectors_.words
    assert "once" not in many.word_vectors_.words


def test_what_the_number_of_texts_decided() -> None:
    """Given to an encoder of fewer texts, it is the same threshold; nothing was decided where the user did."""
    decided = Word2Vec(vector_size=4, n_epochs=1).fit([*TEXTS * 9, "once"]).decided_by_number()
    part = Word2Vec(vector_size=4, n_epochs=1, **decided).fit([*TEXTS, "once"])
    assert "once" not in part.word_vectors_.words
    assert (decided, part.decided_by_number()) == ({"min_count": 2}, {})


def test_nothing_to_learn_from() -> None:
    """Texts without words are an error with the way out."""
    with pytest.raises(DataError, match="min_count"):
        Word2Vec().fit(["", ",", "  "])


@pytest.mark.parametrize(
    "settings",
    [
        {"weighting": "max"},
        {"architecture": "glove"},
        {"vector_size": 0},
        {"window": 2.5},
        {"n_epochs": 0},
        {"min_count": True},
        {"analyser": "char"},
        {"random_state": -1},
    ],
)
def test_settings_are_checked(settings: dict[str, object]) -> None:
    """The message names the setting."""
    (name,) = settings
    with pytest.raises(ConfigError, match=f"encoder.{name}"):
        make_encoder("word2vec", **settings).fit(TEXTS)

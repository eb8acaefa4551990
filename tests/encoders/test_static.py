"""`static`: vectors of a file; which words a bundle keeps, and what becomes of words that the file has not."""

import logging
from pathlib import Path

import numpy as np
import orjson
import pytest

from headstart.encoders.static import Static
from headstart.errors import ConfigError, DataFileMissing
from headstart.types import State

WORDS = ["the", "of", "cat", "dog", "London", "房", "间", "do", "n't", "soup", "waiter", "zebra", "客", "服"]
VECTORS = np.random.default_rng(1).normal(size=(len(WORDS), 8)).astype(np.float16).astype(np.float32)
ROW = {word: VECTORS[i] for i, word in enumerate(WORDS)}


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A GloVe file of WORDS."""
    lines = [" ".join([word, *map(repr, row.tolist())]) for word, row in zip(WORDS, VECTORS, strict=True)]
    (tmp_path / "v.txt").write_text("\n".join(lines), encoding="utf-8")
    return str(tmp_path / "v.txt")


def through_state(encoder: Static, folder: Path) -> Static:
    state = encoder.get_state(folder)
    settings = orjson.loads(orjson.dumps(dict(state.settings)))
    return Static.from_state(State(settings, dict(state.arrays)), folder)


def test_mean_of_the_words(path: str) -> None:
    """Words of the file, of another case, of parts; unknown ones are left out."""
    encoder = Static(path).fit([])
    found = encoder.encode(["The cat, the unicorn", "LONDON", "房间", "unicorn", "客服 dog"])
    expected = [
        (2 * ROW["the"] + ROW["cat"]) / 3,
        ROW["London"],
        (ROW["房"] + ROW["间"]) / 2,
        0 * ROW["the"],
        ((ROW["客"] + ROW["服"]) / 2 + ROW["dog"]) / 2,
    ]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_english_contractions(tmp_path: Path) -> None:
    """GloVe cuts don't in two, and so do we where the file has no such word."""
    (tmp_path / "v.txt").write_text("do 1 0\nn't 0 1\nit's 4 4\nit 2 2\n")
    encoder = Static(str(tmp_path / "v.txt")).fit([])
    np.testing.assert_allclose(encoder.encode(["Don’t", "it's"]), [[0.5, 0.5], [4, 4]])


def test_what_is_kept(path: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The first words of the file, its Chinese characters, and the words of the texts, made of parts if need be."""
    with caplog.at_level(logging.INFO):
        encoder = Static(path, max_words=2, weighting="idf").fit(["the soup of London", "房间 unicorn"])
    assert encoder.word_vectors_.words == ["the", "of", "房", "间", "soup", "客", "服", "london", "房间"]
    np.testing.assert_array_equal(encoder.word_vectors_.vectors[7], ROW["London"])
    assert "kept 7 of 14 words" in caplog.text
    assert not encoder.encode(["zebra"]).any()
    assert encoder.coverage_ == pytest.approx(5 / 6)
    assert Static(path, max_words=2).fit([]).word_vectors_.words == ["the", "of", "房", "间", "客", "服"]


@pytest.mark.parametrize("weighting", ["sif", "idf", "mean"])
@pytest.mark.parametrize("lower", [True, False])
def test_a_bundle_needs_no_file(path: str, tmp_path: Path, weighting: str, lower: bool) -> None:
    """What is loaded answers bit for bit like what was fitted, new texts included; the file may be gone."""
    encoder = Static(path, weighting=weighting, lower=lower, max_words=3).fit(["the soup of London", "房间", ""])
    Path(path).unlink()
    texts = ["the Soup of LONDON", "客服 房间", "zebra", "", "DON'T"]
    loaded = through_state(encoder, tmp_path)
    np.testing.assert_array_equal(loaded.encode(texts), encoder.encode(texts))
    np.testing.assert_array_equal(through_state(loaded, tmp_path).encode(texts), encoder.encode(texts))


def test_case_of_the_text(tmp_path: Path) -> None:
    """lower=False tells Us from us where the file does."""
    (tmp_path / "v.txt").write_text("us 1 0\nUS 0 1\n")
    cased = Static(str(tmp_path / "v.txt"), weighting="mean", lower=False).fit([])
    np.testing.assert_array_equal(cased.encode(["US", "us", "Us"]), [[0, 1], [1, 0], [1, 0]])
    folded = Static(str(tmp_path / "v.txt")).fit([])
    np.testing.assert_array_equal(folded.encode(["US", "us", "Us"]), [[1, 0]] * 3)


def test_the_language_is_that_of_the_file(path: str, tmp_path: Path) -> None:
    """Words are cut as the file has them, whatever the texts are."""
    (tmp_path / "en.txt").write_text("a 1 2\nb 2 3\n")
    assert Static(path).fit(["only English"]).analyser_ == "zh"
    assert Static(str(tmp_path / "en.txt")).fit(["房间很干净"]).analyser_ == "word"


def test_vectors_of_another_language_are_noticed(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """A file that knows few of the words is worth a warning."""
    with caplog.at_level(logging.WARNING):
        Static(path).fit(["der Hund und die Katze"])
    assert "0 % of the words" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        Static(path).fit(["the cat"])
    assert not caplog.text


def test_fasttext_makes_the_words_of_the_texts(tmp_path: Path) -> None:
    """A word that the model has not, but the texts have, is the mean of its n-grams, in the bundle too."""
    fasttext = pytest.importorskip("gensim.models.fasttext")
    model = fasttext.FastText([["playing", "Played"]] * 3, vector_size=8, min_count=1, bucket=100, epochs=1, seed=1,
                              workers=1)  # fmt: skip
    fasttext.save_facebook_model(model, str(tmp_path / "m.bin"))
    encoder = Static(str(tmp_path / "m.bin")).fit(["plays", "played"])
    for word, own in (("plays", "plays"), ("played", "Played"), ("playing", "playing")):
        np.testing.assert_allclose(encoder.encode([word])[0], model.wv[own], atol=1e-3)
    assert not encoder.encode(["player"]).any()  # new after fit: n-grams are not kept
    np.testing.assert_array_equal(through_state(encoder, tmp_path).encode(["plays"]), encoder.encode(["plays"]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vectors": ""}, "needs a file"),
        ({"weighting": "max"}, "encoder.weighting"),
        ({"max_words": 0}, "encoder.max_words"),
        ({"lower": "yes"}, "encoder.lower"),
    ],
)
def test_settings_are_checked(path: str, settings: dict[str, object], message: str) -> None:
    """The message names the setting."""
    with pytest.raises(ConfigError, match=message):
        Static(**{"vectors": path, **settings}).fit(["the"])  # type: ignore[arg-type] # wrong on purpose
    with pytest.raises(DataFileMissing, match=r"v\.txt"):
        Static(path + "t").fit(["the"])


def test_real_vectors(shared_data: Path) -> None:
    """Characters and words of real files: near words are words of like meaning."""
    zh = Static(str(shared_data / "vectors" / "zh_char_tencent_200d.npz")).fit([])
    assert zh.analyser_ == "zh"
    assert {word for word, _ in zh.word_vectors_.nearest("猫", 5)} & {"狗", "喵", "犬", "鼠", "猪", "兔"}
    en = Static(str(shared_data / "vectors" / "en_word2vec_googlenews_top1000_300d.npz")).fit([])
    assert en.word_vectors_.nearest("man", 1)[0][0] == "woman"
    assert {word for word, _ in en.word_vectors_.nearest("Daughter", 3)} <= {"mother", "son", "sister", "wife"}

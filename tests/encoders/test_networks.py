"""The networks that learn from scratch: textcnn, bilstm, gru, attention."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.encoders import _numpy_networks, make_encoder
from headstart.encoders._network import _copies
from headstart.encoders._ragged import Ragged
from headstart.encoders._vectors import make_tokeniser
from headstart.errors import ConfigError, DataError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

NAMES = ("attention", "bilstm", "gru", "textcnn")
QUICK: dict[str, Any] = {"vectors": "random", "n_epochs": 6, "learning_rate": 0.01}


def rows(n: int, seed: int, good: str = "good", bad: str = "bad") -> tuple[list[str], np.ndarray]:
    """Texts of three filler words and one word that tells the class, and their codes."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    texts = []
    for code in y:
        words = [f"w{i}" for i in rng.integers(0, 9, 3)]
        words.insert(int(rng.integers(0, 4)), bad if code else good)
        texts.append(" ".join(words))
    return texts, y


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=8), st.data())
def test_padded(lists: list[list[int]], data: st.DataObject) -> None:
    """Chosen rows stand in their order, then zeros up to the longest of them."""
    chosen = data.draw(st.lists(st.integers(0, len(lists) - 1), min_size=1))
    longest = max(len(lists[i]) for i in chosen)
    expected = [lists[i] + [0] * (longest - len(lists[i])) for i in chosen]
    assert Ragged.from_rows(lists).padded(np.array(chosen)).tolist() == expected


@pytest.mark.parametrize("n_steps", [1, 2, 7])
@pytest.mark.parametrize("name", NAMES)
def test_numpy_computes_what_torch_computes(name: str, n_steps: int) -> None:
    """Both bodies agree on texts of different lengths, the shortest of one word; filters wider than a text too."""
    encoder: Any = make_encoder(name, **({"widths": [1, 2, 5]} if name == "textcnn" else {}))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        body = encoder._body(6).eval()
    lengths = np.array([n_steps, max(1, n_steps - 2), 1, 1])
    embedded = np.random.default_rng(1).normal(size=(4, n_steps, 6)).astype(np.float32)
    embedded[np.arange(n_steps) >= lengths[:, None]] = 0
    with torch.no_grad():
        expected = body(torch.from_numpy(embedded), torch.from_numpy(lengths)).numpy()
    arrays = {key: value.numpy() for key, value in body.state_dict().items()}
    found = encoder._features(arrays, embedded, lengths)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_filter_by_hand() -> None:
    """A filter of width 2 over the numbers 1, 2, -3, with the end of the text beside the last one."""
    arrays = {"filters.0.weight": np.array([[10.0, 1.0]], np.float32), "filters.0.bias": np.zeros(1, np.float32)}
    embedded = np.array([[[1.0], [2.0], [-3.0]]], np.float32)
    features = _numpy_networks.convolution(arrays, embedded, np.array([3]), [2])
    assert features.tolist() == [[max(10 * 1 + 2, 10 * 2 - 3, -30)]]


@pytest.mark.parametrize("name", NAMES)
def test_learns_and_is_calibrated(name: str) -> None:
    """One word tells the class: the network's own head finds it in new texts, and no random number of others moves."""
    texts, y = rows(40, 0)
    before = torch.get_rng_state()
    encoder: Any = make_encoder(name, **QUICK).fit(texts, y)
    assert torch.equal(torch.get_rng_state(), before)
    head_name, head = encoder.own_head()
    new, truth = rows(100, 1)
    probabilities = head.predict_proba(encoder.encode(new))
    assert head_name == "logistic"
    assert np.mean(probabilities.argmax(axis=1) == truth) >= 0.95
    assert head.chosen_["n_held_out"] <= 40


def test_the_seed_decides() -> None:
    """Another seed gives other features, the same one the same bits."""
    texts, y = rows(24, 0)
    first, same, other = (
        make_encoder("textcnn", **QUICK, random_state=seed).fit(texts, y).encode(texts) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, same)
    assert np.abs(np.asarray(first) - np.asarray(other)).max() > 1e-3


@pytest.mark.parametrize("frozen", [True, False])
def test_which_word_vectors_learn(frozen: bool, tmp_path: Path) -> None:
    """Vectors begin as those of the file, up to a shift and a factor; only those of labelled texts ever move."""
    texts, y = rows(24, 0)
    vectors = np.random.default_rng(0).normal(size=(4, 5))
    words = ["good", "bad", "fine", "w0"]
    lines = [f"{word} {' '.join(f'{v:.5f}' for v in row)}" for word, row in zip(words, vectors, strict=True)]
    path = tmp_path / "vectors.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = {**QUICK, "vectors": str(path), "frozen": frozen}
    encoder: Any = make_encoder("textcnn", **settings).fit([*texts, "fine words"], y)
    table = {word: encoder._table[encoder._number_of[word]] for word in words}
    centred = vectors - vectors.mean(axis=0)
    factor = table["fine"] / centred[2]  # no labelled text has this word
    np.testing.assert_allclose(factor, factor[0], rtol=1e-2)
    moved = np.abs(table["good"] - centred[0] * factor[0]).max()
    assert moved < 1e-3 if frozen else moved > 1e-2


def test_chinese_words_bring_their_characters() -> None:
    """Each Chinese word of several characters is followed by them, and nothing else is added."""
    assert make_tokeniser("zh+char")("我喜欢 iPhone 手机!") == [
        "我",
        "喜欢",
        "喜",
        "欢",
        "iphone",
        "手机",
        "手",
        "机",
        "!",
    ]


def test_characters_tell_of_unseen_words(tmp_path: Path) -> None:
    """By itself a network reads the characters of Chinese: they tell the class of words it never met."""
    fruit, metal = ("苹果", "果汁", "水果", "果园"), ("铁路", "钢铁", "铁器", "铁矿")
    texts = [f"{word} 第{i}号" for i in range(6) for word in (*fruit, *metal)]
    y = np.array([0, 0, 0, 0, 1, 1, 1, 1] * 6)
    encoder: Any = make_encoder("textcnn", **QUICK).fit(texts, y)
    head = encoder.own_head()[1]
    new = ["果酱 第7号", "铁链 第7号"]
    assert head.predict_proba(encoder.encode(new)).argmax(axis=1).tolist() == [0, 1]
    again = type(encoder).from_state(encoder.get_state(tmp_path), tmp_path)
    np.testing.assert_array_equal(again.encode(new), encoder.encode(new))
    words: Any = make_encoder("textcnn", **QUICK, analyser="zh").fit(texts, y)
    features = np.asarray(words.encode(new))
    np.testing.assert_allclose(features[0], features[1], atol=1e-6)  # both are one unknown word to it


def test_copies() -> None:
    """Rows of one group are copies of its first row, and so are rows that read as that one does."""
    read = Ragged.from_rows([[5, 6], [7], [5, 6], [7, 7], [8], [5, 6, 6]])
    assert _copies(read, None).tolist() == [0, 1, 0, 3, 4, 5]
    assert _copies(read, np.array([4, 9, 2, 9, 2, 4])).tolist() == [0, 1, 0, 1, 0, 0]


def test_copies_never_check() -> None:
    """With groups, only originals are held out."""
    texts, y = rows(20, 0)
    originals = [f"{text} v{i}" for i, text in enumerate(texts)]
    encoder: Any = make_encoder("textcnn", **{**QUICK, "n_epochs": 1})
    encoder.fit([*originals, *texts], np.tile(y, 2), np.tile(np.arange(20), 2))
    assert encoder.own_head()[1].chosen_["n_held_out"] == 20


def test_long_texts_are_cut_and_said() -> None:
    """Only the first max_tokens words count; `truncated` says where there were more."""
    texts, y = rows(12, 0)
    encoder: Any = make_encoder("textcnn", **{**QUICK, "n_epochs": 1}, max_tokens=3).fit(texts, y)
    some = ["w1 w2 w3", "w1 w2 w3 good", "w1 w2 w3 bad"]
    features = np.asarray(encoder.encode(some))
    np.testing.assert_allclose(features, np.repeat(features[:1], 3, axis=0), atol=1e-5)
    assert encoder.truncated(some).tolist() == [False, True, True]


def test_a_bundle_needs_no_torch(tmp_path: Path) -> None:
    """Without importing torch, the saved encoder and its head give the same probabilities."""
    from headstart.bundle import load_bundle
    from headstart.classifier import TextClassifier

    texts, y = rows(20, 0)
    settings = {f"encoder.{key}": value for key, value in {**QUICK, "n_epochs": 2}.items()}
    model = TextClassifier("bilstm", settings=settings).fit(texts, y.tolist())
    model.save(tmp_path / "bundle")
    expected = model.predict_proba(texts[:4])
    np.testing.assert_allclose(load_bundle(tmp_path / "bundle").predict_proba(texts[:4]), expected, atol=1e-4)
    code = (
        "import sys, json; from headstart.bundle import load_bundle; "
        f"found = load_bundle({str(tmp_path / 'bundle')!r}).predict_proba({texts[:4]!r}).tolist(); "
        "print(json.dumps([found, 'torch' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found, has_torch = json.loads(done.stdout)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert not has_torch


def test_labels_are_needed() -> None:
    """Without codes the message names the encoder and the way out."""
    with pytest.raises(ConfigError, match=r"'gru' learns from labels.*Take word2vec or tfidf"):
        make_encoder("gru").fit(["a", "b"])


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("textcnn", {"max_tokens": 0}, "encoder.max_tokens must be a whole number from 1 on. Got 0"),
        ("textcnn", {"widths": 3}, "encoder.widths must be a list"),
        ("textcnn", {"widths": [1, 0]}, "encoder.widths must be a whole number"),
        ("gru", {"units": 1.5}, "encoder.units must be a whole number"),
        ("bilstm", {"dropout": 1.0}, "encoder.dropout must be a number from 0 to below 1. Got 1.0"),
        ("bilstm", {"dropout": "high"}, "encoder.dropout must be a number from 0 to below 1. Got 'high'"),
        ("attention", {"analyser": "words"}, "encoder.analyser must be one of"),
        ("gru", {"class_weight": "auto"}, "encoder.class_weight must be balanced, or left out. Got 'auto'"),
        ("gru", {"learning_rate": 0}, "encoder.learning_rate must be a number above 0. Got 0"),
        ("gru", {"learning_rate": None}, "encoder.learning_rate must be a number above 0. Got None"),
        ("gru", {"learning_rate": float("inf")}, "encoder.learning_rate must be a number above 0. Got inf"),
        ("gru", {"weight_decay": -1}, "encoder.weight_decay must be a number from 0 on. Got -1"),
        ("gru", {"frozen": 1}, "encoder.frozen must be true or false. Got 1"),
        ("gru", {"min_count": 0}, "encoder.min_count must be a whole number from 1 on, or left out. Got 0"),
        ("gru", {"vectors": None}, "encoder.vectors must be word2vec, random, or a file of word vectors. Got None"),
        ("gru", {"vectors": ""}, "encoder.vectors must be word2vec, random, or a file of word vectors. Got ''"),
    ],
)
def test_settings_are_checked(name: str, settings: dict[str, Any], message: str) -> None:
    """A setting that cannot be used is named with its value."""
    with pytest.raises(ConfigError, match=message):
        make_encoder(name, **settings).fit(["a", "b"], np.array([0, 1]))


@pytest.mark.parametrize("vectors", ["random", "word2vec"])
def test_what_the_number_of_texts_decided(vectors: str) -> None:
    """Given to a network of fewer texts, it knows no more words; a word seen once reads as an unknown one."""
    if vectors == "word2vec":
        pytest.importorskip("gensim")
    texts, y = rows(30, 0)
    settings = {**QUICK, "vectors": vectors, "n_epochs": 1}
    many: Any = make_encoder("gru", **settings).fit([*texts, "once", *texts * 33], y)
    decided = many.decided_by_number()
    part: Any = make_encoder("gru", **settings, **decided).fit([*texts, "once"], y)
    assert (decided, part.decided_by_number()) == ({"min_count": 2}, {})
    for encoder in (many, part):
        np.testing.assert_array_equal(*encoder.encode(["once", "never"]))
    left_open: Any = make_encoder("gru", **settings).fit([*texts, "once"], y)
    assert left_open.decided_by_number() == {"min_count": 1}
    assert len(left_open.get_state(Path()).settings["words"]) > len(part.get_state(Path()).settings["words"])


def test_nothing_to_tell_classes_by() -> None:
    """One class, or texts that all read the same, are refused."""
    with pytest.raises(DataError, match="two classes or more"):
        make_encoder("textcnn", **QUICK).fit(["a", "b"], np.array([0, 0]))
    with pytest.raises(DataError, match="read the same"):
        make_encoder("textcnn", **QUICK).fit(["a", "A"], np.array([0, 1]))

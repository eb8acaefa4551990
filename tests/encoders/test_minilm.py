"""The packaged MiniLM against sentence-transformers, and its two precisions."""

import numpy as np
import pytest

from headstart.encoders import make_encoder

pytestmark = pytest.mark.torch
pytest.importorskip("torch")

TEXTS = [
    "The soup was cold, but the waiter could not have been kinder.",
    "who won the cup in 1998 ?",
    "房间很干净，就是隔音差了点。",
    "新版 App 更新后 check in 更快了 👍",
    "",
    "x",
    "The second half repeats the first half of the film, scene by scene. " * 60,  # beyond 256 tokens
]


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))


@pytest.fixture(scope="module")
def features(minilm_folder: object) -> np.ndarray:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADSTART_CACHE", "off")
        encoder = make_encoder("minilm", precision="fp32").fit([])
        assert encoder.truncated(TEXTS).tolist() == [False] * 6 + [True]
        return np.asarray(encoder.encode(TEXTS))


def test_same_as_sentence_transformers(features: np.ndarray, minilm_folder: object) -> None:
    """Every vector points where sentence-transformers' does, texts beyond 256 tokens included."""
    peer_library = pytest.importorskip("sentence_transformers")
    peer = peer_library.SentenceTransformer(str(minilm_folder), device="cpu")
    assert peer.max_seq_length == 256
    expected = peer.encode(TEXTS, show_progress_bar=False)
    assert features.shape == expected.shape == (len(TEXTS), 384)
    assert cosines(features, expected).min() >= 0.9999
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)


def test_bf16_is_near(features: np.ndarray) -> None:
    """bf16 stays within a cosine of 0.99 of float32."""
    near = make_encoder("minilm", precision="bf16").fit([]).encode(TEXTS)
    assert cosines(features, near).min() >= 0.99
    assert not np.array_equal(features, near)


def test_like_is_nearer_than_unlike(features: np.ndarray) -> None:
    """The vectors mean something: a paraphrase is nearer than another subject."""
    encoder = make_encoder("minilm").fit([])
    a, b, c = encoder.encode(["A man is eating food.", "Someone has a meal.", "The market fell two percent."])
    assert a @ b > a @ c + 0.2

"""LDA: planted topics are found, values against the paper's equations, settings, state."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import digamma

from headstart.encoders import make_encoder
from headstart.errors import ConfigError, DataError

PLANTED = (
    {"soup", "waiter", "menu", "taste"},
    {"goal", "match", "player", "referee"},
    {"房间", "酒店", "前台", "早餐"},
)


def planted_texts(n: int) -> list[str]:
    """Texts of 12 words of one topic each, topic i % 3."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(sorted(PLANTED[i % 3]), 12)) for i in range(n)]


@pytest.fixture(scope="module")
def encoder() -> Any:
    return make_encoder("lda", analyser="zh", n_topics=3).fit(planted_texts(150))


def test_planted_topics_are_found(encoder: Any) -> None:
    """The first terms of each topic are one planted set, and each new text belongs to its own."""
    found = [set(terms) for terms in encoder.topics(4)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, PLANTED))
    shares = encoder.encode(["soup menu taste soup", "the referee saw the goal, a goal!", "酒店的早餐和前台"])
    assert [found[i] for i in shares.argmax(axis=1)] == list(PLANTED)
    assert shares.max(axis=1).min() > 0.6


def test_rows_are_shares(encoder: Any) -> None:
    """Rows sum to 1; a text without known words has all topics alike."""
    shares = encoder.encode([*planted_texts(5), "", "unknown words"])
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    assert shares.min() >= 0
    np.testing.assert_allclose(shares[-2:], 1 / 3, rtol=1e-5)


def test_shares_solve_the_papers_equations(encoder: Any, tmp_path: Path) -> None:
    """A fixed point of Hoffman et al. 2010, equations 2 to 5, computed here from the state alone."""
    state = encoder.get_state(tmp_path)
    weights, vocabulary = state.arrays["topics"].astype(np.float64), state.settings["vocabulary"]
    words = ["soup", "goal", "goal", "menu", "酒店"]
    beta = np.exp(digamma(weights) - digamma(weights.sum(axis=1, keepdims=True)))[:, list(map(vocabulary.index, words))]
    gamma = np.ones(3)
    for _ in range(1000):
        theta = np.exp(digamma(gamma) - digamma(gamma.sum()))
        phi = theta[:, None] * beta
        gamma = 1 / 3 + (phi / phi.sum(axis=0)).sum(axis=1)
    np.testing.assert_allclose(encoder.encode([" ".join(words)])[0], gamma / gamma.sum(), atol=0.005)


def test_a_text_does_not_depend_on_the_others(encoder: Any) -> None:
    """Alone, among others and in another order, the bits are the same."""
    texts = planted_texts(30)
    whole = encoder.encode(texts)
    np.testing.assert_array_equal(encoder.encode(texts[::-1])[::-1], whole)
    np.testing.assert_array_equal(np.vstack([encoder.encode([text]) for text in texts]), whole)


def test_same_seed_same_topics() -> None:
    """Two learners with one seed agree to the bit; another seed starts elsewhere."""
    texts = planted_texts(30)
    first, same, other = (
        make_encoder("lda", n_topics=3, random_state=seed).fit(texts).encode(texts) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, same)
    assert np.abs(first - other).max() > 0.01


def test_no_more_topics_than_texts() -> None:
    """Two texts cannot show fifty topics."""
    assert make_encoder("lda").fit(planted_texts(2)).encode(["soup"]).shape == (1, 2)


def test_state_is_the_encoder(encoder: Any, tmp_path: Path) -> None:
    """From its state the encoder has the same topics and shares."""
    again = type(encoder).from_state(encoder.get_state(tmp_path), tmp_path)
    assert again.topics() == encoder.topics()
    np.testing.assert_allclose(again.encode(planted_texts(9)), encoder.encode(planted_texts(9)), atol=1e-6)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["n_topics", "n_passes"])
@pytest.mark.parametrize("value", [0, 2.5, True, None])
def test_settings_are_checked(name: str, value: Any) -> None:
    """A number that cannot be is named with its value."""
    with pytest.raises(ConfigError, match=rf"encoder.{name} must be a whole number from 1 on") as caught:
        make_encoder("lda", **{name: value}).fit(planted_texts(3))
    assert str(caught.value).endswith(f"Got {value!r} instead.")


def test_no_words() -> None:
    """Texts without words are an error that says where to look."""
    with pytest.raises(DataError, match="No terms are left of 2 texts"):
        make_encoder("lda").fit(["", "…"])

"""Laws of the search: the reads are bounded, and a word that matters is found in a text of any length."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.explaining.occlusion import occlude
from headstart.explaining.pieces import pieces


class Additive:
    """A model whose scores are sums over words: class 0 has the values, class 1 their opposites."""

    def __init__(self, values: dict[str, float]) -> None:
        self.values, self.n_read = values, 0

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Scores (n, 2)."""
        self.n_read += len(texts)
        sums = np.array([sum(self.values.get(word, 0.0) for word in text.split()) for text in texts])
        return np.stack([sums, -sums], axis=1)


@settings(max_examples=60, deadline=None)
@given(n_words=st.integers(0, 3000), at=st.integers(0, 2999), most=st.integers(16, 200))
def test_a_needle_is_found_in_a_haystack(n_words: int, at: int, most: int):
    """One word carries everything. The reads stay below the bound; the weights add up; the needle is in the windows
    with the largest weight, and alone as soon as the rounds can get to single words.
    """
    words = ["hay"] * n_words
    if n_words:
        words[at % n_words] = "needle"
    text = " ".join(words)
    score = Additive({"needle": 2.0})
    places = pieces(text)
    found = occlude(score, text, places, 0, most)
    assert found.n_read == score.n_read <= most
    assert found.weights[:, 0].sum() == pytest.approx(2.0 if n_words else 0.0)
    if n_words:
        best = int(found.weights[:, 0].argmax())
        same = np.isclose(found.weights[:, 0], found.weights[best, 0])
        assert same[at % n_words]
        if n_words <= most - 2 or most >= 128:
            assert same.sum() == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=30))
def test_an_additive_model_is_explained_exactly(values: list[float]):
    """Each word's weight is its value, for both classes."""
    names = [f"w{i}" for i in range(len(values))]
    text = " ".join(names)
    found = occlude(Additive(dict(zip(names, values, strict=True))), text, pieces(text), None, 64)
    assert found.weights[:, 0] == pytest.approx(values, abs=1e-9)
    assert found.weights[:, 1] == pytest.approx([-v for v in values], abs=1e-9)
    assert found.empty == pytest.approx([0, 0])


def test_the_class_in_focus_is_looked_into_first():
    """Of two windows that matter to different classes, the one of the class in focus is cut to single words."""
    words = [f"w{i}" for i in range(160)]

    class Two:
        def __call__(self, texts: Sequence[str]) -> np.ndarray:
            """Scores (n, 2)."""
            return np.array([[float("w7" in t.split()), 5.0 * ("w150" in t.split())] for t in texts])

    text = " ".join(words)
    weights = occlude(Two(), text, pieces(text), 0, 40).weights
    assert weights[7, 0] == 1.0
    assert weights[150, 1] < 5.0

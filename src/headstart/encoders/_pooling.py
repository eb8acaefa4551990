"""Word vectors -> one vector a text: the weighted mean of its words, as products of sparse matrices.

Shape letters: n texts, m words, d dimensions.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.sparse import csr_matrix

from headstart.encoders._vectors import WordVectors
from headstart.types import State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.types import Bools, Floats

__all__ = ["WEIGHTINGS", "PooledEncoder", "Pooling"]

WEIGHTINGS = ("mean", "idf", "sif")

_SIF_A = 1e-3  # the paper tries 1e-4 to 1e-3
_BATCH_TEXTS = 10_000  # bounds the memory of the counts


@dataclass(frozen=True, eq=False)
class Pooling:
    """What a text's vector is made of. An unknown word is left out; a text without known words is zeros."""

    vectors: WordVectors
    weights: "Floats"  # (m,) float32, one a word
    unseen: float  # the weight of a word that has vectors only through its parts
    direction: "Floats"  # (d,) float32, a unit vector that is taken out of every text, or zeros

    @classmethod
    def learn(cls, vectors: WordVectors, weighting: str, texts: Sequence[Sequence[str]]) -> Self:
        """Weights from texts that are cut into words.

        sif: a / (a + p), p the word's share of all words and a = 0.001; then the first right singular vector of the
        texts' vectors is taken out. Source: Arora, Liang, Ma 2017, "A simple but tough-to-beat baseline for sentence
        embeddings", equation 3 and algorithm 1. Departure: the mean is by the sum of weights, not by the number of
        words, so that a text of frequent words is no shorter than another.
        idf: log((1 + n) / (1 + df)) + 1, as scikit-learn smooths it. mean: every word weighs 1.
        """
        weights, unseen = _weights(vectors.words, weighting, texts)
        plain = cls(vectors, weights, unseen, np.zeros(vectors.vectors.shape[1], np.float32))
        if weighting != "sif" or not texts:
            return plain
        return cls(vectors, weights, unseen, _first_direction(plain.pool(texts)))

    def encode(self, texts: Sequence[str]) -> "Floats":
        """Features (n, d) float32; row i depends on texts[i] alone."""
        features = np.empty((len(texts), len(self.direction)), np.float32)
        for start in range(0, len(texts), _BATCH_TEXTS):
            part = slice(start, start + _BATCH_TEXTS)
            features[part] = self.pool(self.vectors.tokenise(text) for text in texts[part])
        return features

    def pool(self, texts: Iterable[Sequence[str]]) -> "Floats":
        """Features (n, d) float32 of texts that are cut into words."""
        weighted = self._weighted_counts(texts)
        total = np.asarray(weighted.sum(axis=1))
        features = (weighted @ self.vectors.vectors) / np.where(total > 0, total, 1)
        along = np.einsum("nd,d->n", features, self.direction)  # row by row: the same bits in every batch
        return np.asarray(features - along[:, None] * self.direction, np.float32)

    def state(self) -> tuple[dict[str, Any], dict[str, "NDArray[Any]"]]:
        """JSON values and arrays, for `from_state`; the vectors as float16, which they are rounded to."""
        arrays = {
            "vectors": self.vectors.vectors.astype(np.float16),
            "weights": self.weights,
            "direction": self.direction,
        }
        return {"unseen": self.unseen, "words": list(self.vectors.words)}, arrays

    @classmethod
    def from_state(cls, state: State, tokenise: Callable[[str], list[str]], by_parts: bool = False) -> Self:
        """The pooling again, with the same vectors."""
        arrays, vectors = state.arrays, state.arrays["vectors"].astype(np.float32)
        words = WordVectors(state.settings["words"], vectors, tokenise, by_parts)
        return cls(words, arrays["weights"], state.settings["unseen"], arrays["direction"])

    def _weighted_counts(self, texts: Iterable[Sequence[str]]) -> csr_matrix:
        """(n, m) the weight that each vector has in each text."""
        resolved: dict[str, tuple[list[int], list[float]]] = {}
        columns: list[int] = []
        values: list[float] = []
        ends = [0]
        for words in texts:
            for word in words:
                found = resolved.get(word)
                if found is None:
                    found = resolved[word] = self._entries(word)
                columns += found[0]
                values += found[1]
            ends.append(len(columns))
        shape = (len(ends) - 1, len(self.weights))
        return csr_matrix((np.array(values, np.float32), columns, ends), shape=shape)

    def _entries(self, word: str) -> tuple[list[int], list[float]]:
        row = self.vectors.index.get(word)
        if row is not None:
            return [row], [float(self.weights[row])]
        rows = self.vectors.rows(word)
        return rows, [self.unseen / max(1, len(rows))] * len(rows)


class PooledEncoder:
    """The part of an encoder that is the same wherever its word vectors come from; `fit` sets `_pooling`."""

    pretrained = False  # `fit` learns which words there are, and their weights
    _pooling: Pooling

    @property
    def word_vectors_(self) -> WordVectors:
        """Words and vectors, after `fit`."""
        return self._pooling.vectors

    def encode(self, texts: Sequence[str]) -> "Floats":
        """Features (n, d) float32."""
        return self._pooling.encode(texts)

    def truncated(self, texts: Sequence[str]) -> "Bools":
        """(n,) all False: every text is read to its end."""
        return np.zeros(len(texts), dtype=bool)


def _weights(words: Sequence[str], weighting: str, texts: Sequence[Sequence[str]]) -> tuple["Floats", float]:
    """The weights (m,) of the words, and that of a word never seen."""
    if weighting == "mean":
        return np.ones(len(words), np.float32), 1.0
    if weighting == "idf":
        seen = Counter(chain.from_iterable(map(set, texts)))
        document_frequency = np.array([seen[word] for word in words], float)
        unseen = np.log(1 + len(texts)) + 1
        return (unseen - np.log(1 + document_frequency)).astype(np.float32), float(unseen)
    counts = Counter(chain.from_iterable(texts))
    share = np.array([counts[word] for word in words], float) / max(1, counts.total())
    return (_SIF_A / (_SIF_A + share)).astype(np.float32), 1.0


def _first_direction(features: "Floats") -> "Floats":
    """(d,) the first right singular vector of features (n, d), through the small matrix (d, d)."""
    if not features.any():
        return np.zeros(features.shape[1], np.float32)
    wide = features.astype(np.float64)
    direction = np.linalg.eigh(wide.T @ wide)[1][:, -1]
    return np.asarray(direction * np.sign(direction[np.abs(direction).argmax()]), np.float32)

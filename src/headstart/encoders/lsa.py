"""Latent semantic analysis: TF-IDF reduced to a few hundred dense features, learnt from unlabelled texts too."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.utils.extmath import randomized_svd

from headstart.checks import check_whole
from headstart.encoders.tfidf import Tfidf
from headstart.types import Ints, State

if TYPE_CHECKING:
    from headstart.types import Floats

__all__ = ["Lsa"]

_SMALLEST = 1e-5  # relative to the largest singular value, or to a row of length 1: float32 noise below it


@dataclass(kw_only=True, eq=False)
class Lsa(Tfidf):
    """Rows of TF-IDF projected on the directions of their largest singular values, then scaled to length 1.

    n_components: directions to keep; there are at most as many as texts or terms, and those without any
    variation are left out. 200 lies between what 8 labels a class like (100) and what all labels like (500 and
    more; docs/log.md). A bundle holds up to max_features x n_components x 4 bytes. Other settings are those of
    `TermCounts` (encoders/_counts.py).

    Source: Deerwester et al. 1990, Indexing by latent semantic analysis; the randomised solver of Halko et al.
    2011 (scikit-learn's randomized_svd). Departure: rows have length 1, as cosine similarity needs; a text
    without a known term, or with none that the kept directions cover, is a row of zeros.
    """

    max_features: int | None = 50_000
    n_components: int = 200
    random_state: int = 0

    def fit(self, texts: Sequence[str], y: Ints | None = None, groups: Ints | None = None) -> Self:
        """Learn vocabulary, document frequencies and directions. Raises ConfigError, DataError."""
        check_whole("n_components", self.n_components)
        check_whole("random_state", self.random_state, least=0)
        counts = self._fit_weights(texts)
        # the solver's random start belongs to rows: their order is no matter
        rows = counts[sorted(range(len(texts)), key=texts.__getitem__)]
        features = self._weights.transform(rows, copy=False)
        n_components = min(self.n_components, *features.shape)
        _, values, directions = randomized_svd(features, n_components, random_state=self.random_state)
        kept = values > _SMALLEST * values[0]
        self.components_ = np.ascontiguousarray(directions[kept], dtype=np.float32)  # (d, terms)
        return self

    def encode(self, texts: Sequence[str]) -> "Floats":
        """Features (n, d) float32, dense, rows of length 1 or 0."""
        rows = super().encode(texts) @ self.components_.T
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        scaled: Floats = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > _SMALLEST)
        return scaled

    def get_state(self, folder: Path) -> State:
        """Settings, vocabulary, idf and directions."""
        state = super().get_state(folder)
        return State(state.settings, {**state.arrays, "components": self.components_})

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """The encoder again."""
        made = super().from_state(state, folder)
        made.components_ = state.arrays["components"]
        return made

"""TF-IDF of words and character n-grams; Chinese by segmentation and characters, chosen by language."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfTransformer

from headstart.encoders._counts import TermCounts
from headstart.types import Bools, Ints, State

__all__ = ["Tfidf"]


class Tfidf:
    """(1 + log tf) * idf, rows of length 1; idf = log((1 + n) / (1 + df)) + 1, scikit-learn's smoothed form.

    Settings are those of `TermCounts` (encoders/_counts.py).
    """

    pretrained = False

    def __init__(
        self,
        *,
        analyser: str = "auto",
        ngrams: Sequence[int] = (1, 2),
        characters: Sequence[int] = (1, 3),
        min_df: int | None = None,
        max_features: int | None = None,
    ) -> None:
        self._terms = TermCounts(analyser, ngrams, characters, min_df, max_features)
        self._weights = TfidfTransformer(sublinear_tf=True)

    def fit(self, texts: Sequence[str], y: Ints | None = None, groups: Ints | None = None) -> Self:
        """Learn vocabulary and document frequencies."""
        self._weights.fit(self._terms.fit(texts))
        return self

    def encode(self, texts: Sequence[str]) -> csr_matrix:
        """Features (n, d) CSR float32; a text without known terms is a row of zeros."""
        counts = self._terms.counts(texts)
        return self._weights.transform(counts, copy=False) if len(texts) else counts

    def truncated(self, texts: Sequence[str]) -> Bools:
        """(n,) all False: every text is read to its end."""
        return np.zeros(len(texts), dtype=bool)

    def get_state(self, folder: Path) -> State:
        """Vocabulary and idf."""
        return State(self._terms.settings(), {"idf": self._weights.idf_})

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """The encoder again."""
        made = cls()
        made._terms = TermCounts.from_settings(dict(state.settings))
        made._weights.idf_ = state.arrays["idf"]
        return made

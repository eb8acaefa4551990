"""TF-IDF of words and character n-grams; Chinese by segmentation and characters, chosen by language."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfTransformer

from headstart.encoders._counts import TermCounts
from headstart.types import Ints, State

__all__ = ["Tfidf"]


@dataclass(kw_only=True, eq=False)
class Tfidf(TermCounts):
    """(1 + log tf) * idf, rows of length 1; idf = log((1 + n) / (1 + df)) + 1, scikit-learn's smoothed form.

    Settings are those of `TermCounts` (encoders/_counts.py).
    """

    def fit(self, texts: Sequence[str], y: Ints | None = None, groups: Ints | None = None) -> Self:
        """Learn vocabulary and document frequencies."""
        self._fit_weights(texts)
        return self

    def _fit_weights(self, texts: Sequence[str]) -> csr_matrix:
        """What `fit` does; returns the counts of these texts."""
        counts = self._fit_counts(texts)
        self._weights = TfidfTransformer(sublinear_tf=True).fit(counts)
        return counts

    def encode(self, texts: Sequence[str]) -> csr_matrix:
        """Features (n, d) CSR float32; a text without known terms is a row of zeros."""
        counts = self._counts(texts)
        return self._weights.transform(counts, copy=False) if len(texts) else counts

    def get_state(self, folder: Path) -> State:
        """Settings, vocabulary and idf."""
        return State(self._settings(), {"idf": self._weights.idf_})

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """The encoder again."""
        made = cls._from_settings(state.settings)
        made._weights = TfidfTransformer(sublinear_tf=True)
        made._weights.idf_ = state.arrays["idf"]
        return made

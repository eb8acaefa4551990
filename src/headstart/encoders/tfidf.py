"""TF-IDF of words and character n-grams; Chinese by segmentation and characters, chosen by language."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.preprocessing import normalize

from headstart.encoders._counts import TermCounts
from headstart.types import Bools, State

__all__ = ["Tfidf"]


class Tfidf:
    """(1 + log tf) * idf, rows of length 1; idf = log((1 + n) / (1 + df)) + 1, scikit-learn's smoothed form.

    Settings are those of `TermCounts` (encoders/_counts.py).
    """

    pretrained = False

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self._terms = TermCounts(**settings)

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn vocabulary and document frequencies."""
        counts = self._terms.fit(texts)
        frequency = np.bincount(counts.indices, minlength=counts.shape[1])
        self.idf_ = (np.log((1 + counts.shape[0]) / (1 + frequency)) + 1).astype(np.float32)
        return self

    def encode(self, texts: Sequence[str]) -> csr_matrix:
        """Features (n, d) CSR float32; a text without known terms is a row of zeros."""
        counts = self._terms.counts(texts)
        np.log(counts.data, out=counts.data)
        counts.data += 1
        return normalize(csr_matrix(counts @ diags(self.idf_)), copy=False)

    def truncated(self, texts: Sequence[str]) -> Bools:
        """(n,) all False: every text is read to its end."""
        return np.zeros(len(texts), dtype=bool)

    def get_state(self, folder: Path) -> State:
        """Vocabulary and idf."""
        return State(self._terms.settings(), {"idf": self.idf_})

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """The encoder again."""
        made = cls()
        made._terms = TermCounts.from_settings(dict(state.settings))
        made.idf_ = state.arrays["idf"]
        return made

"""Bag of words: counts of words and character n-grams, rows scaled to length 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from headstart.encoders._counts import TermCounts
from headstart.types import Ints, State

__all__ = ["Bow"]


@dataclass(kw_only=True, eq=False)
class Bow(TermCounts):
    """Counts of terms, or their presence, scaled to length 1 so that long texts do not outweigh short ones.

    binary: presence instead of counts. Other settings are those of `TermCounts` (encoders/_counts.py).
    """

    binary: bool = False

    def fit(self, texts: Sequence[str], y: Ints | None = None, groups: Ints | None = None) -> Self:
        """Learn the vocabulary."""
        self._fit_counts(texts)
        return self

    def encode(self, texts: Sequence[str]) -> csr_matrix:
        """Features (n, d) CSR float32; a text without known terms is a row of zeros."""
        counts = self._counts(texts)
        if self.binary:
            counts.data[:] = 1
        return normalize(counts, copy=False) if len(texts) else counts

    def get_state(self, folder: Path) -> State:
        """Settings and vocabulary."""
        return State(self._settings())

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """The encoder again."""
        return cls._from_settings(state.settings)

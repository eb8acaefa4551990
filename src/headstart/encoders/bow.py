"""Bag of words: counts of words and character n-grams, rows scaled to length 1."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from headstart.encoders._counts import TermCounts
from headstart.types import Bools, Ints, State

__all__ = ["Bow"]


class Bow:
    """Counts of terms, or their presence, scaled to length 1 so that long texts do not outweigh short ones.

    binary: presence instead of counts. Other settings are those of `TermCounts` (encoders/_counts.py).
    """

    pretrained = False

    def __init__(
        self,
        *,
        binary: bool = False,
        analyser: str = "auto",
        ngrams: Sequence[int] = (1, 2),
        characters: Sequence[int] = (1, 3),
        min_df: int | None = None,
        max_features: int | None = None,
    ) -> None:
        self.binary = binary
        self._terms = TermCounts(analyser, ngrams, characters, min_df, max_features)

    def fit(self, texts: Sequence[str], y: Ints | None = None, groups: Ints | None = None) -> Self:
        """Learn the vocabulary."""
        self._terms.fit(texts)
        return self

    def encode(self, texts: Sequence[str]) -> csr_matrix:
        """Features (n, d) CSR float32; a text without known terms is a row of zeros."""
        counts = self._terms.counts(texts)
        if self.binary:
            counts.data[:] = 1
        return normalize(counts, copy=False) if len(texts) else counts

    def truncated(self, texts: Sequence[str]) -> Bools:
        """(n,) all False: every text is read to its end."""
        return np.zeros(len(texts), dtype=bool)

    def get_state(self, folder: Path) -> State:
        """The vocabulary."""
        return State({**self._terms.settings(), "binary": self.binary})

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """The encoder again."""
        made = cls(binary=state.settings["binary"])
        made._terms = TermCounts.from_settings(dict(state.settings))
        return made

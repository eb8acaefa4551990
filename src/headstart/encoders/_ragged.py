"""Rows of different lengths in one flat array: cut into padded batches without a loop over rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["NO_WORD", "UNKNOWN", "Ragged"]

NO_WORD, UNKNOWN = 0, 1  # numbers of the first two rows of a table of word vectors


class Ragged(NamedTuple):
    """n rows of numbers: row i is flat[starts[i] : starts[i] + lengths[i]], and no row is empty."""

    flat: "Ints"
    starts: "Ints"  # (n,)
    lengths: "Ints"  # (n,), from 1 on

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[int]]) -> "Ragged":
        """The rows, each with at least one number."""
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        flat = np.fromiter((number for row in rows for number in row), np.int64, int(lengths.sum()))
        return cls(flat, np.cumsum(lengths) - lengths, lengths)

    def padded(self, rows: "Ints") -> "Ints":
        """(B, T) the numbers of these B rows, T the longest of them, NO_WORD after the end of a row."""
        lengths = self.lengths[rows, None]
        place = np.arange(lengths.max())
        return np.where(place < lengths, self.flat[self.starts[rows, None] + np.minimum(place, lengths - 1)], NO_WORD)

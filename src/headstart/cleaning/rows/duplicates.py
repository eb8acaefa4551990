"""Rows that repeat an earlier row: same text but for case, width and white space, and same label; the first stays."""

from collections.abc import Sequence
from typing import ClassVar

from headstart.cleaning.base import Hit, place
from headstart.data.audit import label_codes
from headstart.data.folding import digests
from headstart.types import Dataset

__all__ = ["Duplicates"]


class Duplicates:
    """Equal after folding (`headstart.data.folding`). An equal text with another label is the case of `conflicts`."""

    marks: ClassVar[bool] = False
    judges_labels: ClassVar[bool] = False

    def find(self, dataset: Dataset, seed: int = 0) -> Sequence[Hit]:
        """In the order of the file; score 1."""
        first: dict[tuple[int, int], int] = {}
        keys = zip(digests(dataset.texts).tolist(), label_codes(dataset).tolist(), strict=True)
        earlier = [first.setdefault(key, i) for i, key in enumerate(keys)]
        return [Hit(i, f"repeats {place(dataset, j)}", 1.0) for i, j in enumerate(earlier) if i != j]

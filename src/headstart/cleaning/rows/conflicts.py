"""Rows whose text also stands with another label: all of them go; with `majority` the most common label stays."""

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from headstart.cleaning.base import Hit, choice, place
from headstart.data.folding import digests
from headstart.types import Dataset

__all__ = ["Conflicts"]


class Conflicts:
    """Equal texts (but for case, width and white space) with different labels.

    `conflicts:majority` keeps the rows of the label that most of them have; where two are as common, all rows go.
    Rows without a label take no part.
    """

    marks: ClassVar[bool] = False
    judges_labels: ClassVar[bool] = True

    def __init__(self, argument: str | None = None) -> None:
        self._majority = choice("conflicts", argument, ["majority"]) is not None

    def find(self, dataset: Dataset, seed: int = 0) -> Sequence[Hit]:
        """Score: the share of the rows with this text that have another label."""
        labels = dataset.labels if dataset.labels is not None else ()
        groups: dict[int, list[int]] = {}
        for i, key in enumerate(digests(dataset.texts).tolist() if labels else ()):
            if labels[i]:
                groups.setdefault(key, []).append(i)
        hits = [hit for rows in groups.values() if len(rows) > 1 for hit in self._judge(dataset, labels, rows)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.row))

    def _judge(self, dataset: Dataset, labels: Sequence[str], rows: Sequence[int]) -> list[Hit]:
        """The rows to drop of those with one text."""
        counts = Counter(labels[i] for i in rows)
        if len(counts) == 1:
            return []
        (best, most), (_, second) = counts.most_common(2)
        keep = best if self._majority and most > second else None
        hits = []
        for i in rows:
            other = next(j for j in rows if labels[j] != labels[i])
            reason = f"labelled {labels[i]!r}, but {place(dataset, other)} has the same text and {labels[other]!r}"
            if labels[i] != keep:
                hits.append(Hit(i, reason, 1 - counts[labels[i]] / len(rows)))
        return hits

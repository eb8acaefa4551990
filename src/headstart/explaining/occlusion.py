"""Occlusion: what a score loses when a word is left out. It asks nothing of the model but answers.

Shape letters: u words of a text, k classes.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from headstart.explaining.pieces import Place, without

if TYPE_CHECKING:
    from headstart.types import Floats

__all__ = ["LEAST_READS", "Occluded", "occlude"]

LEAST_READS = 16
_PARTS = 8  # that a window is cut into

Score = Callable[[Sequence[str]], "Floats"]  # n texts -> (n, k)


class Occluded(NamedTuple):
    """What each word is worth."""

    weights: "Floats"  # (u, k)
    whole: "Floats"  # (k,) the score of the text
    empty: "Floats"  # (k,) the score of the empty text
    n_read: int  # texts that were scored


class _Window(NamedTuple):
    first: int  # words first .. last - 1
    last: int
    worth: "Floats"  # (k,) score of the text minus score without these words

    @property
    def n(self) -> int:
        return self.last - self.first


def occlude(score: Score, text: str, words: Sequence[Place], focus: int | None, most_reads: int) -> Occluded:
    """Score the text without each of its words; the difference is what the word is worth.

    At most `most_reads` texts are scored. A text of more words than that is cut into windows of neighbouring words
    first; those worth most to class `focus` (None: to any class) are cut further, in a few rounds of one call each, as
    long as reads are left. The words of a window that is not cut further share its worth evenly.

    Source: Zeiler and Fergus, ECCV 2014 (occlusion); Li, Monroe and Jurafsky 2016 (erasure of words). Departure: the
    windows, which bound the work on long texts.
    """
    windows = _cut(0, len(words), len(words) if len(words) <= most_reads - 2 else most_reads // 2)
    scores = score([text, "", *_variants(text, words, windows)])
    whole, empty = scores[0], scores[1]
    found = [_Window(*window, whole - row) for window, row in zip(windows, scores[2:], strict=True)]
    n_read = len(scores)
    while wanted := _to_refine(found, focus, most_reads - n_read):
        parts = [part for i in wanted for part in _cut(found[i].first, found[i].last, _PARTS)]
        scores = score(_variants(text, words, parts))
        n_read += len(parts)
        cut = set(wanted)
        found = [window for i, window in enumerate(found) if i not in cut]
        found += [_Window(*part, whole - row) for part, row in zip(parts, scores, strict=True)]
    weights = np.zeros((len(words), len(whole)))
    for window in found:
        weights[window.first : window.last] = window.worth / window.n
    return Occluded(weights, whole, empty, n_read)


def _cut(first: int, last: int, n: int) -> list[tuple[int, int]]:
    """The words first .. last - 1 in n windows of like size, or in single words where there are no more."""
    n = min(n, last - first)
    edges = [first + (last - first) * i // n for i in range(n + 1)] if n else []
    return list(pairwise(edges))


def _variants(text: str, words: Sequence[Place], windows: Sequence[tuple[int, int]]) -> list[str]:
    return [without(text, words[first].start, words[last - 1].end) for first, last in windows]


def _to_refine(found: Sequence[_Window], focus: int | None, left: int) -> list[int]:
    """The windows to cut next, those worth most first, for half of the reads that are left."""

    def worth(i: int) -> float:
        values = np.abs(found[i].worth)
        return float(values.max() if focus is None else values[focus])

    room = min(left, max(left // 2, _PARTS))
    chosen: list[int] = []
    for i in sorted((i for i, window in enumerate(found) if window.n > 1), key=lambda i: (-worth(i), found[i].first)):
        room -= min(_PARTS, found[i].n)
        if room < 0:
            break
        chosen.append(i)
    return chosen

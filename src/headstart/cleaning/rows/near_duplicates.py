"""Rows that repeat an earlier row with small changes, and have its label; argument: similarity from 0.7 to 1 (0.9)."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from headstart.cleaning.base import Hit, number, place
from headstart.data.audit import label_codes
from headstart.data.folding import fold
from headstart.progress import track
from headstart.types import Dataset

__all__ = ["NearDuplicates"]

_SHINGLE = 4  # characters: three are shared by chance in long English texts, five leave short Chinese ones too few
_HASHES = 256
_RECALL = 0.95  # of pairs exactly at the asked similarity; more similar ones are found more surely
_TEXTS, _CHARACTERS = 256, 1_000_000  # at most, whose pieces are in memory at once; one text at least
_PAD = "\0"


class NearDuplicates:
    """Similarity = 1 - Levenshtein distance / length of the longer text, after folding of case, width and white space.

    A row goes when an earlier row that stays has the same label and at least this similarity; what it was compared
    with is in the reason. Texts with different labels are left alone: a small difference may be the one that
    decides.

    Candidates come from MinHash over overlapping pieces of four characters (the ends are padded, so that short and
    Chinese texts have enough of them) with banding; each is then verified, so that no pair below the similarity is
    ever reported. A pair just at the similarity is found with a probability of 95 % or more. Only rows that stay are
    in the index: a thousand copies cost a thousand comparisons.

    Sources: Broder 1997 (MinHash); Leskovec, Rajaraman and Ullman 2020, chapter 3 (banding). Libraries: rensa,
    rapidfuzz.
    """

    marks: ClassVar[bool] = False
    judges_labels: ClassVar[bool] = False

    def __init__(self, argument: str | None = None) -> None:
        self.similarity = number("near_duplicates", argument, 0.9, 0.7, 1.0)

    def find(self, dataset: Dataset, seed: int = 0) -> Sequence[Hit]:
        """The most similar first; score: the similarity."""
        hits = [Hit(i, f"{s:.1%} as {place(dataset, j)}", s) for i, j, s in self.pairs(dataset, seed)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.row))

    def pairs(self, dataset: Dataset, seed: int = 0) -> Iterator[tuple[int, int, float]]:
        """(row, earlier row that stays, similarity) of each row that goes."""
        from rapidfuzz.distance import Levenshtein
        from rensa import RMinHashLSH

        texts, labels = [fold(text) for text in dataset.texts], label_codes(dataset).tolist()
        bands, rows = banding(self.similarity)
        index = RMinHashLSH(threshold=self.similarity, num_perm=bands * rows, num_bands=bands)
        for i, sketch in enumerate(track(_sketches(texts, bands * rows, seed), "comparing texts", len(texts))):
            for j in sorted(set(index.query(sketch))):
                if labels[i] == labels[j]:
                    likeness = Levenshtein.normalized_similarity(texts[i], texts[j], score_cutoff=self.similarity)
                    if likeness >= self.similarity:
                        yield i, j, likeness
                        break
            else:
                index.insert(i, sketch)


def banding(similarity: float) -> tuple[int, int]:
    """(bands, hashes a band): as many hashes a band as find a pair of this similarity with probability 0.95.

    Each of the (1 - s) n changed characters spoils up to four pieces: q = s^4 of them survive, which is a Jaccard
    similarity of q / (2 - q); a pair meets in one of b bands of r hashes with probability 1 - (1 - J^r)^b.
    """
    survive = similarity**_SHINGLE
    jaccard = survive / (2 - survive)
    fitting = [
        (_HASHES // rows, rows)
        for rows in range(1, 17)
        if rows == 1 or 1 - (1 - jaccard**rows) ** (_HASHES // rows) >= _RECALL
    ]
    return fitting[-1]


def _sketches(texts: Sequence[str], n_hashes: int, seed: int) -> Iterator[Any]:
    """A MinHash sketch a text."""
    from rensa import RMinHash

    for chunk in _chunks(texts):
        yield from RMinHash.from_token_sets([_pieces(text) for text in chunk], num_perm=n_hashes, seed=seed)


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    start = n_characters = 0
    for i, text in enumerate(texts):
        n_characters += len(text)
        if i > start and (n_characters > _CHARACTERS or i - start == _TEXTS):
            yield texts[start:i]
            start, n_characters = i, len(text)
    if len(texts):
        yield texts[start:]


def _pieces(text: str) -> list[str]:
    """The overlapping pieces of the padded text: four for each character, wherever it stands."""
    padded = _PAD * (_SHINGLE - 1) + text + _PAD * (_SHINGLE - 1)
    return [padded[i : i + _SHINGLE] for i in range(len(text) + _SHINGLE - 1)]

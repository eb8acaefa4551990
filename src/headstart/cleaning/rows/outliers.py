"""Rows unlike the rest: very long or short, in a rare language, or far from all other texts. Argument: encoder.

Far is measured on TF-IDF reduced to 100 dimensions, or on the features of the encoder that is named.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from headstart.cleaning.base import Hit
from headstart.encoders import make_encoder
from headstart.text.language import language_of
from headstart.transforms.pca import Pca
from headstart.types import Dataset, Features, Floats

__all__ = ["Outliers"]

_FENCE = 3.0  # interquartile ranges beyond the quartile: Tukey's "far out"
_LEAST_SPREAD = 0.1  # of log length: texts of nearly one length are not outliers by a word
_RARE = 0.01  # share of a language
_LEAST_ROWS = 50  # fewer have no "rest"
_NEIGHBOURS = 10
_REFERENCE_ROWS = 20_000  # neighbours are sought among so many rows
_DIMENSIONS = 100
_NAMES = {"zh": "Chinese", "en": "Latin script", "other": "another script or no letters"}


class Outliers:
    """Three looks at each text; the one that finds most is the reason.

    Length: the logarithm of the number of characters lies more than 3 interquartile ranges outside of the quartiles
    (Tukey 1977, "far out"). Language: fewer than 1 % of the rows are in its script (mixed texts are never rare).
    Distance: the mean cosine distance to the 10 nearest other texts lies more than 3 interquartile ranges above the
    upper quartile (k-nearest-neighbour outliers, Ramaswamy, Rastogi and Shim 2000, with the mean of Angiulli and
    Pizzuti 2002), among at most 20,000 rows drawn with the seed.

    Fewer than 50 rows have no outliers. A rare topic is an outlier too: look before you remove. On TF-IDF the distance
    shows texts that share no words with the others, and little else: a foreign topic in common words stays unseen.
    """

    marks: ClassVar[bool] = False
    judges_labels: ClassVar[bool] = False

    def __init__(self, argument: str | None = None) -> None:
        self._encoder = argument
        make_encoder(argument or "tfidf")  # a wrong name is an error now, not after the other rules

    def find(self, dataset: Dataset, seed: int = 0) -> Sequence[Hit]:
        """Score: how far out, in interquartile ranges; of a language: the binary logarithm of 1 / its share."""
        if dataset.n < _LEAST_ROWS:
            return []
        looks = [_by_length(dataset), _by_language(dataset), self._by_distance(dataset, seed)]
        best: dict[int, Hit] = {}
        for hit in (hit for hits in looks for hit in hits):
            if hit.row not in best or best[hit.row].score < hit.score:
                best[hit.row] = hit
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.row))

    def _by_distance(self, dataset: Dataset, seed: int) -> list[Hit]:
        features = make_encoder(self._encoder or "tfidf").fit(dataset.texts).encode(dataset.texts)
        distances = _distances(_reduced(features, seed), seed)
        beyond = _beyond(distances, 0.0)
        return [
            Hit(int(i), f"far from all other texts (distance {distances[i]:.2f}, usual {np.median(distances):.2f})", s)
            for i, s in _far(beyond)
        ]


def _by_length(dataset: Dataset) -> list[Hit]:
    lengths = np.array([len(text) for text in dataset.texts])
    logs = np.log1p(lengths)
    beyond = np.maximum(_beyond(logs, _LEAST_SPREAD), _beyond(-logs, _LEAST_SPREAD))
    usual = f"{np.median(lengths):,.0f}"
    return [Hit(i, f"{lengths[i]:,} characters, usual are {usual}", score) for i, score in _far(beyond)]


def _by_language(dataset: Dataset) -> list[Hit]:
    languages = np.array([language_of(text) for text in dataset.texts])
    hits = []
    for language, name in _NAMES.items():
        rows = np.flatnonzero(languages == language)
        if 0 < len(rows) < _RARE * dataset.n:
            reason = f"{name}, as only {len(rows) / dataset.n:.2%} of the rows"
            hits += [Hit(int(i), reason, float(np.log2(dataset.n / len(rows)))) for i in rows]
    return hits


def _beyond(values: Floats, least_spread: float) -> Floats:
    """(n,) how many interquartile ranges each value lies above the upper quartile."""
    low, high = np.quantile(values, [0.25, 0.75])
    beyond: Floats = (values - high) / max(high - low, least_spread, 1e-9)
    return beyond


def _far(beyond: Floats) -> list[tuple[int, float]]:
    return [(int(i), float(beyond[i])) for i in np.flatnonzero(beyond > _FENCE)]


def _reduced(features: Features, seed: int) -> Floats:
    """Dense features (n, d) with rows of length 1, or 0 where a text has no known term."""
    from scipy.sparse import issparse
    from sklearn.preprocessing import normalize

    if issparse(features):
        features = Pca(_DIMENSIONS, random_state=seed).fit(features).transform(features)
    dense: Floats = normalize(np.asarray(features, dtype=np.float64))
    return dense


def _distances(features: Floats, seed: int) -> Floats:
    """(n,) mean cosine distance to the nearest other rows."""
    from sklearn.neighbors import NearestNeighbors

    n = len(features)
    n_reference = min(n, _REFERENCE_ROWS)
    reference = np.sort(np.random.default_rng(seed).permutation(n)[:n_reference])
    search = NearestNeighbors(n_neighbors=_NEIGHBOURS + 1, algorithm="brute", metric="cosine").fit(features[reference])
    found, neighbours = search.kneighbors(features)
    itself = reference[neighbours] == np.arange(n)[:, None]
    itself[~itself.any(axis=1), -1] = True  # not among the neighbours: the farthest gives way
    distances: Floats = found[~itself].reshape(n, _NEIGHBOURS).mean(axis=1)
    return distances

"""Clusters of features by k-means, their number by the mean silhouette.

Shape letters: n texts, d features, e reduced features, k clusters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.transforms.pca import Pca

if TYPE_CHECKING:
    from headstart.types import Bools, Features, Floats, Ints

__all__ = ["Clusters", "cluster", "reduced_rows"]

N_COMPONENTS = 50  # directions of the largest variance: the others are noise to a distance
NUMBERS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30)  # of clusters that are tried
LEAST_ROWS = 5  # a cluster, on average
LEARNT_ROWS = 20_000  # that k-means learns centres from; further rows go to the nearest
JUDGED_ROWS = 2_000  # that a silhouette is taken of: it compares all pairs
N_STARTS = 4
CLOSE = 0.1  # share of the largest mean silhouette that fewer clusters may give away
FENCE = 1.5  # interquartile ranges below the quartile: Tukey's inner fence
LEAST_SPREAD = 0.05  # of a cosine


@dataclass(frozen=True, slots=True)
class Clusters:
    """Which texts belong together. The largest cluster is number 0."""

    numbers: "Ints"  # (n,) in 0..k-1
    centres: "Floats"  # (k, e) of length 1
    closeness: "Floats"  # (n,) cosine of a text with the centre of its cluster
    outliers: "Bools"  # (n,) far from its centre, compared with all other texts
    silhouettes: dict[int, float]  # number of clusters -> mean silhouette; empty where the user gave the number


def reduced_rows(features: "Features", random_state: int = 0) -> "Floats":
    """(n, e) float64 rows of length 1 (0 where a text has no feature), e <= 50, from features (n, d), dense or CSR.

    Rows are brought to length 1 before the reduction too, so that long texts have no greater say in it.
    """
    from scipy import sparse
    from sklearn.preprocessing import normalize

    rows: Any = normalize(features)
    if rows.shape[1] > N_COMPONENTS:
        rows = Pca(N_COMPONENTS, random_state=random_state).fit(rows).transform(rows)
    dense = rows.toarray() if sparse.issparse(rows) else rows
    unit: Floats = normalize(np.asarray(dense, dtype=np.float64))
    return unit


def cluster(rows: "Floats", n_clusters: int | None = None, *, random_state: int = 0) -> Clusters:
    """Cluster rows (n, e) of length 1 by k-means. n_clusters None: the fewest of 2 to 30 whose mean silhouette is
    within a tenth of the largest: it often rises slowly to the end, and each cluster has to be named.

    On rows of length 1 k-means is spherical but for the length of the centres. Centres are learnt from at most
    20,000 rows and silhouettes from at most 2,000, drawn with `random_state`.

    Sources: Dhillon and Modha 2001; Rousseeuw 1987 (silhouette). scikit-learn computes both.
    """
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(random_state)
    learnt = rows[np.sort(rng.permutation(len(rows))[:LEARNT_ROWS])]
    judged = np.sort(rng.permutation(len(learnt))[:JUDGED_ROWS])

    def fit(k: int) -> "tuple[Floats, Ints]":
        model = KMeans(k, n_init=N_STARTS, random_state=random_state).fit(learnt)
        return model.cluster_centers_, model.labels_

    n_distinct = len(np.unique(learnt.round(6), axis=0))
    wanted = [n_clusters] if n_clusters is not None else [k for k in NUMBERS if k * LEAST_ROWS <= len(rows)]
    tried = [k for k in wanted if k <= n_distinct] or [min(wanted[0], n_distinct)]
    found = {k: fit(k) for k in tried}
    scores = {} if n_clusters is not None else {k: _silhouette(learnt[judged], found[k][1][judged]) for k in tried}
    enough = max(scores.values(), default=0.0)
    enough -= CLOSE * abs(enough)
    best = next(k for k in tried if scores.get(k, enough) >= enough)
    return _ordered(rows, found[best][0], scores)


def _silhouette(rows: "Floats", numbers: "Ints") -> float:
    """Mean silhouette; -1 where the judged rows all fall into one cluster or into as many as there are rows."""
    from sklearn.metrics import silhouette_score

    n_found = len(np.unique(numbers))
    return float(silhouette_score(rows, numbers)) if 1 < n_found < len(rows) else -1.0


def _ordered(rows: "Floats", centres: "Floats", scores: dict[int, float]) -> Clusters:
    """All rows at their nearest centre, the clusters by size."""
    distances = np.sum(centres**2, axis=1) - 2.0 * rows @ centres.T
    nearest = distances.argmin(axis=1)
    sizes = np.bincount(nearest, minlength=len(centres))
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > 0]
    place = np.empty(len(centres), dtype=np.int64)
    place[order] = np.arange(len(order))
    unit = centres[order] / np.maximum(np.linalg.norm(centres[order], axis=1, keepdims=True), 1e-12)
    numbers = place[nearest]
    closeness = np.einsum("ne,ne->n", rows, unit[numbers])
    low, high = np.quantile(closeness, [0.25, 0.75])
    outliers = closeness < low - FENCE * max(high - low, LEAST_SPREAD)
    return Clusters(numbers, unit, closeness, outliers, scores)


def nearest_rows(found: Clusters, number: int, n: int) -> Sequence[int]:
    """The n texts of a cluster that are nearest to its centre, the nearest first."""
    members = np.flatnonzero(found.numbers == number)
    return [int(i) for i in members[np.argsort(-found.closeness[members], kind="stable")[:n]]]

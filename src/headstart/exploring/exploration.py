"""From texts to clusters that a person can name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.data.folding import digests
from headstart.encoders import make_encoder, pretrained_for
from headstart.errors import ConfigError, DataError
from headstart.exploring.clusters import cluster, nearest_rows, reduced_rows
from headstart.exploring.terms import cluster_terms

if TYPE_CHECKING:
    from headstart.types import Bools, Dataset, Floats, Ints

__all__ = ["Cluster", "Exploration", "encoder_for", "explore"]

N_TERMS, N_EXAMPLES = 10, 5
LEAST_TEXTS = 10  # different ones
MAX_CLUSTERS = 200
MAX_POINTS = 3_000  # of the map


@dataclass(frozen=True, slots=True)
class Cluster:
    """One group of like texts. The largest has number 0."""

    number: int
    n: int  # texts, copies included
    share: float
    cohesion: float  # mean cosine of its texts with their centre, 1 = all alike
    terms: tuple[str, ...]  # that tell it from the others, the strongest first
    examples: tuple[int, ...]  # rows nearest to its centre, the nearest first


@dataclass(frozen=True, slots=True)
class Exploration:
    """What is in the texts. Arrays have one entry a text, copies included."""

    clusters: tuple[Cluster, ...]
    numbers: "Ints"  # (n,) cluster of each text
    outliers: "Bools"  # (n,) far from the centre of its cluster, compared with all other texts
    n_duplicates: int  # texts that repeat an earlier one but for case, width and white space
    encoder: str
    silhouettes: dict[int, float]  # number of clusters -> mean silhouette; empty where the number was given
    mapped: "Ints"  # (m,) rows on the map, m <= 3,000
    places: "Floats"  # (m, 2) where they are


def encoder_for(texts: Sequence[str]) -> tuple[str, str]:
    """The encoder that suits texts without labels, and why: the one that reads their language where it is at hand,
    else tfidf.
    """
    name, obstacle = pretrained_for(texts)
    if name is None:
        return "tfidf", obstacle.rstrip(".")
    return name, "it is pre-trained, and has read the language of the texts"


def explore(
    data: "Dataset",
    *,
    encoder: str | None = None,
    n_clusters: int | None = None,
    with_map: bool = False,
    random_state: int = 0,
) -> Exploration:
    """Cluster texts by the features of an encoder (None: see `encoder_for`), and describe each cluster.

    n_clusters None: chosen from 2 to 30 by the mean silhouette (see `cluster`). Labels of `data` are not looked
    at. Copies count once for the clusters and stand in that of the first. with_map: also places in the plane, by t-SNE
    of at most 3,000 texts (else `mapped` is empty). Same seed, same result.

    Sources: see `cluster` and `cluster_terms`; van der Maaten and Hinton 2008 (t-SNE, scikit-learn's).
    Raises DataError for fewer than ten different texts, ConfigError for a number of clusters that cannot be.
    """
    _, first, copy_of = np.unique(digests(data.texts), return_index=True, return_inverse=True)
    order = np.argsort(first)  # different texts in the order of the rows
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    rows, where = first[order], place[copy_of]
    _check(data, len(rows), n_clusters)
    texts = tuple(data.texts[i] for i in rows)
    name = encoder or encoder_for(texts)[0]
    model = make_encoder(name, seed=random_state).fit(texts)
    if getattr(model, "supervised", False):
        raise ConfigError(f"--encoder {name} learns from labels, and here are none. Use tfidf, lsa or minilm.")
    reduced = reduced_rows(model.encode(texts), random_state)
    found = cluster(reduced, n_clusters, random_state=random_state)
    terms = cluster_terms(texts, found.numbers, N_TERMS)
    numbers = found.numbers[where]
    sizes = np.bincount(numbers)
    clusters = tuple(
        Cluster(
            number,
            int(sizes[number]),
            float(sizes[number] / data.n),
            float(found.closeness[found.numbers == number].mean()),
            tuple(terms[number]),
            tuple(int(rows[i]) for i in nearest_rows(found, number, N_EXAMPLES)),
        )
        for number in range(len(sizes))
    )
    mapped, places = _map(reduced, random_state) if with_map else (np.empty(0, np.int64), np.empty((0, 2)))
    return Exploration(
        clusters,
        numbers,
        found.outliers[where],
        data.n - len(rows),
        name,
        found.silhouettes,
        rows[mapped],
        places,
    )


def _check(data: "Dataset", n_different: int, n_clusters: int | None) -> None:
    if n_different < LEAST_TEXTS:
        raise DataError(
            f"{data.origin or 'The data'}: {n_different} different texts are too few for clusters; "
            f"at least {LEAST_TEXTS} are needed. Read them."
        )
    most = min(MAX_CLUSTERS, n_different // 2)
    if n_clusters is not None and not 2 <= n_clusters <= most:
        raise ConfigError(
            f"--clusters must be auto or a number from 2 to {most} for {n_different:,} different texts. "
            f"Got {n_clusters} instead."
        )


def _map(rows: "Floats", random_state: int) -> "tuple[Ints, Floats]":
    """Rows drawn for the map, and their places (m, 2)."""
    from sklearn.manifold import TSNE

    drawn = np.sort(np.random.default_rng(random_state).permutation(len(rows))[:MAX_POINTS])
    perplexity = min(30.0, (len(drawn) - 1) / 3)
    model = TSNE(2, perplexity=perplexity, init="pca", random_state=random_state)
    return drawn, np.asarray(model.fit_transform(rows[drawn]), dtype=np.float64)

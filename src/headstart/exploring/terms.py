"""Terms that tell one cluster from the others."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headstart.encoders._terms import choose_analyser, make_analyser
from headstart.text.stopwords import built_in

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["cluster_terms"]

_LEAST_TEXTS = 2  # of a cluster that have a term; one text's words are not its cluster's


def cluster_terms(texts: Sequence[str], numbers: "Ints", n_terms: int = 10) -> list[list[str]]:
    """For each cluster 0..k-1 its n_terms words of the largest class-based TF-IDF, the largest first.

    numbers (n,): the cluster of each text. Words as `tfidf` cuts them (Chinese by segmentation), without stop words
    (ours and scikit-learn's longer list: what a classifier needs may say nothing of a topic), single characters,
    numbers and punctuation.

    Source: Grootendorst 2022, equation 2: W = tf(t, c) log(1 + A / tf(t)), A the mean number of words a cluster.
    Departures: tf(t, c) is the number of the cluster's texts that have the word over the number of its words, so that
    one text that repeats a word does not name the cluster; its root is taken, else words that are common in every
    cluster come first; and a word must stand in two of a cluster's texts where any does.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    analyse, stop = make_analyser(choose_analyser(texts), (1, 1), (0, 0)), built_in() | ENGLISH_STOP_WORDS

    def words(text: str) -> list[str]:
        return [word for word in analyse(text) if word not in stop and _says_something(word)]

    k = int(numbers.max()) + 1
    vectoriser = CountVectorizer(analyzer=words, binary=True, dtype=np.float64)
    try:
        present = vectoriser.fit_transform(texts).tocsr()
    except ValueError:  # no word is left of any text
        return [[] for _ in range(k)]
    names = vectoriser.get_feature_names_out()
    counts = np.stack([np.asarray(present[numbers == c].sum(axis=0)).ravel() for c in range(k)])  # (k, terms)
    weights = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    weights = np.sqrt(weights) * np.log1p(counts.sum() / k / counts.sum(axis=0))
    return [_largest(names, weights[c], counts[c], n_terms) for c in range(k)]


def _largest(names: "Sequence[str]", weights: "np.ndarray", counts: "np.ndarray", n: int) -> list[str]:
    common = np.flatnonzero(counts >= _LEAST_TEXTS)
    usable = common if len(common) else np.flatnonzero(counts)
    order = usable[np.lexsort((usable, -weights[usable]))]
    return [str(names[i]) for i in order[:n]]


def _says_something(word: str) -> bool:
    """More than one character, and not all of them digits or punctuation."""
    return len(word) > 1 and any(c.isalpha() for c in word)

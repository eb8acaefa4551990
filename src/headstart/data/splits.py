"""Drawing rows: few per class, a limited number, folds. The same seed gives the same rows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.data.folding import digests
from headstart.errors import ConfigError, DataError
from headstart.types import Dataset, Step

__all__ = ["Folds", "folds", "folds_at_most", "limit_rows", "sample_per_class"]

_CLASSES_SHOWN = 10

Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]  # (rows to learn from, rows to check on) a fold


def sample_per_class(dataset: Dataset, shots: int, seed: int, *, role: str = "train") -> tuple[Dataset, Step]:
    """`shots` rows of each class, or all where a class has fewer (the step says which); file order is kept.

    Raises ConfigError if shots < 1, DataError if the data is unlabelled.
    """
    if shots < 1:
        raise ConfigError(f"shots must be 1 or more. Got {shots}.")
    if dataset.labels is None:
        raise DataError(f"{dataset.origin or 'The data'} has no labels: rows cannot be drawn per class.")
    classes, y = np.unique(np.array(dataset.labels, dtype=object), return_inverse=True)
    ranks, sizes = _ranks(y, seed), np.bincount(y)
    drawn = dataset.take(np.flatnonzero(ranks < shots).tolist())
    short = [f"{name!r} has {n}" for name, n in zip(classes, sizes, strict=True) if n < shots]
    more = ", ..." if len(short) > _CLASSES_SHOWN else ""
    listed = f"{', '.join(short[:_CLASSES_SHOWN])}{more}"
    shortage = f"; {len(short)} of {len(classes)} classes have fewer and keep all: {listed}" if short else ""
    action = f"{shots} rows of each class drawn with seed {seed}{shortage}"
    return drawn, Step(role, action, dataset.n, drawn.n, is_told=bool(short))


def limit_rows(dataset: Dataset, n_rows: int, seed: int, *, role: str = "train") -> tuple[Dataset, Step]:
    """At most `n_rows` rows drawn at random, each class in proportion (within one row), in file order."""
    if n_rows < 1:
        raise ConfigError(f"limit must be 1 or more. Got {n_rows}.")
    if n_rows >= dataset.n:
        return dataset, Step(role, f"all rows kept (limit {n_rows:,})", dataset.n, dataset.n)
    labels = dataset.labels if dataset.labels is not None else ("",) * dataset.n
    _, y = np.unique(np.array(labels, dtype=object), return_inverse=True)
    # the r-th of m rows of a class stands at r/m on a line from 0 to 1: its first n_rows are in proportion
    places = (_ranks(y, seed) + 0.5) / np.bincount(y)[y]
    chosen = np.argsort(places, kind="stable")[:n_rows]
    drawn = dataset.take(np.sort(chosen).tolist())
    return drawn, Step(role, f"{n_rows:,} rows drawn with seed {seed} (limit)", dataset.n, drawn.n)


def folds(
    y: Sequence[object] | NDArray[np.generic], n_folds: int, seed: int, texts: Sequence[str] | None = None
) -> Folds:
    """`n_folds` pairs of row indices (to learn from, to check on); each row is checked on once.

    Stratified: without texts a class of m rows has floor or ceil of m / n_folds in each fold. With `texts`,
    equal texts (folded) go to one fold, and the strata are those of their first rows. A class of fewer rows
    than folds is missing from some checks. Raises ConfigError if n_folds < 2 or there are fewer rows (texts)
    than folds.
    """
    first, groups = (np.arange(len(y)),) * 2 if texts is None else _groups(texts)
    if n_folds < 2 or len(first) < n_folds:
        raise ConfigError(f"n_folds must be from 2 to the number of different texts, {len(first)}. Got {n_folds}.")
    return _dealt(y, first, groups, n_folds, seed)


def folds_at_most(y: Sequence[object] | NDArray[np.generic], most: int, seed: int, texts: Sequence[str]) -> Folds:
    """`folds`, as many as there are different texts where these are fewer than `most`; none below two of them."""
    first, groups = _groups(texts)
    n_folds = min(most, len(first))
    return _dealt(y, first, groups, n_folds, seed) if n_folds > 1 else []


def _groups(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first row of each different text, and (n,) which of these texts each row has."""
    _, first, groups = np.unique(digests(texts), return_index=True, return_inverse=True)
    return first, groups


def _dealt(
    y: Sequence[object] | NDArray[np.generic],
    first: NDArray[np.int64],
    groups: NDArray[np.int64],
    n_folds: int,
    seed: int,
) -> Folds:
    _, codes = np.unique(np.asarray(y), return_inverse=True)
    # groups shuffled, then in the order of their classes, are dealt to the folds like cards
    order = np.lexsort((np.random.default_rng(seed).random(len(first)), codes[first]))
    fold_of_group = np.empty(len(first), dtype=np.int64)
    fold_of_group[order] = np.arange(len(first)) % n_folds
    fold_of_row = fold_of_group[groups]
    return [(np.flatnonzero(fold_of_row != k), np.flatnonzero(fold_of_row == k)) for k in range(n_folds)]


def _ranks(y: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """(n,) the random rank of each row within its class, from 0."""
    order = np.lexsort((np.random.default_rng(seed).random(len(y)), y))
    sizes = np.bincount(y)
    starts = np.cumsum(sizes) - sizes
    ranks = np.empty(len(y), dtype=np.int64)
    ranks[order] = np.arange(len(y)) - starts[y[order]]
    return ranks

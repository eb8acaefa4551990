"""Bootstrap resampling, stratified folds and samples: pure functions of data and a random generator.

Shape letters: n texts, k classes, B bootstrap replicates.
"""

from typing import TYPE_CHECKING

import numpy as np

from headstart.functional.confidence import TAIL

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = [
    "percentile_interval",
    "resampled_cells",
    "resampled_means",
    "stratified_folds",
    "stratified_sample",
]

_BLOCK = 1 << 22  # weights held at once by resampled_means: 16 MiB of float32


def stratified_folds(y: "Ints", n_folds: int, rng: np.random.Generator) -> "Ints":
    """(n,) fold numbers 0..n_folds-1; each class is spread over the folds as evenly as it can be.

    A class with two or more rows has a row outside of every fold, so every training part knows every
    class. Unlike scikit-learn's StratifiedKFold it neither refuses nor warns when a class has fewer
    rows than there are folds: with few labels that is the normal case.
    """
    folds = np.empty(len(y), dtype=np.int64)
    order = rng.permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]  # by class, in random order within a class
    folds[order] = np.arange(len(y)) % n_folds
    return folds


def stratified_sample(y: "Ints", n_rows: int, rng: np.random.Generator) -> "Ints":
    """Sorted indices of about n_rows rows with each class in proportion, and at least two rows of each.

    All indices when there are no more than n_rows.
    """
    if len(y) <= n_rows:
        return np.arange(len(y))
    picked = []
    for code, count in enumerate(np.bincount(y)):
        wanted = min(int(count), max(2, round(int(count) * n_rows / len(y))))
        picked.append(rng.permutation(np.flatnonzero(y == code))[:wanted])
    return np.sort(np.concatenate(picked))


def resampled_cells(counts: "Ints", n_bootstrap: int, rng: np.random.Generator) -> "Ints":
    """(B, m) bootstrap replicates of a table with m cells and counts (m,).

    Drawing n rows with replacement and counting the cells is a multinomial draw; this is that draw,
    exactly, without touching rows. Source: Efron and Tibshirani 1993, section 5.
    """
    n = int(counts.sum())
    return rng.multinomial(n, counts / n, size=n_bootstrap)


def resampled_means(values: "Floats", n_bootstrap: int, rng: np.random.Generator) -> "Floats":
    """(B, m) means of the columns of values (n, m) over n rows drawn with replacement, the same rows for
    all columns. Cost O(B n m) in blocks of bounded memory.
    """
    n = len(values)
    columns = np.ascontiguousarray(values, dtype=np.float64)
    means = np.empty((n_bootstrap, columns.shape[1]))
    step = max(1, _BLOCK // n)
    for start in range(0, n_bootstrap, step):
        b = min(step, n_bootstrap - start)
        drawn = rng.integers(0, n, size=(b, n), dtype=np.int32)
        drawn += np.arange(b, dtype=np.int32)[:, None] * n
        times = np.bincount(drawn.ravel(), minlength=b * n).reshape(b, n)
        means[start : start + b] = times.astype(np.float64) @ columns / n
    return means


def percentile_interval(replicates: "Floats") -> tuple["Floats", "Floats"]:
    """Low and high end of the 95 % percentile interval of replicates (B, ...), each of shape (...)."""
    low, high = np.quantile(replicates, [TAIL, 1.0 - TAIL], axis=0)
    return low, high

"""How good is it: a fitted classifier on test rows, or a fresh ones by cross-validation without."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headstart.classifier import TextClassifier
from headstart.data.folding import digests
from headstart.data.splits import folds
from headstart.types import Dataset, Floats, Ints

__all__ = ["Estimate", "cross_validate", "on_test"]

_MAX_CROSS_VALIDATED = 2000  # rows; beyond it one part of a fifth is enough, and costs a fifth
_N_FOLDS = 5
_LEAST_ROWS = 3  # a class needs two rows to learn from and one to be checked on

Make = Callable[[Dataset], TextClassifier]  # rows -> a classifier fitted on them


@dataclass(frozen=True, slots=True)
class Estimate:
    """Probabilities (n, k) of rows that their model has not seen. protocol: a sentence on how."""

    rows: Dataset
    probabilities: Floats
    protocol: str


def on_test(model: TextClassifier, test: Dataset) -> Estimate:
    """The fitted model's probabilities on the test rows."""
    return Estimate(test, model.predict_proba(test.texts), f"{test.n:,} test rows of {test.origin}")


def cross_validate(make: Make, data: Dataset, seed: int) -> Estimate | None:
    """Out-of-fold probabilities of models that `make` fits on the other rows; None if nothing can be checked.

    Up to 2,000 rows: 5 folds (fewer where there are fewer texts). More: one fifth of the rows is held out. No
    model sees a text that it is checked on, nor its equal. Classes with fewer than three rows are learnt, not
    checked.
    """
    classes, y = np.unique(np.array(data.labels, dtype=object).astype(str), return_inverse=True)
    checkable, keys = np.bincount(y) >= _LEAST_ROWS, digests(data.texts)
    n_folds = min(_N_FOLDS, len(np.unique(keys)))
    if n_folds < 2 or checkable.sum() < 2:
        return None
    whole = data.n <= _MAX_CROSS_VALIDATED
    splits = folds(y, n_folds, seed, texts=data.texts)
    checked = [rows[checkable[y[rows]]] for _, rows in (splits if whole else splits[:1])]
    parts = [_fold(make, data, y, np.flatnonzero(~np.isin(keys, keys[rows])), rows, len(classes)) for rows in checked]
    rows = np.concatenate(checked)
    way = f"{n_folds}-fold cross-validation" if whole else f"1/{n_folds} held out, before the final fit on all rows"
    left_out = "" if checkable.all() else f"; {int((~checkable).sum())} classes with fewer than 3 rows are not checked"
    protocol = f"{len(rows):,} training rows of {data.origin}: {way}{left_out}"
    return Estimate(data.take(rows.tolist()), np.concatenate(parts), protocol)


def _fold(make: Make, data: Dataset, y: Ints, train: Ints, rows: Ints, k: int) -> Floats:
    """Probabilities (len(rows), k); a class that the fold cannot learn has probability 0.

    Equal texts stay together, so that a fold may be left with one class, or none, to learn: what it says then
    is that class, or nothing (all classes alike).
    """
    learnt = np.bincount(y[train], minlength=k) >= 2
    probabilities = np.zeros((len(rows), k))
    if not len(rows):
        return probabilities
    if learnt.sum() < 2:
        probabilities[:, learnt if learnt.any() else slice(None)] = 1.0 if learnt.any() else 1.0 / k
        return probabilities
    model = make(data.take(train[learnt[y[train]]].tolist()))
    probabilities[:, learnt] = model.predict_proba([data.texts[i] for i in rows])
    return probabilities

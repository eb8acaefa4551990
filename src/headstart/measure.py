"""How good is it: a fitted classifier on test rows, or a fresh one by cross-validation where there are none."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headstart.classifier import TextClassifier
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
    """Out-of-fold probabilities of models that `make` fits on the other rows; None if no class has three rows.

    Up to 2,000 rows: 5 folds. More: one fifth of the rows is held out. Equal texts stay on one side.
    """
    labels = np.array(data.labels, dtype=object)
    classes, y = np.unique(labels.astype(str), return_inverse=True)
    counts = np.bincount(y)
    checkable = counts >= _LEAST_ROWS
    if not checkable.any():
        return None
    splits = folds(y, min(_N_FOLDS, int(counts[checkable].min())), seed, texts=data.texts)
    whole = data.n <= _MAX_CROSS_VALIDATED
    checked, parts = [], []
    for train, test in splits if whole else splits[:1]:
        rows = np.array([i for i in test if checkable[y[i]]], dtype=int)
        parts.append(_fold(make, data, y, train, rows, len(classes)))
        checked.append(rows)
    rows = np.concatenate(checked)
    way = f"{len(splits)}-fold cross-validation" if whole else "one fifth held out, before the final fit on all rows"
    left_out = "" if checkable.all() else f"; {int((~checkable).sum())} classes with fewer than 3 rows are not checked"
    protocol = f"{len(rows):,} training rows of {data.origin}: {way}{left_out}"
    return Estimate(data.take(rows.tolist()), np.concatenate(parts), protocol)


def _fold(make: Make, data: Dataset, y: Ints, train: Ints, rows: Ints, k: int) -> Floats:
    """Probabilities (len(rows), k); a class that the fold cannot learn has probability 0."""
    enough = np.bincount(y[train], minlength=k) >= 2
    model = make(data.take([int(i) for i in train if enough[y[i]]]))
    probabilities = np.zeros((len(rows), k))
    probabilities[:, np.flatnonzero(enough)] = model.predict_proba([data.texts[i] for i in rows])
    return probabilities

"""How good is it: a fitted classifier on test rows, or a fresh ones by cross-validation without."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from headstart.classifier import TextClassifier
from headstart.held_out import out_of_fold
from headstart.types import Dataset, Floats, Ints

__all__ = ["Estimate", "cross_validate", "on_test"]

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


def cross_validate(make: Make, data: Dataset, seed: int, *, one_fold: bool = False) -> Estimate | None:
    """Out-of-fold probabilities of models that `make` fits on the other rows; None if nothing can be checked.

    Up to 2,000 rows: 5 folds (fewer where there are fewer texts). More, or one_fold: one fifth of the rows is held
    out. No model sees a text that it is checked on, nor its equal. Classes with fewer than three rows are learnt, not
    checked.
    """
    classes, y = np.unique(np.array(data.labels, dtype=object).astype(str), return_inverse=True)

    def learn(rows: Ints) -> Callable[[Sequence[str]], Floats]:
        return make(data.take(rows.tolist())).predict_proba

    found = out_of_fold(learn, data.texts, y, len(classes), seed, one_fold=one_fold)
    if found is None:
        return None
    protocol = f"{len(found.rows):,} training rows of {data.origin}: {found.way}"
    return Estimate(data.take(found.rows.tolist()), found.probabilities, protocol)

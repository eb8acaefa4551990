"""How good is it: a fitted classifier on test rows, or a fresh ones by cross-validation without."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.classifier import TextClassifier
from headstart.held_out import GoesOn, always, in_columns, out_of_fold
from headstart.types import Dataset, Floats, Ints

__all__ = ["Estimate", "cross_validate", "on_test"]

Make = Callable[[Dataset], TextClassifier]  # rows -> a classifier fitted on them


@dataclass(frozen=True, slots=True)
class Estimate:
    """Probabilities (n, k) of rows that their model has not seen. protocol: a sentence on how."""

    rows: Dataset
    probabilities: Floats
    protocol: str


def on_test(model: TextClassifier, test: Dataset, classes: Sequence[Any]) -> Estimate:
    """The fitted model's probabilities of these classes on the test rows."""
    probabilities = in_columns(model.predict_proba, model.classes_, classes)(test.texts)
    return Estimate(test, probabilities, f"{test.n:,} test rows of {test.origin}")


def cross_validate(
    make: Make,
    data: Dataset,
    classes: Sequence[Any],
    seed: int,
    *,
    is_slow: bool = False,
    goes_on: GoesOn = always,
) -> Estimate | None:
    """Out-of-fold probabilities (of these classes, some of which may have no row) of models that `make` fits on the
    other rows; None if nothing can be checked.

    Which rows: as `out_of_fold` says.
    """
    codes = {str(name): code for code, name in enumerate(classes)}
    known = [row for row, label in enumerate(data.labels or ()) if label in codes]  # cleaning may lose a class
    data = data.take(known)
    y = np.array([codes[label] for label in data.labels or ()], dtype=np.int64)

    def learn(rows: Ints) -> Callable[[Sequence[str]], Floats]:
        model = make(data.take(rows.tolist()))
        return in_columns(model.predict_proba, model.classes_, classes)

    found = out_of_fold(learn, data.texts, y, len(classes), seed, is_slow=is_slow, goes_on=goes_on)
    if found is None:
        return None
    protocol = f"{len(found.rows):,} training rows of {data.origin}: {found.way}"
    return Estimate(data.take(found.rows.tolist()), found.probabilities, protocol)

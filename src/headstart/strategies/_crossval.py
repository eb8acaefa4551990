"""Cross-validation inside the training rows, for the choices that strategies make."""

from collections.abc import Iterator

import numpy as np

from headstart.data.splits import folds
from headstart.types import Ints, Task

__all__ = ["folds_for", "macro_f1"]

_N_FOLDS = 5


def folds_for(y: Ints, task: Task, n_folds: int = _N_FOLDS) -> Iterator[tuple[Ints, Ints]]:
    """Stratified (train, test) indices; as many folds as the smallest class has rows, `n_folds` at most."""
    smallest = int(np.bincount(y, minlength=len(task.classes)).min())
    yield from folds(y, max(2, min(n_folds, smallest)), task.random_state)


def macro_f1(y: Ints, predicted: Ints) -> float:
    """Mean F1 over the classes of y."""
    from sklearn.metrics import f1_score

    return float(f1_score(y, predicted, average="macro", zero_division=0))

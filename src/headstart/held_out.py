"""Probabilities of rows by models that have not seen them: folds of the training rows, or one of them.

Shape letters: n rows, k classes.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from headstart.data.folding import digests
from headstart.data.splits import folds
from headstart.types import Dataset, Floats, Ints, Task

__all__ = [
    "NOT_CHECKED",
    "GoesOn",
    "OutOfFold",
    "always",
    "by_others",
    "in_columns",
    "out_of_fold",
    "part_of",
    "without",
]

NOT_CHECKED = "no row: to check some, two classes need three rows each, and not all with one text"

_MAX_CROSS_VALIDATED = 2000  # rows; beyond it one part of a fifth is enough, and costs a fifth
_N_FOLDS = 5
_ENOUGH_ROWS = 200  # checked, where more would take long
_LEAST_ROWS = 3  # a class needs two rows to learn from and one to be checked on

Predict = Callable[[Sequence[str]], Floats]  # texts -> (m, classes learnt)
GoesOn = Callable[[int], bool]  # rows that were checked so far -> whether others are checked too


class OutOfFold(NamedTuple):
    """rows (m,): the numbers of those that were checked; probabilities (m, k); way: how, in words."""

    rows: Ints
    probabilities: Floats
    way: str


def always(_: int) -> bool:
    """All folds, however long they take."""
    return True


def out_of_fold(
    learn: Callable[[Ints], Predict],
    texts: Sequence[str],
    y: Ints,
    k: int,
    seed: int,
    *,
    is_slow: bool = False,
    goes_on: GoesOn = always,
) -> OutOfFold | None:
    """Probabilities of rows with codes y (n,) in 0..k-1 by models of the other rows; None if nothing can be checked.

    learn(rows) fits a model on these rows; its probabilities have a column for each code (`in_columns`). Up to 2,000
    rows: 5 folds (fewer where there are fewer texts); of more a fifth of the rows is held out. is_slow: a fit takes
    long, and no more of the folds are checked than have 200 rows. goes_on is asked before each fold but the first. No
    model sees a text that it is checked on, nor its equal. Classes with fewer than three rows are learnt, not checked;
    a class that a fold cannot learn has probability 0 there.
    """
    checkable, keys = np.bincount(y, minlength=k) >= _LEAST_ROWS, digests(texts)
    n_folds = min(_N_FOLDS, len(np.unique(keys)))
    if n_folds < 2 or checkable.sum() < 2:
        return None
    checked = [rows[checkable[y[rows]]] for _, rows in folds(y, n_folds, seed, texts=texts)]
    enough = _ENOUGH_ROWS if is_slow or len(texts) > _MAX_CROSS_VALIDATED else len(texts)
    parts, no_time = list[Floats](), ""
    for rows in checked:
        n = sum(map(len, parts))
        if n >= enough:
            break
        if parts and not goes_on(n):
            no_time = " (there was no time for more)"
            break
        parts.append(by_others(learn, texts, y, np.flatnonzero(~np.isin(keys, keys[rows])), rows, k))
    way = f"{n_folds}-fold cross-validation"
    if len(parts) < n_folds:
        way = f"{len(parts)}/{n_folds} held out{no_time}, before the final fit on all rows"
    n_left = int((~checkable).sum())
    few = "1 class with fewer than 3 rows is" if n_left == 1 else f"{n_left} classes with fewer than 3 rows are"
    left_out = f"; {few} not checked" if n_left else ""
    return OutOfFold(np.concatenate(checked[: len(parts)]), np.concatenate(parts), f"{way}{left_out}")


def by_others(
    learn: Callable[[Ints], Predict], texts: Sequence[str], y: Ints, train: Ints, rows: Ints, k: int
) -> Floats:
    """Probabilities (len(rows), k) of rows by a model of other rows, `train`; learn as in `out_of_fold`.

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
    return learn(train[learnt[y[train]]])([texts[i] for i in rows])


def part_of(task: Task, rows: Ints) -> Task:
    """These rows alone, with the classes that they have and their names, to learn from before others are checked:
    without the place of the whole's state, and without source rows and unlabelled texts that have the text of a row
    which is left out, whose label or words they would give away.
    """
    known, y = np.unique(task.y[rows], return_inverse=True)
    texts, classes = tuple(task.texts[row] for row in rows), tuple(task.classes[code] for code in known)
    names, gone = task.label_names, {str(name) for name in task.classes} - {str(name) for name in classes}
    left = None if names is None else {label: name for label, name in names.items() if label not in gone}
    others = [task.texts[row] for row in np.setdiff1d(np.arange(len(task.texts)), rows)]
    source, unlabelled = (beside and without(beside, others) for beside in (task.source, task.unlabelled))
    part = replace(task, texts=texts, y=y, classes=classes, label_names=left, checkpoint=None)
    return replace(part, source=source, unlabelled=unlabelled)


def without(data: Dataset, texts: Sequence[str]) -> Dataset:
    """The rows of other data that have none of these texts."""
    kept = np.flatnonzero(~np.isin(digests(data.texts), digests(texts)))
    return data if len(kept) == data.n else data.take(kept.tolist())


def in_columns(predict: Predict, known: Sequence[Any], classes: Sequence[Any]) -> Predict:
    """The same answers with a column for each of `classes`, all zeros for those that are not `known`."""
    place = {str(name): column for column, name in enumerate(classes)}
    columns = [place[str(name)] for name in known]

    def predict_all(texts: Sequence[str]) -> Floats:
        probabilities = np.zeros((len(texts), len(classes)))
        probabilities[:, columns] = predict(texts)
        return probabilities

    return predict_all

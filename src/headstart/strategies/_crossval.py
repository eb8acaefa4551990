"""Cross-validation inside the training rows, for the choices that strategies make."""

from collections.abc import Callable, Sequence

import numpy as np

from headstart.data.folding import distinct_rows, n_different
from headstart.data.splits import folds
from headstart.types import Features, Head, Ints

__all__ = ["fit_head", "learn_and_predict", "macro_f1", "out_of_fold"]


def out_of_fold(y: Ints, n_folds: int, seed: int, predict: Callable[[Ints, Ints], Ints], texts: Sequence[str]) -> Ints:
    """Codes (n,) of each row by `predict(train rows, test rows)`, which may learn from train rows only. Equal texts
    stay together, unless all are equal.
    """
    codes, n_texts = np.empty_like(y), n_different(texts)
    cut = folds(y, min(n_folds, n_texts), seed, texts) if n_texts > 1 else folds(y, min(n_folds, len(y)), seed)
    for train, test in cut:
        codes[test] = predict(train, test)
    return codes


def fit_head(head: Head, features: Features, y: Ints, texts: Sequence[str]) -> Head:
    """The head, fitted: its settings and its calibration chosen where each text counts once, its weights from all rows.

    Heads choose by rows that they hold out, and do not know the texts: copies on both sides would look easy, and make
    the head too sure.
    """
    rows = distinct_rows(texts, y)
    if len(rows) == len(y):
        return head.fit(features, y)
    return head.fit(features[rows], y[rows]).refit(features, y)


def learn_and_predict(head: Head, features: Features, y: Ints, unseen: Features) -> Ints:
    """Codes of unseen features by a head that learns the classes with two rows or more: heads take no fewer.

    One such class: all of it. None: all of the first row's class.
    """
    learnt = np.flatnonzero(np.bincount(y) >= 2)
    if len(learnt) < 2:
        return np.full(unseen.shape[0], learnt[0] if len(learnt) else y[0])
    rows = np.flatnonzero(np.isin(y, learnt))
    best = head.fit(features[rows], np.searchsorted(learnt, y[rows])).predict_proba(unseen).argmax(axis=1)
    codes: Ints = learnt[best]
    return codes


def macro_f1(y: Ints, predicted: Ints) -> float:
    """Mean F1 over the classes of y."""
    from sklearn.metrics import f1_score

    return float(f1_score(y, predicted, labels=np.unique(y), average="macro", zero_division=0))

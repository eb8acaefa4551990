"""Rows whose label is probably wrong (confident learning); only marked unless removal is asked for. Argument: encoder.

The probabilities come from the rows themselves: five folds, each judged by a classifier that has not seen its texts.
"""

import logging
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from headstart.cleaning.base import Hit
from headstart.data.splits import Folds, folds_at_most
from headstart.encoders import make_encoder
from headstart.errors import DataError
from headstart.functional.probability import clearly_lower, log_losses
from headstart.heads import make_head
from headstart.progress import track
from headstart.types import Dataset, Features, Floats, Head, Ints

__all__ = ["LabelMistakes"]

_N_FOLDS = 5
_LEAST_ROWS = 20
_LEAST_OF_CLASS = 3  # two to learn from and one to be judged
_TIMES_LIKELIER = 2.0  # another class has to be, for a label to be doubted
_LEAST = 1e-9  # probability

logger = logging.getLogger(__name__)


class LabelMistakes:
    """How many labels of a class are doubted is counted by the confident joint: the rows labelled i that another
    class j claims, j being the likeliest of the classes whose probability reaches its usual value t_j (the mean over
    the rows labelled j). Which rows they are: those of class i with the lowest probability of their own label, given
    that another class is twice as likely. Score: 1 - that probability. Where the other rows tell the labels no better
    than the shares of the labels do, none is doubted, and a warning says so.

    The encoder (`tfidf` unless named) learns from all texts, never from labels; the head is the linear SVM with
    calibrated probabilities. Classes with fewer than three rows are learnt from by none and judged by none, rows
    without a label likewise.

    Source: Northcutt, Jiang and Chuang, "Confident learning", JAIR 2021, section 3.1 (confident joint) and 3.2
    ("prune by class"). Departures: the joint is not calibrated to the class sizes, for its counts are of the rows at
    hand; rows are ranked over all classes by self-confidence. With 5 % of the labels of ag_news and trec6 flipped,
    the off-diagonal rows themselves held fewer of the flips than as many rows chosen by class, and the order by
    margin was worse than by self-confidence (docs/log.md).
    """

    marks: ClassVar[bool] = True
    judges_labels: ClassVar[bool] = True

    def __init__(self, argument: str | None = None) -> None:
        self._encoder = argument or "tfidf"
        make_encoder(self._encoder)  # a wrong name is an error now, not after the other rules

    def find(self, dataset: Dataset, seed: int = 0) -> Sequence[Hit]:
        """Raises DataError for fewer than 20 labelled rows, two classes of three rows, or two different texts."""
        rows, classes, y = _judged(dataset)
        data = dataset.take(rows.tolist())
        cut = folds_at_most(y, _N_FOLDS, seed, data.texts)
        if not cut:
            raise DataError(
                "Cleaning rule 'label_mistakes' judges a text by other texts. "
                f"All {len(rows)} labelled rows of {dataset.origin or 'the data'} have one and the same. "
                "Is it the right text column (--text, text=)? Otherwise leave the rule out."
            )
        encoder = make_encoder(self._encoder).fit(data.texts)
        probabilities = _out_of_fold(encoder.encode(data.texts), y, len(classes), cut, seed)
        if not _tells(probabilities, y):
            logger.warning(
                "label_mistakes: other rows tell the %d labels of %s no better than their shares do: none is doubted",
                len(rows),
                dataset.origin or "the data",
            )
            return []
        doubted, instead = doubtful(probabilities, y)
        own, other = probabilities[doubted, y[doubted]], probabilities[doubted, instead]
        return [
            Hit(
                int(rows[i]),
                f"labelled {classes[y[i]]!r} ({p:.0%}), the other rows speak for {classes[j]!r} ({q:.0%})",
                float(1 - p),
            )
            for i, j, p, q in zip(doubted, instead, own, other, strict=True)
        ]


def doubtful(probabilities: Floats, y: Ints) -> tuple[Ints, Ints]:
    """(rows (m,) whose label is doubted, the likeliest class of each (m,)), lowest probability of the label first.

    probabilities (n, k) of models that have not seen the row; y (n,) given codes, each of 0..k-1 present.
    """
    n, k = probabilities.shape
    thresholds = np.array([probabilities[y == j, j].mean() for j in range(k)])
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    claimed = (confident.max(axis=1) >= 0) & (confident.argmax(axis=1) != y)  # off the joint's diagonal
    n_doubted = np.bincount(y[claimed], minlength=k)
    own, likeliest = probabilities[np.arange(n), y], probabilities.argmax(axis=1)
    order = np.lexsort((np.arange(n), own))
    order = order[probabilities.max(axis=1)[order] >= _TIMES_LIKELIER * own[order]]
    taken = np.zeros(n, dtype=bool)
    for j in range(k):
        taken[order[y[order] == j][: n_doubted[j]]] = True
    rows = order[taken[order]]
    return rows, likeliest[rows]


def _tells(probabilities: Floats, y: Ints) -> bool:
    """Whether the held-out log loss is clearly lower than that of the shares of the labels."""
    shares = np.bincount(y, minlength=probabilities.shape[1]) / len(y)
    losses = [log_losses(np.log(np.maximum(each, _LEAST)), y) for each in (probabilities, np.tile(shares, (len(y), 1)))]
    return clearly_lower(losses[0], losses[1])


def _judged(dataset: Dataset) -> tuple[Ints, Sequence[str], Ints]:
    """Rows that can be judged, their classes, and codes (m,)."""
    labels = np.array(dataset.labels if dataset.labels is not None else ("",) * dataset.n, dtype=object)
    names, codes = np.unique(labels, return_inverse=True)
    usable = (np.bincount(codes, minlength=len(names)) >= _LEAST_OF_CLASS) & (names != "")
    rows = np.flatnonzero(usable[codes])
    if len(rows) < _LEAST_ROWS or usable.sum() < 2:
        few = "Rows that rules before it took out do not count: leave the rule out."
        unnamed = "Name the label column with --label (label=), or leave the rule out."
        raise DataError(
            f"Cleaning rule 'label_mistakes' needs at least {_LEAST_ROWS} labelled rows in two classes of three rows "
            f"or more to judge labels by. {dataset.origin or 'The data'} has {len(rows)} such rows in "
            f"{int(usable.sum())} classes. {unnamed if dataset.labels is None else few}"
        )
    classes, y = np.unique(labels[rows], return_inverse=True)
    return rows, [str(name) for name in classes], y


def _out_of_fold(features: Features, y: Ints, k: int, cut: Folds, seed: int) -> Floats:
    """Probabilities (n, k); equal texts are judged by one model that saw none of them.

    A fold that leaves a class fewer than two rows to learn from gives that class probability 0.
    """
    probabilities = np.zeros((len(y), k))
    settings: dict[str, Any] = {}
    for learn, judge in track(cut, "judging labels", len(cut)):
        learnt = np.flatnonzero(np.bincount(y[learn], minlength=k) >= 2)
        known = learn[np.isin(y[learn], learnt)]
        if len(learnt) < 2:
            probabilities[judge] = np.bincount(y[learn], minlength=k) / len(learn)
            continue
        head = make_head("svm", random_state=seed, **settings)
        head.fit(features[known], np.searchsorted(learnt, y[known]))
        settings = settings or _chosen(head)
        probabilities[np.ix_(judge, learnt)] = head.predict_proba(features[judge])
    return probabilities


def _chosen(head: Head) -> dict[str, Any]:
    """The settings that a fitted SVM chose among its own rows, for the other folds: choosing is most of the work."""
    chosen: dict[str, Any] = head.chosen_  # type: ignore[attr-defined] # the SVM has it
    return {name: chosen[name] for name in ("C", "class_weight")}

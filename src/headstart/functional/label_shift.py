"""Label shift: new rows whose classes have other shares than those of the labelled rows, and how large these are.

Shape letters: m answers, n labelled rows, u new rows, k classes.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import fdtrc

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["Shift", "label_shift"]

_N_STEPS = 200
_EVEN = 1  # rows more or less of a class
_RIDGE = 1e-4  # of the covariance: two classes that are never answered differently


class Shift(NamedTuple):
    """The shares of the classes (k,) among the new rows, those of the labelled ones, and how likely so large a
    difference between the answers is where there is none between the shares.
    """

    shares: "Floats"
    before: "Floats"
    p_value: float


def label_shift(answers: "Floats", y: "Ints", new: "Floats", strength: float, n_rounds: int = 1) -> Shift:
    """From probabilities that models gave to rows they had not learnt from: answers (m, k) to rows of classes y (m,),
    each of them `n_rounds` times; new (u, k), the mean over the same models for each new row.

    Each class is answered in its own way whatever its share (label shift), so that the mean answer to the new rows is a
    mixture of the mean answers to the classes. Its shares are those of highest likelihood, drawn towards the labelled
    rows' own by `strength` (1 = as strong as all new rows together); found by expectation maximisation.
    Each class must be among y.

    Sources: Lipton, Wang, Smola, ICML 2018 (shares by the confusion matrix, here of probabilities); Saerens, Latinne,
    Decaestecker 2002 (expectation maximisation); Hotelling 1931 (the p value). Departures: the pull towards the
    labelled rows; each class has one more answer, that all classes are alike, so that a class of a few rows that are
    all right is not taken as one that is never missed.
    """
    k = answers.shape[1]
    of_class = [answers[y == label] for label in range(k)]
    counts = np.array([len(rows) / n_rounds for rows in of_class])
    before = counts / counts.sum()
    columns = [
        (rows.sum(axis=0) / n_rounds + 1.0 / k) / (count + 1.0) for rows, count in zip(of_class, counts, strict=True)
    ]
    matrix, mean = np.stack(columns, axis=1), new.mean(axis=0)
    shares = before
    for _ in range(_N_STEPS):
        belongs = matrix * shares
        belongs /= belongs.sum(axis=1, keepdims=True)
        shares = (mean @ belongs + strength * before) / (1.0 + strength)
    noise = _noise(of_class, counts, before) + _covariance(new) / len(new) + _RIDGE / k * np.eye(k)
    return Shift(shares, before, _p_value(mean - matrix @ before, noise, counts.sum()))


def _noise(of_class: "list[Floats]", counts: "Floats", before: "Floats") -> "Floats":
    """(k, k) covariance of the mean answer to the labelled rows. Classes of equally many rows, give or take one, were
    picked: what varies is rows within them. Otherwise rows were drawn, and the shares vary too.
    """
    if counts.max() - counts.min() > _EVEN:
        every: Floats = _covariance(np.concatenate(of_class)) / counts.sum()
        return every
    parts = zip(before, of_class, counts, strict=True)
    noise: Floats = sum(share**2 * _covariance(rows) / count for share, rows, count in parts)
    return noise


def _covariance(rows: "Floats") -> "Floats":
    off = rows - rows.mean(axis=0)
    found: Floats = off.T @ off / max(len(rows) - 1, 1)
    return found


def _p_value(off: "Floats", noise: "Floats", n: float) -> float:
    """Of a difference off (k,) whose entries have the sum 0, with covariance noise (k, k) that n rows have told."""
    d = len(off) - 1
    squared = float(off[:-1] @ np.linalg.solve(noise[:-1, :-1], off[:-1]))
    left = max(n - d, 1.0)
    return float(fdtrc(d, left, squared * left / (d * max(n - 1.0, 1.0))))

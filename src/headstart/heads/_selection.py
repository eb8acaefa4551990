"""How the heads choose their settings from the training rows alone.

Shape letters: n texts, d features, k classes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from headstart.errors import ConfigError
from headstart.functional import confusion
from headstart.functional.probability import fit_scale, log_losses
from headstart.heads._features import unit_rows

if TYPE_CHECKING:
    from headstart.types import Bools, Features, Floats, Ints

__all__ = [
    "Trial",
    "as_new",
    "balanced_pays",
    "class_weights_to_try",
    "n_folds_for",
    "near_default",
    "out_of_fold",
    "row_weights",
    "trial",
]

IMBALANCE = 1.5  # largest over smallest class, above which "auto" tries balanced weights
MIN_GAIN = 0.01  # macro F1 that balanced weights must add
MOST_MIN_DF = 2  # rows of a term that are asked of it, as encoders do by themselves


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting and what rows that it did not learn from say of it."""

    value: float  # of C, alpha, ...
    class_weight: str | None
    decision: "Floats"  # (n, k), calibrated: softmax of it are the probabilities
    losses: "Floats"  # (n,) the criterion of the choice, smaller is better
    scale: float  # the factor that calibrated the decision values
    scores: Mapping[str, Any]  # one row of the report's table


def trial(
    value: float, class_weight: str | None, decision: "Floats", y: "Ints", *, criterion: str = "log_loss"
) -> Trial:
    """Score held-out decision values (n, k) of codes y (n,).

    criterion "log_loss": the log loss after calibration by one factor. Without the factor, the log loss
    prefers settings whose margins have the right size, which with few rows are not those that rank the
    classes best; the factor is part of the fitted head, so it belongs into the comparison.
    criterion "error": 1 where the answer is wrong.
    """
    scale = fit_scale(decision, y)
    calibrated = decision * scale
    losses, predicted = log_losses(calibrated, y), decision.argmax(axis=1)
    counts = confusion.counts_of(y, predicted, np.ones(len(y), dtype=np.int64), decision.shape[1])
    scores = {
        "value": value,
        "class_weight": class_weight,
        "log_loss": float(losses.mean()),
        "accuracy": float(confusion.accuracy(counts)),
        "macro_f1": float(confusion.f1(counts).mean()),
    }
    wrong = (predicted != y).astype(np.float64)
    return Trial(value, class_weight, calibrated, wrong if criterion == "error" else losses, scale, scores)


def near_default(trials: Sequence[Trial], default: float) -> Trial:
    """The trial nearest to the default among those that are not shown to be worse than the best.

    "Not shown": the mean difference of the rows' losses is at most its standard error. With thousands of
    rows that is the best trial; with a handful the scores are noise, and the default stays.
    Source: the one-standard-error rule, Breiman et al. 1984, section 3.4.3. Departure: the error is of
    the paired difference, and "simplest" is "nearest to the default" (on a log scale).
    """
    best = min(trials, key=lambda t: float(t.losses.mean()))

    def is_as_good(t: Trial) -> bool:
        worse = t.losses - best.losses
        return bool(worse.mean() <= worse.std(ddof=1) / np.sqrt(len(worse)))

    good = [t for t in trials if is_as_good(t)]
    return min(good, key=lambda t: (abs(np.log(t.value / default)), float(t.losses.mean())))


def balanced_pays(plain: Trial, balanced: Trial) -> bool:
    """Whether balanced class weights are worth it, by two trials on the same held-out rows.

    They distort the probabilities, so they must add at least 0.01 of macro F1, and more macro F1 than
    they cost in accuracy.
    """
    gain = float(balanced.scores["macro_f1"] - plain.scores["macro_f1"])
    cost = float(plain.scores["accuracy"] - balanced.scores["accuracy"])
    return gain >= max(MIN_GAIN, cost)


def class_weights_to_try(class_weight: str | None, y: "Ints") -> tuple[str | None, bool]:
    """The class weighting to begin with, and whether "balanced" is to be tried after it.

    "auto" tries it when the largest class has more than 1.5 times the rows of the smallest.
    """
    if class_weight not in ("auto", "balanced", None):
        raise ConfigError(f'class_weight is {class_weight!r}; expected "auto", "balanced" or None.')
    counts = np.bincount(y)
    imbalanced = bool(counts.max() > IMBALANCE * counts.min())
    return (None, imbalanced) if class_weight == "auto" else (class_weight, False)


def row_weights(class_weight: str | None, y: "Ints") -> "Floats":
    """(n,) weights with mean 1: all equal, or n / (k * rows of the class) for "balanced"."""
    if class_weight is None:
        return np.ones(len(y))
    counts = np.bincount(y)
    weights: Floats = len(y) / (len(counts) * counts[y])
    return weights


def n_folds_for(y: "Ints", wanted: int) -> int:
    """Folds that the rows allow: at most as many as the largest class has rows."""
    return int(min(wanted, np.bincount(y).max()))


def out_of_fold(fit_predict: Callable[[int, "Ints", "Ints"], "Floats"], y: "Ints", folds: "Ints", k: int) -> "Floats":
    """Decision values (n, k) of each row by the model that did not see its fold.

    fit_predict(fold, rows to learn from, rows to decide) -> decision values of the latter.
    """
    decision = np.empty((len(y), k))
    for fold in range(int(folds.max()) + 1):
        held_out = np.flatnonzero(folds == fold)
        decision[held_out] = fit_predict(fold, np.flatnonzero(folds != fold), held_out)
    return decision


def as_new(features: "Features", folds: "Ints", length: float) -> "list[Features] | None":
    """The rows of each fold as they would be of new texts, for features (n, d) that an encoder of terms made of all n.

    Terms that no other row has are left out (that no two have, where each term has two rows: the encoder's min_df), and
    the rest has the length of a row again. A held-out row else looks less sure than a new text is, which has lost these
    terms already, and probabilities come out too high: the fewer rows, the more.

    None where nothing is to be done: dense features, rows without this length (counts beside other columns), and
    terms that no row has (the encoder has read other texts too, and knows most terms of a new one).
    """
    if not sparse.issparse(features) or not _all_have(length, features):
        return None
    n_rows = _rows_with_term(features)
    least = min(int(n_rows.min()), MOST_MIN_DF)
    if least == 0:
        return None
    held_out = [features[folds == fold] for fold in range(int(folds.max()) + 1)]
    return [_only(n_rows - _rows_with_term(rows) >= least, rows, length) for rows in held_out]


def _all_have(length: float, features: Any) -> bool:
    """Whether all rows have this length, or no term at all."""
    lengths = unit_rows(features)[1]
    return bool(np.allclose(lengths[lengths > 0], length, rtol=1e-3))


def _rows_with_term(features: Any) -> "Ints":
    """(d,) rows in which each column is filled."""
    return np.bincount(features.indices, minlength=features.shape[1])


def _only(known: "Bools", features: Any, length: float) -> "Features":
    """The rows without the columns that are not known (d,), brought back to this length."""
    rows = features.copy()
    rows.data *= known[rows.indices]
    rows.eliminate_zeros()
    found: Features = unit_rows(rows)[0] * np.float32(length)
    return found

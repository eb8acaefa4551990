"""Linear heads: softmax(features @ coef.T + intercept), and how logistic and svm are fitted.

Shape letters: n texts, d features, k classes.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # no stubs exist

from headstart.functional import resampling
from headstart.functional.probability import softmax, two_columns
from headstart.heads import _selection
from headstart.heads._features import Standard, check_width, standardise
from headstart.heads._span import Span, pays, span_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.types import Features, Floats, Ints

__all__ = ["LinearSearch", "Scorer", "fit_linear", "fit_quietly", "refit_linear"]


@dataclass(frozen=True, slots=True)
class Scorer:
    """A fitted linear head: coef (k, d) float32, intercept (k,) float64, temperature already inside."""

    coef: "Floats"
    intercept: "Floats"

    @classmethod
    def folded(cls, coef: "Floats", intercept: "Floats", standard: Standard, scale: float) -> "Scorer":
        """The scorer of given features, from weights (k, d) on standardised ones and a calibration scale."""
        coef = np.asarray(coef, dtype=np.float64) * (scale / standard.scale)
        intercept = np.asarray(intercept, dtype=np.float64) * scale
        if standard.mean is not None:
            intercept = intercept - coef @ standard.mean
        return cls(np.ascontiguousarray(coef, dtype=np.float32), np.ascontiguousarray(intercept))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, "NDArray[Any]"]) -> "Scorer":
        """The scorer again, from `arrays()`."""
        return cls(np.ascontiguousarray(arrays["coef"]), np.ascontiguousarray(arrays["intercept"]))

    def arrays(self) -> dict[str, "NDArray[Any]"]:
        """What a bundle keeps."""
        return {"coef": self.coef, "intercept": self.intercept}

    def probabilities(self, features: "Features") -> "Floats":
        """(n, k) from features (n, d), dense or CSR. Raises ConfigError for another d."""
        features = check_width(features, self.coef.shape[1])
        return softmax(np.asarray(features @ self.coef.T, dtype=np.float64) + self.intercept)


@dataclass(frozen=True, slots=True)
class LinearSearch:
    """What logistic and svm differ in. `make(class_weight)` gives an unfitted model with `C` to set."""

    make: Callable[[str | None], Any]
    grid: Sequence[float]
    default: float
    criterion: str  # as in _selection.trial
    max_rows: int  # rows for the choice; the fit itself takes all
    n_folds: int
    wide: bool = False  # solve few rows of very many features in the span of the rows


def fit_linear(
    search: LinearSearch, features: "Features", y: "Ints", k: int, class_weight: str | None, random_state: int
) -> tuple[Scorer, dict[str, Any]]:
    """Choose C and the class weighting on held-out training rows, calibrate there, and fit on all rows.

    Returns the scorer and `chosen`: C, class_weight, scale, converged, and the table of scores.
    """
    standard = standardise(features)
    with threadpool_limits(limits=1, user_api="blas"):  # the products are small: threads cost 2 to 5 times
        return _fit_linear(search, standard, y, k, class_weight, np.random.default_rng(random_state))


def _fit_linear(
    search: LinearSearch,
    standard: Standard,
    y: "Ints",
    k: int,
    class_weight: str | None,
    rng: np.random.Generator,
) -> tuple[Scorer, dict[str, Any]]:
    rows = resampling.stratified_sample(y, search.max_rows, rng)
    folds = resampling.stratified_folds(y[rows], _selection.n_folds_for(y[rows], search.n_folds), rng)
    weight, try_balanced = _selection.class_weights_to_try(class_weight, y)
    features = standard.features[rows]
    span = _span(search, features)
    as_new = _selection.as_new(features, folds, 1.0 / standard.scale)
    held_out = _HeldOut(features if span is None else span.rows, y[rows], folds, k, span, as_new)
    trials = _path(search, weight, held_out)
    best = _selection.near_default(trials, search.default)
    if try_balanced:
        trials += _path(replace(search, grid=[best.value]), "balanced", held_out)
        best = trials[-1] if _selection.balanced_pays(best, trials[-1]) else best
    chosen = {
        "C": best.value,
        "class_weight": best.class_weight,
        "scale": best.scale,
        "n_rows": len(rows),
        "n_fitted": len(y),
        "table": [dict(t.scores) for t in trials],
    }
    if len(rows) < len(y):
        span = _span(search, standard.features)
    return _weights(search, standard, span, y, k, chosen)


def refit_linear(
    search: LinearSearch, features: "Features", y: "Ints", k: int, chosen: Mapping[str, Any]
) -> tuple[Scorer, dict[str, Any]]:
    """`fit_linear` with the settings and the calibration of `chosen`: only the weights are new."""
    with threadpool_limits(limits=1, user_api="blas"):
        standard = standardise(features)
        return _weights(search, standard, _span(search, standard.features), y, k, chosen)


def _span(search: LinearSearch, features: "Features") -> Span | None:
    """The span of the rows, where solving in it is cheaper."""
    return span_of(features) if search.wide and pays(features) else None


def _weights(
    search: LinearSearch, standard: Standard, span: Span | None, y: "Ints", k: int, chosen: Mapping[str, Any]
) -> tuple[Scorer, dict[str, Any]]:
    """The scorer fitted on these rows with the settings of `chosen`, and `chosen` with `converged`.

    C weighs the sum of the rows' losses: with more rows than it was chosen for it shrinks in proportion.
    """
    model = search.make(chosen["class_weight"])
    model.C = chosen["C"] * chosen["n_fitted"] / len(y)
    converged = fit_quietly(model, standard.features if span is None else span.rows, y)
    weights = _of_columns(model, span)
    coef, intercept = two_columns(weights.T[:, 0] if k == 2 else weights.T), model.intercept_
    columns = two_columns(np.asarray(intercept)[:1] if k == 2 else np.asarray(intercept)[None, :])
    return Scorer.folded(coef.T, columns[0], standard, chosen["scale"]), {**chosen, "converged": converged}


def _of_columns(model: Any, span: Span | None) -> "Floats":
    """The weights of a fitted model for each of the d columns."""
    weights: Floats = model.coef_ if span is None else span.lift(model.coef_)
    return weights


class _HeldOut(NamedTuple):
    """The rows of a choice: features (n, d), or (n, n) in the span of the rows; y (n,), fold numbers (n,).

    as_new: the (m, d) rows of each fold as new texts would be (`_selection.as_new`); None: as they are.
    """

    features: "Features"
    y: "Ints"
    folds: "Ints"
    k: int
    span: Span | None
    as_new: "list[Features] | None"

    def decision(self, model: Any, fold: int, rows: "Ints") -> "Floats":
        """Decision values (m, k) of the rows of a fold by the model that was fitted without them."""
        if self.as_new is None:
            return two_columns(model.decision_function(self.features[rows]))
        values = np.asarray(self.as_new[fold] @ _of_columns(model, self.span).T) + model.intercept_
        return two_columns(values[:, 0] if self.k == 2 else values)


def _path(search: LinearSearch, class_weight: str | None, rows: _HeldOut) -> list[_selection.Trial]:
    """Trials with C from small to large; ends when past the default the loss has not gone down.

    Each fold keeps its model, so that one with `warm_start` goes on from the weights of the C before.
    """
    models = [search.make(class_weight) for _ in range(int(rows.folds.max()) + 1)]

    def fit_predict(fold: int, learn: "Ints", decide: "Ints") -> "Floats":
        fit_quietly(models[fold], rows.features[learn], rows.y[learn])
        return rows.decision(models[fold], fold, decide)

    trials: list[_selection.Trial] = []
    for C in search.grid:
        for model in models:
            model.C = C
        decision = _selection.out_of_fold(fit_predict, rows.y, rows.folds, rows.k)
        trials.append(_selection.trial(C, class_weight, decision, rows.y, criterion=search.criterion))
        if len(trials) > 1 and search.default < C and trials[-1].losses.mean() >= trials[-2].losses.mean():
            break
    return trials


def fit_quietly(model: Any, features: "Features", y: "Ints") -> bool:
    """Fit; False (instead of a warning) when the solver used up its iterations or stalled."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(features, y)
    return not any(issubclass(w.category, ConvergenceWarning) for w in caught)

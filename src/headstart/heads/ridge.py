"""Ridge regression on one-hot targets, its strength chosen by exact leave-one-out."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from headstart.checks import check_number
from headstart.errors import ConfigError
from headstart.functional.leave_one_out import Spectrum, leave_one_out, spectrum, weights_and_intercept
from headstart.heads import _selection
from headstart.heads._features import Standard, check_fit, check_refit, fitted, standardise
from headstart.heads._linear import Scorer
from headstart.types import State

if TYPE_CHECKING:
    from headstart.types import Features, Floats, Ints

__all__ = ["Ridge"]

GRID = tuple(float(a) for a in 10.0 ** np.arange(-2.0, 2.1, 0.5))
DEFAULT_ALPHA = 1.0
MAX_GRAM = 5_000  # side of the matrix to decompose: measured 18 s at 4,361, 28 s at 5,536 (2 cores)


class Ridge:
    """P(class) = softmax(a * (features @ B + b)), with B, b the ridge fit of one-hot targets.

    alpha: strength of the penalty, in units where the mean squared row norm is 1; None chooses from 0.01
    to 100 by the log loss of the leave-one-out decision values after calibration (see
    `functional.leave_one_out` for the closed form and its source); one decomposition serves all.
    class_weight as for logistic. a is fitted on the leave-one-out values.
    `loo_decision_` (n, k), of the training rows in the units of the targets (1 = this class, 0 = not), is
    kept after `fit` for estimates of transferability; it is not part of the state.

    Raises ConfigError in `fit` when both n and d are above 5,000: svm and logistic can do that.
    """

    def __init__(self, alpha: float | None = None, class_weight: str | None = "auto", *, random_state: int = 0) -> None:
        self.alpha, self.class_weight, self.random_state = alpha, class_weight, random_state

    def fit(self, features: "Features", y: "Ints") -> Self:
        """Learn from features (n, d), dense or CSR, and codes y (n,). Raises DataError, ConfigError."""
        check_number("alpha", self.alpha, above=True, optional=True, part="head")
        features, y, k = check_fit(features, y)
        _check_size(features)
        standard, targets = standardise(features), np.eye(k)[y]
        weight, try_balanced = _selection.class_weights_to_try(self.class_weight, y)
        grid = GRID if self.alpha is None else (self.alpha,)
        default = DEFAULT_ALPHA if self.alpha is None else self.alpha
        parts, trials = _path(standard.features, targets, y, weight, grid)
        best = _selection.near_default(trials, default)
        if try_balanced:
            other, (balanced,) = _path(standard.features, targets, y, "balanced", (best.value,))
            trials.append(balanced)
            if _selection.balanced_pays(best, balanced):
                best, parts = balanced, other
        self.chosen_: dict[str, Any] = {
            "alpha": best.value,
            "class_weight": best.class_weight,
            "scale": best.scale,
            "n_fitted": len(y),
            "table": [dict(t.scores) for t in trials],
        }
        self.loo_decision_ = best.decision / best.scale
        self._keep(standard, parts, targets, best.value)
        return self

    def refit(self, features: "Features", y: "Ints") -> Self:
        """New weights, with the alpha, class weighting and calibration that `fit` chose; `loo_decision_` stays.

        alpha stands beside the sum over the rows: with more rows it grows in proportion. Raises as `fit` does.
        """
        k, d = fitted(self, "scorer_").coef.shape
        features, y = check_refit(features, y, d, k)
        _check_size(features)
        standard, chosen = standardise(features), self.chosen_
        parts = spectrum(standard.features, _selection.row_weights(chosen["class_weight"], y))
        self._keep(standard, parts, np.eye(k)[y], chosen["alpha"] * len(y) / chosen["n_fitted"])
        return self

    def _keep(self, standard: Standard, parts: Spectrum, targets: "Floats", alpha: float) -> None:
        """Fit on all rows with this alpha and the calibration that was chosen."""
        weights, intercept = weights_and_intercept(parts, standard.features, targets, alpha)
        self.scorer_ = Scorer.folded(weights.T, intercept, standard, self.chosen_["scale"])

    def predict_proba(self, features: "Features") -> "Floats":
        """Probabilities (n, k) float64. Raises NotFittedError, ConfigError (another d)."""
        scorer: Scorer = fitted(self, "scorer_")
        return scorer.probabilities(features)

    def get_state(self) -> State:
        """Settings, what was chosen, and the weights."""
        scorer: Scorer = fitted(self, "scorer_")
        params: dict[str, Any] = {
            "alpha": self.alpha,
            "class_weight": self.class_weight,
            "random_state": self.random_state,
        }
        return State({"params": params, "chosen": self.chosen_}, scorer.arrays())

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted head again, without `loo_decision_`."""
        head = cls(**state.settings["params"])
        head.scorer_, head.chosen_ = Scorer.from_arrays(state.arrays), dict(state.settings["chosen"])
        return head


def _check_size(features: "Features") -> None:
    if min(features.shape) > MAX_GRAM:
        raise ConfigError(
            f"Head 'ridge' cannot take {features.shape[0]:,} texts with {features.shape[1]:,} "
            f"features: one of the two must be at most {MAX_GRAM:,}. Take head 'svm' or 'logistic'."
        )


def _path(
    features: "Features", targets: "Floats", y: "Ints", class_weight: str | None, grid: tuple[float, ...]
) -> tuple[Spectrum, list[_selection.Trial]]:
    """The decomposition for a class weighting, and a trial for each alpha."""
    parts = spectrum(features, _selection.row_weights(class_weight, y))
    return parts, [_selection.trial(alpha, class_weight, leave_one_out(parts, targets, alpha), y) for alpha in grid]

"""Multinomial logistic regression with an L2 penalty, its strength chosen inside the training rows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.sparse import csr_matrix, issparse
from sklearn.linear_model import LogisticRegression

from headstart.checks import check_number
from headstart.heads._features import check_fit, check_refit, fitted
from headstart.heads._linear import LinearSearch, Scorer, fit_linear, refit_linear
from headstart.types import State

if TYPE_CHECKING:
    from headstart.types import Features, Floats, Ints

__all__ = ["Logistic"]

# Chosen by cross-validation on training rows (trec6, sst2, thucnews_title, ag_news, hate_davidson, clinc150;
# TF-IDF and MiniLM): the best C was 1 to 30 with thousands of rows; with 4 to 16 rows a class folds
# could not tell the values apart, and 1 was within 1.6 points of the best accuracy on new rows.
GRID = (0.3, 1.0, 3.0, 10.0, 30.0)
DEFAULT_C = 1.0
_MAX_CELLS = 20_000_000  # of rows * filled columns * classes that take part in the choice: long texts of many classes


class Logistic:
    """P(class) = softmax(features @ coef.T + intercept), after features are centred (dense) and scaled.

    C: inverse strength of the penalty, in units where the mean squared row norm is 1; None chooses from 0.3
    to 30 by 3-fold cross-validation (5-fold up to 1,000 rows), the criterion being the log loss after
    calibration by one factor (see `_selection.trial`); with few rows the choice stays near 1.
    class_weight: None, "balanced", or "auto", which takes "balanced" where the classes are imbalanced and
    held-out macro F1 gains from it (`_selection.balanced_pays`). `chosen_` says what was chosen and why.
    A solver that runs out of iterations (1,000) sets chosen_["converged"] to False and does not warn.

    Departure from scikit-learn: the calibration factor, fitted on held-out rows, is part of the result.
    """

    def __init__(self, C: float | None = None, class_weight: str | None = "auto", *, random_state: int = 0) -> None:
        self.C, self.class_weight, self.random_state = C, class_weight, random_state

    def fit(self, features: "Features", y: "Ints") -> Self:
        """Learn from features (n, d), dense or CSR, and codes y (n,). Raises DataError, ConfigError."""
        check_number("C", self.C, above=True, optional=True, part="head")
        features, y, k = check_fit(features, y)
        search = self._search(features, k)
        self.scorer_, self.chosen_ = fit_linear(search, features, y, k, self.class_weight, self.random_state)
        return self

    def refit(self, features: "Features", y: "Ints") -> Self:
        """New weights, with the C, class weighting and calibration that `fit` chose. Raises as `fit` does."""
        k, d = fitted(self, "scorer_").coef.shape
        features, y = check_refit(features, y, d, k)
        self.scorer_, self.chosen_ = refit_linear(self._search(features, k), features, y, k, self.chosen_)
        return self

    @classmethod
    def from_weights(
        cls, coef: "Floats", intercept: "Floats", scale: float, facts: Mapping[str, Any], **settings: Any
    ) -> Self:
        """A fitted head from weights (k, d) and intercepts (k,) that were learnt elsewhere, times `scale`.

        facts are those of `chosen_`, settings those of the constructor; class_weight is None unless given. What was
        not chosen here cannot be refitted: `refit` needs the facts that `fit` leaves.
        """
        head = cls(**{"class_weight": None, **settings})
        head.scorer_ = Scorer(
            np.ascontiguousarray(coef * scale, np.float32), np.ascontiguousarray(intercept * scale, np.float64)
        )
        head.chosen_ = {"scale": scale, **facts}
        return head

    def _search(self, features: "Features", k: int) -> LinearSearch:
        """The models and the grid for features (n, d) of k classes."""
        n = features.shape[0]
        cells = csr_matrix(features).nnz / n if issparse(features) else 1.0  # a step of the solver costs n * cells * k

        def make(class_weight: str | None) -> LogisticRegression:
            # the gradient of the mean loss is spread over k classes: the tolerance follows
            return LogisticRegression(tol=2e-4 / np.sqrt(k), max_iter=1000, warm_start=True, class_weight=class_weight)

        return LinearSearch(
            make,
            grid=GRID if self.C is None else (self.C,),
            default=DEFAULT_C if self.C is None else self.C,
            criterion="log_loss",
            max_rows=min(int(np.clip(240_000 // k, 4_000, 12_000)), max(2_000, int(_MAX_CELLS / (k * cells)))),
            n_folds=5 if n <= 1_000 else 3,
            wide=True,
        )

    def predict_proba(self, features: "Features") -> "Floats":
        """Probabilities (n, k) float64. Raises NotFittedError, ConfigError (another d)."""
        scorer: Scorer = fitted(self, "scorer_")
        return scorer.probabilities(features)

    def get_state(self) -> State:
        """Settings, what was chosen, and the weights."""
        scorer: Scorer = fitted(self, "scorer_")
        params: dict[str, Any] = {
            "C": self.C,
            "class_weight": self.class_weight,
            "random_state": self.random_state,
        }
        return State({"params": params, "chosen": self.chosen_}, scorer.arrays())

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted head again."""
        head = cls(**state.settings["params"])
        head.scorer_, head.chosen_ = Scorer.from_arrays(state.arrays), dict(state.settings["chosen"])
        return head

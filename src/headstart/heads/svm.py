"""Linear support vector machine with calibrated probabilities: strong and fast on sparse TF-IDF."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.svm import LinearSVC

from headstart.checks import check_number
from headstart.heads._features import check_fit, check_refit, fitted
from headstart.heads._linear import LinearSearch, Scorer, fit_linear, refit_linear
from headstart.types import State

if TYPE_CHECKING:
    from headstart.types import Features, Floats, Ints

__all__ = ["Svm"]

# Chosen by cross-validation on training rows (as logistic, and imdb): the best C was 0.1 to 3.
GRID = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
DEFAULT_C = 1.0
# liblinear itself stops at 0.1, scikit-learn at 0.0001; held-out accuracy at C 0.1, 1 and 3 on 20newsgroups
# and chnsenticorp training rows is the same to 0.001 at 0.01, in half the time.
TOLERANCE = 0.01


class Svm:
    """One-against-rest linear SVM (squared hinge loss); P(class) = softmax(a * margins).

    C: inverse strength of the penalty, in units where the mean squared row norm is 1; None chooses from
    0.03 to 10 by the accuracy of 3-fold cross-validation (5-fold up to 1,000 rows), on at most 10,000
    rows (dense: 5,000, where liblinear is slower; fewer when there are many classes). With few rows the
    choice stays near 1. class_weight as for logistic.
    a: one factor, fitted on the margins of held-out rows at the chosen C (a margin of a training row is
    too good to be true). Two classes: sigmoid(a * margin). The most likely class is the SVM's own
    decision: Platt's offset is left out for that reason.
    A solver that runs out of iterations (10,000) sets chosen_["converged"] to False and does not warn.

    Sources: Fan et al. 2008 (liblinear); Platt 1999; Guo et al. 2017 (one factor).
    """

    def __init__(self, C: float | None = None, class_weight: str | None = "auto", *, random_state: int = 0) -> None:
        self.C, self.class_weight, self.random_state = C, class_weight, random_state

    def fit(self, features: "Features", y: "Ints") -> Self:
        """Learn from features (n, d), dense or CSR, and codes y (n,). Raises DataError, ConfigError."""
        check_number("C", self.C, above=True, optional=True, part="head")
        features, y, k = check_fit(features, y)
        search = self._search(len(y), k, is_sparse=issparse(features))
        self.scorer_, self.chosen_ = fit_linear(search, features, y, k, self.class_weight, self.random_state)
        return self

    def refit(self, features: "Features", y: "Ints") -> Self:
        """New weights, with the C, class weighting and calibration that `fit` chose. Raises as `fit` does."""
        k, d = fitted(self, "scorer_").coef.shape
        features, y = check_refit(features, y, d, k)
        search = self._search(len(y), k, is_sparse=issparse(features))
        self.scorer_, self.chosen_ = refit_linear(search, features, y, k, self.chosen_)
        return self

    def _search(self, n: int, k: int, *, is_sparse: bool) -> LinearSearch:
        """The models and the grid for n rows of k classes."""

        def make(class_weight: str | None) -> LinearSVC:
            return LinearSVC(
                dual="auto",
                tol=TOLERANCE,
                max_iter=10_000,
                class_weight=class_weight,
                random_state=self.random_state,
            )

        return LinearSearch(
            make,
            grid=GRID if self.C is None else (self.C,),
            default=DEFAULT_C if self.C is None else self.C,
            criterion="error",
            max_rows=int(np.clip(120_000 // k, 4_000, 10_000 if is_sparse else 5_000)),
            n_folds=5 if n <= 1_000 else 3,
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

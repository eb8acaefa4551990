"""Keeps the columns that tell the classes apart best: select:2000; by anova, chi2 or mutual_info. Needs labels."""

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse
from scipy.special import rel_entr

from headstart.checks import check_choice, check_whole
from headstart.errors import ConfigError
from headstart.transforms._features import checked, fitted, labelled
from headstart.types import State

if TYPE_CHECKING:
    from headstart.types import Features, Floats, Ints

__all__ = ["Select"]

_CRITERIA = ("anova", "chi2", "mutual_info")


class Select:
    """The k columns with the highest scores, in their old order; all of them where there are no more than k.

    by: "anova" (F of the class means), "chi2" (of the sums a class; features from 0 on, such as counts), or
    "mutual_info" with the class: for CSR, of whether a term is present (Yang and Pedersen 1997), for dense columns
    by nearest neighbours (Ross 2014; slow beyond some thousand rows). Columns that say nothing come last, equal
    ones in their order. scikit-learn computes the scores, apart from those of terms' presence.

    It has seen the labels of its rows: a head that chooses its settings by cross-validation behind it finds the
    held-out part easier than new texts (`supervised`, see encoders/composed.py).
    """

    supervised = True

    def __init__(self, k: int = 2000, *, by: str = "anova", random_state: int = 0) -> None:
        self.k, self.by, self.random_state = k, by, random_state

    def fit(self, features: "Features", y: "Ints | None" = None) -> Self:
        """Learn from the first m rows of features (n, d), with class codes y (m,). Raises ConfigError, DataError."""
        check_whole("select.k", self.k)
        check_choice("select.by", self.by, _CRITERIA)
        rows, codes = labelled("select", checked(features), y)
        self.width_ = rows.shape[1]
        if self.k >= self.width_:
            self.columns_ = np.arange(self.width_)
            return self
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # columns that never change have no score: they come last
            scores = np.nan_to_num(self._scores(rows, codes), nan=-1.0, posinf=np.inf)
        self.columns_ = np.sort(np.argsort(-scores, kind="stable")[: self.k])
        return self

    def _scores(self, rows: Any, codes: "Ints") -> "Floats":
        """(d,) scores, NaN where a column has none."""
        from sklearn.feature_selection import chi2, f_classif, mutual_info_classif

        scores: Floats
        if self.by == "chi2":
            if rows.min() < 0:
                raise ConfigError(
                    "encoder.select.by=chi2 needs features from 0 on, such as counts or tf-idf; these hold negative "
                    "ones. Take by=anova."
                )
            scores = chi2(rows, codes)[0]
        elif self.by == "anova":
            scores = f_classif(rows.astype(np.float64), codes)[0]
        elif sparse.issparse(rows):
            scores = _information_of_presence(rows, codes)
        else:
            scores = mutual_info_classif(rows, codes, random_state=self.random_state)
        return scores

    def transform(self, features: "Features") -> "Features":
        """Features (n, e) float32, CSR where they come as CSR. Raises NotFittedError, ConfigError (another d)."""
        columns = fitted(self, "columns_")
        found: Features = checked(features, self.width_)[:, columns]
        return found

    def get_state(self) -> State:
        """The numbers of the columns."""
        columns = fitted(self, "columns_")
        settings = {"k": self.k, "by": self.by, "random_state": self.random_state}
        return State({"params": settings, "width": self.width_}, {"columns": columns})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted transform again."""
        made = cls(**state.settings["params"])
        made.width_, made.columns_ = state.settings["width"], state.arrays["columns"]
        return made


def _information_of_presence(rows: Any, codes: "Ints") -> "Floats":
    """(d,) mutual information, in nats, of the class and whether a term is in the text.

    scikit-learn would take each different weight for a value of its own, one column after the other.
    """
    present = sparse.csr_matrix(rows != 0, dtype=np.float64)
    one_hot = np.eye(codes.max() + 1)[codes]
    both = np.asarray(present.T @ one_hot).T / len(codes)  # (k, d) shares of the texts
    of_class, of_term = one_hot.mean(axis=0)[:, None], both.sum(axis=0)
    there = rel_entr(both, of_class * of_term).sum(axis=0)
    absent = np.maximum(of_class - both, 0.0)  # rounding: no share is below 0
    found: Floats = there + rel_entr(absent, of_class * (1 - of_term)).sum(axis=0)
    return found

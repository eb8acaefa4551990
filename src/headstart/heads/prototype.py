"""Nearest class mean by cosine: fitted at once, one vector a class, every class counts the same."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from headstart.checks import check_number
from headstart.functional.probability import fit_scale, softmax
from headstart.heads._features import check_fit, check_refit, check_width, fitted, unit_rows
from headstart.types import State

if TYPE_CHECKING:
    from headstart.types import Bools, Features, Floats, Ints

__all__ = ["Prototype"]


class Prototype:
    """P(class) = softmax(a * cos(features, prototype of the class)).

    The prototype of a class with m rows of sum s is (s + shrinkage * mean) / (m + shrinkage): the mean of
    its unit rows, pulled towards the mean of all unit rows as if `shrinkage` rows of no class belonged to
    it. a is fitted on leave-one-out cosines, in closed form, because a row is always near a mean that it
    is part of. Every class counts the same however many rows it has.

    Sources: Snell et al. 2017 (prototypes); Tibshirani et al. 2002 (shrinkage). Departure: cosine instead
    of Euclidean distance. Default 1: on training rows of six sets 0, 1 and 4 differed by less than one
    point of accuracy from 16 rows a class on.
    """

    def __init__(self, shrinkage: float = 1.0, *, random_state: int = 0) -> None:
        self.shrinkage, self.random_state = shrinkage, random_state

    def fit(self, features: "Features", y: "Ints") -> Self:
        """Learn from features (n, d), dense or CSR, and codes y (n,). Raises DataError."""
        check_number("shrinkage", self.shrinkage, part="head")
        features, y, k = check_fit(features, y)
        rows, lengths = unit_rows(features)
        onto = np.eye(k)[y]  # (n, k)
        sums = np.asarray((rows.T @ onto).T, dtype=np.float64)  # (k, d)
        scale = fit_scale(self._leave_one_out(rows, lengths > 0, sums, onto), y)
        self.prototypes_ = _unit_prototypes(sums, onto.sum(axis=0), self.shrinkage)
        self.chosen_: dict[str, Any] = {"scale": scale, "n_fitted": len(y)}
        return self

    def refit(self, features: "Features", y: "Ints") -> Self:
        """New prototypes, with the calibration that `fit` chose; shrinkage grows with the rows. Raises DataError."""
        k, d = fitted(self, "prototypes_").shape
        features, y = check_refit(features, y, d, k)
        rows, _ = unit_rows(features)
        sums = np.asarray((rows.T @ np.eye(k)[y]).T, dtype=np.float64)
        shrinkage = self.shrinkage * len(y) / self.chosen_["n_fitted"]
        self.prototypes_ = _unit_prototypes(sums, np.bincount(y), shrinkage)
        return self

    def _leave_one_out(self, rows: "Features", has_length: "Bools", sums: "Floats", onto: "Floats") -> "Floats":
        """(n, k) cosine of each unit row with the prototypes made of the other rows.

        Left-out prototype j of row i, up to a factor: sums_j - [y_i = j] x_i + f (total - x_i), with
        f = shrinkage / (n - 1). That is a combination of known vectors, so its products with x_i and with
        itself follow from the products of sums, total and x_i alone: O(n k), no vector is formed.
        """
        f = self.shrinkage / (len(onto) - 1)
        total = sums.sum(axis=0)
        x_sums = np.asarray(rows @ sums.T, dtype=np.float64)  # (n, k)
        x_total = np.asarray(rows @ total, dtype=np.float64)[:, None]
        x_x = has_length.astype(np.float64)[:, None]  # 1, and 0 for a row of zeros
        c = onto + f  # weight of x_i that is taken away
        inner = x_sums + f * x_total - c * x_x
        base = np.sum(sums**2, axis=1) + 2 * f * (sums @ total) + f * f * (total @ total)  # (k,)
        square = base - 2 * c * (x_sums + f * x_total) + c * c * x_x
        cosine: Floats = inner / np.sqrt(np.maximum(square, 1e-12))
        return cosine

    def predict_proba(self, features: "Features") -> "Floats":
        """Probabilities (n, k) float64. Raises NotFittedError, ConfigError (another d)."""
        prototypes: Floats = fitted(self, "prototypes_")
        rows, _ = unit_rows(check_width(features, prototypes.shape[1]))
        return softmax(self.chosen_["scale"] * np.asarray(rows @ prototypes.T, dtype=np.float64))

    def get_state(self) -> State:
        """Settings, the factor a, and the unit prototypes (k, d)."""
        prototypes: Floats = fitted(self, "prototypes_")
        params = {"shrinkage": self.shrinkage, "random_state": self.random_state}
        return State({"params": params, "chosen": self.chosen_}, {"prototypes": prototypes})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted head again."""
        head = cls(**state.settings["params"])
        head.prototypes_ = np.ascontiguousarray(state.arrays["prototypes"])
        head.chosen_ = dict(state.settings["chosen"])
        return head


def _unit_prototypes(sums: "Floats", counts: Any, shrinkage: float) -> "Floats":
    """Unit prototypes (k, d) from the sums (k, d) of each class's unit rows and their numbers (k,)."""
    mean = sums.sum(axis=0) / counts.sum()
    prototypes = (sums + shrinkage * mean) / (counts + shrinkage)[:, None]
    length = np.linalg.norm(prototypes, axis=1, keepdims=True)
    return np.ascontiguousarray(prototypes / np.where(length > 0, length, 1.0), dtype=np.float32)

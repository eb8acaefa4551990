"""Nearest neighbours by cosine, near ones counting more, their number chosen by leave-one-out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse

from headstart.checks import check_whole
from headstart.functional.probability import softmax
from headstart.functional.resampling import stratified_sample
from headstart.heads import _selection
from headstart.heads._features import check_fit, check_refit, check_width, fitted, unit_rows
from headstart.types import State

if TYPE_CHECKING:
    from headstart.types import Features, Floats, Ints

__all__ = ["Knn"]

GRID = (1, 3, 5, 10, 20, 40)
DEFAULT_NEIGHBORS = 5
MAX_QUERIES = 4_000  # rows that vote on the number of neighbours
BLOCK = 1 << 22  # similarities held at once: 32 MiB


class Knn:
    """P(class) from the votes of the most similar training rows, smoothed, then calibrated.

    A neighbour with cosine s votes with s / (1.05 - s) (nothing where s <= 0), the nearest one counting
    one vote. P = (votes + share of the class in training) / (all votes + 1), Laplace's rule with one row's
    worth of the training shares; a row without any similar one gets these shares. The powers P^a,
    normalised, are the answer, with a fitted on leave-one-out votes.
    n_neighbors None chooses from 1, 3, 5, 10, 20, 40 by the leave-one-out log loss of at most 4,000 rows.
    Equal similarities (to six digits) go to the earlier training row, so that the order of the texts in a
    batch does not matter. The state holds the training features: n x d numbers.

    Sources: Dudani 1976 (distance weights). Departure: weights by cosine, 0.05 against division by zero.
    """

    def __init__(self, n_neighbors: int | None = None, *, random_state: int = 0) -> None:
        self.n_neighbors, self.random_state = n_neighbors, random_state

    def fit(self, features: "Features", y: "Ints") -> Self:
        """Keep features (n, d), dense or CSR, and codes y (n,); choose k. Raises DataError."""
        check_whole("n_neighbors", self.n_neighbors, optional=True, part="head")
        features, codes, k = check_fit(features, y)
        self._keep(features, codes, k)
        n = len(codes)
        wanted = GRID if self.n_neighbors is None else (self.n_neighbors,)
        grid = sorted({min(m, n - 1) for m in wanted})
        queries = stratified_sample(self.codes_, MAX_QUERIES, np.random.default_rng(self.random_state))
        near = [self._nearest(rows, grid[-1], queries[at]) for at, rows in _blocks(self.rows_[queries], n)]
        index, cosine = (np.concatenate(part) for part in zip(*near, strict=True))
        trials = [
            _selection.trial(m, None, self._log_votes(index[:, :m], cosine[:, :m]), self.codes_[queries]) for m in grid
        ]
        best = _selection.near_default(trials, DEFAULT_NEIGHBORS)
        self.chosen_: dict[str, Any] = {
            "n_neighbors": int(best.value),
            "scale": best.scale,
            "table": [{q: v for q, v in t.scores.items() if q != "class_weight"} for t in trials],
        }
        return self

    def refit(self, features: "Features", y: "Ints") -> Self:
        """Other rows, with the number of neighbours (at most n) and the calibration that `fit` chose."""
        k = len(fitted(self, "shares_"))
        features, codes = check_refit(features, y, self.rows_.shape[1], k)
        self._keep(features, codes, k)
        self.chosen_ = {**self.chosen_, "n_neighbors": min(self.chosen_["n_neighbors"], len(codes))}
        return self

    def _keep(self, features: "Features", codes: "Ints", k: int) -> None:
        self.codes_, (self.rows_, _) = codes, unit_rows(features)
        self.shares_ = np.bincount(codes, minlength=k) / len(codes)

    def _nearest(self, rows: Any, m: int, own: "Ints | None" = None) -> tuple["Ints", "Floats"]:
        """Indices and cosines (n, m) of the nearest training rows, nearest first; `own` rows left out."""
        products = rows @ self.rows_.T
        cosine = np.asarray(products.toarray() if sparse.issparse(products) else products, dtype=np.float64)
        n = cosine.shape[1]
        keys = np.rint(cosine * 1e6).astype(np.int64) * n - np.arange(n)  # unique: ties go to the earlier row
        if own is not None:
            keys[np.arange(len(own)), own] = np.iinfo(np.int64).min
        index = np.argpartition(keys, n - m, axis=1)[:, n - m :] if m < n else np.argsort(keys, axis=1)
        order = np.argsort(-np.take_along_axis(keys, index, axis=1), axis=1)
        index = np.take_along_axis(index, order, axis=1)
        return index, np.take_along_axis(cosine, index, axis=1)

    def _log_votes(self, index: "Ints", cosine: "Floats") -> "Floats":
        """(n, k) logarithms of the smoothed votes of neighbours `index` (n, m)."""
        n, k = len(index), len(self.shares_)
        near = np.clip(cosine, 0.0, 1.0)
        weight = near / (1.05 - near)
        most = weight.max(axis=1, keepdims=True)
        weight = weight / np.where(most > 0, most, 1.0)
        cell = np.arange(n)[:, None] * k + self.codes_[index]
        votes = np.bincount(cell.ravel(), weights=weight.ravel(), minlength=n * k).reshape(n, k)
        logs: Floats = np.log((votes + self.shares_) / (votes.sum(axis=1, keepdims=True) + 1.0))
        return logs

    def predict_proba(self, features: "Features") -> "Floats":
        """Probabilities (n, k) float64. Raises NotFittedError, ConfigError (another d)."""
        codes: Ints = fitted(self, "codes_")
        rows, _ = unit_rows(check_width(features, self.rows_.shape[1]))
        if sparse.issparse(rows) != sparse.issparse(self.rows_):
            rows = sparse.csr_matrix(rows) if sparse.issparse(self.rows_) else rows.toarray()
        m, scale = self.chosen_["n_neighbors"], self.chosen_["scale"]
        out = np.empty((rows.shape[0], len(self.shares_)))
        for at, block in _blocks(rows, len(codes)):
            out[at] = softmax(scale * self._log_votes(*self._nearest(block, m)))
        return out

    def get_state(self) -> State:
        """Settings, and the unit training rows with their codes; CSR rows as their three arrays."""
        codes: Ints = fitted(self, "codes_")
        params = {"n_neighbors": self.n_neighbors, "random_state": self.random_state}
        settings = {"params": params, "chosen": self.chosen_, "shape": list(self.rows_.shape)}
        arrays = {"codes": codes, "shares": self.shares_}
        if sparse.issparse(self.rows_):
            csr = {"data": self.rows_.data, "indices": self.rows_.indices, "indptr": self.rows_.indptr}
            return State(settings, arrays | csr)
        return State(settings, arrays | {"rows": np.ascontiguousarray(self.rows_)})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted head again."""
        head, arrays = cls(**state.settings["params"]), state.arrays
        head.codes_, head.shares_ = arrays["codes"], arrays["shares"]
        head.chosen_ = dict(state.settings["chosen"])
        if "rows" in arrays:
            head.rows_ = np.ascontiguousarray(arrays["rows"])
        else:
            parts = (arrays["data"], arrays["indices"], arrays["indptr"])
            head.rows_ = sparse.csr_matrix(parts, shape=tuple(state.settings["shape"]))
        return head


def _blocks(rows: "Features", n_train: int) -> Iterator[tuple[slice, "Features"]]:
    """Slices of the rows so small that their similarities to all training rows fit into a block."""
    step = max(1, BLOCK // n_train)
    for start in range(0, rows.shape[0], step):
        at = slice(start, min(start + step, rows.shape[0]))
        yield at, rows[at]

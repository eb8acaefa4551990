"""Ridge regression with a Gaussian kernel: curved class borders on dense features, in seconds up to 8,000 rows."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from headstart.checks import check_number
from headstart.errors import ConfigError
from headstart.functional.probability import softmax
from headstart.heads import _selection
from headstart.heads._features import check_fit, check_refit, check_width, fitted, unit_rows
from headstart.types import State

if TYPE_CHECKING:
    from headstart.types import Features, Floats, Ints

__all__ = ["KernelRidge"]

# Chosen by cross-validation on training rows of trec6 and sst2 (MiniLM), where gamma 0.7, 1 and 1.5 came within a
# point of each other and the best alpha was 0.3 and 1.
GRID = (0.1, 0.3, 1.0, 3.0)
DEFAULT_ALPHA = 0.3
GAMMA = 1.0
MAX_ROWS = 8_000  # the kernel is n x n: 0.5 GB of numbers, and its inverse costs n^3
BLOCK = 1 << 22  # kernel values held at once when predicting: 32 MiB


class KernelRidge:
    """decision = mean target + k(x)' (K + alpha I)^-1 (Y - mean target), Y (n, k) of -1 and 1.

    K_ij = exp(-gamma |x_i - x_j|^2) on rows of length 1, dense features centred before. alpha None chooses from
    0.1, 0.3, 1, 3 by the leave-one-out errors, which are closed form: with C = (K + alpha I)^-1, row i without
    itself is decided as Y_i - (C Y)_i / C_ii. Probabilities: softmax(a * decision), a fitted on these decisions.
    The state holds the training features: n x d numbers. Raises ConfigError beyond 8,000 rows.

    Source: Rasmussen and Williams 2006, equations 2.25 and 5.12. Departure: the mean target is not left out.
    """

    def __init__(self, alpha: float | None = None, gamma: float = GAMMA, *, random_state: int = 0) -> None:
        self.alpha, self.gamma, self.random_state = alpha, gamma, random_state

    def fit(self, features: "Features", y: "Ints") -> Self:
        """Learn from features (n, d), dense or CSR, and codes y (n,). Raises DataError, ConfigError."""
        check_number("alpha", self.alpha, above=True, optional=True, part="head")
        check_number("gamma", self.gamma, above=True, part="head")
        features, y, k = check_fit(features, y)
        kernel, targets = self._learn_rows(features, y, k)
        self.offset_ = targets.mean(axis=0)
        fits = {alpha: _solve(kernel, targets - self.offset_, alpha) for alpha in self._grid()}
        trials = [
            _selection.trial(alpha, None, left_out + self.offset_, y, criterion="error")
            for alpha, (_, left_out) in fits.items()
        ]
        best = _selection.near_default(trials, self.alpha or DEFAULT_ALPHA)
        self.weights_ = fits[best.value][0] * best.scale
        self.offset_ = self.offset_ * best.scale
        self.chosen_: dict[str, Any] = {
            "alpha": best.value,
            "scale": best.scale,
            "held_out_accuracy": best.scores["accuracy"],
            "n_fitted": len(y),
            "table": [dict(t.scores) for t in trials],
        }
        return self

    def refit(self, features: "Features", y: "Ints") -> Self:
        """Other rows, with the alpha and calibration that `fit` chose; alpha grows with the rows. Raises as `fit`."""
        k = fitted(self, "weights_").shape[1]
        features, y = check_refit(features, y, self.rows_.shape[1], k)
        kernel, targets = self._learn_rows(features, y, k)
        alpha, scale = self.chosen_["alpha"] * len(y) / self.chosen_["n_fitted"], self.chosen_["scale"]
        offset = targets.mean(axis=0)
        self.weights_, self.offset_ = _solve(kernel, targets - offset, alpha)[0] * scale, offset * scale
        return self

    def predict_proba(self, features: "Features") -> "Floats":
        """Probabilities (n, k) float64. Raises NotFittedError, ConfigError (another d)."""
        weights: Floats = fitted(self, "weights_")
        rows = self._prepared(check_width(features, self.rows_.shape[1]))
        out = np.empty((rows.shape[0], weights.shape[1]))
        step = max(1, BLOCK // len(weights))
        for start in range(0, len(out), step):
            at = slice(start, start + step)
            out[at] = softmax(self._kernel(rows[at]) @ weights + self.offset_)
        return out

    def get_state(self) -> State:
        """Settings, the unit training rows (CSR rows as their three arrays) and their weights."""
        arrays = {"weights": fitted(self, "weights_"), "offset": self.offset_, "mean": self.mean_}
        settings = {
            "params": {"alpha": self.alpha, "gamma": self.gamma, "random_state": self.random_state},
            "chosen": self.chosen_,
            "shape": list(self.rows_.shape),
        }
        if sparse.issparse(self.rows_):
            csr = {"data": self.rows_.data, "indices": self.rows_.indices, "indptr": self.rows_.indptr}
            return State(settings, arrays | csr)
        return State(settings, arrays | {"rows": self.rows_})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted head again."""
        head, arrays = cls(**state.settings["params"]), state.arrays
        head.weights_, head.offset_, head.mean_ = arrays["weights"], arrays["offset"], arrays["mean"]
        head.chosen_ = dict(state.settings["chosen"])
        if "rows" in arrays:
            head.rows_ = arrays["rows"]
        else:
            parts = (arrays["data"], arrays["indices"], arrays["indptr"])
            head.rows_ = sparse.csr_matrix(parts, shape=tuple(state.settings["shape"]))
        return head

    def _learn_rows(self, features: Any, y: "Ints", k: int) -> tuple["Floats", "Floats"]:
        """Keep the rows; the kernel (n, n) and the targets (n, k). Raises ConfigError."""
        if len(y) > MAX_ROWS:
            raise ConfigError(
                f"Head kernel_ridge takes at most {MAX_ROWS:,} rows, got {len(y):,}. Use logistic or svm."
            )
        self.mean_ = np.zeros(0) if sparse.issparse(features) else features.mean(axis=0, dtype=np.float64)
        self.rows_ = self._prepared(features)
        targets: Floats = 2.0 * np.eye(k)[y] - 1.0
        return self._kernel(self.rows_), targets

    def _grid(self) -> tuple[float, ...]:
        return GRID if self.alpha is None else (self.alpha,)

    def _prepared(self, features: Any) -> Any:
        """Rows of length 1, dense ones centred before; CSR where the training rows were CSR."""
        if len(self.mean_):
            dense = features.toarray() if sparse.issparse(features) else features
            return np.ascontiguousarray(unit_rows(dense - self.mean_.astype(np.float32))[0])
        return unit_rows(sparse.csr_matrix(features))[0]

    def _kernel(self, rows: Any) -> "Floats":
        """(n, n_train) of rows of length 1 (or 0), where |x - z|^2 = |x|^2 + |z|^2 - 2 x.z."""
        products = rows @ self.rows_.T
        cosine = np.asarray(products.toarray() if sparse.issparse(products) else products, dtype=np.float64)
        distance = _squares(rows)[:, None] + _squares(self.rows_)[None, :] - 2.0 * cosine
        kernel: Floats = np.exp(-self.gamma * np.maximum(distance, 0.0))
        return kernel


def _squares(rows: Any) -> "Floats":
    """Squared lengths (n,): 1, or 0 for a row of zeros."""
    squares = rows.multiply(rows) if sparse.issparse(rows) else rows * rows
    return np.asarray(squares.sum(axis=1), dtype=np.float64).ravel()


def _solve(kernel: "Floats", targets: "Floats", alpha: float) -> tuple["Floats", "Floats"]:
    """Weights (n, k) on the kernel's rows, and the leave-one-out decisions (n, k)."""
    inverse = kernel + alpha * np.eye(len(kernel))
    inverse, failed = lapack.dpotrf(inverse, lower=True, overwrite_a=True)
    inverse, also_failed = lapack.dpotri(inverse, lower=True, overwrite_c=True)
    if failed or also_failed:
        raise ConfigError(f"kernel_ridge: alpha {alpha} is too small for these rows; take a larger one.")
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights = inverse @ targets
    return weights, targets - weights / np.diag(inverse)[:, None]

"""How accurate a linear or curved head would be on features, at a quarter, half and all of the sampled rows, and what
that says of more rows.

Shape letters: n texts, d features, k classes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from headstart.functional.confidence import REACH
from headstart.functional.leave_one_out import Spectrum
from headstart.functional.resampling import stratified_folds

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["Curve", "Forecast", "forecast", "gram_spectrum", "held_out", "learning_curve", "unit_gram"]

GRID = (0.1, 0.3, 1.0, 3.0)  # strength of the penalty on rows of length 1
N_FOLDS = 20
PARTS = (4, 2)  # the rows are learnt from in quarters and in halves, each checked on the others
DEFAULT_SLOPE = 0.15  # where only one size was measured
FULL = 0.2  # share of the rows in which a column of CSR is filled well


@dataclass(frozen=True, slots=True)
class Curve:
    """Accuracy on rows that were not learnt from, by the number of rows learnt from."""

    rows: tuple[int, ...]
    accuracies: tuple[float, ...]
    n_checked: int  # rows that the last accuracy was counted on
    leave_one_out: float | None = None  # accuracy on single rows left out, at the same penalty


@dataclass(frozen=True, slots=True)
class Forecast:
    """Accuracy to expect of new texts, with its 95 % interval. slope: of the error, per doubling on a log scale."""

    value: float
    low: float
    high: float
    slope: float


class _Fit(NamedTuple):
    accuracy: float  # on the folds left out
    loo: float  # on single rows left out
    dual: "Floats"  # (n, k) weights of the rows
    offset: "Floats"  # (k,)
    row_means: "Floats"  # (n,) of the kernel


def unit_gram(features: Any) -> "Floats":
    """(n, n) products of the rows of features (n, d), dense or CSR, brought to length 1; dense ones centred before.

    Of CSR, well-filled columns (vectors beside counts) are multiplied as an array, which is several times faster.
    """
    from headstart.heads._features import unit_rows

    if not sparse.issparse(features):
        rows = unit_rows(features - features.mean(axis=0))[0]
        return np.asarray(rows @ rows.T, dtype=np.float64)
    rows = unit_rows(features)[0]
    full = np.bincount(rows.indices, minlength=rows.shape[1]) > FULL * rows.shape[0]
    columns = rows.tocsc()
    dense, thin = columns[:, full].toarray(), columns[:, ~full].tocsr()
    return np.asarray((thin @ thin.T).toarray() + dense @ dense.T, dtype=np.float64)


def gram_spectrum(gram: "Floats") -> Spectrum:
    """The spectrum of the centred rows behind a Gram matrix (n, n), for `functional.transferability`."""
    means = gram.mean(axis=0)
    squares, left = np.linalg.eigh(gram - means[None, :] - means[:, None] + means.mean())
    keep = squares > 1e-10 * max(float(squares[-1]), 1e-300)
    return Spectrum(left[:, keep], squares[keep], np.ones(len(gram)), np.empty(0))


def learning_curve(gram: "Floats", y: "Ints", rng: np.random.Generator, *, curved: bool = False) -> Curve:
    """Accuracies of kernel ridge on one-hot targets at n / 4 and n / 2 rows (checked on the others) and at n less a
    20th (by 20 folds, in closed form).

    gram: of `unit_gram`; y (n,) class codes. curved: also with the Gaussian kernel of the head kernel_ridge, and the
    better of the two by its last accuracy. Each fit chooses its penalty by folds of its own rows. Cost O(n^3).
    Source of the closed form: Zhang 1993 (multifold cross-validation of linear models).
    """
    seed = int(rng.integers(2**32))
    curves = [_curve(kernel, y, np.random.default_rng(seed)) for kernel in _kernels(gram, curved)]
    return max(curves, key=lambda curve: curve.accuracies[-1])


def held_out(gram: "Floats", y: "Ints", learn: "Ints", check: "Ints", *, curved: bool = False) -> float:
    """Accuracy on the rows `check` of the same kernel ridge, learnt from the rows `learn`."""
    k, rng = int(y.max()) + 1, np.random.default_rng(0)
    fits = [(kernel, _solve(kernel, learn, y, k, rng)) for kernel in _kernels(gram, curved)]
    kernel, best = max(fits, key=lambda pair: pair[1].accuracy)
    return _right(kernel, best, learn, check, y)


def forecast(curve: Curve, n_rows: int) -> Forecast:
    """The accuracy when learning from n_rows: error(n) = error(m) (m / n)^slope for n above the largest measured m.

    The slope is that of the measured errors from their smallest to their largest number of rows, never below 0. The
    interval holds the sampling error of the checked rows, and half of what the extrapolation adds; it is made on the
    log-odds scale and stays within 0..1.

    Source of the power law: Hestness et al. 2017. Departure: no irreducible error, which three sizes do not show.
    """
    m, least = curve.rows[-1], 0.5 / curve.n_checked
    errors = [float(np.clip(1.0 - accuracy, least, 1.0)) for accuracy in curve.accuracies]
    slope = DEFAULT_SLOPE
    if len(errors) > 1:
        slope = max(0.0, float(np.log(errors[0] / errors[-1]) / np.log(m / curve.rows[0])))
    error = errors[-1] * (m / max(n_rows, m)) ** slope
    error = min(max(error, least), 1.0 - least)
    deviation = np.hypot(np.sqrt(error * (1.0 - error) / curve.n_checked), (errors[-1] - error) / 2.0)
    centre = np.log((1.0 - error) / error)
    reach = REACH * deviation / (error * (1.0 - error))
    low, high = (float(1.0 / (1.0 + np.exp(-odds))) for odds in (centre - reach, centre + reach))
    return Forecast(1.0 - error, low, high, slope)


def _curve(kernel: "Floats", y: "Ints", rng: np.random.Generator) -> Curve:
    n, k = len(y), int(y.max()) + 1
    rows, accuracies = [], []
    for n_parts in PARTS:
        parts = stratified_folds(y, n_parts, rng)
        scores = []
        for part in range(n_parts):
            learn, check = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
            scores.append(_right(kernel, _solve(kernel, learn, y, k, rng), learn, check, y))
        rows.append(n // n_parts)
        accuracies.append(float(np.mean(scores)))
    whole = _solve(kernel, np.arange(n), y, k, rng)
    rows.append(n - n // _n_folds(n, k))
    return Curve(tuple(rows), (*accuracies, whole.accuracy), n, whole.loo)


def _kernels(gram: "Floats", curved: bool) -> list["Floats"]:
    squares = np.diag(gram)  # 1, or 0 for a row of zeros
    gaussian = [np.exp(-np.maximum(squares[:, None] + squares[None, :] - 2.0 * gram, 0.0))] if curved else []
    return [gram, *gaussian]


def _solve(kernel: "Floats", rows: "Ints", y: "Ints", k: int, rng: np.random.Generator) -> _Fit:
    """Kernel ridge on some rows; the penalty with the fewest errors on folds left out, a tie by squared error.

    With the centred kernel K, R = a (K + a I)^-1 - 11' / n gives the residuals R t of all rows, and those of the rows F
    by the model without them are (R_FF)^-1 (R t)_F, exactly, the offset learnt anew. Folds have a row of each class
    where they can: a single row left out shifts the offset against its own class, which with few rows decides.
    """
    own = kernel[np.ix_(rows, rows)]
    row_means = own.mean(axis=0)
    centred = own - row_means[None, :] - row_means[:, None] + row_means.mean()
    targets, n = np.eye(k)[y[rows]], len(rows)
    offset = targets.mean(axis=0)
    folds = stratified_folds(y[rows], _n_folds(n, k), rng)
    fits: list[tuple[tuple[float, float], _Fit]] = []
    for alpha in GRID:
        inverse = _inverse(centred, alpha)
        dual = inverse @ (targets - offset)
        residual, operator = alpha * dual, alpha * inverse - 1.0 / n
        unseen = targets - residual / np.maximum(np.diag(operator), 1e-12)[:, None]
        loo = float(np.mean(unseen.argmax(axis=1) == y[rows]))
        for fold in range(int(folds.max()) + 1):
            left = np.flatnonzero(folds == fold)
            unseen[left] = targets[left] - np.linalg.solve(
                operator[np.ix_(left, left)] + 1e-12 * np.eye(len(left)), residual[left]
            )
        accuracy = float(np.mean(unseen.argmax(axis=1) == y[rows]))
        key = (-accuracy, float(np.sum((unseen - targets) ** 2)))
        fits.append((key, _Fit(accuracy, loo, dual, offset, row_means)))
    return min(fits, key=lambda pair: pair[0])[1]


def _n_folds(n: int, k: int) -> int:
    """20, or as many as give each fold a row of each of k classes; at least 2, at most n."""
    return max(min(2, n), min(N_FOLDS, n // k))


def _inverse(kernel: "Floats", alpha: float) -> "Floats":
    """(K + alpha I)^-1 of a positive semi-definite K: Cholesky, n^3 multiplications."""
    ridged = kernel + alpha * np.eye(len(kernel))
    factor, _ = lapack.dpotrf(ridged, lower=True, overwrite_a=True)
    inverse, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
    lower = np.tril(inverse, -1)
    full: Floats = lower + lower.T + np.diag(np.diag(inverse))
    return full


def _right(kernel: "Floats", fit: _Fit, learn: "Ints", check: "Ints", y: "Ints") -> float:
    """Share of the rows `check` that are decided rightly."""
    decision = (kernel[np.ix_(check, learn)] - fit.row_means) @ fit.dual + fit.offset
    return float(np.mean(decision.argmax(axis=1) == y[check]))

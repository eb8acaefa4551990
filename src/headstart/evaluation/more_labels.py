"""What more labels would buy: the accuracy to expect with 50, 200 and 500 more rows, with an interval.

Shape letters: n texts, d features, k classes.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # no stubs exist

from headstart.data.folding import distinct_rows
from headstart.encoders import make_encoder
from headstart.errors import DataError
from headstart.evaluation.results import Interval, MoreLabels
from headstart.functional.confidence import REACH
from headstart.functional.resampling import stratified_folds, stratified_sample
from headstart.functional.ridge import dual_ridge
from headstart.predictor import Measured

if TYPE_CHECKING:
    from headstart.predictor import Predictor
    from headstart.types import Dataset, Features, Floats, Ints

__all__ = ["EXTRA", "OF_OTHERS", "OF_PROBES", "Slope", "forecast", "more_labels"]

EXTRA = (50, 200, 500)
_MAX_ROWS = 2_000  # with more of them 500 more change little
_CURVE_ROWS = 600  # that the slope is measured on: three sizes of them in 0.2 s
_LEAST_ROWS = 8
_PARTS = ((4, 2), (2, 3))  # the rows in quarters twice, in halves three times, each learnt from and checked on the rest
_N_FOLDS = 10
_PENALTY = 0.3  # of ridge on centred rows whose mean square length is 1


class Slope(NamedTuple):
    """By how much the log-odds of a right answer rise for each e-fold of the rows, and its standard deviation."""

    value: float
    deviation: float


# What is known of the slope before any row is seen, from training rows of trec6, ag_news, sst2 and emotion (8 to 64
# rows a class); `benchmarks suggest` shows the coverage on other sets.
OF_PROBES = Slope(0.30, 0.15)
OF_OTHERS = Slope(0.19, 0.20)  # who knows more than the rows at the start has less to learn, or has nothing to learn
_BENT = 0.25  # the slope between few rows is not the slope further on: standard deviation of the difference
_INFLATION = 1.5  # variance of a cross-validated accuracy over that of as many coin flips
_MODEL = 0.1  # standard deviation that no more rows would take away


def forecast(
    predictor: "Predictor",
    rows: "Dataset",
    features: "Features | None" = None,
    *,
    extra: Sequence[int] = EXTRA,
    random_state: int = 0,
) -> tuple[MoreLabels | None, str]:
    """`more_labels` of a classifier, from the labelled rows that it learnt from; where there is none, why (a sentence).

    A frozen encoder and a head grow as ridge regression on its features does (features: of these rows, if they are
    there already). Any other classifier knows more than the rows (names, known words, unlabelled texts), or has learnt
    its features from them: its learning curve is that of counted words, with what other data sets showed of its slope
    (`OF_OTHERS`), and starts from the accuracy that was measured.
    """
    probes, few = _is_probe(predictor), f"it takes {_LEAST_ROWS} labelled rows with words, of two classes"
    if rows.n > _MAX_ROWS:
        return None, _not_said(f"beyond {_MAX_ROWS:,} labelled rows 500 more change little")
    if predictor.measured is None and not probes:
        return None, _not_said("no accuracy was measured when the classifier was made")
    y = np.unique(np.array(rows.labels or (), dtype=object).astype(str), return_inverse=True)[1]
    distinct = distinct_rows(rows.texts, y)
    drawn = distinct[_drawn(y[distinct], random_state)]
    if features is None or not probes:
        cleaned = predictor.cleaner.clean_all([rows.texts[i] for i in drawn])
        try:
            encoder = predictor.encoder if probes else make_encoder("tfidf").fit(cleaned)
        except DataError:  # not a single word
            return None, _not_said(few)
        seen = encoder.encode(cleaned)
    else:
        seen = features[drawn]
    slope, known = OF_PROBES if probes else OF_OTHERS, predictor.measured
    found = more_labels(seen, y[drawn], rows.n, known=known, slope=slope, extra=extra, random_state=random_state)
    return found, "" if found is not None else _not_said(few)


def _is_probe(predictor: "Predictor") -> bool:
    """Whether it is a frozen encoder and a head, so that its features say how it would learn from more rows."""
    has_learnt = predictor.history is not None or getattr(predictor.encoder, "supervised", False)
    return predictor.strategy == "linear_probe" and not has_learnt


def _not_said(why: str) -> str:
    return f"What more labels would buy is not said: {why}."


def _drawn(y: "Ints", random_state: int) -> "Ints":
    """Sorted rows that the curve is measured on: at most about 600, each class in proportion."""
    return stratified_sample(y, _CURVE_ROWS, np.random.default_rng(random_state))


def more_labels(
    features: "Features",
    y: "Ints",
    n_rows: int | None = None,
    *,
    known: Measured | None = None,
    slope: Slope = OF_PROBES,
    extra: Sequence[int] = EXTRA,
    random_state: int = 0,
) -> MoreLabels | None:
    """The accuracy to expect now and with `extra` more labelled rows of the same kind, each with its 95 % interval.

    features (n, d), dense or CSR, of labelled rows and y (n,) their class codes; n_rows: all labelled rows, of which
    these were drawn. known: the accuracy now, where the real model was measured; else that of ridge regression on
    these rows, by 10-fold cross-validation, and no less than 1 / k. slope: what is known of it beforehand. None: too
    few rows to say anything.

    The learning curve is measured with ridge on a quarter, a half and nine tenths of the rows. Its slope is drawn
    towards that of other data sets, the more the fewer rows there are. The interval holds the error of the accuracy
    now, that of the slope, and a part for the model. The features must not have been learnt from these labels, else
    all is too good.

    Source of the power law: Hestness et al. 2017. Departures: it holds for the odds of a wrong answer, so that the
    forecast stays within 0..1; there is no irreducible error; the slope has a prior (an empirical Bayes estimate).
    """
    counts = np.bincount(y)
    y = np.unique(y, return_inverse=True)[1]
    n = len(y)
    if n < _LEAST_ROWS or np.sum(counts >= 2) < 2:
        return None
    with threadpool_limits(limits=1, user_api="blas"):  # the products are small
        sizes, accuracies = _curve(_gram(features), y, np.random.default_rng(random_state))
    chance = 1.0 / (int(y.max()) + 1)  # few rows can look worse than that, and never are
    accuracies = [max(accuracy, chance) for accuracy in accuracies]
    rise, rise_variance = _slope(sizes, accuracies, n, slope)
    measured = known or Measured(accuracies[-1], n, round(sizes[-1]))
    now, variance = _log_odds(measured.accuracy, measured.n_checked)
    total = n_rows if n_rows is not None else n

    def expected(n_more: int) -> Interval:
        reach = float(np.log((total + n_more) / measured.n_learnt))
        centre = now + rise * reach
        deviation = np.sqrt(_INFLATION * variance + reach**2 * rise_variance + _MODEL**2)
        value, low, high = (_share(centre + side * REACH * deviation) for side in (0.0, -1.0, 1.0))
        return Interval(value, low, high)

    return MoreLabels(total, expected(0), {n_more: expected(n_more) for n_more in extra})


def _gram(features: "Features") -> "Floats":
    """(n, n) products of the rows, dense ones centred; their mean square length is 1."""
    rows: Any = features
    if sparse.issparse(rows):
        products = np.asarray((rows @ rows.T).toarray(), dtype=np.float64)
    else:
        rows = np.asarray(rows - rows.mean(axis=0), dtype=np.float64)
        products = rows @ rows.T
    scaled: Floats = products / max(float(np.mean(np.diag(products))), 1e-12)
    return scaled


def _curve(gram: "Floats", y: "Ints", rng: np.random.Generator) -> tuple[list[float], list[float]]:
    """Sizes, and mean accuracies on rows not learnt from."""
    n, rows = len(y), np.arange(len(y))
    sizes, accuracies = [], []
    for n_parts, n_times in _PARTS:
        found = []
        for _ in range(n_times):
            parts = stratified_folds(y, n_parts, rng)
            found += [np.mean(_right(gram, y, rows[parts == p], rows[parts != p])) for p in range(n_parts)]
        sizes.append(n / n_parts)
        accuracies.append(float(np.mean(found)))
    n_folds = min(_N_FOLDS, n)
    folds = stratified_folds(y, n_folds, rng)
    right = [_right(gram, y, rows[folds != f], rows[folds == f]) for f in range(n_folds)]
    return [*sizes, n * (1 - 1 / n_folds)], [*accuracies, float(np.mean(np.concatenate(right)))]


def _right(gram: "Floats", y: "Ints", learn: "Ints", check: "Ints") -> "Floats":
    """(len(check),) 1 where ridge on one-hot targets, learnt from the rows `learn`, is right."""
    weights, offset = dual_ridge(gram[np.ix_(learn, learn)], np.eye(int(y.max()) + 1)[y[learn]], _PENALTY)
    decision = gram[np.ix_(check, learn)] @ weights + offset
    return np.asarray(decision.argmax(axis=1) == y[check], dtype=np.float64)


def _slope(sizes: Sequence[float], accuracies: Sequence[float], n: int, prior: Slope) -> tuple[float, float]:
    """Mean and variance of the slope, given what was measured and what other data sets show."""
    (first, _), (last, variance) = _log_odds(accuracies[0], n), _log_odds(accuracies[-1], n)
    distance = float(np.log(sizes[-1] / sizes[0]))
    seen, seen_precision = (last - first) / distance, 1.0 / (variance / distance**2 + _BENT**2)
    prior_precision = 1.0 / prior.deviation**2
    precision = seen_precision + prior_precision
    return (seen_precision * seen + prior_precision * prior.value) / precision, 1.0 / precision


def _log_odds(accuracy: float, n: int) -> tuple[float, float]:
    """Log-odds of an accuracy counted on n rows and their variance, half a row added on each side."""
    share = (accuracy * n + 0.5) / (n + 1.0)
    return float(np.log(share / (1.0 - share))), 1.0 / (n * share * (1.0 - share))


def _share(log_odds: float) -> float:
    return float(1.0 / (1.0 + np.exp(-log_odds)))

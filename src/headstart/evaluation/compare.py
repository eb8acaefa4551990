"""Is one model better than another on the same rows? A paired bootstrap, a verdict, and a plain sentence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import ConfigError, DataError
from headstart.evaluation.labels import encode_true
from headstart.evaluation.metrics import METRICS
from headstart.evaluation.results import Comparison, Interval
from headstart.evaluation.sentence import MIN_DISAGREEMENTS, Found
from headstart.functional import resampling
from headstart.functional.confusion import counts_of

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["compare"]


def compare(
    model_name: str,
    y_true: Sequence[Any],
    p_model: "Floats",
    baseline_name: str,
    p_baseline: "Floats",
    classes: Sequence[Any],
    metric: str = "accuracy",
    n_bootstrap: int = 2000,
    random_state: int = 0,
    *,
    transfers: bool = True,
) -> Comparison:
    """Model minus baseline in `metric`, with a paired percentile-bootstrap 95 % interval.

    y_true (n,) labels; p_model, p_baseline (n, k) probabilities of the same n rows with columns as in
    `classes`. Rows are resampled with both answers together: exact multinomial draws over the cells (true
    class, model's answer, baseline's answer). Verdict: "helped" or "hurt" when the interval excludes 0 and
    exactly one of the models is right on at least six rows, else "no difference shown". Where the model does not
    transfer anything (`transfers`), "better" and "worse" stand for the first two.

    Sources: Efron and Tibshirani 1993, section 8 (resampling pairs); Berg-Kirkpatrick et al., EMNLP 2012.
    Departure: the floor of six rows; below it the percentile interval would claim what no exact test can.
    Raises ConfigError for a metric that is not of labels, DataError for rows that do not match.
    """
    score = _score(metric)
    names, y = encode_true(classes, y_true)
    model, baseline = (
        _answers(y, p_model, model_name, classes),
        _answers(y, p_baseline, baseline_name, classes),
    )
    k = len(names)
    cells, counts = np.unique((y * k + model) * k + baseline, return_counts=True)
    true, by_model, by_baseline = cells // (k * k), cells // k % k, cells % k

    def difference(drawn: "Ints") -> "Floats":
        ours, theirs = counts_of(true, by_model, drawn, k), counts_of(true, by_baseline, drawn, k)
        return np.asarray(score(ours) - score(theirs))

    draws = resampling.resampled_cells(counts, n_bootstrap, np.random.default_rng(random_state))
    low, high = (float(end) for end in resampling.percentile_interval(difference(draws)))
    between = float(difference(counts)), low, high
    n_differing = int(np.sum((model == y) != (baseline == y)))
    verdict = _verdict(low, high, n_differing, transfers)
    found = Found(
        model=model_name,
        baseline=baseline_name,
        metric=metric,
        difference=between,
        verdict=verdict,
        n=len(y),
        n_differing=n_differing,
    )
    return Comparison(metric, Interval(*between), verdict, found.english(), {"zh": found.chinese()})


def _score(metric: str) -> Any:
    """The function of a metric that needs labels only."""
    allowed = [m.name for m in METRICS.values() if m.needs == "labels"]
    if metric not in allowed:
        raise ConfigError(f"Cannot compare by metric {metric!r}: expected one of {', '.join(allowed)}.")
    return METRICS[metric].function


def _answers(y: "Ints", probabilities: "Floats", name: str, classes: Sequence[Any]) -> "Ints":
    """(n,) codes of the most likely classes."""
    p = np.asarray(probabilities)
    if p.shape != (len(y), len(classes)) or not len(y):
        raise DataError(
            f"Cannot compare: {name} has probabilities of shape {p.shape}, expected ({len(y)}, "
            f"{len(classes)}): one row a true label (at least one), one column a class."
        )
    codes: Ints = p.argmax(axis=1)
    return codes


def _verdict(low: float, high: float, n_disagreements: int, transfers: bool) -> str:
    """The verdict for a 95 % interval and the number of rows that exactly one model has right."""
    if n_disagreements < MIN_DISAGREEMENTS or low <= 0.0 <= high:
        return "no difference shown"
    gain, loss = ("helped", "hurt") if transfers else ("better", "worse")
    return gain if low > 0.0 else loss

"""One encoder on a sample of the rows: how accurate it would be with all rows, and what it would cost.

Shape letters: n texts, d features, k classes.
"""

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # no stubs exist

from headstart.errors import HeadstartError
from headstart.functional.resampling import stratified_sample
from headstart.functional.transferability import evidence, h_score
from headstart.recommend.curve import Curve, Forecast, forecast, gram_spectrum, held_out, learning_curve, unit_gram
from headstart.recommend.encoding import Encoded, Sample, encode_sample

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["Candidate", "measure_candidate"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of one encoder; `problem` says why it cannot be used, and then nothing else is known."""

    name: str
    problem: str | None = None
    expected: Forecast | None = None  # accuracy when learning from all rows: what candidates are ranked by
    curve: Curve | None = None
    ridge_accuracy: float | None = None  # leave-one-out, on the sample
    h_score: float | None = None  # shrunk, of the features
    h_score_layers: float | None = None  # shrunk, of the mean over a transformer's layers
    log_evidence: float | None = None  # LogME
    n_features: int = 0
    fit_s: float | None = None  # expected of `fit` on all rows, on this machine
    measured_s: float = 0.0
    notes: tuple[str, ...] = ()


def measure_candidate(name: str, sample: Sample, *, effort: float = 1.0) -> Candidate:
    """Encode the sample, and forecast the accuracy with all rows. An encoder that cannot be used says why.

    effort: share of the usual work (10 s on two cores).
    """
    start = time.perf_counter()
    try:
        encoded = encode_sample(name, sample, effort)
        with threadpool_limits(limits=1, user_api="blas"):  # a second thread gains little, and waits on a busy machine
            found = _judged(name, encoded, sample)
    except HeadstartError as error:
        return Candidate(name, problem=str(error), measured_s=time.perf_counter() - start)
    return replace(found, measured_s=time.perf_counter() - start)


def _judged(name: str, encoded: Encoded, sample: Sample) -> Candidate:
    """The estimates on the sample's features, and the forecast."""
    from scipy.sparse import issparse

    features, y = encoded.features, sample.y[encoded.rows]
    _, y = np.unique(y, return_inverse=True)
    curved = not issparse(features)
    gram = unit_gram(features)
    parts = gram_spectrum(gram)
    start = time.perf_counter()
    if encoded.learn is None:
        curve = learning_curve(gram, y, np.random.default_rng(sample.random_state), curved=curved)
        loo = curve.leave_one_out
    else:
        curve, loo = _curve_of_learner(encoded, gram, y, curved), None
    curve_s = time.perf_counter() - start
    layers = encoded.layers
    return Candidate(
        name,
        expected=forecast(curve, sample.n_rows),
        curve=curve,
        ridge_accuracy=loo,
        h_score=h_score(features, y, parts=parts),
        h_score_layers=None if layers is None else h_score(layers, y, parts=gram_spectrum(unit_gram(layers))),
        log_evidence=evidence(features, y, parts=parts).score,
        n_features=features.shape[1],
        fit_s=encoded.encoder_s + _head_seconds(encoded, y, sample.n_rows, curve_s),
        notes=encoded.notes,
    )


def _curve_of_learner(encoded: Encoded, gram: "Floats", y: "Ints", curved: bool) -> Curve:
    """One point: the rows whose labels the encoder has not seen."""
    learn = encoded.learn if encoded.learn is not None else np.arange(0)
    check = np.setdiff1d(np.arange(len(y)), learn)
    own = getattr(encoded.encoder, "own_head", None)
    if own is None:
        accuracy = held_out(gram, y, learn, check, curved=curved)
    else:
        decided = own()[1].predict_proba(encoded.features[check]).argmax(axis=1)
        accuracy = float(np.mean(decided == y[check]))
    return Curve((len(learn),), (accuracy,), len(check))


def _head_seconds(encoded: Encoded, y: "Ints", n_rows: int, curve_s: float) -> float:
    """Expected of the heads that `auto` fits: the first one timed on a quarter of the sample, rivals by their cost.

    Linear heads cost as much as there are rows; kernel_ridge inverts four kernels of all rows, of which the learning
    curve has just inverted 10.5 of the sample's size.
    """
    from headstart.heads import head_for, make_head, rivals_of

    if hasattr(encoded.encoder, "own_head"):
        return 0.0
    rows = stratified_sample(y, len(y) // 4, np.random.default_rng(0))
    first = head_for(encoded.features)
    start = time.perf_counter()
    make_head(first).fit(encoded.features[rows], y[rows])
    linear_s = (time.perf_counter() - start) * n_rows / len(rows)
    rivals = rivals_of(first, n_rows)
    kernel_s = 4 / 10.5 * curve_s * (n_rows / len(y)) ** 3 if "kernel_ridge" in rivals else 0.0
    return linear_s * (1 + sum(name != "kernel_ridge" for name in rivals)) + kernel_s

"""The limit of errors of a run: set from training rows that were checked by models which had not seen them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.abstaining import Abstaining, Limit, MaxError
from headstart.evaluation.labels import encode_true
from headstart.evaluation.results import Answered, Answering, Interval
from headstart.held_out import NOT_CHECKED
from headstart.measure import Estimate
from headstart.predictor import Predictor
from headstart.types import Floats, Ints

__all__ = ["answering", "with_limit"]


def with_limit(predictor: Predictor, checked: Estimate | None, max_error: float | str) -> Predictor:
    """The predictor with what these training rows say of its probabilities; None: nothing, and no text is answered."""
    asked = MaxError.read(max_error)
    if checked is None:
        none = np.empty((0, len(predictor.classes)))
        abstaining = Abstaining.from_held_out(none, np.empty(0, dtype=np.int64), asked, NOT_CHECKED)
    else:
        _, y = encode_true(predictor.classes, checked.rows.labels or ())
        abstaining = Abstaining.from_held_out(checked.probabilities, y, asked, checked.protocol)
    return replace(predictor, abstaining=abstaining)


def answering(
    limit: Limit | None, classes: Sequence[Any], labels: Sequence[str], probabilities: Floats, apart: bool = True
) -> Answering | None:
    """What the limit is, and how it does on rows with these labels (n,) and probabilities (n, k) of `classes`.

    apart: the rows had no part in setting it; else there is nothing to measure on them. None without a limit.
    """
    if limit is None:
        return None
    measured = _measured(limit, encode_true(classes, labels)[1], probabilities) if apart else None
    return Answering(str(limit.max_error), limit.threshold, limit.sentence(), measured)


def _measured(limit: Limit, y: Ints, probabilities: Floats) -> Answered:
    answered, sets = ~limit.abstained(probabilities), limit.sets(probabilities)
    wrong = probabilities.argmax(axis=1) != y
    known = y < probabilities.shape[1]  # a label that the model does not know is in no set
    held = known & sets[np.arange(len(y)), np.where(known, y, 0)]
    error = Interval.of_share(int(wrong[answered].sum()), int(answered.sum())) if answered.any() else None
    coverage, without = Interval.of_share(int(answered.sum()), len(y)), Interval.of_share(int((~held).sum()), len(y))
    return Answered(len(y), coverage, error, without, float(sets.sum(axis=1).mean()))

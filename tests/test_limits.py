"""The limit of a run: how it does on rows that had no part in setting it."""

from dataclasses import replace

import numpy as np

from headstart import Dataset, TextClassifier
from headstart.abstaining import Limit, MaxError
from headstart.evaluation.results import Interval
from headstart.limits import answering, with_limit
from headstart.measure import Estimate

LIMIT = Limit(MaxError(0.1), 0.8, 0.3, 100, 60, 3, 70, "100 rows")
PROBABILITIES = np.array([[0.9, 0.1], [0.6, 0.4], [0.85, 0.15], [0.2, 0.8]])


def test_answered_rows_are_counted() -> None:
    """By hand: rows 1, 3 and 4 are surer than 0.8, row 3 is wrong; a label from elsewhere is in no set."""
    found = answering(LIMIT, ("a", "b"), ("a", "new", "b", "b"), PROBABILITIES)
    assert found is not None
    assert (found.max_error, found.threshold, found.sentence) == ("0.1", 0.8, LIMIT.sentence())
    measured = found.measured
    assert measured is not None
    assert (measured.n, measured.coverage.value, measured.sets_without.value) == (4, 0.75, 0.5)
    assert measured.error is not None
    assert measured.error.value == 1 / 3
    assert measured.set_size == 5 / 4


def test_rows_that_set_the_limit_measure_nothing() -> None:
    """Nor do rows of which none is answered have an error."""
    own = answering(LIMIT, ("a", "b"), ("a", "a", "b", "b"), PROBABILITIES, apart=False)
    assert own is not None
    assert own.measured is None
    none = answering(replace(LIMIT, threshold=None), ("a", "b"), ("a", "a", "b", "b"), PROBABILITIES)
    assert none is not None
    assert none.measured is not None
    assert none.measured.error is None
    assert none.measured.coverage == Interval(0.0, 0.0, none.measured.coverage.high)
    assert answering(None, ("a", "b"), (), PROBABILITIES[:0]) is None


def test_the_limit_comes_from_the_rows_that_were_checked() -> None:
    """The labels of the rows find their columns by the names of the classes."""
    predictor = TextClassifier("tfidf").fit(["kind a", "kind b", "rude a", "rude b"], ["b", "b", "a", "a"]).predictor_
    rows = Dataset(("1", "2", "3", "4"), ("a", "b", "b", "b"))
    found = with_limit(predictor, Estimate(rows, PROBABILITIES, "4 rows"), "0.3:expected").abstaining
    assert found is not None
    assert found.correct.tolist() == [True, False, True, False]  # the surest first
    np.testing.assert_allclose(found.true_probability, [0.15, 0.4, 0.8, 0.9])
    assert with_limit(predictor, None, "0.3").required_limit().n == 0

"""The paired comparison: verdicts, sentences, and how often it is wrong."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binomtest

from headstart.errors import ConfigError, DataError
from headstart.evaluation.compare import compare

CLASSES = ("a", "b")


def answers(y, right):
    """Probabilities that are right where `right` (n,) is True."""
    return np.eye(2)[np.where(right, y, 1 - y)] * 0.8 + 0.1


def test_a_clear_gain_helped_and_mirrored_it_hurt():
    """90 against 80 of 100 rows, nested: the difference is 0.1 and the sentence says 10.0 points."""
    y = np.arange(100) % 2
    labels = [CLASSES[i] for i in y]
    better, worse = answers(y, np.arange(100) < 90), answers(y, np.arange(100) < 80)
    found = compare("minilm + logistic", labels, better, "tfidf + svm", worse, CLASSES)
    assert (found.verdict, found.metric) == ("helped", "accuracy")
    assert_allclose(found.difference.value, 0.1)
    assert 0.03 < found.difference.low < 0.1 < found.difference.high < 0.18
    assert found.sentence.startswith("minilm + logistic beats tfidf + svm by 10.0 points of accuracy (95 % interval")
    assert found.sentence.endswith("the transfer helped.")
    mirrored = compare("tfidf + svm", labels, worse, "minilm + logistic", better, CLASSES)
    assert mirrored.verdict == "hurt"
    assert "loses to minilm + logistic by 10.0 points" in mirrored.sentence


def test_where_nothing_is_transferred_no_transfer_helps():
    """The same interval, other words."""
    y = np.arange(100) % 2
    labels = [CLASSES[i] for i in y]
    good, bad = answers(y, np.arange(100) < 90), answers(y, np.arange(100) < 80)
    better = compare("tfidf + logistic", labels, good, "tfidf + svm", bad, CLASSES, transfers=False)
    worse = compare("tfidf + logistic", labels, bad, "tfidf + svm", good, CLASSES, transfers=False)
    assert [(each.verdict, each.is_better) for each in (better, worse)] == [("better", True), ("worse", False)]
    assert better.difference == compare("m", labels, good, "b", bad, CLASSES).difference
    assert not any("transfer" in each.sentence for each in (better, worse))


def test_the_same_answers_show_no_difference():
    """Difference and interval are 0."""
    y = np.arange(20) % 2
    p = answers(y, np.arange(20) < 15)
    found = compare("m", [CLASSES[i] for i in y], p, "b", p, CLASSES, metric="mcc")
    assert (found.difference.value, found.difference.low, found.difference.high) == (0.0, 0.0, 0.0)
    assert found.verdict == "no difference shown"
    assert "no difference shown" in found.sentence


def test_five_rows_are_too_few_for_a_verdict():
    """5 : 0 has an exact p above 0.05 whatever the bootstrap says; 6 : 0 is below it."""
    y = np.zeros(1000, dtype=int)
    for n, verdict in ((5, "no difference shown"), (6, "helped")):
        model, base = answers(y, np.ones(1000, bool)), answers(y, np.arange(1000) >= n)
        found = compare("m", ["a"] * 1000, model, "b", base, CLASSES)
        assert (found.verdict, f"right on {n} rows only" in found.sentence) == (verdict, n == 5)
        assert (binomtest(n, n).pvalue < 0.05) == (verdict == "helped")  # McNemar's exact test


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "mcc"])
def test_equal_models_are_seldom_said_to_differ(metric):
    """Two models, each right on 80 % of the rows by chance: a verdict in about 5 % of the samples."""
    rng = np.random.default_rng(0)
    said = 0
    for _ in range(300):
        y = rng.integers(0, 2, 150)
        model, base = (answers(y, rng.random(150) < 0.8) for _ in range(2))
        labels = [CLASSES[i] for i in y]
        said += compare("m", labels, model, "b", base, CLASSES, metric, 300).verdict != "no difference shown"
    assert said / 300 < 0.09


def test_pairing_narrows_the_interval():
    """Models that fail on the same rows are compared more sharply than models that fail on their own."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500)
    labels = [CLASSES[i] for i in y]
    fail = rng.random(500) < 0.3
    model = answers(y, ~fail)
    nested = compare("m", labels, model, "b", answers(y, ~fail & (rng.random(500) < 0.95)), CLASSES).difference
    apart = compare("m", labels, model, "b", answers(y, rng.random(500) < 0.665), CLASSES).difference
    assert nested.high - nested.low < 0.6 * (apart.high - apart.low)


def test_a_small_sure_gain_is_not_shown_as_zero():
    """An interval that excludes 0 does not read "0.0 to ..."."""
    y = np.zeros(20_000, dtype=int)
    model, base = answers(y, np.ones(20_000, bool)), answers(y, np.arange(20_000) >= 9)
    found = compare("m", ["a"] * 20_000, model, "b", base, CLASSES)
    assert found.verdict == "helped"
    assert "interval 0.0 " not in found.sentence


def test_wrong_metric_and_wrong_shapes_are_refused():
    """A metric of probabilities raises ConfigError, rows that do not match DataError with the name."""
    p = np.full((2, 2), 0.5)
    with pytest.raises(ConfigError, match="log_loss"):
        compare("m", ["a", "b"], p, "b", p, CLASSES, "log_loss")
    with pytest.raises(DataError, match="the base"):
        compare("m", ["a", "b"], p, "the base", p[:1], CLASSES)

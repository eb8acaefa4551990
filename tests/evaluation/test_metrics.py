"""Every metric against scikit-learn or by hand, and intervals that cover the truth."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binomtest
from sklearn import metrics as sk

from headstart.errors import DataError
from headstart.evaluation.labels import encode_true, unknown_labels
from headstart.evaluation.metrics import METRICS, evaluate
from headstart.evaluation.results import Interval
from headstart.functional.probability import softmax

CLASSES = ("bad", "fine", "good")


def draw(n=300, k=3, seed=0, signal=1.5):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    return y, softmax(rng.normal(size=(n, k)) + signal * np.eye(k)[y])


def value(name, evaluation):
    return evaluation.metrics[name].value


EXPECTED = {
    "accuracy": lambda y, q, p: sk.accuracy_score(y, q),
    "balanced_accuracy": lambda y, q, p: sk.balanced_accuracy_score(y, q),
    "mcc": lambda y, q, p: sk.matthews_corrcoef(y, q),
    "log_loss": lambda y, q, p: sk.log_loss(y, p),
    "roc_auc": lambda y, q, p: sk.roc_auc_score(y, p, multi_class="ovr", average="macro"),
    **{
        f"{average}_{short}": lambda y, q, p, f=function, a=average: f(y, q, average=a, zero_division=0)
        for average in ("macro", "micro", "weighted")
        for short, function in (
            ("f1", sk.f1_score),
            ("precision", sk.precision_score),
            ("recall", sk.recall_score),
        )
    },
}


def test_every_metric_has_an_expected_value_here():
    """A metric that is added to the table must be checked against something else (ece: by hand below)."""
    assert set(METRICS) == {*EXPECTED, "ece"}


@pytest.mark.parametrize("name", EXPECTED)
def test_values_equal_scikit_learn(name):
    """On 300 rows of three classes, and the interval holds the value."""
    y, p = draw()
    interval = evaluate("m", CLASSES, [CLASSES[i] for i in y], p).metrics[name]
    assert_allclose(interval.value, EXPECTED[name](y, p.argmax(axis=1), p))
    assert interval.low < interval.value < interval.high


def test_two_classes_rank_by_the_second():
    """roc_auc of two classes is the area for class 1."""
    y, p = draw(k=2)
    assert_allclose(value("roc_auc", evaluate("m", (0, 1), y, p)), sk.roc_auc_score(y, p[:, 1]))


def test_confusion_and_class_scores_by_hand():
    """A a a b with answers a a b b: a has precision 1, recall 2/3, b precision 1/2, recall 1."""
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    result = evaluate("m", ("a", "b"), ["a", "a", "a", "b"], p)
    a, b = result.per_class
    assert result.confusion == ((2, 1), (0, 1))
    assert (a.name, a.precision.value, a.support) == ("a", 1.0, 3)
    assert_allclose([a.recall.value, b.precision.value, b.recall.value, b.f1.value], [2 / 3, 0.5, 1.0, 2 / 3])
    assert_allclose(value("ece", result), (0.1 + 0.2 + 0.7 + 0.4) / 4)


def test_empty_bins_are_left_out_and_the_others_hold_all_rows():
    """Two classes never have a top probability below 0.5."""
    y, p = draw(k=2)
    bins = evaluate("m", (0, 1), y, p).reliability
    assert all(b.n > 0 and b.low <= b.confidence < b.high + 1e-12 for b in bins)
    assert sum(b.n for b in bins) == 300
    assert min(b.low for b in bins) >= 0.5


def test_mistakes_are_the_most_confident_errors():
    """At most twenty, most confident first, with text and line."""
    y, p = draw(k=2)
    texts = [f"text {i}" for i in range(300)]
    result = evaluate("m", ("n", "p"), ["np"[i] for i in y], p, texts=texts, lines=range(2, 302))
    wrong = np.flatnonzero(p.argmax(axis=1) != y)
    worst = wrong[p.max(axis=1)[wrong].argmax()]
    first = result.mistakes[0]
    assert len(result.mistakes) == 20
    assert (first.text, first.line, first.label) == (f"text {worst}", worst + 2, "np"[y[worst]])
    assert [m.probability for m in result.mistakes] == sorted((m.probability for m in result.mistakes), reverse=True)
    assert evaluate("m", ("n", "p"), ["np"[i] for i in y], p).mistakes == ()


def test_labels_unknown_to_the_model_count_as_errors():
    """They are classes of the table with F1 0; log_loss and roc_auc are left out; a Finding says so."""
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    result = evaluate("m", ("a", "b"), ["a", "b", "c"], p)
    assert result.classes == ("a", "b", "c")
    assert result.confusion == ((1, 0, 0), (0, 1, 0), (1, 0, 0))
    assert_allclose(value("accuracy", result), 2 / 3)
    assert_allclose(value("macro_f1", result), (2 / 3 + 1 + 0) / 3)
    assert not {"log_loss", "roc_auc"} & set(result.metrics)
    finding = unknown_labels(("a", "b"), ["a", "b", "c"], lines=[2, 3, 4])
    assert finding.n == 1
    assert "'c'" in finding.message
    assert finding.examples == ("line 4: 'c'",)
    assert unknown_labels(("a", "b"), ["a", "b"]) is None


def test_a_class_without_test_rows():
    """It is in no average, even where rows are taken for it; its own scores are nan, and roc_auc is not defined."""
    p = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.2, 0.1, 0.7], [0.8, 0.1, 0.1]])
    y = [0, 1, 0, 0]
    result = evaluate("m", CLASSES, [CLASSES[i] for i in y], p)
    kinds = {"average": "macro", "labels": [0, 1], "zero_division": 0}
    scores = {"f1": sk.f1_score, "precision": sk.precision_score, "recall": sk.recall_score}
    for name, score in scores.items():
        assert_allclose(value(f"macro_{name}", result), score(y, p.argmax(axis=1), **kinds))
    assert_allclose(value("balanced_accuracy", result), (2 / 3 + 1) / 2)
    assert "roc_auc" not in result.metrics
    assert all(np.isnan(each.value) for each in (result.per_class[2].f1, result.per_class[2].precision))
    assert result.per_class[2].f1.low is None


def test_labels_that_are_not_strings_meet_their_names():
    """Classes 0, 1 and labels "0", "1" are the same."""
    names, codes = encode_true((0, 1), ["1", "0"])
    assert names == ("0", "1")
    assert codes.tolist() == [1, 0]


def test_same_seed_same_intervals_and_none_without_bootstrap():
    """random_state decides the draws; n_bootstrap 0 leaves the ends out."""
    y, p = draw()
    labels = [CLASSES[i] for i in y]
    one, two = (evaluate("m", CLASSES, labels, p, n_bootstrap=200, random_state=5) for _ in range(2))
    assert one == two
    assert all(i.low is None for i in evaluate("m", CLASSES, labels, p, n_bootstrap=0).metrics.values())


@pytest.mark.parametrize("name", ["accuracy", "macro_f1", "mcc", "log_loss", "roc_auc"])
def test_intervals_cover_the_truth(name):
    """In about 95 of 100 samples of 200 rows the interval holds the value of a very large sample."""
    y, p = draw(n=100_000, seed=99)
    truth = value(name, evaluate("m", CLASSES, [CLASSES[i] for i in y], p, n_bootstrap=0))
    covered = 0
    for seed in range(200):
        y, p = draw(n=200, seed=seed)
        found = evaluate("m", CLASSES, [CLASSES[i] for i in y], p, n_bootstrap=200).metrics[name]
        covered += found.low <= truth <= found.high
    assert 0.90 <= covered / 200 <= 0.99


def test_calibration_interval_covers_the_truth_of_an_overconfident_model():
    """ECE of decision values that are half as large again as they should be, in samples of 200 rows."""

    def sample(n, seed):
        rng = np.random.default_rng(seed)
        decision = 1.5 * rng.normal(size=(n, 3))
        y = (rng.random((n, 1)) > softmax(decision).cumsum(axis=1)).sum(axis=1).clip(0, 2)
        return evaluate("m", (0, 1, 2), y, softmax(1.5 * decision), n_bootstrap=200).metrics["ece"]

    truth = sample(200_000, 999).value
    found = [sample(200, seed) for seed in range(100)]
    assert sum(i.low <= truth <= i.high for i in found) >= 80


def test_rows_that_do_not_match_are_refused():
    """No rows, other lengths, another number of classes, NaN: DataError with the numbers."""
    p = np.full((2, 2), 0.5)
    for labels, probabilities, more in (
        ([], np.empty((0, 2)), {}),
        (["a"], p, {}),
        (["a", "b"], p[:, :1], {}),
        (["a", "b"], p * np.nan, {}),
        (["a", "b"], p, {"texts": ["one"]}),
    ):
        with pytest.raises(DataError, match="Cannot evaluate"):
            evaluate("m", ("a", "b"), labels, probabilities, **more)


def test_a_small_class_that_is_always_right_may_be_wrong_one_day():
    """Shares have exact intervals (Clopper and Pearson): of 3 of 3 it is (0.025 ** (1 / 3), 1), of 100 of 100 likewise.
    The F1 of a class follows from one; scores of the whole that no draw of the rows changes have none.
    """
    y = ["a"] * 97 + ["b"] * 3
    found = evaluate("m", ["a", "b"], y, np.eye(2)[[0] * 97 + [1] * 3])
    b = found.per_class[1]
    for score, n in ((b.recall, 3), (b.precision, 3), (found.metrics["accuracy"], 100)):
        assert (score.value, score.high) == (1.0, 1.0)
        assert score.low == pytest.approx(0.025 ** (1 / n))
    low = 0.025 ** (1 / 3)
    assert (b.f1.value, b.f1.low, b.f1.high) == (1.0, pytest.approx(2 * low / (1 + low)), 1.0)
    for name in ("macro_f1", "balanced_accuracy"):
        assert found.metrics[name] == Interval(1.0)


@pytest.mark.parametrize("n", [12, 60])
def test_the_interval_of_a_classs_f1_covers_the_truth(n):
    """Of a small class, few rows or more: in at least 95 of 100 samples, by a binomial test."""
    y, p = draw(n=100_000, seed=99)
    truth = sk.f1_score(y, p.argmax(axis=1), labels=[2], average=None)[0]
    covered = []
    for seed in range(400):
        y, p = draw(n=n, seed=seed)
        found = evaluate("m", CLASSES, [CLASSES[i] for i in y], p, n_bootstrap=1).per_class[2].f1
        if not np.isnan(found.value):
            covered.append(found.low <= truth <= found.high)
    assert binomtest(sum(covered), len(covered), 0.95, alternative="less").pvalue > 0.001

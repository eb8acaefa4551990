"""The forecast of what more labels buy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from headstart import TextClassifier
from headstart.evaluation import more_labels as module
from headstart.evaluation.more_labels import forecast, more_labels
from headstart.predictor import Measured
from headstart.types import Dataset


def blobs(n: int, seed: int, k: int = 3, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Classes around k corners in 30 dimensions."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, size=n)
    return (np.eye(30)[y] + spread * rng.normal(size=(n, 30)) / 3).astype(np.float32), y


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), n=st.integers(20, 120))
def test_intervals_hold_their_value_and_stay_between_0_and_1(seed: int, n: int):
    found = more_labels(*blobs(n, seed))
    assert found is not None
    assert found.n == n
    for interval in (found.now, *found.more.values()):
        assert interval.low is not None
        assert interval.high is not None
        assert 0 < interval.low < interval.value < interval.high < 1
    assert list(found.more) == [50, 200, 500]


def test_a_known_accuracy_is_the_start():
    """Measured on many rows by a model of all rows, it is the value now, and the interval is narrower."""
    x, y = blobs(60, 0)
    rough, sure = more_labels(x, y), more_labels(x, y, known=Measured(0.8, 100_000, 60))
    assert rough is not None
    assert sure is not None
    assert sure.now.value == pytest.approx(0.8, abs=1e-4)
    assert (sure.now.high or 1) - (sure.now.low or 0) < (rough.now.high or 1) - (rough.now.low or 0)


def test_the_forecast_covers_what_more_rows_gave():
    """On 40 draws, ridge on 200 more rows is within the 95 % interval in nine cases of ten or more."""
    held = 0
    for seed in range(40):
        x, y = blobs(1_260, seed)
        found = more_labels(x[:60], y[:60])
        assert found is not None
        truth = np.mean(module._right(module._gram(x), y, np.arange(260), np.arange(260, 1_260)))
        low, high = found.more[200].low, found.more[200].high
        held += low is not None and high is not None and low <= truth <= high
    assert held >= 36


def test_ridge_is_scikit_learns():
    """The closed form decides as RidgeClassifier with the same penalty on the same centred, scaled features."""
    from sklearn.linear_model import Ridge

    x, y = blobs(80, 1)
    centred = x - x.mean(axis=0)
    scaled = centred / np.sqrt(np.mean(np.sum(centred**2, axis=1)))
    learn, check = np.arange(50), np.arange(50, 80)
    model = Ridge(alpha=module._PENALTY).fit(scaled[learn], np.eye(3)[y[learn]])
    expected = model.predict(scaled[check]).argmax(axis=1) == y[check]
    assert module._right(module._gram(x), y, learn, check).astype(bool).tolist() == expected.tolist()


def test_csr_features_are_read_as_their_array_without_centring():
    x = np.abs(blobs(40, 2)[0])
    products = x @ x.T
    assert module._gram(csr_matrix(x)) == pytest.approx(products / np.mean(np.diag(products)), abs=1e-5)


def test_same_seed_same_forecast():
    x, y = blobs(50, 3)
    assert more_labels(x, y, random_state=4) == more_labels(x, y, random_state=4)


@pytest.mark.parametrize("y", [np.zeros(30, int), np.arange(30), np.array([0, 1] * 3)])
def test_too_little_gives_nothing(y: np.ndarray):
    """One class, single rows, or fewer than eight rows."""
    assert more_labels(np.random.default_rng(0).normal(size=(len(y), 5)), y) is None


def test_classes_of_one_row_do_not_stop_it():
    y = np.array([0, 1] * 10 + [2])
    assert more_labels(np.random.default_rng(0).normal(size=(21, 5)), y) is not None


def test_noise_is_not_said_to_be_below_chance():
    """Features without meaning, two classes of equal size: a half, and no promise of much more."""
    y = np.arange(24) % 2
    for seed in range(10):
        found = more_labels(np.random.default_rng(seed).normal(size=(24, 5)), y)
        assert found is not None
        assert found.now.value >= 0.49


def test_the_curve_needs_a_bounded_sample():
    y = np.arange(5_000) % 4
    rows = module._drawn(y, 0)
    assert len(rows) == pytest.approx(600, abs=8)
    assert np.bincount(y[rows]).tolist() == pytest.approx([150] * 4, abs=2)


THINGS = ("soup", "staff", "room", "lift", "bed", "bar")
TEXTS = tuple(f"the {thing} was {word}" for word in ("lovely", "rude") for thing in THINGS)
LABELS = ("good",) * 6 + ("bad",) * 6


ROWS = Dataset(TEXTS, LABELS)


def test_a_probe_grows_as_its_own_features_do():
    """`forecast` is `more_labels` on the encoder's features of the different texts, with the slope of probes."""
    found = TextClassifier("tfidf", "linear_probe", random_state=0).fit(TEXTS, LABELS).predictor_
    features, y = found.encoder.encode(TEXTS), np.array([1] * 6 + [0] * 6)
    assert forecast(found, ROWS) == (more_labels(features, y), "")
    assert forecast(found, Dataset(TEXTS * 2, LABELS * 2)) == (more_labels(features, y, 24), "")
    assert forecast(found, ROWS, features) == forecast(found, ROWS)


def test_other_classifiers_grow_from_what_was_measured_whatever_their_features_are():
    """A classifier that is right on every row it learnt from is not said to be."""
    probe = TextClassifier("tfidf", "linear_probe", random_state=0).fit(TEXTS, LABELS).predictor_
    other = replace(probe, strategy="few_labels", measured=Measured(0.6, 500, 12))
    found, _ = forecast(other, ROWS)
    assert found is not None
    assert found.now.value == pytest.approx(0.6, abs=0.01)
    assert found == forecast(replace(other, encoder=None), ROWS)[0]  # type: ignore[arg-type] # nobody asks it
    probes, _ = forecast(replace(other, strategy="linear_probe"), ROWS)
    assert probes is not None
    assert found.more[500].value < probes.more[500].value


def test_where_nothing_can_be_said_the_reason_is():
    """No figure to start from, no words, one class, too many rows."""
    probe = TextClassifier("tfidf", "linear_probe", random_state=0).fit(TEXTS, LABELS).predictor_
    other = replace(probe, strategy="few_labels", measured=Measured(0.6, 500, 12))
    reasons = {
        "no accuracy was measured": (replace(other, measured=None), ROWS),
        "8 labelled rows with words": (other, Dataset(("",) * 12, LABELS)),
        "of two classes": (probe, Dataset(TEXTS, ("good",) * 12)),
        "beyond 2,000 labelled rows": (probe, Dataset(TEXTS * 200, LABELS * 200)),
    }
    for why, (predictor, rows) in reasons.items():
        found, told = forecast(predictor, rows)
        assert found is None
        assert why in told

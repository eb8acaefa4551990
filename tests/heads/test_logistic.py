"""Logistic: the choice of C and of class weights, and what the weights mean."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression

from headstart.encoders import make_encoder
from headstart.errors import ConfigError
from headstart.heads._span import pays
from headstart.heads.logistic import Logistic


def rows(n=300, d=6, k=3, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    return (rng.normal(size=(k, d))[y] + noise * rng.normal(size=(n, d))).astype(np.float32), y


@pytest.mark.parametrize("k", [2, 3])
def test_equals_scikit_learn_up_to_the_calibration_factor(k):
    """With C given, log probabilities are scikit-learn's decision values times chosen_["scale"]."""
    x, y = rows(k=k)
    head = Logistic(C=2.0, class_weight=None).fit(x, y)
    centred = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
    centred /= np.sqrt((centred**2).sum() / len(y))
    theirs = LogisticRegression(C=2.0, tol=1e-8, max_iter=1000).fit(centred, y).predict_proba(centred)
    logs = head.chosen_["scale"] * np.log(theirs)
    expected = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    assert_allclose(head.predict_proba(x), expected, atol=2e-3)


def test_noisy_rows_take_a_stronger_penalty_than_clean_ones():
    """Pure noise is given the smallest C among those compared; clear classes a larger one."""
    x, y = rows(n=400, d=40, noise=0.05)
    clean = Logistic().fit(x, y).chosen_["C"]
    noise = Logistic().fit(np.random.default_rng(0).normal(size=x.shape).astype(np.float32), y).chosen_["C"]
    assert noise <= clean


def test_held_out_log_loss_is_the_one_of_new_rows():
    """The log loss in chosen_["table"] is an honest guess of the log loss on rows never seen."""
    x, y = rows(n=4000, noise=2.0)
    head = Logistic(class_weight=None).fit(x[:2000], y[:2000])
    p = head.predict_proba(x[2000:])
    new = -np.log(p[np.arange(2000), y[2000:]]).mean()
    held_out = next(t["log_loss"] for t in head.chosen_["table"] if t["value"] == head.chosen_["C"])
    assert_allclose(new, held_out, atol=0.05)


def test_balanced_weights_only_where_they_pay():
    """auto: a small class that overlaps a large one gets balanced weights, even classes never do."""
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(900, int), np.ones(100, int)]
    x = (rng.normal(size=(1000, 3)) + 1.2 * y[:, None] * np.array([1, 0.5, 0])).astype(np.float32)
    imbalanced = Logistic().fit(x, y)
    assert {t["class_weight"] for t in imbalanced.chosen_["table"]} == {None, "balanced"}
    even = Logistic().fit(x[800:], y[800:])
    assert {t["class_weight"] for t in even.chosen_["table"]} == {None}
    recall = [
        (Logistic(class_weight=w).fit(x, y).predict_proba(x).argmax(axis=1)[y == 1] == 1).mean()
        for w in (None, "balanced")
    ]
    assert recall[0] < recall[1]


def test_no_convergence_warning_leaks_out():
    """Separable rows with hardly any penalty, where lbfgs struggles, give no warning."""
    x, y = rows(noise=0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(Logistic(C=1e9).fit(x, y).chosen_["converged"], bool)


@pytest.mark.parametrize("settings", [{"C": 0.0}, {"C": -1.0}, {"class_weight": "auot"}])
def test_wrong_settings_are_named(settings):
    """A setting that cannot be used raises ConfigError with its name and value."""
    with pytest.raises(ConfigError, match=next(iter(settings))):
        Logistic(**settings).fit(*rows())


@pytest.mark.parametrize("k", [2, 3])
def test_the_span_of_the_rows_changes_no_choice(monkeypatch, k):
    """Held-out rows that lose unknown words are not in the span; the table is the same with and without it."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, k, 90)
    texts = [f"told{c if rng.random() < 0.8 else 0} w{rng.integers(60)} w{i}x w{i}y w{i}z" for i, c in enumerate(y)]
    features = make_encoder("tfidf", analyser="word", ngrams=(1, 2)).fit(texts).encode(texts)
    assert pays(features)
    inside = Logistic().fit(features, y)
    monkeypatch.setattr("headstart.heads._linear.pays", lambda _: False)
    outside = Logistic().fit(features, y)
    assert inside.chosen_["C"] == outside.chosen_["C"]
    losses = ([t["log_loss"] for t in head.chosen_["table"]] for head in (inside, outside))
    assert_allclose(next(losses), next(losses), rtol=2e-3)

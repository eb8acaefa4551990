"""Svm: its decisions are liblinear's, its probabilities are calibrated on held-out margins."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import random as random_csr
from scipy.special import expit
from sklearn.svm import LinearSVC

from headstart.encoders import make_encoder
from headstart.functional.probability import expected_calibration_error
from headstart.heads._features import standardise
from headstart.heads.svm import TOLERANCE, Svm


def rows(n=400, d=10, k=3, noise=1.5, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    return (rng.normal(size=(k, d))[y] + noise * rng.normal(size=(n, d))).astype(np.float32), y


@pytest.mark.parametrize("k", [2, 4])
def test_most_likely_class_is_the_svms_own_decision(k):
    """Argmax of the probabilities equals LinearSVC.predict at the chosen C."""
    x, y = rows(k=k)
    head = Svm(class_weight=None).fit(x, y)
    svc = LinearSVC(C=head.chosen_["C"], tol=TOLERANCE, random_state=0).fit(standardise(x).features, y)
    assert_array_equal(head.predict_proba(x).argmax(axis=1), svc.predict(standardise(x).features))


def test_two_classes_are_a_sigmoid_of_the_signed_margin():
    """P(class 1) = 1 / (1 + exp(-a * margin)), exactly."""
    x, y = rows(k=2)
    head = Svm(C=0.5, class_weight=None).fit(x, y)
    z = standardise(x).features
    margin = LinearSVC(C=0.5, tol=TOLERANCE, random_state=0).fit(z, y).decision_function(z)
    assert_allclose(head.predict_proba(x)[:, 1], expit(head.chosen_["scale"] * margin), atol=1e-5)


def test_probabilities_are_calibrated_on_new_rows_though_training_rows_are_separable():
    """With more features than rows all training margins are at least 1; new rows are not that sure."""
    x, y = rows(n=2600, d=300, k=2, noise=12.0)
    p = Svm().fit(x[:200], y[:200]).predict_proba(x[200:])
    gap = expected_calibration_error(p.max(axis=1), p.argmax(axis=1) == y[200:])
    assert gap < 0.08


def test_a_sparse_set_with_a_class_of_two_rows():
    """A rare class stays in every training part, so that no fold lacks it."""
    x = random_csr(300, 1000, density=0.02, format="csr", dtype=np.float32, random_state=0)
    y = np.r_[np.zeros(150, int), np.ones(148, int), [2, 2]]
    assert Svm().fit(x, y).predict_proba(x).shape == (300, 3)


def counted(n, seed):
    """Texts of two classes: a word that tells the class of three quarters, and four that no other text has."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    told = np.where(rng.random(n) < 0.75, y, 1 - y)
    words = [["warm", "kind", "mild"], ["cold", "rude", "dull"]]
    return [f"{rng.choice(words[c])} w{i}a w{i}b w{i}c w{i}d" for i, c in enumerate(told)], y


def test_probabilities_of_counted_words_are_no_surer_than_right():
    """On average over draws: the vocabulary has all words of a held-out row, and of a new text only the telling one."""
    gaps = []
    for seed in range(6):
        texts, y = counted(1200, seed)
        encoder = make_encoder("tfidf", analyser="word", ngrams=(1, 1)).fit(texts[:200])
        p = Svm().fit(encoder.encode(texts[:200]), y[:200]).predict_proba(encoder.encode(texts[200:]))
        gaps.append(p.max(axis=1).mean() - (p.argmax(axis=1) == y[200:]).mean())
    assert abs(np.mean(gaps)) < 0.05

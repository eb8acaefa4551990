"""How heads choose: the one-standard-error rule and the price of balanced weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from headstart.encoders import make_encoder
from headstart.heads._selection import (
    Trial,
    as_new,
    balanced_pays,
    class_weights_to_try,
    near_default,
    out_of_fold,
    row_weights,
)


def trial(value, losses, **scores):
    return Trial(value, None, np.zeros((len(losses), 2)), np.array(losses, dtype=float), 1.0, scores)


def test_a_difference_within_noise_leaves_the_default():
    """3 is best by 0.05 on average but by chance as likely not: 1 stays; a sure difference moves it."""
    noisy = [trial(1.0, [0, 1, 0, 1.2]), trial(3.0, [1, 0, 1, 0])]
    sure = [trial(1.0, [1.0, 1.1, 1.0, 1.1]), trial(3.0, [0.5, 0.6, 0.5, 0.6])]
    assert near_default(noisy, 1.0).value == 1.0
    assert near_default(sure, 1.0).value == 3.0


def test_equal_losses_take_the_default():
    """Where all are alike the default is taken."""
    assert near_default([trial(v, [0.3, 0.4]) for v in (0.1, 1.0, 10.0)], 1.0).value == 1.0


@pytest.mark.parametrize(("f1", "accuracy", "pays"), [(0.75, 0.90, True), (0.705, 0.90, False), (0.75, 0.80, False)])
def test_balanced_weights_must_gain_more_than_they_cost(f1, accuracy, pays):
    """At least 0.01 of macro F1, and more than is lost in accuracy."""
    plain = trial(1.0, [0.0, 0.0], macro_f1=0.70, accuracy=0.90)
    assert balanced_pays(plain, trial(1.0, [0.0, 0.0], macro_f1=f1, accuracy=accuracy)) is pays


def test_no_row_is_decided_by_a_model_that_learnt_from_it():
    """Each fold's model learns from all other rows and decides its own, which end up at their places."""
    folds = np.array([1, 0, 2, 0, 1, 2])

    def fit_predict(fold, learn, decide):
        assert sorted([*learn, *decide]) == list(range(6))
        assert (folds[decide] == fold).all()
        return np.stack([decide, -decide], axis=1)

    decision = out_of_fold(fit_predict, np.zeros(6, dtype=int), folds, 2)
    assert np.array_equal(decision, np.stack([np.arange(6), -np.arange(6)], axis=1))


def test_auto_tries_balanced_only_for_imbalanced_classes():
    """Above one and a half times the smallest class."""
    assert class_weights_to_try("auto", np.repeat([0, 1], [3, 2])) == (None, False)
    assert class_weights_to_try("auto", np.repeat([0, 1], [4, 2])) == (None, True)
    assert class_weights_to_try("balanced", np.repeat([0, 1], [3, 2])) == ("balanced", False)


def test_balanced_row_weights_give_every_class_the_same_total():
    """Mean 1, and equal sums a class."""
    y = np.repeat([0, 1, 2], [6, 2, 1])
    weights = row_weights("balanced", y)
    assert np.allclose(weights.mean(), 1.0)
    assert np.allclose(np.bincount(y, weights), 3.0)


TEXTS = (
    "soup bread salt",
    "soup tea bread",
    "tea milk soup salt",
    "bread milk pepper",
    "tea honey honey",
    "salt milk clove",
    "lemon",
    "bread tea lemon",
)
FOLDS = np.array([0, 1, 2, 0, 1, 2, 0, 1])


def counted(min_df, more=()):
    """An encoder of single words, and the features of the texts."""
    encoder = make_encoder("tfidf", analyser="word", ngrams=(1, 1), min_df=min_df).fit((*TEXTS, *more))
    return encoder, encoder.encode(TEXTS)


@pytest.mark.parametrize("min_df", [1, 2])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_held_out_rows_lose_the_words_that_the_others_do_not_know(min_df, scale):
    """As the encoder reads them once these words are struck from the text: those in less than min_df other rows."""
    encoder, features = counted(min_df)
    for fold, rows in enumerate(as_new(features * np.float32(scale), FOLDS, scale)):
        others = [set(text.split()) for text, f in zip(TEXTS, FOLDS, strict=True) if f != fold]
        struck = [
            " ".join(word for word in text.split() if sum(word in words for words in others) >= min_df)
            for text, f in zip(TEXTS, FOLDS, strict=True)
            if f == fold
        ]
        assert_allclose(rows.toarray(), scale * encoder.encode(struck).toarray(), atol=1e-6)
        assert rows.nnz < features[fold == FOLDS].nnz


def test_words_that_all_others_know_change_nothing():
    """Then a held-out row is what it was."""
    features = sparse.csr_matrix(np.tile([[0.6, 0.8]], (6, 1)).astype(np.float32))
    for rows in as_new(features, np.arange(6) % 3, 1.0):
        assert_allclose(rows.toarray(), [[0.6, 0.8]] * 2, rtol=1e-6)


def test_rows_stay_as_they_are_where_new_texts_lose_nothing_that_is_seen():
    """Dense features, columns of another kind beside the words, and an encoder that has read other texts too."""
    _, features = counted(1)
    beside = sparse.hstack([features, np.ones((len(TEXTS), 2), np.float32)]).tocsr()
    _, of_more = counted(1, more=("soup nutmeg",))
    for given in (features.toarray(), beside, of_more):
        assert as_new(given, FOLDS, 1.0) is None

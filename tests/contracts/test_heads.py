"""The laws of every head, run over the registry."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from scipy.sparse import csr_matrix
from sklearn.exceptions import NotFittedError

from headstart import registry
from headstart.errors import ConfigError, DataError
from headstart.types import State

HEADS = registry.names("head")


def make(name, **settings):
    return registry.load("head", name)(**settings)


def blobs(k=3, per_class=20, d=12, seed=0, spread=0.7):
    """Features (n, d) float32 around k means, and codes (n,)."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(k, d))
    y = np.repeat(np.arange(k), per_class)
    return (means[y] + spread * rng.normal(size=(len(y), d))).astype(np.float32), y


@pytest.fixture(params=HEADS)
def name(request):
    return request.param


@pytest.mark.parametrize("k", [2, 5])
def test_fit_returns_self_and_probabilities_sum_to_one(name, k):
    """(n, k) float64 in 0..1, rows sum to 1, and the blobs are told apart."""
    x, y = blobs(k)
    head = make(name)
    assert head.fit(x, y) is head
    p = head.predict_proba(x)
    assert p.shape == (len(y), k)
    assert p.dtype == np.float64
    assert (p >= 0).all()
    assert_allclose(p.sum(axis=1), 1.0, rtol=1e-12)
    assert (p.argmax(axis=1) == y).mean() > 0.85


def test_csr_features_are_told_apart_as_dense_ones_are(name):
    """Dense and CSR rows get the same from one head, and nearly the same from a head fitted on CSR."""
    x, y = blobs()
    x[np.abs(x) < 0.5] = 0.0
    dense, sparse = make(name).fit(x, y), make(name).fit(csr_matrix(x), y)
    assert_allclose(dense.predict_proba(csr_matrix(x)), dense.predict_proba(x), atol=1e-5)
    assert_allclose(sparse.predict_proba(x), sparse.predict_proba(csr_matrix(x)), atol=1e-5)
    answers = dense.predict_proba(x).argmax(axis=1), sparse.predict_proba(csr_matrix(x)).argmax(axis=1)
    assert (answers[0] == answers[1]).mean() > 0.9


@pytest.mark.parametrize("per_class", [2, 3, 4])
def test_a_few_rows_a_class_are_enough(name, per_class):
    """Two to four rows of each class can be learnt from."""
    x, y = blobs(k=4, per_class=per_class, spread=0.2)
    assert (make(name).fit(x, y).predict_proba(x).argmax(axis=1) == y).all()


def test_permuted_rows_permute_the_probabilities(name):
    """Row i of the answer belongs to row i of the features, whatever the other rows are."""
    x, y = blobs()
    head = make(name).fit(x, y)
    order = np.random.default_rng(1).permutation(len(y))
    assert_allclose(head.predict_proba(x[order]), head.predict_proba(x)[order], atol=1e-6)


def test_one_text(name):
    """One row alone gets what it gets among others."""
    x, y = blobs()
    head = make(name).fit(x, y)
    assert_allclose(head.predict_proba(x[7:8]), head.predict_proba(x)[7:8], atol=1e-6)


def test_same_seed_same_result(name):
    """Two fits with the same seed give equal bits."""
    x, y = blobs(spread=1.5)
    one, two = (make(name, random_state=3).fit(x, y).predict_proba(x) for _ in range(2))
    assert_array_equal(one, two)


@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
def test_state_round_trip_gives_equal_bits(name, form):
    """Through JSON text and safetensors bytes, probabilities stay bit-equal."""
    x, y = blobs(k=4, spread=1.0)
    head = make(name).fit(form(x), y)
    state = head.get_state()
    restored = State(json.loads(json.dumps(state.settings)), load_tensors(save_tensors(dict(state.arrays))))
    again = registry.load("head", name).from_state(restored)
    assert_array_equal(head.predict_proba(form(x)), again.predict_proba(form(x)))
    assert json.loads(json.dumps(again.get_state().settings)) == restored.settings


def test_inputs_stay_untouched(name):
    """Neither fit nor predict_proba changes features or codes, and the fitted head keeps no view of them."""
    x, y = blobs()
    x_before, y_before = x.copy(), y.copy()
    head = make(name).fit(x, y)
    p = head.predict_proba(x)
    assert_array_equal(x, x_before)
    assert_array_equal(y, y_before)
    probe = x[:5].copy()
    x += 1.0
    y[:] = 0
    assert_array_equal(head.predict_proba(probe).argmax(axis=1), p[:5].argmax(axis=1))


@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
def test_a_row_of_zeros_works(name, form):
    """A text without any known term has all-zero features, in fit and in predict."""
    x, y = blobs()
    x[3] = 0.0
    p = make(name).fit(form(x), y).predict_proba(form(np.zeros((2, x.shape[1]), dtype=np.float32)))
    assert np.isfinite(p).all()
    assert_allclose(p.sum(axis=1), 1.0)


def test_all_features_zero_gives_finite_probabilities(name):
    """Features that say nothing are no reason to fail."""
    y = np.array([0, 1, 0, 1, 0, 1])
    p = make(name).fit(np.zeros((6, 3), dtype=np.float32), y).predict_proba(np.zeros((1, 3), dtype=np.float32))
    assert_allclose(p, 0.5, atol=1e-6)


def test_imbalanced_classes_are_all_found(name):
    """With 300, 30 and 3 rows in clear blobs, the rare class is still told apart."""
    x, y = blobs(k=3, per_class=300, spread=0.4)
    keep = np.concatenate([np.arange(300), 300 + np.arange(30), 600 + np.arange(3)])
    p = make(name).fit(x[keep], y[keep]).predict_proba(x)
    recall = [(p.argmax(axis=1)[y == c] == c).mean() for c in range(3)]
    assert min(recall) > 0.8


def test_scale_and_origin_of_the_features_do_not_matter_much(name):
    """Multiplying all features by 1,000 changes no answer: the penalty follows the scale."""
    x, y = blobs(spread=1.0)
    p, q = make(name).fit(x, y).predict_proba(x), make(name).fit(1000 * x, y).predict_proba(1000 * x)
    assert_allclose(p, q, atol=0.02)


def test_unfitted_head_says_so(name):
    """predict_proba and get_state before fit raise scikit-learn's NotFittedError."""
    head = make(name)
    with pytest.raises(NotFittedError, match="not fitted"):
        head.predict_proba(np.zeros((1, 2)))
    with pytest.raises(NotFittedError, match="not fitted"):
        head.get_state()


def test_another_width_is_refused(name):
    """Features of another encoder raise ConfigError with both widths."""
    x, y = blobs()
    with pytest.raises(ConfigError, match=r"12.*11"):
        make(name).fit(x, y).predict_proba(x[:, :11])


@pytest.mark.parametrize(
    ("y", "message"),
    [([0, 0, 0, 0], "two classes"), ([0, 0, 1, 2], r"1 \(1\), 2 \(1\)"), ([0, 0, 1], "4 rows")],
)
def test_rows_that_cannot_be_learnt_from_are_refused(name, y, message):
    """One class, classes with one row, and lengths that differ raise DataError with the numbers."""
    with pytest.raises(DataError, match=message):
        make(name).fit(np.eye(4, dtype=np.float32), np.array(y))


def test_features_that_are_not_finite_are_refused(name):
    """NaN in the features raises DataError."""
    x, y = blobs()
    x[0, 0] = np.nan
    with pytest.raises(DataError, match="NaN"):
        make(name).fit(x, y)


def test_float64_and_fortran_order_give_the_same(name):
    """The memory layout and precision of the given features do not matter."""
    x, y = blobs()
    head = make(name).fit(x, y)
    other = make(name).fit(np.asfortranarray(x, dtype=np.float64), y)
    assert_allclose(head.predict_proba(x), other.predict_proba(np.asfortranarray(x)), atol=1e-6)


@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
def test_refit_on_the_same_rows_changes_nothing(name, form):
    """The settings and the calibration stay, so the same rows give the same bits; of a restored head too."""
    x, y = blobs(spread=1.2)
    head = make(name).fit(form(x), y)
    p, state = head.predict_proba(form(x)), head.get_state()
    restored = registry.load("head", name).from_state(state)
    for each in (head, restored):
        assert each.refit(form(x), y) is each
        assert_array_equal(each.predict_proba(form(x)), p)
        assert each.get_state().settings == state.settings


def test_refit_learns_from_the_new_rows(name):
    """Blobs that changed their classes: the answers change with them."""
    x, y = blobs(spread=0.3)
    head = make(name).fit(x, y).refit(x, (y + 1) % 3)
    assert (head.predict_proba(x).argmax(axis=1) == (y + 1) % 3).mean() > 0.9


def test_refit_on_every_row_twice_is_refit_on_the_rows(name):
    """More rows that say the same do not weaken the penalty. knn has none: its neighbours are copies then."""
    if name == "knn":
        pytest.skip("copies of a row are its nearest neighbours")
    x, y = blobs(spread=1.2)
    head = make(name).fit(x, y)
    p = head.predict_proba(x)
    twice = head.refit(np.concatenate([x, x]), np.concatenate([y, y])).predict_proba(x)
    assert_allclose(twice, p, atol=2e-3)


def test_refit_refuses_other_features_and_classes(name):
    """Another width and another number of classes raise; before fit it is not fitted."""
    x, y = blobs()
    head = make(name).fit(x, y)
    with pytest.raises(ConfigError, match=r"12.*11"):
        head.refit(x[:, :11], y)
    with pytest.raises(DataError, match="3 classes"):
        head.refit(x, y % 2)
    with pytest.raises(NotFittedError):
        make(name).refit(x, y)

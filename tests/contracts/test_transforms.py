"""The laws of every transform, run over the registry."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from scipy.sparse import csr_matrix, issparse
from sklearn.exceptions import NotFittedError

from headstart import registry
from headstart.errors import ConfigError, DataError
from headstart.types import State

SUPERVISED = {"select", "lda_projection"}
ATOL = 1e-5  # float32 sums in another order


def make(name: str, **settings: Any) -> Any:
    """A transform; select keeps five columns here: by default it keeps 2,000, which is all of them."""
    return registry.load("transform", name)(**({"k": 5} if name == "select" else {}) | settings)


def blobs(k: int = 3, per_class: int = 12, d: int = 10, seed: int = 0) -> tuple[Any, Any]:
    """Features (n, d) float32, a third of them zero, around k means, and codes (n,)."""
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(k), per_class)
    x = rng.normal(size=(k, d))[y] + 0.5 * rng.normal(size=(len(y), d))
    x[rng.random(x.shape) < 1 / 3] = 0
    return x.astype(np.float32), y


def dense(features: Any) -> np.ndarray:
    return np.asarray(features.toarray() if issparse(features) else features)


@pytest.fixture(params=registry.names("transform"))
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


forms = pytest.mark.parametrize("form", [np.asarray, csr_matrix])


@forms
def test_shape_and_type(name: str, form: Any) -> None:
    """`fit` returns itself; (n, e) float32, dense or CSR, finite, with one e for any rows, none included."""
    x, y = blobs()
    transform = make(name)
    assert transform.fit(form(x), y) is transform
    found = transform.transform(form(x))
    for some in (x, x[:1], x[:0], 100 * x, np.zeros_like(x)):
        part = transform.transform(form(some))
        assert isinstance(part, np.ndarray | csr_matrix)
        assert type(part) is type(found)
        assert part.shape == (len(some), found.shape[1])
        assert part.dtype == np.float32
        assert np.isfinite(dense(part)).all()


@forms
def test_row_i_depends_on_row_i_alone(name: str, form: Any) -> None:
    """In any order, and alone, a row becomes the same."""
    x, y = blobs()
    transform = make(name).fit(form(x), y)
    whole = dense(transform.transform(form(x)))
    order = np.random.default_rng(1).permutation(len(x))
    assert_allclose(dense(transform.transform(form(x[order]))), whole[order], atol=ATOL)
    assert_allclose(dense(transform.transform(form(x[4:5])))[0], whole[4], atol=ATOL)


@forms
def test_other_forms_of_the_same_features_give_the_same(name: str, form: Any) -> None:
    """float64, Fortran order, and the form, dense or CSR, that `fit` has not seen."""
    x, y = blobs()
    transform = make(name).fit(form(x), y)
    expected = dense(transform.transform(form(x)))
    for other in (csr_matrix(x), x, np.asfortranarray(x), x.astype(np.float64)):
        assert_allclose(dense(transform.transform(other)), expected, atol=ATOL)


@forms
def test_same_seed_same_result(name: str, form: Any) -> None:
    """Two fits on the same rows give equal bits."""
    x, y = blobs()
    one, two = (dense(make(name, **_seed(name)).fit(form(x), y).transform(form(x))) for _ in range(2))
    assert_array_equal(one, two)


def _seed(name: str) -> dict[str, int]:
    return {} if name == "scale" else {"random_state": 3}


@forms
def test_inputs_stay_untouched(name: str, form: Any) -> None:
    """Neither `fit` nor `transform` changes features or codes; what comes out is no view of what went in."""
    x, y = blobs()
    features, codes = form(x.copy()), y.copy()
    transform = make(name).fit(features, codes)
    found = transform.transform(features)
    assert_array_equal(dense(features), x)
    assert_array_equal(codes, y)
    if issparse(found):
        found.data[:] = 7
    else:
        found[:] = 7
    assert_array_equal(dense(features), x)


@forms
def test_state_round_trip_gives_equal_bits(name: str, form: Any) -> None:
    """Through JSON text and safetensors bytes, features stay bit-equal, and so does the state."""
    x, y = blobs()
    transform = make(name).fit(form(x), y)
    state = transform.get_state()
    arrays = save_tensors({key: np.ascontiguousarray(value) for key, value in state.arrays.items()})
    restored = State(json.loads(json.dumps(state.settings)), load_tensors(arrays))
    again = registry.load("transform", name).from_state(restored)
    assert_array_equal(dense(again.transform(form(x))), dense(transform.transform(form(x))))
    assert again.get_state().settings == restored.settings


def test_rows_without_label(name: str) -> None:
    """Codes y cover the first m rows; more codes than rows are refused, and none where they are needed."""
    x, y = blobs()
    part = make(name).fit(x, y[:20])
    if name in SUPERVISED:
        assert_allclose(dense(part.transform(x)), dense(make(name).fit(x[:20], y[:20]).transform(x)), atol=1e-4)
        with pytest.raises(ConfigError, match=f"'{name}' learns from labels"):
            make(name).fit(x)
        with pytest.raises(DataError, match="36 rows of features but 72 labels"):
            make(name).fit(x, np.tile(y, 2))
        with pytest.raises(DataError, match="at least two classes"):
            make(name).fit(x, np.zeros_like(y))
    else:
        assert_array_equal(dense(part.transform(x)), dense(make(name).fit(x).transform(x)))


@forms
def test_features_of_another_width_are_refused(name: str, form: Any) -> None:
    """ConfigError with both widths."""
    x, y = blobs()
    transform = make(name).fit(form(x), y)
    with pytest.raises(ConfigError, match=r"fitted on 10 features a text but got 9"):
        transform.transform(form(x[:, :9]))


@forms
def test_features_that_are_not_finite_are_refused(name: str, form: Any) -> None:
    """DataError, in fit and later."""
    x, y = blobs()
    wrong = x.copy()
    wrong[2, 3] = np.nan
    with pytest.raises(DataError, match="NaN"):
        make(name).fit(form(wrong), y)
    with pytest.raises(DataError, match="NaN"):
        make(name).fit(form(x), y).transform(form(wrong))


def test_unfitted_says_so(name: str) -> None:
    """Both transform and get_state before fit raise scikit-learn's NotFittedError."""
    with pytest.raises(NotFittedError, match="not fitted"):
        make(name).transform(np.zeros((1, 2), np.float32))
    with pytest.raises(NotFittedError, match="not fitted"):
        make(name).get_state()


@forms
def test_few_rows_and_columns_that_say_nothing(name: str, form: Any) -> None:
    """Fewer rows than features, with constant and empty columns among them: finite numbers, no warning."""
    x, y = blobs(per_class=2)
    x[:, 2], x[:, 3] = 0, 1
    found = dense(make(name).fit(form(x), y).transform(form(x)))
    assert np.isfinite(found).all()
    assert found.shape[0] == 6

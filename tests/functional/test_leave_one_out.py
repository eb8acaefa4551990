"""The closed leave-one-out form of ridge regression against leaving rows out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge

from headstart.functional.leave_one_out import leave_one_out, spectrum, weights_and_intercept


def problem(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) + 1.0, rng.normal(size=(n, 2)), rng.uniform(0.2, 3.0, n)


@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
@pytest.mark.parametrize(("n", "d"), [(20, 5), (12, 40), (15, 15)])
@pytest.mark.parametrize("alpha", [0.01, 1.0, 100.0])
def test_leave_one_out_equals_brute_force(form, n, d, alpha):
    """Fitting n times without row i says of row i what the closed form says, weights included."""
    x, targets, w = problem(n, d)
    expected = []
    for i in range(n):
        rest = np.arange(n) != i
        model = Ridge(alpha=alpha).fit(x[rest], targets[rest], sample_weight=w[rest])
        expected.append(model.predict(x[i : i + 1])[0])
    assert_allclose(leave_one_out(spectrum(form(x), w), targets, alpha), expected, atol=1e-6)


@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
@pytest.mark.parametrize(("n", "d"), [(20, 5), (12, 40)])
def test_weights_equal_scikit_learn(form, n, d):
    """Coefficients and intercept of the weighted ridge on all rows."""
    x, targets, w = problem(n, d)
    model = Ridge(alpha=0.5).fit(x, targets, sample_weight=w)
    weights, intercept = weights_and_intercept(spectrum(form(x), w), form(x), targets, 0.5)
    assert_allclose(weights.T, model.coef_, atol=1e-8)
    assert_allclose(intercept, model.intercept_, atol=1e-8)


def test_columns_that_repeat_do_not_break_the_decomposition():
    """Collinear features have eigenvalues of zero, which are left out."""
    x, targets, w = problem(20, 3)
    twice = np.hstack([x, x])
    single = leave_one_out(spectrum(x, w), targets, 1.0)
    # each weight is shared by two columns, so the penalty of the sum is halved
    assert_allclose(leave_one_out(spectrum(twice, w), targets, 2.0), single, atol=1e-6)

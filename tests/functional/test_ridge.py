"""Ridge in the span of the rows against ridge on the columns."""

import numpy as np
from sklearn.linear_model import Ridge

from headstart.functional.ridge import dual_ridge


def test_it_is_ridge_regression_with_a_free_offset() -> None:
    """The values of new rows are those of scikit-learn's ridge on the features themselves."""
    rng = np.random.default_rng(0)
    rows, new, targets = rng.normal(2.0, size=(20, 5)), rng.normal(size=(7, 5)), rng.normal(1.0, size=(20, 3))
    weights, offset = dual_ridge(rows @ rows.T, targets, 0.7)
    expected = Ridge(alpha=0.7).fit(rows, targets).predict(new)
    np.testing.assert_allclose(new @ rows.T @ weights + offset, expected, rtol=1e-9)
    np.testing.assert_allclose(weights.sum(axis=0), 0.0, atol=1e-12)

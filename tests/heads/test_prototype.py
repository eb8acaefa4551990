"""Prototype: the closed leave-one-out form against leaving rows out, and the shrinkage."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from headstart.errors import ConfigError
from headstart.functional.probability import fit_scale
from headstart.heads._features import unit_rows
from headstart.heads.prototype import Prototype


def cosines(x, y, query, shrinkage, k):
    """Cosine of one row with the prototypes of the others, straight from the definition."""
    unit = unit_rows(x)[0].astype(np.float64)
    prototypes = np.stack(
        [(unit[y == c].sum(0) + shrinkage * unit.mean(0)) / ((y == c).sum() + shrinkage) for c in range(k)]
    )
    return prototypes @ query / np.linalg.norm(prototypes, axis=1)


@pytest.mark.parametrize("shrinkage", [0.0, 1.0, 5.0])
def test_factor_is_fitted_on_leave_one_out_cosines(shrinkage):
    """The closed form gives the factor that removing each row in turn gives."""
    rng = np.random.default_rng(0)
    y = np.arange(30) % 3
    x = (rng.normal(size=(3, 6))[y] + rng.normal(size=(30, 6))).astype(np.float32)
    unit = unit_rows(x)[0].astype(np.float64)
    left_out = [cosines(np.delete(x, i, 0), np.delete(y, i), unit[i], shrinkage, 3) for i in range(30)]
    head = Prototype(shrinkage).fit(x, y)
    assert_allclose(head.chosen_["scale"], fit_scale(np.array(left_out), y), rtol=1e-3)


def test_strong_shrinkage_makes_all_prototypes_one():
    """As the shrinkage grows, all prototypes become the global mean and all classes equally likely."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = (rng.normal(size=(2, 6))[y] + rng.normal(size=(40, 6))).astype(np.float32)
    near = np.diff(Prototype(1e6).fit(x, y).prototypes_, axis=0)
    far = np.diff(Prototype(0.0).fit(x, y).prototypes_, axis=0)
    assert np.abs(near).max() < 1e-3 < np.abs(far).max()


def test_negative_shrinkage_is_refused():
    """Shrinkage below 0 raises ConfigError."""
    with pytest.raises(ConfigError, match="shrinkage"):
        Prototype(-1.0).fit(np.eye(4, dtype=np.float32), np.array([0, 0, 1, 1]))

"""select: the columns that tell the classes apart."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.feature_selection import SelectKBest, chi2, f_classif, mutual_info_classif

from headstart.errors import ConfigError
from headstart.transforms.select import Select, _information_of_presence

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 3, size=80)
COUNTS = RNG.poisson(0.7 + RNG.random((3, 30))[Y]).astype(np.float32)
forms = pytest.mark.parametrize("form", [np.asarray, csr_matrix])


@forms
@pytest.mark.parametrize(("by", "score"), [("anova", f_classif), ("chi2", chi2)])
def test_the_columns_are_scikit_learns(by, score, form) -> None:
    """The same ten columns as SelectKBest, in their old order."""
    peer = SelectKBest(score, k=10).fit(COUNTS.astype(np.float64), Y).get_support(indices=True)
    found = Select(10, by=by).fit(form(COUNTS), Y)
    assert_array_equal(found.columns_, peer)
    kept = found.transform(form(COUNTS))
    assert_array_equal(kept.toarray() if form is csr_matrix else kept, COUNTS[:, peer])


def test_information_of_presence_is_scikit_learns_over_discrete_features() -> None:
    """What takes scikit-learn one column after another, of presence instead of counts."""
    peer = mutual_info_classif(COUNTS > 0, Y, discrete_features=True)
    assert_allclose(_information_of_presence(csr_matrix(COUNTS), Y), peer, atol=1e-12)


@forms
def test_mutual_information_finds_what_the_means_do_not_show(form) -> None:
    """Column 4 is 0 or 2 in one class and 1 in the other: equal means, told apart by mutual information."""
    rng = np.random.default_rng(1)
    y = np.tile([0, 1], 100)
    x = rng.normal(size=(200, 8)).astype(np.float32)
    x[:, 4] = np.where(y, rng.choice([-3.0, 3.0], size=200), 0.0)
    assert Select(1, by="mutual_info").fit(form(x), y).columns_.tolist() == [4]


@forms
@pytest.mark.parametrize("by", ["anova", "chi2", "mutual_info"])
def test_columns_that_say_nothing_come_last(by, form) -> None:
    """Empty and constant columns are taken only when all others are."""
    x = COUNTS.copy()
    x[:, [0, 5]], x[:, 7] = 0, 2
    assert not {0, 5, 7} & set(Select(27, by=by).fit(form(x), Y).columns_.tolist()) or by == "mutual_info"
    assert not {0, 5, 7} & set(Select(5, by=by).fit(form(x), Y).columns_.tolist())


@pytest.mark.parametrize("k", [30, 31, 5000])
def test_k_of_d_or_more_keeps_all(k) -> None:
    assert_array_equal(Select(k).fit(COUNTS, Y).transform(COUNTS), COUNTS)


def test_settings_that_cannot_be_used() -> None:
    with pytest.raises(
        ConfigError, match=r"encoder.select.by must be one of anova, chi2, mutual_info. Got 'f' instead."
    ):
        Select(5, by="f").fit(COUNTS, Y)
    with pytest.raises(ConfigError, match=r"encoder.select.k must be a whole number from 1 on. Got 0.5 instead."):
        Select(0.5).fit(COUNTS, Y)  # type: ignore[arg-type] # that is the point
    with pytest.raises(ConfigError, match=r"chi2 needs features from 0 on.*Take by=anova"):
        Select(5, by="chi2").fit(COUNTS - 1, Y)

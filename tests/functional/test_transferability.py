"""H-score and LogME against their definitions, and what must not change them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.stats import multivariate_normal
from sklearn.covariance import LedoitWolf, ledoit_wolf_shrinkage

from headstart.functional.leave_one_out import spectrum
from headstart.functional.transferability import covariance_shrinkage, evidence, h_score

Array = NDArray[np.float64]


def problem(n: int = 60, d: int = 8, k: int = 3, seed: int = 0) -> tuple[Array, NDArray[np.int64]]:
    """Features whose first directions carry the classes, and the codes."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    centres = rng.normal(size=(k, d))
    return centres[y] + rng.normal(size=(n, d)), y


def covariance_of_means(x: Array, y: NDArray[np.int64]) -> Array:
    means = np.stack([x[y == c].mean(axis=0) for c in range(y.max() + 1)])[y]
    return np.cov(means.T, bias=True)


def test_plain_h_score_is_its_definition():
    """tr(pinv(cov X) cov E[X | y]) with numpy's covariances."""
    x, y = problem()
    expected = np.trace(np.linalg.pinv(np.cov(x.T, bias=True)) @ covariance_of_means(x, y))
    assert h_score(x, y, shrunk=False) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("d", [8, 150])
def test_shrunk_h_score_is_its_definition(d: int):
    """With scikit-learn's Ledoit-Wolf covariance in place of the plain one; d above and below n."""
    x, y = problem(d=d)
    strength = ledoit_wolf_shrinkage(x)
    expected = np.trace(np.linalg.inv(LedoitWolf().fit(x).covariance_) @ ((1 - strength) * covariance_of_means(x, y)))
    assert h_score(x, y) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("d", [3, 40, 200])
def test_shrinkage_is_that_of_scikit_learn(d: int):
    """The strength from the spectrum is the strength from the features."""
    x, _ = problem(d=d)
    strength, variance = covariance_shrinkage(spectrum(x, np.ones(len(x))), d)
    assert strength == pytest.approx(ledoit_wolf_shrinkage(x), rel=1e-6)
    assert variance == pytest.approx(np.trace(np.cov(x.T, bias=True)) / d)


@pytest.mark.parametrize("d", [5, 20])
def test_evidence_is_the_largest_there_is(d: int):
    """The maximum that scipy finds, over alpha and beta, of the normal density of each centred target."""
    x, y = problem(n=40, d=d)
    found = evidence(x, y)
    centred = x - x.mean(axis=0)
    for code in range(3):
        target = (y == code) - np.mean(y == code)

        def loss(logs: Array, target: Array = target) -> float:
            noise = np.exp(-logs[1]) * np.eye(len(x))
            return -float(multivariate_normal.logpdf(target, cov=np.exp(-logs[0]) * centred @ centred.T + noise))

        best = min((minimize(loss, start, method="Nelder-Mead") for start in ([0, 0], [3, 3])), key=lambda m: m.fun)
        assert found.per_class[code] == pytest.approx(-best.fun / len(x), abs=2e-4)
    assert found.score == pytest.approx(found.per_class.mean())


def test_csr_gives_what_dense_gives():
    """The same numbers in another form."""
    x, y = problem(d=100)
    x[np.abs(x) < 1] = 0
    assert h_score(csr_matrix(x), y) == pytest.approx(h_score(x, y), rel=1e-6)
    assert evidence(csr_matrix(x), y).score == pytest.approx(evidence(x, y).score, abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_rotation_shift_and_scale_change_nothing(seed: int):
    """Neither does the order of the rows."""
    x, y = problem(seed=seed)
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(x.shape[1], x.shape[1])))
    order = rng.permutation(len(y))
    other = (7.0 * x @ rotation + rng.normal(size=x.shape[1]))[order]
    assert h_score(other, y[order]) == pytest.approx(h_score(x, y), rel=1e-6)
    assert h_score(other, y[order], shrunk=False) == pytest.approx(h_score(x, y, shrunk=False), rel=1e-6)
    assert evidence(other, y[order]).score == pytest.approx(evidence(x, y).score, abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_permuted_labels_score_lower(seed: int):
    """Features say less of labels that are not theirs."""
    x, y = problem(seed=seed)
    mixed = np.random.default_rng(seed).permutation(y)
    assert h_score(x, mixed) < h_score(x, y)
    assert evidence(x, mixed).score < evidence(x, y).score


def test_bounds_of_the_h_score():
    """Classes that the features name exactly give k - 1; the plain score never exceeds it."""
    x, y = problem()
    assert h_score(np.eye(3)[y], y, shrunk=False) == pytest.approx(2.0)
    assert 0.0 <= h_score(x, y) <= h_score(x, y, shrunk=False) <= 2.0


def test_features_that_say_nothing_have_an_evidence():
    """A target that no feature explains ends at weights of zero, not at an error."""
    x = np.tile(np.array([[1.0, 0.0], [-1.0, 0.0]]), (10, 1))
    y = np.repeat([0, 1], 10)
    assert np.isfinite(evidence(x, y).score)

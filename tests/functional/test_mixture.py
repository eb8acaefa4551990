"""The anchored mixture: what it must do on Gaussians whose answer is known."""

import numpy as np
from scipy.stats import multivariate_normal

from headstart.functional.mixture import anchored_mixture
from headstart.functional.probability import softmax


def blobs(seed: int, n: int, gap: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    return rng.normal(size=(n, 3)) + gap * y[:, None], y


def test_labelled_rows_alone_are_linear_discriminant_analysis() -> None:
    """Without unlabelled rows: the log-odds of two Gaussians with the shrunk pooled covariance and equal shares."""
    x, y = blobs(0, 200, 1.0)
    coef, intercept = anchored_mixture(x[:0], np.zeros((0, 2)), x, y)
    means = [x[y == c].mean(axis=0) for c in (0, 1)]
    off = x - np.stack(means)[y]
    covariance = off.T @ off / len(x)
    covariance = 0.7 * covariance + 0.3 * np.trace(covariance) / 3 * np.eye(3)
    logs = np.stack([multivariate_normal(m, covariance).logpdf(x) for m in means], axis=1)
    found = x @ coef.T + intercept
    np.testing.assert_allclose(found[:, 1] - found[:, 0], logs[:, 1] - logs[:, 0], atol=1e-6)


def test_it_finds_clusters_from_a_weak_beginning() -> None:
    """An opinion that is right in two of three rows becomes a boundary that is right in nearly all."""
    x, y = blobs(1, 2000, 3.0)
    rng = np.random.default_rng(2)
    believed = np.where(rng.random(len(y)) < 0.67, y, 1 - y)
    anchor = 0.5 * (2 * np.eye(2)[believed] - 1)
    coef, intercept = anchored_mixture(x, anchor, x[:0], y[:0])
    assert np.mean((x @ coef.T + intercept).argmax(axis=1) == y) > 0.97


def test_a_strong_anchor_is_not_left() -> None:
    """What is believed firmly of each row stays, whatever the clusters are."""
    x, y = blobs(3, 500, 3.0)
    other = np.random.default_rng(4).integers(2, size=len(y))  # has nothing to do with the clusters
    anchor = 1000.0 * np.eye(2)[other]
    coef, intercept = anchored_mixture(x, anchor, x[:0], y[:0])
    means = np.stack([x[other == c].mean(axis=0) for c in (0, 1)])
    assert np.abs(means[0] - means[1]).max() < 0.5
    assert np.abs(softmax(x @ coef.T + intercept)[:, 0] - 0.5).mean() < 0.1


def test_rows_do_not_change_it_by_their_order() -> None:
    """A permutation of the unlabelled rows gives the same boundary."""
    x, y = blobs(5, 300, 2.0)
    anchor = 0.3 * (2 * np.eye(2)[y] - 1)
    order = np.random.default_rng(6).permutation(len(y))
    first, second = (anchored_mixture(x[o], anchor[o], x[:4], y[:4]) for o in (np.arange(len(y)), order))
    np.testing.assert_allclose(first[0], second[0], rtol=1e-8)
    np.testing.assert_allclose(first[1], second[1], rtol=1e-8)

"""The choice of texts, on arrays whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.labelling.picking import Pool, _greedy, margins, pick


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def pool(seed: int, n: int = 60, k: int = 3, m: int = 5) -> Pool:
    rng = np.random.default_rng(seed)
    return Pool(
        unit(rng.normal(size=(n, 8))),
        rng.dirichlet(np.ones(k), size=n),
        unit(rng.normal(size=(m, 8))),
        rng.integers(0, 2, size=n),
    )


def test_margins_are_the_gap_of_the_two_highest():
    found = margins(np.array([[0.2, 0.7, 0.1], [0.4, 0.2, 0.4], [1.0, 0.0, 0.0]]))
    assert found == pytest.approx([0.5, 0.0, 1.0])


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 1000), n=st.integers(1, 20), less=st.integers(0, 19))
def test_a_shorter_choice_is_the_beginning_of_a_longer_one(seed: int, n: int, less: int):
    """The first m are what m would have been, as long as the candidates are the same (a quarter of the texts)."""
    chosen = pick(pool(seed, n=400), n, seed).order.tolist()
    assert len(set(chosen)) == n
    m = min(n, less + 1)
    assert pick(pool(seed, n=400), m, seed).order.tolist() == chosen[:m]


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 1000))
def test_the_lazy_greedy_choice_is_the_plain_one(seed: int):
    """Bounds save work and change nothing: the same as counting every gain anew."""
    rng = np.random.default_rng(seed)
    likeness = rng.random((20, 30)).astype(np.float32)
    covered, weights = rng.random(30).astype(np.float32) / 2, rng.random(30).astype(np.float32)
    groups = [rng.integers(0, 3, 20), rng.integers(0, 2, 20)]
    found = _greedy(likeness, covered, weights, groups, 8).tolist()
    chosen: list[int] = []
    for _ in range(8):
        now = np.max([covered, *likeness[chosen]], axis=0)
        gains = []
        for i in range(20):
            gain = np.sum(np.maximum(likeness[i] - now, 0) * weights)
            taken = [sum(group[j] == group[i] for j in chosen) for group in groups]
            gains.append(-1 if i in chosen else gain / np.sqrt((1 + taken[0]) * (1 + taken[1])))
        chosen.append(int(np.argmax(gains)))
    assert found == chosen


def test_only_uncertain_texts_are_chosen():
    """Of 100 texts of which 25 are in doubt, only these."""
    given = pool(0, n=100)
    sure = np.tile([0.98, 0.01, 0.01], (100, 1))
    sure[::4] = [0.34, 0.33, 0.33]
    chosen = pick(given._replace(probabilities=sure), 5).order
    assert np.all(chosen % 4 == 0)


def test_groups_of_like_texts_give_one_each():
    """Three tight groups in doubt: the first three texts are of three groups, the largest group first."""
    centres = np.eye(3)
    group = np.repeat([0, 1, 2], [30, 20, 10])
    rows = unit(centres[group] + 0.05 * np.random.default_rng(0).normal(size=(60, 3)))
    given = Pool(rows, np.full((60, 2), 0.5), np.empty((0, 3), np.float32), np.zeros(60, np.int64))
    assert group[pick(given, 12).order].tolist()[:3] == [0, 1, 2]  # 12: all are candidates


def test_what_labelled_texts_cover_is_left_for_later():
    """The largest group has a labelled text: it comes last, and the others are far from all labelled texts."""
    centres = np.eye(3)
    group = np.repeat([0, 1, 2], [50, 6, 4])
    rows = unit(centres[group] + 0.02 * np.random.default_rng(0).normal(size=(60, 3)))
    given = Pool(rows, np.full((60, 2), 0.5), centres[:1].astype(np.float32), np.zeros(60, np.int64))
    found = pick(given, 12)
    assert group[found.order].tolist()[:2] == [1, 2]
    assert found.typical.tolist()[:2] == [False, False]


def test_classes_and_domains_take_turns():
    """Alike but for class and domain, four texts are of the four combinations."""
    rng = np.random.default_rng(0)
    rows = unit(rng.normal(size=(200, 50)))
    doubt = np.tile([0.51, 0.49], (200, 1))
    doubt[1::2] = [0.49, 0.51]
    domains = np.arange(200) // 2 % 2
    chosen = pick(Pool(rows, doubt, rows[:0], domains), 8).order
    pairs = [(i % 2, int(domains[i])) for i in chosen.tolist()]
    assert {pairs.count(pair) for pair in set(pairs)} <= {1, 2, 3}
    assert len(set(pairs)) == 4


def test_more_than_there_are_gives_all():
    assert sorted(pick(pool(0, n=4), 10).order.tolist()) == [0, 1, 2, 3]

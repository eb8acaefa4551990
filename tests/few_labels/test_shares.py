"""Shares of classes among unlabelled rows: when they count, and what is told of it."""

import numpy as np

from headstart.few_labels.experts import Parts, Ridge
from headstart.few_labels.ladder import Ladder
from headstart.few_labels.shares import shares_rung


def answered(share: float, seed: int = 0, n: int = 40) -> tuple[Ladder, np.ndarray]:
    """A ladder over n picked rows, as many of each of two classes, and rows of which `share` are of the second."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n) % 2, rng.random(600) < share]).astype(np.int64)
    x = rng.normal(size=(len(y), 6))
    x[:, 0] += 1.2 * (2 * y - 1)
    parts = Parts.of(y[:n], 2, [str(i) for i in range(n)], seed)
    ladder = Ladder(parts)
    ladder.start("features", lambda: Ridge(x, n).expert("features", parts))
    return ladder, y


def test_rows_of_other_shares_are_told_better() -> None:
    """Nine of ten unlabelled rows are of one class: what is added brings answers to them nearer to the truth."""
    ladder, y = answered(0.9)
    rung, offset = shares_rung(ladder.taken(), ladder.parts, ("ham", "spam"))
    values = ladder.taken().final()[40:]
    right = [np.mean((values + added).argmax(axis=1) == y[40:]) for added in (0.0, offset)]
    assert right[1] > right[0] + 0.02
    assert rung.verdict == "kept"
    assert rung.name == "+ class shares of the 600 unlabelled texts"
    assert "(spam 50 to 7" in rung.sentence()
    assert "not checked; kept" in rung.sentence()


def test_rows_of_the_same_shares_change_nothing() -> None:
    """In nearly all draws; one in a hundred is allowed to."""
    kept = 0
    for seed in range(40):
        ladder, _ = answered(0.5, seed)
        rung, offset = shares_rung(ladder.taken(), ladder.parts, ("ham", "spam"))
        assert (rung.verdict == "kept") == bool(offset.any())
        kept += rung.verdict == "kept"
    assert kept <= 2


def test_the_offset_is_the_log_ratio_of_the_shares() -> None:
    """What Bayes' rule adds to log probabilities when the prior changes."""
    ladder, _ = answered(0.9)
    rung, offset = shares_rung(ladder.taken(), ladder.parts, ("ham", "spam"))
    odds = np.exp(offset[1] - offset[0])
    share = odds / (1 + odds)  # of equal shares before
    assert f"spam 50 to {100 * share:.0f} %" in rung.why
    assert 0.65 < share < 0.95  # 40 rows say how often each class is mistaken for the other

"""The order in which rows are learnt from, and which are spared for checking."""

import numpy as np
import pytest

pytestmark = pytest.mark.torch
pytest.importorskip("torch")

from headstart.finetuning.rows import shuffled, split_rows  # noqa: E402 - needs torch


def padded(order: np.ndarray, lengths: np.ndarray, size: int = 32) -> float:
    """Tokens with padding in batches of `size` rows, by tokens without."""
    parts = [lengths[order[i : i + size]] for i in range(0, len(order), size)]
    return float(sum(len(part) * part.max() for part in parts) / lengths[order].sum())


def test_like_lengths_stand_near_each_other() -> None:
    """Every row once; little padding; and yet an order that the generator decides, not the lengths alone."""
    lengths = np.random.default_rng(0).geometric(0.05, 3000) + 2
    rows = np.arange(0, 3000, 2)
    one, other = (shuffled(rows, lengths, np.random.default_rng(seed)) for seed in (1, 2))
    assert sorted(one.tolist()) == rows.tolist()
    assert padded(np.random.default_rng(3).permutation(rows), lengths) > 2
    assert padded(one, lengths) < 1.25
    assert np.mean(one == other) < 0.1
    together = [len({*one[i : i + 32]} & {*other[i : i + 32]}) for i in range(0, len(rows), 32)]
    assert np.mean(together) < 16  # who shares a batch changes from epoch to epoch


def test_equal_lengths_are_in_random_order() -> None:
    one, other = (shuffled(np.arange(500), np.full(500, 7), np.random.default_rng(seed)) for seed in (1, 2))
    assert np.mean(one == other) < 0.05
    assert abs(np.corrcoef(one, np.arange(500))[0, 1]) < 0.2


@pytest.mark.parametrize(("n_texts", "n_checked"), [(1, 0), (2, 200), (4, 100), (400, 40)])
def test_rows_to_check_on(n_texts: int, n_checked: int) -> None:
    """A tenth; of fewer than ten different texts one of them; none of one. No text is on both sides."""
    texts = [f"text {i % n_texts}" for i in range(400)]
    rows = split_rows(texts, np.arange(400) % 2, 0)
    assert sorted([*rows.learn.tolist(), *rows.check.tolist()]) == list(range(400))
    assert len(rows.check) == n_checked
    assert not {texts[i] for i in rows.learn} & {texts[i] for i in rows.check}

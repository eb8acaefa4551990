"""Which rows judge a trial of settings."""

import numpy as np
import pytest

pytest.importorskip("torch")

from headstart.errors import ConfigError
from headstart.finetuning.trials import hold_out


@pytest.mark.parametrize(("n", "n_draws", "n_checked"), [(40, 4, 10), (400, 4, 100), (1600, 1, 400), (6000, 1, 1000)])
def test_draws_hold_out_a_quarter_or_a_thousand_until_there_are_enough(n: int, n_draws: int, n_checked: int) -> None:
    draws = hold_out([f"text {i}" for i in range(n)], np.arange(n) % 2, 0)
    assert [len(draw.check) for draw in draws] == [n_checked] * n_draws


def test_no_row_is_checked_twice_none_learns_what_it_checks_and_equal_texts_stay_together() -> None:
    texts = [f"text {i // 2}" for i in range(100)]
    draws = hold_out(texts, np.arange(100) // 50, 3)
    checked = np.concatenate([draw.check for draw in draws])
    assert len(set(checked.tolist())) == len(checked)
    for draw in draws:
        assert sorted([*draw.learn, *draw.check]) == list(range(100))
        assert not {texts[i] for i in draw.learn} & {texts[i] for i in draw.check}


def test_the_seed_decides_the_draws() -> None:
    texts, y = [f"text {i}" for i in range(60)], np.arange(60) % 3
    first, again, other = (hold_out(texts, y, seed)[0].check.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_one_text_cannot_be_held_out_of_itself() -> None:
    with pytest.raises(ConfigError, match="n_folds"):
        hold_out(["same"] * 8, np.arange(8) % 2, 0)

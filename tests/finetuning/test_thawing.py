"""Which layers are open when."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")
pytestmark = pytest.mark.torch


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 200), st.integers(1, 12))
def test_layers_open_one_by_one_and_all_are_open_at_the_end(n_steps: int, n_layers: int) -> None:
    from headstart.finetuning.thawing import n_open

    opened = [n_open(taken, n_steps, n_layers) for taken in range(n_steps)]
    assert opened == sorted(opened)
    assert opened[-1] == n_layers
    if n_steps >= n_layers:
        assert set(opened) == set(range(1, n_layers + 1))
    if n_steps % n_layers == 0:
        assert all(opened.count(n) == n_steps // n_layers for n in set(opened))


@pytest.mark.parametrize("n", [3, 11, 12, 17])
def test_broken_off_at_any_stage_and_gone_on_with(
    n: int, toy: ModuleType, toy_run: Callable[..., Any], tmp_path: Path
) -> None:
    """A layer that was not open yet has no state in the optimiser; the run goes on to the same bits all the same."""
    from headstart.finetuning.thawing import Thawing

    def thawing(*checkpoint: Path) -> Any:
        run = toy_run(*checkpoint)
        run.inputs = Thawing(run)
        return run

    expected = toy.finished(thawing())
    steps = thawing(tmp_path).steps()
    for _ in islice(steps, n):
        pass
    steps.close()
    found = toy.finished(thawing(tmp_path))
    assert toy.bits(found) == toy.bits(expected)
    assert found.losses == expected.losses

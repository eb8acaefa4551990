"""Which layers are open when."""

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

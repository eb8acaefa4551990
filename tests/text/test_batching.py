"""Batches by a token budget."""

from hypothesis import given
from hypothesis import strategies as st

from headstart.text.batching import token_budget_batches

LENGTHS = st.lists(st.integers(0, 300), max_size=60)


@given(LENGTHS, st.integers(1, 1000))
def test_every_text_once(lengths: list[int], budget: int) -> None:
    """Together the batches hold every text exactly once, and none is empty."""
    batches = token_budget_batches(lengths, budget)
    assert sorted(int(row) for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(len(batch) for batch in batches)


@given(LENGTHS, st.integers(1, 1000))
def test_within_the_budget(lengths: list[int], budget: int) -> None:
    """A batch with its padding stays within the budget, unless it is one text."""
    for batch in token_budget_batches(lengths, budget):
        assert len(batch) == 1 or len(batch) * max(1, *(lengths[row] for row in batch)) <= budget


@given(LENGTHS, st.integers(1, 1000))
def test_as_few_as_the_order_allows(lengths: list[int], budget: int) -> None:
    """Longest first, equal lengths in their order; a batch ends only where the next text would not fit."""
    batches = token_budget_batches(lengths, budget)
    order = [int(row) for batch in batches for row in batch]
    assert order == sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    for batch in batches[:-1]:
        assert (len(batch) + 1) * max(1, lengths[batch[0]]) > budget

"""Batches by a token budget over length-sorted texts: padding is the first waste on a CPU."""

from collections.abc import Sequence

import numpy as np

from headstart.types import Ints

__all__ = ["token_budget_batches"]


def token_budget_batches(lengths: Sequence[int], batch_tokens: int) -> list[Ints]:
    """Index arrays that cover every text once, longest first: memory peaks at the start, not at the end.

    Each batch holds texts of like length and at most `batch_tokens` tokens with its padding (one text alone
    may exceed it). The order within equal lengths is the order of the texts.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    batches: list[Ints] = []
    start = 0
    while start < len(order):
        longest = max(1, lengths[order[start]])
        stop = start + max(1, batch_tokens // longest)
        batches.append(order[start:stop])
        start = stop
    return batches

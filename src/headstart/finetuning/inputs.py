"""What a network learns from: tokens, or the states of its frozen layers, computed once and kept.

Shape letters: n texts, B batch, T tokens, h width of a layer, d features.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from headstart.encoders._tokens import pad
from headstart.finetuning.network import states_below, upper_part
from headstart.progress import track
from headstart.text.batching import token_budget_batches

if TYPE_CHECKING:
    from headstart.encoders._torch import PooledModel
    from headstart.types import Ints

__all__ = ["Inputs", "KeptStates", "Tokens", "kept_states"]

_KEEP_BYTES = 1 << 30  # of states in memory; more goes to a file
_TOLERANCE = 2e-3  # of the largest feature, in the precision that states are kept in


class Inputs(Protocol):
    """Features of some rows, by a body that may be learning."""

    lengths: "Ints"  # (n,) tokens

    def features(self, rows: "Ints") -> torch.Tensor:
        """(B, d) of these rows."""


class Tokens:
    """Rows as token ids: every layer runs."""

    def __init__(self, body: "PooledModel", ids: Sequence[Sequence[int]], pad_id: int) -> None:
        self._body, self._ids, self._pad_id = body, ids, pad_id
        self.lengths: Ints = np.array([len(row) for row in ids], dtype=np.int64)
        self.device = next(body.parameters()).device

    def features(self, rows: "Ints") -> torch.Tensor:
        """(B, d) of these rows."""
        features: torch.Tensor = self._body(*self.batch(rows))
        return features

    def batch(self, rows: "Ints") -> tuple[torch.Tensor, torch.Tensor]:
        """input_ids and attention_mask (B, T)."""
        batch = pad([self._ids[row] for row in rows], self._pad_id)
        return tuple(torch.from_numpy(part).to(self.device) for part in (batch.input_ids, batch.attention_mask))


class KeptStates:
    """Rows as the states that go into layer `depth`: only the layers from there on run."""

    def __init__(self, body: "PooledModel", tokens: Tokens, depth: int, states: "np.ndarray") -> None:
        self._body, self._tokens, self._depth, self._states = body, tokens, depth, states
        self.lengths = tokens.lengths
        self._starts = np.concatenate([[0], np.cumsum(np.maximum(self.lengths, 1))])

    def features(self, rows: "Ints") -> torch.Tensor:
        """(B, d) of these rows."""
        ids, mask = self._tokens.batch(rows)
        states = torch.zeros((*ids.shape, self._states.shape[1]))
        for place, row in enumerate(rows):
            kept = self._states[self._starts[row] : self._starts[row + 1]]
            states[place, : len(kept)] = torch.from_numpy(np.asarray(kept, dtype=np.float32))
        with upper_part(self._body.model, self._depth, states.to(ids.device)):
            features: torch.Tensor = self._body(ids, mask)
        return features


@contextmanager
def kept_states(body: "PooledModel", tokens: Tokens, depth: int, batch_tokens: int) -> Iterator[Inputs]:
    """The states below layer `depth` of all rows, kept as float16 in memory, past 1 GiB in a file that goes away.

    Where a model's upper layers cannot run by themselves (T5's share positions, XLNet turns its states), the tokens
    are given back: it is found out by comparing features.
    """
    if depth == 0 or not _runs_in_two(body, tokens, depth):
        yield tokens
        return
    starts = np.concatenate([[0], np.cumsum(np.maximum(tokens.lengths, 1))])
    shape = (int(starts[-1]), body.model.config.hidden_size)
    with tempfile.TemporaryFile() as file:
        n_bytes = shape[0] * shape[1] * 2
        states = (
            np.empty(shape, np.float16) if n_bytes <= _KEEP_BYTES else np.memmap(file, np.float16, "w+", shape=shape)
        )
        batches = token_budget_batches(tokens.lengths.tolist(), batch_tokens)
        with torch.inference_mode():
            for rows in track(batches, "frozen layers", len(tokens.lengths), len):
                below = states_below(body.model, depth, *tokens.batch(rows)).float().cpu().numpy()
                for place, row in enumerate(rows):
                    states[starts[row] : starts[row + 1]] = below[place, : starts[row + 1] - starts[row]]
        yield KeptStates(body, tokens, depth, states)


def _runs_in_two(body: "PooledModel", tokens: Tokens, depth: int) -> bool:
    """Whether the features of the first rows are the same through kept states."""
    rows = np.arange(min(4, len(tokens.lengths)))
    ids, mask = tokens.batch(rows)
    with torch.inference_mode():
        try:
            states = states_below(body.model, depth, ids, mask)
            if states.shape[:2] != ids.shape:
                return False
            with upper_part(body.model, depth, states):
                found = body(ids, mask)
        except (RuntimeError, IndexError, KeyError, TypeError, AttributeError, ValueError):  # each family fails its way
            return False
        whole = body(ids, mask)
    return bool((found - whole).abs().max() <= _TOLERANCE * whole.abs().max())

"""The torch side of the networks that learn from scratch: their bodies, and learning one.

Shape letters: n texts, d dimensions of a word vector, f features, k classes, B batch, T tokens, u units, h hops.
A body takes embedded (B, T, d), zero where a text has ended, and lengths (B,) >= 1; it gives features (B, f).
`_numpy_networks.py` computes the same from the same arrays.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from headstart.encoders._ragged import UNKNOWN

__all__ = ["AttentionBody", "ConvolutionBody", "Network", "RecurrentBody"]


class ConvolutionBody(nn.Module):  # type: ignore[misc] # mypy does not follow torch
    """Filters over windows of words, each reduced to its largest value: f = filters * len(widths)."""

    def __init__(self, d: int, widths: Sequence[int], filters: int) -> None:
        super().__init__()
        self.widths, self.n_features = tuple(widths), filters * len(widths)
        # products over copied windows: twice as fast as nn.Conv1d on short texts
        self.filters = nn.ModuleList(nn.Linear(d * width, filters) for width in self.widths)

    def forward(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        ended = _ended(lengths, embedded.shape[1]).unsqueeze(2)  # (B, T, 1)
        found = []
        for width, filters in zip(self.widths, self.filters, strict=True):
            before = (width - 1) // 2  # as many windows as words: one around each
            padded = nn.functional.pad(embedded, (0, 0, before, width - 1 - before))
            windows = padded.unfold(1, width, 1).transpose(2, 3).flatten(2)  # (B, T, width * d)
            found.append(filters(windows).masked_fill(ended, -torch.inf).amax(1))
        return torch.relu(torch.cat(found, dim=1))


class RecurrentBody(nn.Module):  # type: ignore[misc] # as above
    """A bidirectional LSTM or GRU; the largest value of each unit over the words: f = 2 * units."""

    def __init__(self, d: int, units: int, cell: str) -> None:
        super().__init__()
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.recurrent = kind(d, units, batch_first=True, bidirectional=True)
        self.n_features = 2 * units

    def forward(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        states = _states(self.recurrent, embedded, lengths)
        return states.masked_fill(_ended(lengths, states.shape[1]).unsqueeze(2), -torch.inf).amax(1)


class AttentionBody(nn.Module):  # type: ignore[misc] # as above
    """`hops` weighted means of the states of a bidirectional LSTM: f = hops * 2 * units."""

    def __init__(self, d: int, units: int, hops: int, attention_units: int) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(d, units, batch_first=True, bidirectional=True)
        self.inner = nn.Linear(2 * units, attention_units, bias=False)
        self.outer = nn.Linear(attention_units, hops, bias=False)
        self.n_features = hops * 2 * units

    def forward(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        states = _states(self.recurrent, embedded, lengths)
        scores = self.outer(torch.tanh(self.inner(states)))  # (B, T, h)
        weights = scores.masked_fill(_ended(lengths, states.shape[1]).unsqueeze(2), -torch.inf).softmax(1)
        return torch.einsum("bth,btu->bhu", weights, states).flatten(1)


class Network(nn.Module):  # type: ignore[misc] # as above
    """Word numbers (B, T) and lengths (B,) -> logits (B, k).

    Row 0 of the table (m, d) means no word and stays zero; row 1 means an unknown word. word_dropout: the share
    of words that become unknown while learning, so that this row learns, and no word is relied on alone.
    """

    def __init__(
        self,
        table: Tensor,
        make_body: Callable[[int], nn.Module],
        k: int,
        *,
        frozen: bool,
        dropout: float,
        word_dropout: float,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(table, freeze=frozen, padding_idx=0)
        self.body, self.dropout, self.word_dropout = make_body(table.shape[1]), nn.Dropout(dropout), word_dropout
        self.last = nn.Linear(self.body.n_features, k)

    def forward(self, words: Tensor, lengths: Tensor) -> Tensor:
        if self.training and self.word_dropout:
            words = words.masked_fill((torch.rand(words.shape) < self.word_dropout) & (words != 0), UNKNOWN)
        return self.last(self.dropout(self.body(self.dropout(self.embedding(words)), lengths)))


def _states(recurrent: nn.Module, embedded: Tensor, lengths: Tensor) -> Tensor:
    """(B, T, 2u), zero where a text has ended."""
    packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
    states, _ = recurrent(packed)
    return pad_packed_sequence(states, batch_first=True, total_length=embedded.shape[1])[0]


def _ended(lengths: Tensor, n_steps: int) -> Tensor:
    return torch.arange(n_steps) >= lengths.unsqueeze(1)  # (B, T)

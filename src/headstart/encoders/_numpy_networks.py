"""The bodies of the networks in plain numpy: what runs wherever a text is encoded, so that a bundle needs no torch.

Each takes `arrays`, the state of the torch body of `_torch_networks.py`, embedded (B, T, d), zero where a text has
ended, and lengths (B,) >= 1 from long to short; it gives features (B, f), as the torch body does without dropout.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.special import expit, softmax

if TYPE_CHECKING:
    from headstart.types import Bools, Floats, Ints

__all__ = ["attention", "convolution", "recurrent"]

Arrays: TypeAlias = Mapping[str, "Floats"]
# (gates of the input (m, g), states (m, u), memory (m, u)) -> (states, memory)
_Cell: TypeAlias = Callable[["Floats", "Floats", "Floats"], tuple["Floats", "Floats"]]


def convolution(arrays: Arrays, embedded: "Floats", lengths: "Ints", widths: Sequence[int]) -> "Floats":
    """Filters over windows of words, each reduced to its largest value."""
    B, T, d = embedded.shape
    ended = _ended(lengths, T)
    found = []
    for i, width in enumerate(widths):
        before = (width - 1) // 2
        padded = np.pad(embedded, ((0, 0), (before, width - 1 - before), (0, 0)))
        windows = np.concatenate([padded[:, place : place + T] for place in range(width)], axis=2)
        values = windows.reshape(B * T, width * d) @ arrays[f"filters.{i}.weight"].T + arrays[f"filters.{i}.bias"]
        values = values.reshape(B, T, -1)
        values[ended] = -np.inf
        found.append(values.max(axis=1))
    features: Floats = np.maximum(np.concatenate(found, axis=1), 0)
    return features


def recurrent(arrays: Arrays, embedded: "Floats", lengths: "Ints", cell: str) -> "Floats":
    """A bidirectional LSTM ("lstm") or GRU ("gru"); the largest value of each unit over the words."""
    states = _bidirectional(arrays, embedded, lengths, cell)
    states[_ended(lengths, states.shape[1])] = -np.inf
    features: Floats = states.max(axis=1)
    return features


def attention(arrays: Arrays, embedded: "Floats", lengths: "Ints") -> "Floats":
    """Weighted means of the states of a bidirectional LSTM, one a hop."""
    states = _bidirectional(arrays, embedded, lengths, "lstm")
    scores = np.tanh(states @ arrays["inner.weight"].T) @ arrays["outer.weight"].T  # (B, T, h)
    scores[_ended(lengths, states.shape[1])] = -np.inf
    weights = softmax(scores, axis=1)
    features: Floats = (weights.transpose(0, 2, 1) @ states).reshape(len(states), -1)
    return features


def _bidirectional(arrays: Arrays, embedded: "Floats", lengths: "Ints", cell: str) -> "Floats":
    """States (B, T, 2u) of both directions, zero where a text has ended."""
    place = np.arange(embedded.shape[1])
    turned = np.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)[..., None]  # its own inverse
    forward = _states(arrays, "", embedded, lengths, cell)
    backward = _states(arrays, "_reverse", np.take_along_axis(embedded, turned, axis=1), lengths, cell)
    return np.concatenate([forward, np.take_along_axis(backward, turned, axis=1)], axis=2)


def _states(arrays: Arrays, direction: str, embedded: "Floats", lengths: "Ints", cell: str) -> "Floats":
    B, T, d = embedded.shape
    w_in, w_state, b_in, b_state = (
        arrays[f"recurrent.{kind}_l0{direction}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    inputs = (embedded.reshape(B * T, d) @ w_in.T + b_in).reshape(B, T, -1)
    units = w_state.shape[1]
    step = {"lstm": _lstm, "gru": _gru}[cell](w_state.T, b_state)
    states, memory = np.zeros((2, B, units), np.float32)
    out = np.zeros((B, T, units), np.float32)
    alive = np.searchsorted(-lengths, -np.arange(T), side="left")  # rows whose text is longer than t
    for t in range(T):
        m = alive[t]
        states[:m], memory[:m] = step(inputs[:m, t], states[:m], memory[:m])
        out[:m, t] = states[:m]
    return out


def _lstm(w_state: "Floats", b_state: "Floats") -> _Cell:
    def step(inputs: "Floats", states: "Floats", memory: "Floats") -> tuple["Floats", "Floats"]:
        into, forget, new, out = np.split(inputs + states @ w_state + b_state, 4, axis=1)
        memory = expit(forget) * memory + expit(into) * np.tanh(new)
        return expit(out) * np.tanh(memory), memory

    return step


def _gru(w_state: "Floats", b_state: "Floats") -> _Cell:
    def step(inputs: "Floats", states: "Floats", memory: "Floats") -> tuple["Floats", "Floats"]:
        reset_in, keep_in, new_in = np.split(inputs, 3, axis=1)
        reset_state, keep_state, new_state = np.split(states @ w_state + b_state, 3, axis=1)
        keep = expit(keep_in + keep_state)
        new = np.tanh(new_in + expit(reset_in + reset_state) * new_state)
        return (1 - keep) * new + keep * states, memory

    return step


def _ended(lengths: "Ints", n_steps: int) -> "Bools":
    return np.arange(n_steps) >= lengths[:, None]  # (B, T)

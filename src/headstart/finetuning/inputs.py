"""What a network learns from: tokens, or what its frozen layers make of them, computed once and kept.

Shape letters: n texts, B batch, T tokens, N tokens of all texts, h width of a layer, d features.
"""

import copy
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from headstart.encoders._tokens import pad
from headstart.errors import ConfigError
from headstart.finetuning.network import at_rest, blocks_of, in_precision, states_below, upper_part
from headstart.finetuning.plan import Forecast
from headstart.progress import track
from headstart.text.batching import token_budget_batches

if TYPE_CHECKING:
    from headstart.encoders._torch import PooledModel
    from headstart.types import Ints

__all__ = ["KEEP_BYTES", "Inputs", "KeptFeatures", "KeptStates", "Pays", "Tokens", "kept_states", "tokens_to_read"]

KEEP_BYTES = 1 << 30  # of states in memory; more goes to a file
_MOST_MAPPED = 1 << 26  # bytes of a file's states that are looked at before their memory is given back
_READ_TOKENS = 1024  # at once, on a CPU: what larger batches need falls out of its cache (docs/log.md)
_TOLERANCE = 2e-3  # of the largest feature, for the rounding of the states that are kept
_SPARE_BYTES = 1 << 28  # of the disk, for others

Pays = Callable[[float], bool]  # seconds that states take -> whether to go on with them


class Inputs(Protocol):
    """Features of some rows, by a body that may be learning."""

    lengths: "Ints"  # (n,) tokens
    note: str  # how they come about: a sentence for the report, or nothing

    def features(self, rows: "Ints") -> torch.Tensor:
        """(B, d) of these rows."""


class Tokens:
    """Rows as token ids: every layer runs."""

    def __init__(self, body: "PooledModel", ids: Sequence[Sequence[int]], pad_id: int) -> None:
        self._body, self._ids, self._pad_id = body, ids, pad_id
        self.lengths: Ints = np.array([len(row) for row in ids], dtype=np.int64)
        self.device = next(body.parameters()).device
        self.note = ""

    def features(self, rows: "Ints") -> torch.Tensor:
        """(B, d) of these rows."""
        features: torch.Tensor = self._body(*self.batch(rows))
        return features

    def batch(self, rows: "Ints") -> tuple[torch.Tensor, torch.Tensor]:
        """input_ids and attention_mask (B, T)."""
        batch = pad([self._ids[row] for row in rows], self._pad_id)
        return tuple(torch.from_numpy(part).to(self.device) for part in (batch.input_ids, batch.attention_mask))

    def used(self) -> torch.Tensor:
        """The tokens that some text has, and the padding, each once: (U,) in order."""
        found = {self._pad_id}.union(*self._ids)
        return torch.tensor(sorted(found), device=self.device)

    def noted(self, note: str) -> "Tokens":
        """The same rows with this note."""
        tokens = copy.copy(self)
        tokens.note = note
        return tokens


class KeptStates:
    """Rows as the states that go into layer `depth`: only the layers from there on run.

    states (N, h): those of row i begin at starts[i].
    """

    def __init__(
        self, body: "PooledModel", tokens: Tokens, depth: int, states: np.ndarray, starts: "Ints", note: str = ""
    ) -> None:
        self._body, self._tokens, self._depth, self._starts = body, tokens, depth, starts
        self._states, self._pages = torch.from_numpy(states), _Pages(states)
        self.lengths, self.note = tokens.lengths, note

    def features(self, rows: "Ints") -> torch.Tensor:
        """(B, d) of these rows."""
        ids, mask = self._tokens.batch(rows)
        states = torch.zeros((*ids.shape, self._states.shape[1]))
        for place, (start, length) in enumerate(zip(self._starts[rows], self.lengths[rows], strict=True)):
            states[place, :length].copy_(self._states[start : start + length])
        self._pages.used(int(self.lengths[rows].sum()))
        with upper_part(self._body.model, self._depth, states.to(ids.device)):
            features: torch.Tensor = self._body(ids, mask)
        return features


class KeptFeatures:
    """Rows as features of a body in which nothing learns: no layer runs."""

    def __init__(self, tokens: Tokens, features: torch.Tensor, note: str = "") -> None:
        self._features = features
        self.lengths, self.note = tokens.lengths, note

    def features(self, rows: "Ints") -> torch.Tensor:
        """(B, d) of these rows."""
        return self._features[torch.from_numpy(rows).to(self._features.device)]


def tokens_to_read(batch_tokens: int, device: torch.device) -> int:
    """Padded tokens of a batch from which nothing learns, where one that does has at most `batch_tokens`."""
    return min(batch_tokens, _READ_TOKENS) if device.type == "cpu" else batch_tokens


class _Pages:
    """Gives the memory of a file's pages back to the system, which else counts what was ever looked at as this
    process's. What they hold stays in the file; an array in memory is left alone.
    """

    def __init__(self, states: np.ndarray) -> None:
        self._states, self._n_bytes = states, 0

    def used(self, n_tokens: int) -> None:
        """States of so many tokens were read or written."""
        self._n_bytes += n_tokens * self._states.shape[1] * self._states.itemsize
        if self._n_bytes < _MOST_MAPPED:
            return
        self._n_bytes = 0
        mapped = getattr(self._states, "_mmap", None)
        if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED)


class _DoesNotPayError(Exception):
    """Computing the states takes more time than they save."""


@contextmanager
def kept_states(
    body: "PooledModel",
    tokens: Tokens,
    depth: int,
    batch_tokens: int,
    *,
    precision: str = "auto",
    most_bytes: int = KEEP_BYTES,
    pays: Pays | None = None,
) -> Iterator[Inputs]:
    """The states below layer `depth` of all rows, computed once; they are gone when the block is left.

    They are kept as float16, or as float32 where the model's states do not fit into that. At most `most_bytes` are
    kept in memory, more in a file without a name in the temporary folder, which the system removes however the
    process ends. Where nothing in the body learns, the features are kept. Where a model's upper layers give other
    features by themselves, which some rows tell, the tokens are given back, and their note says why. So they are where
    `pays` says no: it is asked after a fiftieth of the work, with the seconds that all of it takes.

    Raises ConfigError before any work when the states do not fit on the disk.
    """
    n_layers = len(blocks_of(body.model))
    if depth == 0 or not len(tokens.lengths):
        yield tokens
        return
    if depth == n_layers and not any(p.requires_grad for p in body.parameters()):
        yield KeptFeatures(
            tokens, _all_features(body, tokens, batch_tokens, precision), "The features were computed once."
        )
        return
    width, kinds = _fitting(body, tokens, depth) if depth < n_layers else (0, ())
    why = f"the upper layers of this model ({body.model.config.model_type}) do not run by themselves"
    for kind in kinds:
        with _room((int(tokens.lengths.sum()), width), kind, most_bytes) as (states, place):
            try:
                starts = _fill(states, body, tokens, depth, batch_tokens, precision, pays)
            except _DoesNotPayError:
                why = "in the time that is left, computing once what they make of each text would not pay"
                break
            if starts is None:
                continue  # too large for this kind of number
            note = (
                f"What the {depth} frozen layers make of each text was computed once and kept "
                f"({kind.__name__}, {states.nbytes / 1e6:,.0f} MB in {place})."
            )
            kept = KeptStates(body, tokens, depth, states, starts, note)
            try:
                yield kept
            finally:
                # whoever still holds the inputs does not hold the memory, or the file
                del kept._states, kept._pages, states
            return
    yield tokens.noted(f"All {n_layers} layers ran at each step, the {depth} frozen ones too: {why}.")


def _fitting(body: "PooledModel", tokens: Tokens, depth: int) -> tuple[int, list[type[np.floating]]]:
    """h, and the kinds of number in which kept states of some rows give the features of the whole model."""
    by_length = np.argsort(tokens.lengths, kind="stable")
    rows = by_length[np.unique([0, len(by_length) // 4, len(by_length) // 2])]
    ids, mask = tokens.batch(rows)
    kinds: list[type[np.floating]] = []
    with at_rest(body), torch.no_grad():
        whole = body(ids, mask)
        try:
            states = states_below(body.model, depth, ids, mask)
            if states.shape[:2] != ids.shape:
                return 0, []
            for kind, rounded in ((np.float16, states.half().float()), (np.float32, states)):
                with upper_part(body.model, depth, rounded):
                    found = body(ids, mask)
                if (found - whole).abs().max() <= _TOLERANCE * whole.abs().max():
                    kinds.append(kind)
        except (RuntimeError, IndexError, KeyError, TypeError, AttributeError, ValueError):  # each family fails its way
            return 0, []
    return states.shape[2], kinds


@contextmanager
def _room(shape: tuple[int, int], kind: type[np.floating], most_bytes: int) -> Iterator[tuple[np.ndarray, str]]:
    """An array for the states, and in words where it is. The disk space is there before anything is computed."""
    n_bytes = shape[0] * shape[1] * np.dtype(kind).itemsize
    if n_bytes <= most_bytes:
        yield np.empty(shape, kind), "memory"
        return
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if n_bytes + _SPARE_BYTES > free:
        raise ConfigError(
            f"What the frozen layers make of the texts needs {n_bytes / 1e9:.1f} GB in {folder}, where "
            f"{free / 1e9:.1f} GB are free. Let the environment's TMPDIR name a folder with more room, or do without: "
            "--set strategy.keep_states=false (every layer runs at each step), or fewer rows (--limit)."
        )
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):  # else a disk that others fill meanwhile would kill the process
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        yield np.memmap(file, kind, "w+", shape=shape), f"a file in {folder}"


def _fill(
    states: np.ndarray,
    body: "PooledModel",
    tokens: Tokens,
    depth: int,
    batch_tokens: int,
    precision: str,
    pays: Pays | None,
) -> "Ints | None":
    """Compute all states, batch after batch as they lie in the array; where each row's begin, or None: too large.

    Raises _DoesNotPayError when `pays` says no.
    """
    starts, end, pages = np.zeros(len(tokens.lengths), np.int64), 0, _Pages(states)
    forecast = Forecast(len(states))
    with _computing(body, precision):
        for rows in _batches(tokens, batch_tokens):
            lengths = tokens.lengths[rows]
            starts[rows] = end + np.cumsum(lengths) - lengths
            part = torch.from_numpy(states[end : end + int(lengths.sum())])
            ids, mask = tokens.batch(rows)
            part.copy_(states_below(body.model, depth, ids, mask)[mask.bool()])
            if not part.isfinite().all():
                return None
            end += len(part)
            pages.used(len(part))
            seconds = forecast.after(end)
            if pays is not None and seconds is not None and not pays(seconds):
                raise _DoesNotPayError
    return starts


def _all_features(body: "PooledModel", tokens: Tokens, batch_tokens: int, precision: str) -> torch.Tensor:
    features = torch.empty((len(tokens.lengths), body.dim()), device=tokens.device)
    with _computing(body, precision):
        for rows in _batches(tokens, batch_tokens):
            features[torch.from_numpy(rows).to(tokens.device)] = tokens.features(rows)
    return features


def _batches(tokens: Tokens, batch_tokens: int) -> Iterator["Ints"]:
    """All rows once, those of like length together."""
    batches = token_budget_batches(tokens.lengths.tolist(), tokens_to_read(batch_tokens, tokens.device))
    return track(batches, "frozen layers", len(tokens.lengths), len)


@contextmanager
def _computing(body: "PooledModel", precision: str) -> Iterator[None]:
    """Nothing drops, nothing is recorded for gradients."""
    with at_rest(body), torch.no_grad(), in_precision(precision, body):
        yield

"""Several processes that fine-tune one network together: on the GPUs of a machine, or on many machines.

    torchrun --nproc_per_node 2 -m headstart fit train.csv --test test.csv --encoder minilm --strategy full_finetune

Each process does the whole job with the same rows and seed. Where they learn they share the work: each takes its
share of a batch's rows, the gradients of all shares are added up, and every process takes the same step. They begin
with equal weights and end with equal weights; the first process alone prints, saves and writes checkpoints.

torchrun describes the processes in the environment, which is read when `together` is entered. Importing this file
loads no torch, so that a command may ask `is_first_process()`.
"""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from headstart.errors import ConfigError, HeadstartError

if TYPE_CHECKING:
    import torch
    from torch import nn

    from headstart.types import Floats, Ints

__all__ = ["ALONE", "Processes", "current", "is_first_process", "together"]

PATIENCE = timedelta(minutes=10)  # for the slowest of the others; one that has ended is noticed at once
_BUCKET = 1 << 24  # numbers that are added up in one message: 64 MiB of float32
Sliced = TypeVar("Sliced", "Ints", "list[Ints]")
_meetings = itertools.count()  # each has its own keys in the store


@dataclass(frozen=True, slots=True)
class Processes:
    """One process among those that learn together. Of one alone, all methods give back what they were given.

    Every process must call the same methods in the same order; a method that waits for the others raises
    HeadstartError when one of them has ended, or says nothing for ten minutes.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the one that prints, saves and writes."""
        return self.rank == 0

    def share(self, rows: Sliced) -> Sliced:
        """Every `size`-th of the rows: the shares of all processes are the rows. A share may be empty."""
        return rows[self.rank :: self.size]

    def seed(self, random_state: int) -> int:
        """The seed of this process's dropout: other rows, other numbers. The first process keeps `random_state`."""
        if self.is_first:
            return random_state
        return int(np.random.SeedSequence((random_state, self.rank)).generate_state(1)[0])

    def share_of(
        self, loss: "Callable[[Ints], torch.Tensor]", weights: "Floats | None" = None
    ) -> "Callable[[Ints], torch.Tensor]":
        """Rows of a whole batch -> the part of their loss that this process computes; all parts add up to loss(batch).

        loss(rows) must be a mean over its rows (plus what does not depend on them), `weights` (n,) of the rows in
        that mean; None = all alike. A share without rows is a zero that backward() passes through.
        """
        if self.size == 1:
            return loss

        def part(batch: "Ints") -> "torch.Tensor":
            import torch

            own = self.share(batch)
            if not len(own):
                return torch.zeros((), requires_grad=True)
            whole = len(batch) if weights is None else weights[batch].sum()
            return loss(own) * float((len(own) if weights is None else weights[own].sum()) / whole)

        return part

    def exchange(self, parameters: "Sequence[nn.Parameter]", loss: float) -> float:
        """Put the sum of all processes' gradients into each `grad`; returns the sum of their losses.

        A parameter without a gradient in every process keeps none, so that the optimiser leaves it alone.
        """
        if self.size == 1:
            return loss
        import torch

        told = torch.tensor([loss, *(p.grad is not None for p in parameters)], dtype=torch.float64)
        self._add_up(told)
        learning = [p for p, n in zip(parameters, told[1:].tolist(), strict=True) if n]
        for bucket in _buckets(learning):
            parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in bucket]
            flat = torch.cat([part.flatten() for part in parts])
            self._add_up(flat)
            for parameter, part in zip(bucket, flat.split([p.numel() for p in bucket]), strict=True):
                parameter.grad = part.view_as(parameter)
        return float(told[0])

    def add_up(self, values: "Floats") -> "Floats":
        """The sum of all processes' arrays of one shape, bit for bit the same in each, float64.

        Of rows that each fills where they are its share, with zeros elsewhere: the rows of all, unchanged.
        """
        if self.size == 1:
            return values
        import torch

        total = torch.from_numpy(np.array(values, dtype=np.float64))
        self._add_up(total)
        found: Floats = total.numpy()
        return found

    def agree(self, value: float) -> float:
        """The first process's value: for what hangs on a clock, so that all go the same way."""
        return value if self.size == 1 else float(self.add_up(np.array([value if self.is_first else 0.0]))[0])

    def start_equal(self, network: "nn.Module") -> None:
        """Give every process the first one's weights."""
        if self.size == 1:
            return
        import torch.distributed as dist

        with _others_alive(self.size):
            for tensor in itertools.chain(network.parameters(), network.buffers()):
                dist.broadcast(tensor.data, 0)

    def check_equal(self, what: str, values: Sequence[Any]) -> None:
        """Raise ConfigError, in all processes, unless all hold the same values."""
        if self.size == 1:
            return
        from hashlib import sha256

        digest = sha256(repr(list(values)).encode("utf-8", "surrogatepass")).digest()
        found = np.zeros((self.size, len(digest)))
        found[self.rank] = list(digest)
        all_found = self.add_up(found)
        differing = np.flatnonzero((all_found != all_found[0]).any(axis=1)).tolist()
        if differing:
            raise ConfigError(
                f"The {self.size} processes were not given the same {what}: processes {differing} differ from "
                "process 0. Give every machine the same files and the same command."
            )

    def _add_up(self, tensor: "torch.Tensor") -> None:
        import torch.distributed as dist

        with _others_alive(self.size):
            dist.all_reduce(tensor)


ALONE = Processes()
_current: ContextVar[Processes] = ContextVar("processes", default=ALONE)


def current() -> Processes:
    """The processes of the block of `together` that this code runs in."""
    return _current.get()


def is_first_process() -> bool:
    """Whether this process may print and save: all that torchrun did not start, and the first of those it did."""
    return _place()[0] == 0


@contextmanager
def together() -> Iterator[Processes]:
    """The processes that torchrun started, connected within the block: by gloo, GPUs by nccl. One alone: ALONE.

    Where the caller's program has connected them already, that connection is used and left as it is.
    Raises ConfigError for an environment that torchrun did not write and for more processes than GPUs,
    HeadstartError when the others do not come.
    """
    rank, size = _place()
    if size == 1:
        yield ALONE
        return
    import torch.distributed as dist

    is_ours = not dist.is_initialized()
    if is_ours:
        backend = _backend()
        with _others_alive(size):
            store = dist.PrefixStore(f"headstart/{next(_meetings)}", _store())
            dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)
    processes = Processes(dist.get_rank(), dist.get_world_size())
    token = _current.set(processes)
    try:
        yield processes
        processes.agree(0.0)  # who leaves first must not cut off one who still reads
    finally:
        _current.reset(token)
        if is_ours:
            with suppress(RuntimeError):  # of a connection that is broken already
                dist.destroy_process_group()


def _place() -> tuple[int, int]:
    """(rank, size) of this process as torchrun's environment says. Raises ConfigError."""
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        return 0, 1
    given = os.environ["RANK"], os.environ["WORLD_SIZE"]
    if not all(text.isdecimal() for text in given) or not int(given[0]) < int(given[1]):
        raise ConfigError(
            f"The environment says RANK={given[0]!r} and WORLD_SIZE={given[1]!r}: expected whole numbers, the first "
            "below the second. Start with torchrun, or unset both."
        )
    return int(given[0]), int(given[1])


def _backend() -> str:
    """How the processes talk; each takes its GPU."""
    import torch

    n_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not n_gpus:
        return "gloo"
    local = int(os.environ.get("LOCAL_RANK", 0))
    if local >= n_gpus:
        raise ConfigError(
            f"This machine has {n_gpus} GPUs, and process {local} of it has none left. "
            f"Use --nproc_per_node {n_gpus}, or CUDA_VISIBLE_DEVICES= to learn on its CPUs."
        )
    torch.cuda.set_device(local)
    return "cpu:gloo,cuda:nccl"


@cache
def _store() -> Any:
    """Where the processes find each other: one for the life of this process. Raises ConfigError."""
    from torch.distributed.rendezvous import rendezvous

    try:
        store, _, _ = next(iter(rendezvous("env://", timeout=PATIENCE)))
    except ValueError as error:  # no MASTER_ADDR, no MASTER_PORT
        raise ConfigError(f"Several processes: {error}. Start them with torchrun.") from error
    return store


@contextmanager
def _others_alive(size: int) -> Iterator[None]:
    """Turn what torch says of a broken connection into a sentence."""
    try:
        yield
    except RuntimeError as error:  # torch's DistError is one
        first = str(error).strip().partition("\n")[0][:200]
        raise HeadstartError(
            f"Another of the {size} processes has ended, or said nothing for {PATIENCE.seconds // 60} minutes. "
            f"What it printed says why ({first})."
        ) from error


def _buckets(parameters: "Sequence[nn.Parameter]") -> "Iterator[list[nn.Parameter]]":
    """The parameters in order, in lists of _BUCKET numbers or one more parameter."""
    bucket: list[nn.Parameter] = []
    for parameter in parameters:
        bucket.append(parameter)
        if sum(p.numel() for p in bucket) >= _BUCKET:
            yield bucket
            bucket = []
    if bucket:
        yield bucket

"""The one optimisation loop of the project, as a generator of steps.

The caller owns the `for`: between two steps it checks, saves or prints, and it stops by breaking off.

    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    for step in optimise(batches, loss, optimiser, random_state=0):
        if step.number % n_batches == 0 and patience_is_over(held_out_losses, 3):
            break

torch is imported when the first step is taken.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from math import isfinite
from typing import TYPE_CHECKING, TypeVar

from headstart.errors import ConfigError
from headstart.functional.schedules import Schedule, constant

if TYPE_CHECKING:
    import torch

__all__ = ["StepReport", "optimise", "patience_is_over", "random_stream"]

Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step did. `gradient_norm` is that before clipping, None where nothing is clipped."""

    number: int  # steps taken so far, this one included
    loss: float  # of the step's batch, before the step
    factor: float  # of the learning rates
    gradient_norm: float | None


def optimise(
    batches: Iterable[Batch],
    loss: "Callable[[Batch], torch.Tensor]",
    optimiser: "torch.optim.Optimizer",
    *,
    schedule: Schedule = constant,
    max_norm: float | None = None,
    random_state: int = 0,
    taken: int = 0,
    stream: "torch.Generator | None" = None,
    exchange: "Callable[[Sequence[torch.nn.Parameter], float], float] | None" = None,
) -> Iterator[StepReport]:
    """Take one step a batch, and report it; ends with the batches.

    loss(batch) is the scalar to go down, computed by whatever the caller trains. Each parameter group of the
    optimiser learns at its own rate times schedule(steps taken before). max_norm clips the norm of all gradients
    together (Pascanu et al., ICML 2013). Dropout and all else that draws from torch's generators inside `loss`
    draws from a stream of this run, seeded by `random_state`: neither does the run change the numbers of others,
    nor the caller, between two steps, those of the run. The number of threads stays as it is.

    To go on with a run that was broken off: `taken`, the number of its steps; `batches`, those that follow them;
    `stream`, its generator, which a caller who wants to save its state passes from the beginning instead of
    `random_state`.

    exchange(parameters, loss) is called between the gradients and the step, where several processes learn together:
    it adds the others' gradients to those of the parameters and gives back the loss of all.

    Raises ConfigError when the loss is infinite or not a number.
    """
    import torch

    stream = torch.Generator().manual_seed(random_state) if stream is None else stream
    parameters = [p for p in chain.from_iterable(g["params"] for g in optimiser.param_groups) if p.requires_grad]
    rates = [group["lr"] for group in optimiser.param_groups]
    try:
        for done, batch in enumerate(batches, taken):
            factor = schedule(done)
            _set_rates(optimiser, [rate * factor for rate in rates])
            optimiser.zero_grad()
            with random_stream(stream):
                value = loss(batch)
                value.backward()
            amount = value.item() if exchange is None else exchange(parameters, value.item())
            if not isfinite(amount):
                raise ConfigError(_astray(done + 1, amount, [rate * factor for rate in rates]))
            norm = None if max_norm is None else float(torch.nn.utils.clip_grad_norm_(parameters, max_norm))
            optimiser.step()
            yield StepReport(done + 1, amount, factor, norm)
    finally:
        _set_rates(optimiser, rates)  # the next run begins from the rates that the caller gave


@contextmanager
def random_stream(stream: "torch.Generator") -> Iterator[None]:
    """Within the block, torch's functions draw from this CPU generator, which goes on from there next time.

    Where CUDA is in use, its current device draws from a generator that the stream seeds, so that the stream alone
    decides. The process's own generators are as before when the block is left.
    """
    import torch

    devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices):
        torch.set_rng_state(stream.get_state())
        if devices:
            torch.cuda.manual_seed(int(torch.randint(2**62, ())))
        yield
        stream.set_state(torch.get_rng_state())


def patience_is_over(losses: Sequence[float], patience: int) -> bool:
    """Whether the last `patience` checks brought no loss below the best before them (Prechelt 1998)."""
    best = min(range(len(losses)), key=losses.__getitem__, default=0)
    return len(losses) - 1 - best >= patience


def _set_rates(optimiser: "torch.optim.Optimizer", rates: Sequence[float]) -> None:
    for group, rate in zip(optimiser.param_groups, rates, strict=True):
        group["lr"] = rate


def _astray(step: int, loss: float, rates: Sequence[float]) -> str:
    if step == 1:
        return (
            f"The loss is {loss} before anything was learnt: the weights that training begins with, or what the model "
            "makes of the texts, are infinite or no numbers. Take another model or another copy of it."
        )
    shown = ", ".join(f"{rate:.3g}" for rate in rates)
    return f"Training went astray: the loss of step {step} is {loss} (learning rate {shown}). Lower learning_rate."

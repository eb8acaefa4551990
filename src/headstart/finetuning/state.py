"""All that changes while a run goes on, but for the network and the optimiser themselves; to and from a checkpoint."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch

from headstart.finetuning.averaging import RunningMean, assign
from headstart.finetuning.checking import Answer, Best
from headstart.finetuning.checkpoint import Saved
from headstart.predictor import HeldOut

__all__ = ["RunState"]

Parameters = Mapping[str, torch.Tensor]
_ROWS = ("logits", "losses")  # of the best answer, a line a held-out row


@dataclass(slots=True)
class RunState:
    """Where a run is. `stream` draws a step's random numbers; n_worse: checks in a row that were worse than the best;
    seconds: of earlier processes, where the run was broken off.
    """

    stream: torch.Generator = field(default_factory=torch.Generator)
    losses: list[float] = field(default_factory=list)  # one a step
    checks: list[HeldOut] = field(default_factory=list)
    mean: RunningMean = field(default_factory=RunningMean)
    best: Best | None = None
    n_worse: int = 0
    changes: list[tuple[int, int]] = field(default_factory=list)  # of the plan
    seconds: float = 0.0

    @property
    def taken(self) -> int:
        """Steps taken so far."""
        return len(self.losses)

    def draw_anew(self, seed: int) -> None:
        """Let the random numbers of the next step depend on the seed and its number alone: a run that goes on draws
        what it would have drawn, and so does each process of several, by its own seed.
        """
        self.stream.manual_seed(int(np.random.SeedSequence((seed, self.taken)).generate_state(1, np.uint64)[0] >> 1))

    def saved(self, parameters: Parameters, optimiser: torch.optim.Optimizer, seconds: float) -> Saved:
        """As a value that a checkpoint writes. seconds: of this process."""
        tensors = {f"weights/{name}": value for name, value in parameters.items()}
        tensors |= {f"mean/{name}": value for name, value in zip(parameters, self.mean.values, strict=False)}
        tensors |= {"losses": torch.tensor(self.losses, dtype=torch.float64)}
        held, plain = _parts(optimiser)
        tensors |= held
        facts: dict[str, Any] = {
            "checks": [asdict(check) for check in self.checks],
            "mean_n": self.mean.n,
            "n_worse": self.n_worse,
            "changes": self.changes,
            "seconds": self.seconds + seconds,
            "optimiser": plain,
        }
        if self.best is None:
            return Saved(tensors, facts)
        check = self.best.answer.check
        facts |= {"best": asdict(check), "best_step": check.step, "best_scale": self.best.answer.scale}
        for name in _ROWS:
            tensors[f"best_{name}"] = torch.from_numpy(np.asarray(getattr(self.best.answer, name), np.float64))
        return Saved(tensors, facts, dict(zip(parameters, self.best.weights, strict=True)), check.step)

    def restore(self, saved: Saved, parameters: Parameters, optimiser: torch.optim.Optimizer) -> None:
        """Become what was saved, and make the parameters and the optimiser so."""
        tensors, facts = saved.tensors, saved.facts
        assign(parameters.values(), [tensors[f"weights/{name}"] for name in parameters])
        _fill(optimiser, tensors, facts["optimiser"])
        self.losses[:] = tensors["losses"].tolist()
        self.checks[:] = [HeldOut(**check) for check in facts["checks"]]
        mean = [tensors[f"mean/{name}"] for name in parameters] if facts["mean_n"] else []
        self.mean = RunningMean(_beside(mean, parameters), facts["mean_n"])
        self.n_worse, self.seconds = facts["n_worse"], facts["seconds"]
        self.changes[:] = [(at, n_left) for at, n_left in facts["changes"]]
        self.best = None
        if saved.best:
            rows = {name: tensors[f"best_{name}"].numpy() for name in _ROWS}
            weights = _beside([saved.best[name] for name in parameters], parameters)
            self.best = Best(Answer(HeldOut(**facts["best"]), **rows, scale=facts["best_scale"]), weights)


def _parts(optimiser: torch.optim.Optimizer) -> tuple[dict[str, torch.Tensor], dict[str, dict[str, Any]]]:
    """The optimiser's tensors by number of the parameter and name, and its other values."""
    tensors: dict[str, torch.Tensor] = {}
    plain: dict[str, dict[str, Any]] = {}
    for number, values in optimiser.state_dict()["state"].items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"optimiser/{number}/{name}"] = value
            else:
                plain.setdefault(str(number), {})[name] = value
    return tensors, plain


def _fill(optimiser: torch.optim.Optimizer, tensors: Parameters, plain: Mapping[str, Mapping[str, Any]]) -> None:
    state: dict[int, dict[str, Any]] = {int(number): dict(values) for number, values in plain.items()}
    for key, value in tensors.items():
        kind, _, rest = key.partition("/")
        if kind == "optimiser":
            number, _, name = rest.partition("/")
            state.setdefault(int(number), {})[name] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})  # its groups stay those of the settings


def _beside(values: list[torch.Tensor], parameters: Parameters) -> list[torch.Tensor]:
    """The values on the devices of their parameters."""
    return [value.to(parameter.device) for value, parameter in zip(values, parameters.values(), strict=False)]

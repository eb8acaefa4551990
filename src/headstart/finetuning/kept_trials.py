"""Trials of a search that outlive their process: a search that is broken off goes on after the last one that ended."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import ConfigError
from headstart.finetuning.distributed import current
from headstart.finetuning.search import Poor
from headstart.finetuning.settings import Settings

if TYPE_CHECKING:
    from headstart.finetuning.checkpoint import Checkpoint
    from headstart.finetuning.trials import Attempt, Look
    from headstart.types import Floats

__all__ = ["KeptTrials"]

_Look = tuple[int, float, float, float]  # number, share, loss, seconds since the trial began


@dataclass(slots=True)
class KeptTrials:
    """`attempt`, with what each trial said on its way and at its end kept at `place`, if there is one: trials of
    earlier processes are told again, look by look, on a `clock` that has stood still in between.
    """

    of: "Attempt"
    place: "Checkpoint | None"
    now: Callable[[], float] = time.monotonic
    _known: list[dict[str, Any]] = field(init=False)
    _n: int = field(init=False, default=0)  # trials of this process, told again or made
    _earlier: float = field(init=False, default=0.0)  # seconds of trials that were told again

    def __post_init__(self) -> None:
        self._known = [] if self.place is None else self.place.read_trials()

    def clock(self) -> float:
        """Seconds, with those of earlier processes."""
        return self.now() + self._earlier

    def attempt(self, settings: Settings, look: "Look") -> "tuple[Floats, float]":
        """As `of`. Raises what it and `look` raise; Poor for a trial of an earlier process that raised anything."""
        self._n += 1
        if self._n <= len(self._known):
            return self._again(self._known[self._n - 1], look)
        began, looks = self.clock(), list[_Look]()

        def seen(number: int, share: float, loss: float) -> None:
            looks.append((number, share, loss, self.clock() - began))
            look(number, share, loss)

        try:
            losses, accuracy = self.of(settings, seen)
        except (Poor, ConfigError):
            if self._n > 1:  # an error of the first one ends the search: what caused it may be gone the next time
                self._keep(looks, began)
            raise
        self._keep(looks, began, losses=losses.tolist(), accuracy=accuracy)
        return losses, accuracy

    def _again(self, trial: Mapping[str, Any], look: "Look") -> "tuple[Floats, float]":
        passed = 0.0
        for number, share, loss, seconds in trial["looks"]:
            self._earlier, passed = self._earlier + seconds - passed, seconds
            look(number, share, loss)
        self._earlier += trial["seconds"] - passed
        if "losses" not in trial:
            raise Poor
        return np.array(trial["losses"]), trial["accuracy"]

    def _keep(self, looks: Sequence[_Look], began: float, **outcome: Any) -> None:
        self._known.append({"looks": looks, "seconds": self.clock() - began, **outcome})
        if self.place is not None and current().is_first:
            self.place.write_trials(self._known)

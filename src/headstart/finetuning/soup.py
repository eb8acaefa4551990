"""Several runs from the same weights, each with its rows in another order, and the mean of where they end.

Shape letters: n held-out rows, k classes.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from headstart.finetuning.averaging import RunningMean, Weights, assign, copies
from headstart.finetuning.checking import Answer, answer
from headstart.finetuning.distributed import current
from headstart.finetuning.rows import decide
from headstart.functional.probability import clearly_lower

if TYPE_CHECKING:
    from headstart.finetuning.network import Network
    from headstart.finetuning.run import Run

__all__ = ["Soup", "in_turn"]


class Soup:
    """The mean of the weights that runs of one network ended with (a uniform soup: Wortsman et al., ICML 2022, "Model
    soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference time").

    Departure: the runs differ in the order of their rows, the rows that their last layer begins from, and what is
    dropped, not in their settings. The network learns nothing before it is given here.
    """

    def __init__(self, network: "Network") -> None:
        self._parameters = [p for p in network.parameters() if p.requires_grad]
        self._start, self._mean = copies(self._parameters), RunningMean()
        self._best: tuple[Answer, Weights] | None = None

    def restart(self) -> None:
        """Give the network the weights that each run begins with."""
        assign(self._parameters, self._start)

    def add(self, run: "Run") -> None:
        """Take in what a run ended with."""
        self._mean.add(self._parameters)
        if run.kept is not None and (self._best is None or run.kept.check.loss < self._best[0].check.loss):
            self._best = run.kept, copies(self._parameters)

    def finish(self, run: "Run") -> None:
        """Give the network the mean, unless the best of the runs is clearly better on held-out rows. `run`, the last of
        them, then holds what these rows say.
        """
        n = self._mean.n
        if n < 2:  # the time was too short for another
            return
        assign(self._parameters, self._mean.values)
        if self._best is None:
            run.notes.append(f"The weights are the mean of {n} such runs. The last one is shown.")
            return
        alone, check = self._best[0], run.rows.check
        mean = answer(run.state.taken, decide(run.network, run.inputs, check, run.settings), run.y[check])
        what, run.kept = f"the mean of {n} such runs", mean
        if clearly_lower(alone.losses, mean.losses):
            what, run.kept = f"those of the best of {n} such runs, clearly better than their mean", alone
            assign(self._parameters, self._best[1])
        said = f"held-out loss {mean.check.loss:.3f}, of the best run {alone.check.loss:.3f}"
        run.notes.append(f"The weights are {what}: {said}. The last one is shown.")


def in_turn(
    network: "Network", runs: Sequence["Callable[[float | None], Run]"], ends_at: float | None
) -> "Iterator[Run]":
    """One run after another, to be learnt by the caller; after the last the network holds what they make together.

    runs: each is made when its turn comes, from when it has to be over. Where that is given the first run has all the
    time, and there is another only while there is as much left as the last one took.
    """
    if len(runs) == 1:  # nothing to be kept for others
        yield runs[0](ends_at)
        return
    soup = Soup(network)
    for make in runs:
        soup.restart()
        run = make(ends_at)
        begun = run.clock()
        yield run
        soup.add(run)
        if run.ends_at is not None:  # less by what an earlier process took, where this one went on
            ends_at, now = run.ends_at, run.clock()
            took, left = current().agree(now - begun + run.state.seconds), current().agree(ends_at - now)
            if left < took:
                break
    soup.finish(run)

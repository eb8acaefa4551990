"""The record of a run: its history for the report, and its figures as they come, to TensorBoard or MLflow.

torch is imported when a log for TensorBoard is opened, which torch writes.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import ConfigError, MissingExtra
from headstart.finetuning.distributed import is_first_process
from headstart.predictor import History, Stretch

if TYPE_CHECKING:
    from headstart.finetuning.run import Run
    from headstart.training import StepReport

__all__ = ["Observer", "check_log", "observe"]

_MOST_STRETCHES = 200  # more points than a plot on a screen can show
_MLFLOW_BATCH = 200  # figures that are sent at once: a request a step would cost more than the step

_Log = Callable[[int, dict[str, float]], None]  # step, figures by name


def check_log(log_to: object) -> None:
    """Raise ConfigError unless this is `tensorboard:DIR` or `mlflow`, MissingExtra where the package is missing."""
    kind, _, place = log_to.partition(":") if isinstance(log_to, str) else ("", "", "")
    if not ((kind == "tensorboard" and place) or log_to == "mlflow"):
        raise ConfigError(f"strategy.log_to must be tensorboard:FOLDER or mlflow, or left out. Got {log_to!r} instead.")
    if find_spec(kind) is None:
        raise MissingExtra(f"strategy.log_to={log_to}", kind, "logs")


class Observer:
    """Sees each step of a run, and tells in the end how it went."""

    def __init__(self, run: "Run", log: _Log | None = None) -> None:
        self._run, self._log = run, log
        self._n_checks, self._start = len(run.checks), time.perf_counter()

    def __call__(self, step: "StepReport") -> None:
        """Note the step, and what the held-out rows have said since the one before."""
        if self._log is None:
            return
        figures = {"loss": step.loss, "learning_rate_factor": step.factor}
        if step.gradient_norm is not None:
            figures["gradient_norm"] = step.gradient_norm
        self._log(step.number, figures)
        for check in self._run.checks[self._n_checks :]:
            self._log(check.step, {"held_out_loss": check.loss, "held_out_accuracy": check.accuracy})
        self._n_checks = len(self._run.checks)

    def history(self) -> History:
        """The run so far, with what processes before this one did of it. The loss is averaged over stretches of equal
        length, at most 200.
        """
        run, rate = self._run, self._run.settings.learning_rate
        stretches = []
        for steps in np.array_split(np.arange(len(run.losses)), min(len(run.losses), _MOST_STRETCHES) or 1):
            if len(steps):
                last = int(steps[-1])
                loss = float(np.mean([run.losses[i] for i in steps]))
                stretches.append(Stretch(last + 1, loss, rate * run.plan.schedule(last)))
        seconds = run.state.seconds + time.perf_counter() - self._start
        return History(tuple(stretches), tuple(run.checks), seconds)


@contextmanager
def observe(run: "Run", number: int = 0) -> Iterator[Observer]:
    """An observer to call with each step of the run; the log that its settings name is closed after the block.

    Logged are, by step: loss (of the step's batch), learning_rate_factor, gradient_norm (before clipping),
    held_out_loss and held_out_accuracy. number: of the run, from 0, where several make up one training: the figures of
    later ones stand apart, in a folder run-2 or with that before their names. Raises ConfigError, MissingExtra as
    `check_log`.
    """
    log_to = run.settings.log_to
    with ExitStack() as stack:
        if log_to is None or not is_first_process():
            yield Observer(run)
            return
        check_log(log_to)
        kind, _, place = log_to.partition(":")
        own = f"run-{number + 1}" if number else ""
        if kind == "tensorboard":
            yield Observer(run, _tensorboard(stack, str(Path(place) / own)))
        else:
            yield Observer(run, _mlflow(stack, asdict(run.settings), f"{own}/" if own else ""))


def _tensorboard(stack: ExitStack, folder: str) -> _Log:
    from torch.utils.tensorboard import SummaryWriter

    writer = stack.enter_context(SummaryWriter(folder))

    def log(step: int, figures: dict[str, float]) -> None:
        for name, value in figures.items():
            writer.add_scalar(name, value, step)

    return log


def _mlflow(stack: ExitStack, settings: dict[str, Any], before: str) -> _Log:
    """To the run that the caller has open, else to one of its own that has the settings too. before: each name."""
    import mlflow  # type: ignore[import-not-found, unused-ignore] # few have it
    from mlflow.entities import Metric  # type: ignore[import-not-found, unused-ignore] # likewise

    client, kept = mlflow.MlflowClient(), list[Metric]()
    if (run := mlflow.active_run()) is None:
        run = stack.enter_context(mlflow.start_run())
        mlflow.log_params(settings)

    def send() -> None:
        client.log_batch(run.info.run_id, kept)
        kept.clear()

    def log(step: int, figures: dict[str, float]) -> None:
        now_ms = int(1000 * time.time())
        kept.extend(Metric(f"{before}{name}", value, now_ms, step) for name, value in figures.items())
        if len(kept) >= _MLFLOW_BATCH:
            send()

    stack.callback(send)  # before the run is ended
    return log

"""One fine-tuning run: which rows check it, the steps, which weights are kept, how sure they may be.

Shape letters: n rows, k classes.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import torch

from headstart.finetuning.averaging import SHARES, assign, best_blend, copies
from headstart.finetuning.checking import Answer, Best, answer
from headstart.finetuning.checkpoint import Checkpoint
from headstart.finetuning.distributed import current
from headstart.finetuning.groups import make_optimiser
from headstart.finetuning.inputs import Inputs
from headstart.finetuning.interrupts import held_interrupts
from headstart.finetuning.network import Network
from headstart.finetuning.objective import make_loss
from headstart.finetuning.plan import Pace, Plan
from headstart.finetuning.probe import begin_at_probe
from headstart.finetuning.rows import Rows, decide, shuffled, split_rows
from headstart.finetuning.settings import Settings
from headstart.finetuning.state import RunState
from headstart.functional.probability import clearly_lower
from headstart.functional.schedules import make_schedule
from headstart.predictor import HeldOut
from headstart.progress import track
from headstart.text.batching import token_budget_batches
from headstart.training import StepReport, optimise

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["Rows", "Run", "decide", "split_rows"]

_SWA_FROM = 0.75  # of the steps: from there on the weights are averaged


@dataclass(slots=True)
class Run:
    """A run over the rows of some inputs.

    ends_at: when it has to be over, by `clock` (None = whenever it is): after the first steps, and again on its way,
    it plans as many steps as there is time for, so that its rates come down in time. checkpoint: where its state is
    kept; what is there already is gone on with, to the same weights, bit for bit.

    `losses` holds each step's, `checks` what the held-out rows said on the way and at the end; `kept` is the answer of
    the weights that stayed, None without held-out rows. `notes` are sentences for the report.
    """

    network: Network
    inputs: Inputs
    y: "Ints"
    rows: Rows
    settings: Settings
    random_state: int = 0
    ends_at: float | None = None
    checkpoint: Checkpoint | None = None
    clock: Callable[[], float] = time.monotonic
    kept: Answer | None = None
    notes: list[str] = field(default_factory=list)
    plan: Plan = field(init=False)
    state: RunState = field(init=False)
    _parameters: dict[str, torch.nn.Parameter] = field(init=False)
    _pace: Pace = field(init=False)
    _is_over: bool = field(init=False, default=False)
    _n_read: int = field(init=False, default=0)  # rows, in this process
    _per_epoch: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        settings, n_steps = self.settings, self.n_steps()
        self.state = RunState()
        self.plan = Plan(n_steps, make_schedule(settings.schedule, n_steps, int(settings.warmup * n_steps)))
        self._parameters = {name: p for name, p in self.network.named_parameters() if p.requires_grad}
        check, learn = (self.inputs.lengths[rows].sum() for rows in (self.rows.check, self.rows.learn))
        self._pace = Pace(check * self._n_batches() / max(learn, 1))

    @property
    def losses(self) -> list[float]:
        """The loss of each step."""
        return self.state.losses

    @property
    def checks(self) -> list[HeldOut]:
        """What the held-out rows said, in the order of the steps."""
        return self.state.checks

    def n_steps(self) -> int:
        """Steps that the settings ask for."""
        return max(1, round(self.settings.n_epochs * self._n_batches()), self.settings.least_steps)

    def n_epochs(self) -> float:
        """Epochs that the steps so far make."""
        return self.state.taken / self._n_batches()

    def steps(self) -> Iterator[StepReport]:
        """Take one step after another. The held-out rows are asked `checks_per_epoch` times an epoch, and at the end.

        Ctrl-C ends a run that has a checkpoint between two steps, after its state is saved, by KeyboardInterrupt with
        `step X of Y`; so does breaking off.
        """
        loss = make_loss(self.network, self.inputs, self.y, self.rows.learn, self.settings)
        optimiser = make_optimiser(self.network, self.settings)
        start = copies(self._body()) if self.settings.average == "wise" else []
        self._go_on(optimiser)
        self.network.train()
        begun = self.clock()

        def save() -> bool:
            if self.checkpoint is None or self._is_over or not current().is_first:
                return False
            self.state.changes = self.plan.changes
            return self.checkpoint.write(self.state.saved(self._parameters, optimiser, self.clock() - begun))

        taken = optimise(
            self._batches(),
            loss,
            optimiser,
            schedule=lambda step: self.plan.schedule(step),
            max_norm=self.settings.max_norm,
            taken=self.state.taken,
            stream=self.state.stream,
            exchange=current().exchange,
        )
        done, in_all = self.state.taken, lambda: self.plan.n_steps
        with held_interrupts(self.checkpoint is not None) as interrupted:
            try:
                for step in track(self._timed(taken), "fine-tuning", in_all, done=done, note=self._note):
                    self._count(step)
                    if interrupted():
                        raise _interruption(save(), self)
                    self._look(step.number)
                    if self.checkpoint is not None and self.checkpoint.due(at_pause=self._is_pause(step.number)):
                        save()
                    if self._has_to_stop():
                        self._finish(start)
                    yield step
            except GeneratorExit:
                save()
                raise
            if not self._is_over:  # it goes on from a state after which nothing was to learn
                self._finish(start)
            if interrupted():
                raise _interruption(True, self)

    def scale(self) -> float:
        """The factor of the logits that calibrates them, from the held-out rows; 1 where there are none."""
        return self.kept.scale if self.kept is not None else 1.0

    def _go_on(self, optimiser: torch.optim.Optimizer) -> None:
        """From what the checkpoint holds, if it holds anything."""
        saved = self.checkpoint.read() if self.checkpoint is not None else None
        if saved is None:
            self.notes += begin_at_probe(self.network, self.inputs, self.y, self.rows, self.settings, self.random_state)
            if self.settings.probe_rows and len(self.rows.check):  # what it must not become worse than
                self._weigh(self._answer(0))
            return
        self.state.restore(saved, self._parameters, optimiser)
        self.plan.repeat(self.state.changes)
        self.notes.append(f"Went on from step {self.state.taken:,} of an earlier run that was broken off.")
        if self.ends_at is not None:
            self.ends_at -= self.state.seconds
        self._look(self.state.taken)

    def _timed(self, steps: Iterator[StepReport]) -> Iterator[StepReport]:
        begun = self.clock()
        for step in steps:
            self._pace.on_steps += self.clock() - begun
            self._pace.n_steps += 1
            yield step
            begun = self.clock()

    def _count(self, step: StepReport) -> None:
        self.state.losses.append(step.loss)
        if self.settings.average == "swa" and step.number > _SWA_FROM * self.plan.n_steps:
            self.state.mean.add(self._parameters.values())

    def _look(self, taken: int) -> None:
        """After a step: a check where one is due and not at hand yet, and a new plan where time is short."""
        interval, checks = self._check_interval(), self.checks
        is_due = taken > 0 and taken % interval == 0 and not (checks and checks[-1].step == taken)
        if is_due and len(self.rows.check) and taken < self.plan.n_steps:
            begun = self.clock()
            self._weigh(self._ask(taken))
            self._pace.on_checks += self.clock() - begun
            self._pace.n_checks += 1
        if self.ends_at is not None and (is_due or self.plan.is_due(taken)):
            n_last = 1 + len(SHARES) * (self.settings.average == "wise")
            pace, agree = self._pace, current().agree  # all processes plan the same
            pace.on_steps, pace.on_checks = agree(pace.on_steps), agree(pace.on_checks)
            self.plan.fit(taken, agree(self.ends_at - self.clock()), pace, interval, n_last)

    def _ask(self, step: int) -> Answer:
        """What the held-out rows say now."""
        found = self._answer(step)
        self.checks[:] = [check for check in self.checks if check.step != step] + [found.check]
        return found

    def _answer(self, step: int) -> Answer:
        rows = self.rows.check
        return answer(step, decide(self.network, self.inputs, rows, self.settings), self.y[rows])

    def _weigh(self, now: Answer) -> None:
        """Keep the weights of the lowest loss; count the checks in a row that were clearly worse than it."""
        best = self.state.best
        if best is None or now.check.loss < best.answer.check.loss:
            self.state.best, self.state.n_worse = Best(now, copies(self._parameters.values())), 0
        else:
            worse = clearly_lower(best.answer.losses, now.losses)
            self.state.n_worse = self.state.n_worse + 1 if worse else 0

    def _has_to_stop(self) -> bool:
        return self.state.taken >= self.plan.n_steps or self._is_out_of_patience()

    def _is_out_of_patience(self) -> bool:
        return self.settings.patience is not None and self.state.n_worse >= self.settings.patience

    def _finish(self, start: list[torch.Tensor]) -> None:
        """The weights that stay: averaged if asked for; those of an earlier check where that was clearly better."""
        self._is_over = True
        taken, parameters = self.state.taken, self._parameters.values()
        if self._is_out_of_patience():
            self.notes.append(f"Stopped early, after {taken:,} of {self.plan.n_steps:,} steps: no check was better.")
        if self.plan.changes:
            self.notes.append(self.plan.note(taken))
        if self.state.mean.n:
            assign(parameters, self.state.mean.values)
            self.notes.append(f"The weights are the mean of those after the last {self.state.mean.n:,} steps (SWA).")
        elif self.settings.average == "swa":
            self.notes.append("SWA averaged nothing: the run ended before the last quarter of its steps.")
        if len(self.rows.check):
            self.kept = self._ask(taken)
            best = self.state.best
            if best is not None and clearly_lower(best.answer.losses, self.kept.losses):
                assign(parameters, best.weights)
                self.kept = best.answer
                self.notes.append(f"The weights are those after step {best.answer.check.step:,}, clearly better.")
        if self.settings.average == "wise":
            self._blend(start)
        self.network.eval()

    def _blend(self, start: list[torch.Tensor]) -> None:
        """WiSE-FT: between the weights at the start and those of now, where held-out rows are clearly better off."""
        if self.kept is None:
            self.notes.append("WiSE-FT chose nothing: there are too few rows to hold some out.")
            return
        step = self.kept.check.step
        self.kept, share = best_blend(self._body(), start, self.kept, lambda: self._answer(step))
        self.notes.append(f"The weights hold {share:g} of what was tuned, {1 - share:g} of the start (WiSE-FT).")

    def _body(self) -> list[torch.nn.Parameter]:
        return [p for name, p in self._parameters.items() if name.startswith("body.")]

    def _note(self, step: StepReport) -> str:
        """For the progress bar."""
        rate = self.settings.learning_rate * step.factor
        said = f"loss {step.loss:.3f}  rate {rate:.1e}  {self._n_read / max(self._pace.on_steps, 1e-9):,.0f} texts/s"
        return f"{said}  held-out accuracy {100 * self.checks[-1].accuracy:.1f}" if self.checks else said

    def _is_pause(self, taken: int) -> bool:
        return taken % self._n_batches() == 0 or self._has_to_stop()

    def _check_interval(self) -> int:
        return max(1, round(self._n_batches() / self.settings.checks_per_epoch))

    def _n_batches(self) -> int:
        """Steps of an epoch."""
        if not self._per_epoch:
            self._per_epoch = len(self._cut(self.rows.learn))
        return self._per_epoch

    def _cut(self, order: "Ints") -> "list[Ints]":
        """Batches of these rows. Long texts make small ones; short texts count as if they were longer: `batch_rows`."""
        settings = self.settings
        lengths = np.maximum(self.inputs.lengths[order], -(-settings.batch_tokens // settings.batch_rows))
        return [order[batch] for batch in token_budget_batches(lengths.tolist(), settings.batch_tokens)]

    def _batches(self) -> "Iterator[Ints]":
        """Row numbers of the steps to come, until it is over: each epoch's order depends on its number alone."""
        first, skipped = divmod(self.state.taken, self._n_batches())
        for epoch in count(first):
            rng = np.random.default_rng((self.random_state, epoch))
            cut = self._cut(shuffled(self.rows.learn, self.inputs.lengths, rng))
            for i in rng.permutation(len(cut))[skipped:]:
                if self._has_to_stop():
                    return
                self._n_read += len(cut[i])
                self.state.draw_anew(current().seed(self.random_state))
                yield cut[i]
            skipped = 0


def _interruption(is_saved: bool, run: Run) -> KeyboardInterrupt:
    kept = "" if is_saved else ", nothing kept of the last steps"
    return KeyboardInterrupt(f"step {run.state.taken:,} of {run.plan.n_steps:,}{kept}")

"""One fine-tuning run: which rows check it, the steps, which weights are kept, how sure they may be.

Shape letters: n rows, k classes, E epochs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from headstart.data.splits import folds
from headstart.finetuning.groups import make_optimiser
from headstart.finetuning.inputs import Inputs
from headstart.finetuning.network import Network
from headstart.finetuning.objective import in_precision, make_loss
from headstart.finetuning.settings import Settings
from headstart.functional.probability import fit_scale, log_losses
from headstart.functional.schedules import make_schedule
from headstart.progress import track
from headstart.text.batching import token_budget_batches
from headstart.training import StepReport, optimise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.types import Floats, Ints

__all__ = ["Check", "Rows", "Run", "decide", "split_rows"]

_LEAST_ROWS = 400  # with fewer, all learn: no tenth of them could tell two runs apart
_CHECK_SHARE, _MOST_CHECKED = 0.1, 1000


@dataclass(frozen=True, slots=True)
class Rows:
    """Row numbers to learn from, and to check on (none where there are too few)."""

    learn: "Ints"
    check: "Ints"


@dataclass(frozen=True, slots=True)
class Check:
    """What the rows that check say after some steps."""

    step: int
    loss: float  # mean log loss of the calibrated logits
    accuracy: float


@dataclass(slots=True)
class Run:
    """A run over the rows of some inputs. `checks` grows, one an epoch; `losses` holds each step's."""

    network: Network
    inputs: Inputs
    y: "Ints"
    rows: Rows
    settings: Settings
    random_state: int = 0
    checks: list[Check] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def n_steps(self) -> int:
        """Steps of the whole run."""
        return max(1, round(self.settings.n_epochs * self._n_batches()))

    def steps(self) -> Iterator[StepReport]:
        """Take one step after another; after each epoch, and the last step, the held-out rows are asked."""
        settings, n_steps, per_epoch = self.settings, self.n_steps(), self._n_batches()
        schedule = make_schedule(settings.schedule, n_steps, int(settings.warmup * n_steps))
        loss = make_loss(self.network, self.inputs, self.y, self.rows.learn, settings)
        self.network.train()
        taken = optimise(
            self._batches(n_steps),
            loss,
            make_optimiser(self.network, settings),
            schedule=schedule,
            max_norm=settings.max_norm,
            random_state=self.random_state,
        )
        for step in track(taken, "fine-tuning", n_steps):
            self.losses.append(step.loss)
            if len(self.rows.check) and (step.number % per_epoch == 0 or step.number == n_steps):
                self.checks.append(self._check(step.number))
            yield step
        self.network.eval()

    def scale(self) -> float:
        """The factor of the logits that calibrates them, from the held-out rows; 1 where there are none."""
        rows = self.rows.check
        return fit_scale(decide(self.network, self.inputs, rows, self.settings), self.y[rows]) if len(rows) else 1.0

    def _check(self, step: int) -> Check:
        rows = self.rows.check
        logits, y = decide(self.network, self.inputs, rows, self.settings), self.y[rows]
        loss = float(log_losses(logits * fit_scale(logits, y), y).mean())
        return Check(step, loss, float(np.mean(logits.argmax(axis=1) == y)))

    def _n_batches(self) -> int:
        return len(token_budget_batches(self._lengths()[self.rows.learn].tolist(), self.settings.batch_tokens))

    def _lengths(self) -> "Ints":
        """Longer texts make smaller batches; shorter ones count as if they had this length, and stay shuffled."""
        return np.maximum(self.inputs.lengths, self.settings.batch_tokens // self.settings.batch_rows)

    def _batches(self, n_steps: int) -> "Iterator[Ints]":
        """Row numbers, batch by batch, an epoch after another: each epoch's order depends on its number alone."""
        lengths, done = self._lengths(), 0
        for epoch in range(n_steps):
            rng = np.random.default_rng((self.random_state, epoch))
            order = rng.permutation(self.rows.learn)
            cut = token_budget_batches(lengths[order].tolist(), self.settings.batch_tokens)
            for i in rng.permutation(len(cut)):
                yield order[cut[i]]
                done += 1
                if done == n_steps:
                    return


def split_rows(texts: "Sequence[str]", y: "Ints", random_state: int) -> Rows:
    """A tenth of the rows, 1,000 at most, are spared for checking; equal texts stay together."""
    n = len(y)
    if n < _LEAST_ROWS:
        return Rows(np.arange(n), np.arange(0))
    n_folds = max(round(1 / _CHECK_SHARE), round(n / _MOST_CHECKED))
    learn, check = folds(y, n_folds, random_state, texts=texts)[0]
    return Rows(learn, check)


def decide(network: Network, inputs: Inputs, rows: "Ints", settings: Settings) -> "Floats":
    """Logits (n, k) float64 of these rows, nothing dropped."""
    was = network.training
    network.eval()
    logits = np.empty((len(rows), network.last.out_features))
    try:
        with torch.inference_mode(), in_precision(settings.precision, network.last.weight.device):
            for batch in token_budget_batches(inputs.lengths[rows].tolist(), settings.batch_tokens):
                logits[batch] = network.decide(inputs.features(rows[batch])).float().cpu().numpy()
    finally:
        network.train(was)
    return logits

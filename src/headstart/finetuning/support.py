"""Contrastive tuning of an encoder on a few rows, with a head, and what their halves say of it.

Shape letters: n rows, d features, k classes.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
import torch

from headstart.encoders._torch import PRODUCTS_A_SECOND, n_products
from headstart.errors import ConfigError
from headstart.finetuning.contrast import Loss, contrast, features_of, n_steps_of
from headstart.finetuning.inputs import Inputs
from headstart.finetuning.network import Network
from headstart.finetuning.plan import said_of_budget
from headstart.finetuning.settings import Settings
from headstart.functional.probability import clearly_lower, fit_scale, log_losses
from headstart.heads.logistic import Logistic
from headstart.progress import track

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["Learnt", "Support"]

_C = 1.0  # of the head behind a tuned encoder: folds of rows whose labels it has seen could not choose it
_SPARE = 0.05  # of the time that is left, for what was not foreseen


@dataclass(frozen=True, slots=True)
class Learnt:
    """A head, whether its features are those of the tuned body or of the one that was given, and why."""

    head: Logistic
    is_tuned: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Support:
    """Rows with classes y (n,) that `network`'s body is to be tuned on, where it is open."""

    network: Network
    inputs: Inputs
    y: "Ints"
    loss: Loss
    settings: Settings
    random_state: int = 0

    def in_steps(self, n: int) -> "Support":
        """The same in as many epochs as have n steps, one at least, and no more than it would take."""
        an_epoch = n_steps_of(self.inputs, self.y, np.arange(len(self.y)), replace(self.settings, n_epochs=1))
        epochs = min(self.settings.n_epochs, max(1.0, n / an_epoch))
        return replace(self, settings=replace(self.settings, n_epochs=epochs))

    def learn(self, halves: "Sequence[tuple[Ints, Ints]]", ends_at: float | None = None) -> Learnt:
        """Tune on all rows and fit the head. The body is the tuned one after that, or as it was.

        halves: (rows to learn from, rows to check on) pairs that check a row at most once, or nothing. The body stays
        as it was where they say clearly that it is better so; their answers calibrate the head. ends_at: when it has to
        be over, by `time.monotonic`: as many steps as there is time for; the body stays as it was where that is none.
        Raises DataError for a class with fewer than two rows, before any work.
        """
        began, frozen = monotonic(), self._features()
        untuned = Logistic(random_state=self.random_state).fit(frozen, self.y)
        if ends_at is None:
            return self._tuned(halves, frozen, untuned)
        in_time, full = self._until(ends_at, halves, monotonic() - began), self.n_steps()
        if in_time is None:
            return Learnt(untuned, False, ("The budget was over before anything could be tuned: the encoder stays.",))
        learnt, taken = in_time._tuned(halves, frozen, untuned), in_time.n_steps()
        reasons = learnt.reasons if taken == full else (*learnt.reasons, said_of_budget(taken, full))
        return replace(learnt, reasons=reasons)

    def n_steps(self) -> int:
        """Steps that tuning on all rows takes."""
        return n_steps_of(self.inputs, self.y, np.arange(len(self.y)), self.settings)

    def _until(self, ends_at: float, halves: "Sequence[tuple[Ints, Ints]]", once_s: float) -> "Support | None":
        """The same in as many steps as there is time for, going by one that is undone; None where that is none.

        once_s: seconds for the features of all rows and a head, which are due once more, and once for each half.
        """
        usable = (ends_at - monotonic()) * (1 - _SPARE) - (1 + len(halves)) * once_s
        if usable <= 0:
            return None
        began, rows = monotonic(), np.arange(len(self.y))
        with self._undone():
            next(contrast(self.network, self.loss, self.inputs, self.y, rows, self.settings, self.random_state))
        step_s, n_full = monotonic() - began, self.n_steps()
        passes = 1 + sum(len(learn) for learn, _ in halves) / len(rows)
        possible = int((usable - step_s) / (passes * step_s))
        if possible < 1:
            return None
        epochs = self.settings.n_epochs * min(1.0, possible / n_full)
        return replace(self, settings=replace(self.settings, n_epochs=epochs))

    def _tuned(self, halves: "Sequence[tuple[Ints, Ints]]", frozen: "Floats", untuned: Logistic) -> Learnt:
        """As `learn`, beside what was learnt without tuning."""
        scale, reasons = 1.0, ["It was not checked whether tuning helps."]
        if halves:
            asked = np.concatenate([check for _, check in halves])
            before, after = self._answers(halves, frozen)
            keep_frozen, reasons = _verdict(before[asked], after[asked], self.y[asked])
            if keep_frozen:
                return Learnt(untuned, False, tuple(reasons))
            scale = fit_scale(after[asked], self.y[asked])
        head = _scaled(self._head(self.after(np.arange(len(self.y))), self.y), scale)
        return Learnt(head, True, (self._said(), *reasons))

    def _answers(self, halves: "Sequence[tuple[Ints, Ints]]", frozen: "Floats") -> "tuple[Floats, Floats]":
        """Log-probabilities (n, k) of each row that is checked, by what was learnt without it: the head alone, and
        after tuning.
        """
        before, after = (np.full((len(self.y), self.network.last.out_features), np.nan) for _ in range(2))
        for (learn, check), tuned in zip(halves, self.after_each(learn for learn, _ in halves), strict=True):
            for answers, features in ((before, frozen), (after, tuned)):
                answers[check] = _log(self._head(features[learn], self.y[learn]).predict_proba(features[check]))
        return before, after

    def after_each(self, parts: "Iterable[Ints]", asked: "Ints | None" = None) -> "Iterator[Floats]":
        """(m, d) of the rows `asked` (m,), or of all, after tuning on each part; then the body is as it was."""
        for rows in parts:
            with self._undone():
                features = self.after(rows, asked)
            yield features

    def after(self, rows: "Ints", asked: "Ints | None" = None) -> "Floats":
        """(m, d) of the rows `asked` (m,), or of all, after tuning on these; the body stays so.

        Raises ConfigError where they are no numbers.
        """
        self._tune(rows)
        features = self._features(asked)
        if not np.isfinite(features).all():
            raise ConfigError(
                "Training went astray: after it features are infinite or no numbers (learning rate "
                f"{self.settings.learning_rate:.3g}). Lower learning_rate."
            )
        return features

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """After the block the body is as it was."""
        start = {name: p.detach().clone() for name, p in self.network.named_parameters() if p.requires_grad}
        yield
        self.network.load_state_dict(start, strict=False)

    def reading_s(self) -> float:
        """Seconds that reading all rows takes, counted in multiplications of weights and states, by no clock: the same
        rows, the same plan. An epoch of tuning takes three times as long.
        """
        return n_products(self.network.body) * float(self.inputs.lengths.sum()) / PRODUCTS_A_SECOND

    def _head(self, features: "Floats", y: "Ints") -> Logistic:
        return Logistic(C=_C, random_state=self.random_state).fit(features, y)

    def _tune(self, rows: "Ints") -> None:
        """Tune the body on these rows, from where it is."""
        given = (self.inputs, self.y, rows, self.settings)
        steps = contrast(self.network, self.loss, *given, self.random_state)
        for _ in track(steps, "contrastive tuning", n_steps_of(*given)):
            pass

    def _features(self, asked: "Ints | None" = None) -> "Floats":
        """(m, d) of these rows, or of all, nothing dropped."""
        rows = np.arange(len(self.y)) if asked is None else asked
        self.network.eval()
        with torch.inference_mode():
            features: Floats = features_of(self.inputs, rows).float().cpu().numpy()
        return features

    def _said(self) -> str:
        n_steps = self.n_steps()
        top = self.settings.top_layers
        highest = "The highest layer was" if top == 1 else f"The highest {top} layers were"
        layers = highest if self.network.n_frozen else "All layers were"
        return f"{layers} tuned on {len(self.y):,} rows in {n_steps:,} steps, all pairs of a batch at once."


def _verdict(before: "Floats", after: "Floats", y: "Ints") -> tuple[bool, list[str]]:
    """Whether the frozen encoder is clearly better, and a sentence; from log-probabilities (n, k) of both."""
    losses = [log_losses(answers * fit_scale(answers, y), y) for answers in (before, after)]
    right = [100 * float(np.mean(answers.argmax(axis=1) == y)) for answers in (before, after)]
    figures = (
        f"Learning from one half of the rows, with the answers of the other: accuracy {right[0]:.1f} frozen and "
        f"{right[1]:.1f} tuned, log loss {losses[0].mean():.3f} and {losses[1].mean():.3f}"
    )
    if clearly_lower(losses[0], losses[1]):
        return True, [f"{figures}: tuning does not help here, and the encoder stays as it was."]
    helps = "tuning helps" if clearly_lower(losses[1], losses[0]) else "no clear difference, the tuned encoder is taken"
    return False, [f"{figures}: {helps}."]


def _log(probabilities: "Floats") -> "Floats":
    logs: Floats = np.log(np.maximum(probabilities, 1e-12))
    return logs


def _scaled(head: Logistic, scale: float) -> Logistic:
    """The head with its decision values times `scale`."""
    state = head.get_state()
    chosen = state.settings["chosen"]
    facts = {**chosen, "scale": chosen["scale"] * scale}
    return Logistic.from_weights(**state.arrays, scale=scale, facts=facts, **state.settings["params"])

"""Encoder + head + classes: all that predicting and serving need, and no training code."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import numpy as np

from headstart.text.cleaner import TextCleaner
from headstart.text.normalise import require_texts
from headstart.types import Bools, Encoder, Floats, Head, Predictions

__all__ = ["HeldOut", "History", "Predictor", "Stretch"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A few steps of training in a row."""

    step: int  # the last of them, from 1
    loss: float  # mean over the steps
    learning_rate: float | None  # of the highest layer, at the last of them; None where it was not seen


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What the rows that check said after a step."""

    step: int
    loss: float  # mean log loss of their calibrated probabilities
    accuracy: float


@dataclass(frozen=True, slots=True)
class History:
    """How the training went: what the learning curves show. At most 200 stretches a run cover all steps."""

    stretches: tuple[Stretch, ...]
    checks: tuple[HeldOut, ...]  # none where no rows were held out
    seconds: float  # in the process that ended the training; a run that was taken up again had more

    @property
    def n_steps(self) -> int:
        """Steps of the training."""
        return self.stretches[-1].step if self.stretches else 0

    def then(self, later: Self) -> Self:
        """The training that is this one, and after it `later`, whose steps count on."""
        stretches = (replace(each, step=each.step + self.n_steps) for each in later.stretches)
        checks = (replace(each, step=each.step + self.n_steps) for each in later.checks)
        return type(self)((*self.stretches, *stretches), (*self.checks, *checks), self.seconds + later.seconds)

    def settings(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """The history again, from what `settings` gave. Raises KeyError and TypeError for anything else."""
        return cls(
            tuple(Stretch(**each) for each in settings["stretches"]),
            tuple(HeldOut(**each) for each in settings["checks"]),
            settings["seconds"],
        )


@dataclass(frozen=True, slots=True)
class Predictor:
    """A fitted text classifier.

    classes (k,) are the labels in the order of the probabilities; encoder_name, head_name and strategy say
    what it is made of; reasons say why, in sentences for the report. cleaner: what is done to every text before
    the encoder reads it, at training and ever after. history: how the training went, of what learns step by step.
    """

    encoder: Encoder
    head: Head
    classes: tuple[Any, ...]
    encoder_name: str
    head_name: str
    strategy: str
    reasons: tuple[str, ...] = ()
    cleaner: TextCleaner = field(default_factory=TextCleaner)
    history: History | None = None

    @property
    def name(self) -> str:
        """`minilm + logistic`."""
        return f"{self.encoder_name} + {self.head_name}"

    def predict_proba(self, texts: Iterable[str]) -> Floats:
        """Probabilities (n, k), rows sum to 1. Raises DataError for what is not a text."""
        values = require_texts(texts)
        if not values:
            return np.empty((0, len(self.classes)))
        return self.head.predict_proba(self.encoder.encode(self.cleaner.clean_all(values)))

    def truncated(self, texts: Iterable[str]) -> Bools:
        """(n,) True where the text, once cleaned, is longer than the encoder reads."""
        return self.encoder.truncated(self.cleaner.clean_all(require_texts(texts)))

    def predict(self, texts: Iterable[str]) -> Predictions:
        """Labels, probabilities, and which texts were too long to be read whole."""
        values = require_texts(texts)
        probabilities = self.predict_proba(values)
        labels = np.asarray(self.classes)[probabilities.argmax(axis=1)]
        return Predictions(labels, probabilities, self.truncated(values))

"""Encoder + head + classes: all that predicting and serving need, and no training code."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np

from headstart.abstaining import Abstaining, Limit, MaxError
from headstart.errors import ConfigError
from headstart.text.cleaner import TextCleaner
from headstart.text.language import unfamiliar
from headstart.text.normalise import require_texts
from headstart.types import Bools, Encoder, Floats, Head, Predictions

__all__ = ["HeldOut", "History", "Measured", "Predictor", "Stretch"]

_NO_LIMIT = (
    "No held-out rows were kept with this classifier, so no rate of errors can be asked of it. Fit it again with a "
    "limit: headstart fit TRAIN --max-error 0.05, or TextClassifier(max_error=0.05)."
)


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
class Measured:
    """An accuracy when the classifier was made: counted on `n_checked` rows, by one that had learnt from `n_learnt`."""

    accuracy: float
    n_checked: int
    n_learnt: int


@dataclass(frozen=True, slots=True)
class Predictor:
    """A fitted text classifier.

    classes (k,) are the labels in the order of the probabilities; encoder_name, head_name and strategy say
    what it is made of; reasons say why, in sentences for the report. cleaner: what is done to every text before
    the encoder reads it, at training and ever after. history: how the training went, of what learns step by step.
    abstaining: what held-out rows said, of a predictor that was made with a limit of errors. columns: role -> column of
    the file that it learnt from (`data.Columns.fitted`), nothing where there was no file. measured: None = it was not.
    languages: `language_shares` of the texts that it learnt from, nothing where they are not known. is_slow: to
    learn another one like it takes long, so that these are checked on fewer rows. for_parts: settings with which a part
    of the rows is learnt as the whole was, where time decided. augmented: the augmentations of the rows that it learnt
    from. examples: sentences for the report that quote texts. (Bundles keep none of the four.)
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
    abstaining: Abstaining | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    measured: Measured | None = None
    languages: Mapping[str, float] = field(default_factory=dict)
    is_slow: bool = False
    for_parts: Mapping[str, Any] = field(default_factory=dict)
    augmented: str | None = None
    examples: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`minilm + logistic`."""
        return f"{self.encoder_name} + {self.head_name}"

    @property
    def described(self) -> str:
        """`tfidf + svm with swap`: also what the rows were augmented with."""
        return f"{self.name} with {self.augmented}" if self.augmented else self.name

    def predict_proba(self, texts: Iterable[str]) -> Floats:
        """Probabilities (n, k), rows sum to 1. Raises DataError for what is not a text."""
        return self._answered(self.cleaner.clean_all(require_texts(texts)))

    def truncated(self, texts: Iterable[str]) -> Bools:
        """(n,) True where the text, once cleaned, is longer than the encoder reads."""
        return self.encoder.truncated(self.cleaner.clean_all(require_texts(texts)))

    def scored(self, texts: Iterable[str]) -> tuple[Floats, Bools]:
        """`predict_proba` and `truncated`, each text cleaned once."""
        values = self.cleaner.clean_all(require_texts(texts))
        return self._answered(values), self.encoder.truncated(values)

    def _answered(self, cleaned: tuple[str, ...]) -> Floats:
        if not cleaned:
            return np.empty((0, len(self.classes)))
        return self.head.predict_proba(self.encoder.encode(cleaned))

    def unfamiliar(self, texts: Iterable[str]) -> Bools:
        """(n,) True where the text is in a script that the predictor did not learn from: its label means nothing,
        unless the encoder has read that language before.
        """
        return np.array(unfamiliar(require_texts(texts), self.languages), dtype=bool)

    def predict(self, texts: Iterable[str], *, max_error: float | str | MaxError | None = None) -> Predictions:
        """Labels, probabilities, which texts were too long to be read whole, and which are better not answered.

        max_error: another rate of errors than the predictor's own, such as 0.05 or "0.05:expected". A text that is
        not answered has a label all the same. Raises DataError, ConfigError.
        """
        values, limit = require_texts(texts), self.limit(max_error)
        probabilities, truncated = self.scored(values)
        labels = np.asarray(self.classes)[probabilities.argmax(axis=1)]
        abstained = limit.abstained(probabilities) if limit is not None else None
        return Predictions(labels, probabilities, truncated, abstained)

    def predict_sets(
        self, texts: Iterable[str], *, max_error: float | str | MaxError | None = None
    ) -> list[tuple[Any, ...]]:
        """For each text the labels that cannot be excluded, the most likely first: all but max_error of these sets
        hold the true label. Raises DataError, ConfigError (no held-out rows were kept).
        """
        limit = self.required_limit(max_error)
        return self.label_sets(self.predict_proba(texts), limit)

    def label_sets(self, probabilities: Floats, limit: Limit) -> list[tuple[Any, ...]]:
        """The sets of texts with probabilities (n, k), each with the most likely label first."""
        order, held = np.argsort(-probabilities, axis=1, kind="stable"), limit.sets(probabilities)
        return [
            tuple(self.classes[c] for c in ranked if kept[c])
            for ranked, kept in zip(order.tolist(), held.tolist(), strict=True)
        ]

    def limit(self, max_error: float | str | MaxError | None = None) -> Limit | None:
        """When texts are not answered, for this rate of errors or the predictor's own; None: it has none, and all are.

        Raises ConfigError for a rate where no held-out rows were kept to tell what it takes.
        """
        return None if self.abstaining is None and max_error is None else self.required_limit(max_error)

    def required_limit(self, max_error: float | str | MaxError | None = None) -> Limit:
        """`limit`, of a predictor that must have one. Raises ConfigError."""
        if self.abstaining is None:
            raise ConfigError(_NO_LIMIT)
        return self.abstaining.limit(max_error)

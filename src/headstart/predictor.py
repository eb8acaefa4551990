"""Encoder + head + classes: all that predicting and serving need, and no training code."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headstart.text.cleaner import TextCleaner
from headstart.text.normalise import require_texts
from headstart.types import Bools, Encoder, Floats, Head, Predictions

__all__ = ["Predictor"]


@dataclass(frozen=True, slots=True)
class Predictor:
    """A fitted text classifier.

    classes (k,) are the labels in the order of the probabilities; encoder_name, head_name and strategy say
    what it is made of; reasons say why, in sentences for the report. cleaner: what is done to every text before
    the encoder reads it, at training and ever after.
    """

    encoder: Encoder
    head: Head
    classes: tuple[Any, ...]
    encoder_name: str
    head_name: str
    strategy: str
    reasons: tuple[str, ...] = ()
    cleaner: TextCleaner = field(default_factory=TextCleaner)

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

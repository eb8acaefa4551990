"""No labelled row: the names of the classes say which direction each of them is in a pre-trained encoder's features,
and unlabelled texts, where there are any, where one class ends and the next begins.
"""

from typing import ClassVar

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # no stubs exist

from headstart.errors import ConfigError, DataError
from headstart.few_labels.experts import Linear, centred
from headstart.few_labels.ladder import LEAST_UNLABELLED, fitted_mixture
from headstart.few_labels.names import directions, vocabulary, wordings
from headstart.few_labels.reading import Reading, encoding, read
from headstart.heads.logistic import Logistic
from headstart.predictor import Predictor
from headstart.strategies._own_head import OwnHead
from headstart.types import Floats, Task

__all__ = ["ZeroShot"]

_LEAST_FOR_MEAN = 10
_SIZE = 0.05  # of what names say of one text, where no others show it: as cosines of MiniLM's layers differ


class ZeroShot(OwnHead):
    """encoder as in `few_labels`. Needs `label_names`; takes no labelled rows.

    The unlabelled texts are used twice: half of their mean is taken off what the names say (all of it would make all
    classes as frequent as each other), and a mixture of Gaussians that starts from there, and stays near it, is fitted
    to them (`functional.mixture`). The probabilities are not calibrated, there being nothing to calibrate them by:
    their size is such that the mixture is as sure as it is often of the names' opinion.
    """

    takes_rows: ClassVar[bool] = False

    def fit(self, task: Task) -> Predictor:
        """From names and unlabelled texts. Raises ConfigError for labelled rows and where there is no encoder that
        knows what names mean, DataError without names.
        """
        if task.texts:
            raise ConfigError(
                "The strategy zero_shot takes no labelled rows: with some, few_labels uses them and names."
            )
        if not task.label_names:
            raise DataError("There is nothing to learn from: give labelled rows, or the names of the classes.")
        names = wordings(task.classes, task.label_names)
        reading = read(task, self.encoder, "tfidf", self.encoder_settings)
        if reading.dense is None:
            raise ConfigError("zero_shot needs an encoder that knows what the names mean: " + " ".join(reading.notes))
        with threadpool_limits(limits=1, user_api="blas"):
            linear, reasons = _learn(reading, names)
        head = Logistic.from_weights(linear.coef, linear.intercept, 1.0, {"n_rows": 0})
        said = (
            f"Names: {'; '.join(f'{label} = {_few(each)}' for label, each in zip(task.classes, names, strict=True))}."
        )
        notes = (*reading.notes, said, *reasons)
        return Predictor(reading.alone, head, task.classes, reading.dense_name, "logistic", "zero_shot", notes)


def _learn(reading: Reading, names: tuple[tuple[str, ...], ...]) -> tuple[Linear, list[str]]:
    features: Floats = reading.dense_features
    found = directions(encoding(reading.dense), names, vocabulary(reading.unlabelled)).astype(np.float64)
    n, few = len(reading.unlabelled), "there are too few unlabelled texts to fit a mixture to"
    if n < _LEAST_FOR_MEAN:
        return Linear(found, np.zeros(len(found))).times(1.0 / _SIZE), [f"Names alone: {few}."]
    plain = Linear(found, -0.5 * (features @ found.T).mean(axis=0))
    values = centred(plain(features))
    by_names = plain.times(2.0 / (float(np.sqrt(np.mean(values**2))) or 1.0))
    if n < LEAST_UNLABELLED:
        return by_names, [f"Names, less half of the mean of {n} unlabelled texts: {few}."]
    mixture = fitted_mixture(features, by_names(features))
    both = by_names.plus(mixture)
    agree = float(np.mean(both(features).argmax(axis=1) == values.argmax(axis=1)))
    scale = _confidence_factor(both(features), agree)
    reason = (
        f"A mixture of {len(found)} classes was fitted to {len(features):,} unlabelled texts, from what the names say "
        f"of them: {agree:.0%} of the texts stayed in the class of the nearest name."
    )
    return both.times(scale), [reason]


def _confidence_factor(values: Floats, wanted: float) -> float:
    """The factor for which the mean top probability of softmax(factor * values) is `wanted`, by bisection."""
    from headstart.functional.probability import softmax

    low, high = -6.0, 3.0
    for _ in range(40):
        middle = (low + high) / 2
        sure = float(softmax(np.exp(middle) * values).max(axis=1).mean())
        low, high = (middle, high) if sure < wanted else (low, middle)
    return float(np.exp((low + high) / 2))


def _few(texts: tuple[str, ...]) -> str:
    return f"{', '.join(texts[:3])}{' ...' if len(texts) > 3 else ''}"

"""No labelled row: the names of the classes say which direction each of them is in a pre-trained encoder's features,
and which words speak for it; unlabelled texts, where there are any, where one class ends and the next begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # no stubs exist

from headstart.encoders.lsa import Lsa
from headstart.errors import ConfigError, DataError
from headstart.few_labels.experts import Linear, centred
from headstart.few_labels.ladder import LEAST_UNLABELLED, fitted_mixture
from headstart.few_labels.lexicon import Axes, Lexicon
from headstart.few_labels.names import directions, vocabulary, wordings
from headstart.few_labels.reading import Reading, naming, read
from headstart.heads.logistic import Logistic
from headstart.predictor import Predictor
from headstart.strategies._own_head import OwnHead
from headstart.types import Floats, Task

__all__ = ["ZeroShot"]

_LEAST_FOR_MEAN = 10
_SIZE = 0.05  # of what names say of one text, where no others show it: as cosines of MiniLM's layers differ
_MOST_TOLD = 12  # names in the report
_LEXICON_SIZE, _SLOPE = 4.0, 0.5  # likewise: one word for a class is believed to 88 %


_Names = tuple[tuple[str, ...], ...]  # the texts that stand for each class


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of texts, each part with its encoder's rows (n, d) of the unlabelled ones: of features, and of the
    terms of a lexicon; either may be missing.
    """

    dense: tuple[Linear, Any] | None
    lexicon: tuple[Linear, Any] | None

    def values(self) -> Floats:
        """(n, k) decision values of the unlabelled texts."""
        first, *others = (linear(rows) for linear, rows in filter(None, (self.dense, self.lexicon)))
        return sum(others, start=first)

    def times(self, factor: float) -> "_Said":
        """The same, times a factor."""
        dense, lexicon = ((part[0].times(factor), part[1]) if part else None for part in (self.dense, self.lexicon))
        return _Said(dense, lexicon)


class ZeroShot(OwnHead):
    """encoder as in `few_labels`. Needs `label_names`; takes no labelled rows.

    The unlabelled texts are used twice: half of their mean is taken off what the names say (all of it would make all
    classes as frequent as each other), and a mixture of Gaussians that starts from there, and stays near it, is fitted
    to them (`functional.mixture`). The probabilities are not calibrated, there being nothing to calibrate them by:
    their size is such that the mixture is as sure as it is often of the names' opinion. Names of opinions and emotions
    say words too (`few_labels.lexicon`), which is all there is for Chinese texts where few of them are given.
    """

    uses: ClassVar[frozenset[str]] = frozenset({"unlabelled", "label_names"})
    takes_rows: ClassVar[bool] = False
    uses_budget: ClassVar[bool] = True  # which decides how many unlabelled texts are read

    def fit(self, task: Task) -> Predictor:
        """From names and unlabelled texts. Raises ConfigError for labelled rows and where there is nothing that knows
        what names mean, DataError without names.
        """
        if task.texts:
            raise ConfigError(
                "The strategy zero_shot takes no labelled rows: with some, few_labels uses them and names."
            )
        if not task.label_names:
            raise DataError("There is nothing to learn from: give labelled rows, or the names of the classes.")
        names = wordings(task.classes, task.label_names)
        reading = read(task, self.encoder, "tfidf", self.encoder_settings)
        lexicon = Lexicon.of(names, reading.unlabelled or [text for each in names for text in each])
        if reading.dense is None and lexicon is None:
            why = " ".join(reading.notes[:1]) if self.encoder == "auto" else f"{self.encoder} only counts words."
            raise ConfigError(
                f"zero_shot needs an encoder that knows what the names mean: {why} Name one that has read their "
                "language (--encoder FOLDER, or a hub id), or label a few rows of each class."
            )
        with threadpool_limits(limits=1, user_api="blas"):
            said, reasons = _learn(reading, names, lexicon)
        of_dense = said.dense[0] if said.dense else None
        more = [] if said.lexicon is None or lexicon is None else [("bow", lexicon.encoder, said.lexicon[0])]
        name, encoder, linear = reading.encoder(of_dense, None, *more)
        head = Logistic.from_weights(linear.coef, linear.intercept, 1.0, {"n_rows": 0})
        told = _told(task.classes, names)
        words = [] if lexicon is None else [_of_words(said)]
        return Predictor(
            encoder, head, task.classes, name, "logistic", "zero_shot", (*reading.notes, told, *words, *reasons)
        )


def _learn(reading: Reading, names: _Names, lexicon: Lexicon | None) -> tuple[_Said, list[str]]:
    n, few = len(reading.unlabelled), "there are too few unlabelled texts to fit a mixture to"
    plain = _plain(reading, names, lexicon)
    if n < _LEAST_FOR_MEAN:
        return plain, [f"Names alone: {few}."]
    if n < LEAST_UNLABELLED or reading.dense is None:
        why = few if n < LEAST_UNLABELLED else "nothing but words is read"
        return plain, [f"Names, less half of the mean of {n} unlabelled texts: {why}."]
    values, features = plain.values(), reading.dense_features
    mixture = fitted_mixture(features, values)
    both = _Said((mixture if plain.dense is None else plain.dense[0].plus(mixture), features), plain.lexicon)
    found = both.values()
    agree = float(np.mean(found.argmax(axis=1) == values.argmax(axis=1)))
    reason = (
        f"A mixture of {len(names)} classes was fitted to {n:,} unlabelled texts, from what the names say "
        f"of them: {agree:.0%} of the texts stayed in the class of the nearest name."
    )
    return both.times(_confidence_factor(found, agree)), [reason]


def _plain(reading: Reading, names: _Names, lexicon: Lexicon | None) -> _Said:
    """What names say by themselves: a direction in the features, words, and what these teach the features."""
    rows = None if lexicon is None else lexicon.encoder.encode(reading.unlabelled)
    by_words = None if lexicon is None else (_by_axes(lexicon.axes, rows), rows)
    if reading.dense is None:
        return _Said(None, by_words)
    features, n = reading.dense_features, len(reading.unlabelled)
    found = [] if lexicon is not None and isinstance(reading.dense, Lsa) else [_by_names(reading, names)]
    if lexicon is not None and n >= LEAST_UNLABELLED:
        found.append(_by_axes(lexicon.axes.taught(rows, features), features))
    return _Said((found[0] if len(found) == 1 else found[0].plus(found[1]), features) if found else None, by_words)


def _by_names(reading: Reading, names: _Names) -> Linear:
    features: Floats = reading.dense_features
    found = directions(naming(reading.dense), names, vocabulary(reading.unlabelled)).astype(np.float64)
    if len(features) < _LEAST_FOR_MEAN:
        return Linear(found, np.zeros(len(found))).times(1.0 / _SIZE)
    return _sized(Linear(found, -0.5 * (features @ found.T).mean(axis=0)), features)


def _by_axes(axes: Axes, rows: Any) -> Linear:
    """The classes are taken to lie as far apart as texts do: their standard deviation is that of the scores."""
    if rows.shape[0] < _LEAST_FOR_MEAN:
        return axes.linear(np.zeros(len(axes.weights)), _SLOPE).times(_LEXICON_SIZE)
    scores = axes.scores(rows)
    slope = float(scores.std(axis=0).mean() / max(axes.places.std(axis=0).mean(), 1e-9))
    return _sized(axes.linear(0.5 * scores.mean(axis=0), slope), rows)


def _sized(linear: Linear, rows: Any) -> Linear:
    """Values whose mean square is 4, once each row is centred."""
    return linear.times(2.0 / (float(np.sqrt(np.mean(centred(linear(rows)) ** 2))) or 1.0))


def _confidence_factor(values: Floats, wanted: float) -> float:
    """The factor for which the mean top probability of softmax(factor * values) is `wanted`, by bisection."""
    from headstart.functional.probability import softmax

    low, high = -6.0, 3.0
    for _ in range(40):
        middle = (low + high) / 2
        sure = float(softmax(np.exp(middle) * values).max(axis=1).mean())
        low, high = (middle, high) if sure < wanted else (low, middle)
    return float(np.exp((low + high) / 2))


def _told(classes: Sequence[Any], names: _Names) -> str:
    """How some of the classes are called, in a sentence."""
    shown = [f"{label} = {_few(each)}" for label, each in zip(classes, names, strict=True)][:_MOST_TOLD]
    more = f"; and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
    return f"Names: {'; '.join(shown)}{more}."


def _of_words(said: _Said) -> str:
    """That known words speak for the names; and which share of the texts is silent, where nothing else is read."""
    sentence = "Words of a lexicon speak for these names too."
    if said.dense is not None or said.lexicon is None or not said.lexicon[1].shape[0]:
        return sentence
    silent = float(np.mean(np.diff(said.lexicon[1].indptr) == 0))
    told = f" {silent:.0%} of the unlabelled texts hold none of them, and share one answer." if silent else ""
    return sentence + told


def _few(texts: tuple[str, ...]) -> str:
    return f"{', '.join(texts[:3])}{' ...' if len(texts) > 3 else ''}"

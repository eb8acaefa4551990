"""TextClassifier: the scikit-learn-shaped public face."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from headstart.errors import ConfigError, DataError
from headstart.predictor import Predictor
from headstart.strategies import make_strategy
from headstart.text.normalise import require_texts
from headstart.types import Dataset, Floats, Task

__all__ = ["TextClassifier"]

_PARTS = ("encoder", "head")


class TextClassifier(ClassifierMixin, BaseEstimator):
    """A text classifier that learns from few labels; obeys scikit-learn's contract.

    encoder: a registry name (`tfidf`, `bow`), `minilm`, a folder, a hub id, or "auto". strategy: a name from
    `headstart list strategies`; "auto" decides everything by itself. head: a name, or "auto". settings:
    `{"encoder.ngrams": [1, 3], "head.C": 1.0}` reaches the parts. random_state: same seed, same result.

    >>> model = TextClassifier(encoder="tfidf").fit(["good", "fine", "bad", "poor"], ["+", "+", "-", "-"])
    >>> [str(label) for label in model.predict(["good", "bad"])]
    ['+', '-']
    """

    def __init__(
        self,
        encoder: str = "auto",
        strategy: str = "auto",
        head: str = "auto",
        *,
        settings: Mapping[str, Any] | None = None,
        random_state: int | None = None,
    ) -> None:
        self.encoder = encoder
        self.strategy = strategy
        self.head = head
        self.settings = settings
        self.random_state = random_state

    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[Any],
        *,
        source: Dataset | None = None,
        unlabelled: Dataset | None = None,
        label_names: Mapping[str, str] | None = None,
    ) -> Self:
        """Learn from n texts and their labels. `source` (labelled rows of a related domain) and `unlabelled` are
        `Dataset` objects, which scikit-learn's cross-validation never slices.

        Raises DataError for what cannot be learnt from (one class, a class with one row, a value that is no
        text), UnknownComponent and ConfigError for settings.
        """
        values = require_texts(texts)
        self.classes_, y = _encode_labels(labels, len(values))
        task = Task(
            texts=values,
            y=y,
            classes=tuple(self.classes_.tolist()),
            source=_dataset("source", source),
            unlabelled=_dataset("unlabelled", unlabelled),
            label_names=label_names,
            random_state=0 if self.random_state is None else self.random_state,
        )
        name = "linear_probe" if self.strategy == "auto" and self.encoder != "auto" else self.strategy
        if self.encoder == "auto" and name == "linear_probe":
            name = "auto"  # linear_probe with the encoder to be chosen is what `auto` does
        strategy = make_strategy(name, encoder=self.encoder, head=self.head, **_part_settings(self.settings))
        self.predictor_: Predictor = strategy.fit(task)
        return self

    def predict(self, texts: Sequence[str]) -> Any:
        """Labels (n,), of the kind that `fit` was given."""
        check_is_fitted(self, "predictor_")
        return self.classes_[self.predictor_.predict_proba(texts).argmax(axis=1)]

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """Probabilities (n, k), columns as in `classes_`."""
        check_is_fitted(self, "predictor_")
        return self.predictor_.predict_proba(texts)

    def save(self, folder: str | Path) -> Path:
        """Write a bundle (see `headstart.bundle`)."""
        from headstart.bundle import save_bundle

        check_is_fitted(self, "predictor_")
        return save_bundle(self.predictor_, Path(folder))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _encode_labels(labels: Sequence[Any], n: int) -> tuple[Any, Any]:
    """Sorted classes and codes (n,). Raises DataError for what is not a label or too few of a kind."""
    values = np.asarray(labels)
    if values.shape != (n,):
        raise DataError(f"labels must hold one label for each of the {n} texts, got shape {values.shape}.")
    if values.dtype.kind == "f":
        raise DataError(f"labels are floats (such as {values[0]!r}): Headstart classifies. Bin or name them first.")
    missing = [i for i, label in enumerate(values.tolist()) if label is None]
    if missing:
        raise DataError(f"labels[{missing[0]}] is None ({len(missing)} in all): pass these texts as `unlabelled`.")
    try:
        classes, y = np.unique(values, return_inverse=True)
    except TypeError as error:
        raise DataError(f"labels are of several types that do not compare: {error}.") from error
    if len(classes) < 2:
        raise DataError(f"There is only one class ({classes.tolist()}); at least two are needed.")
    counts = np.bincount(y)
    if counts.min() < 2:
        rare = [str(c) for c in classes[counts < 2][:5]]
        raise DataError(f"Class with a single row: {', '.join(rare)}. Each class needs at least two rows.")
    return classes, y


def _dataset(name: str, value: Dataset | None) -> Dataset | None:
    if value is not None and not isinstance(value, Dataset):
        raise DataError(f"{name} must be a headstart.Dataset, got {type(value).__name__}: Dataset(texts=(...)).")
    return value


def _part_settings(settings: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """`{"encoder.ngrams": x}` -> `{"encoder_settings": {"ngrams": x}, "head_settings": {}}`."""
    parts: dict[str, dict[str, Any]] = {f"{part}_settings": {} for part in _PARTS}
    for key, value in (settings or {}).items():
        part, dot, name = key.partition(".")
        if not dot or part not in _PARTS:
            raise ConfigError(f"Setting {key!r} must start with {' or '.join(p + '.' for p in _PARTS)}.")
        parts[f"{part}_settings"][name] = value
    return parts

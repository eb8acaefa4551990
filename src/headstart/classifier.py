"""TextClassifier: the scikit-learn-shaped public face."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from headstart.abstaining import Abstaining, MaxError
from headstart.checks import MOST_SEED
from headstart.errors import ConfigError, DataError
from headstart.few_labels.names import check_label_names
from headstart.held_out import NOT_CHECKED, GoesOn, in_columns, out_of_fold, part_of
from headstart.labels import encode_labels
from headstart.named_classes import Found, found_by_name
from headstart.pacing import time_for_more
from headstart.predictor import Predictor
from headstart.strategies import make_strategy, unused, uses_of
from headstart.text.cleaner import TextCleaner
from headstart.text.language import language_shares
from headstart.text.normalise import require_texts
from headstart.types import Dataset, Floats, Ints, Strategy, Task

__all__ = ["TextClassifier"]

_PARTS = ("encoder", "head", "strategy")
_LOG = "strategy.log_to"
_BY_NUMBER = ("few_labels", "pooled", "finetune")  # of these `auto` takes one by the number of rows, and their time


class TextClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """A text classifier that learns from few labels; obeys scikit-learn's contract.

    encoder: a registry name (`tfidf`, `bow`), `minilm`, a folder, a hub id, parts of
    these and transforms joined by + (`tfidf+minilm`, `tfidf+pca:200`), or "auto". strategy: a name from
    `headstart list strategies`; "auto" decides everything by itself. head: a name, or "auto". clean: text rules
    such as "html,urls,emoji:name", applied to every text, at prediction too. augment: augmentations such as
    "synonym:0.1,swap" for the training rows. settings: `{"encoder.ngrams": [1, 3], "head.C": 1.0}` reaches the
    parts. max_error: the share of errors that is accepted among the answered texts, such as 0.05 (promised, 90 %
    sure) or "0.05:expected" (an estimate); `fit` then checks the training rows by cross-validation, and
    `predictor_.predict(texts).abstained` and `predict_sets` follow from that. random_state: same seed, same result.

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
        clean: str | None = None,
        augment: str | None = None,
        settings: Mapping[str, Any] | None = None,
        max_error: float | str | None = None,
        random_state: int | None = None,
    ) -> None:
        self.encoder = encoder
        self.strategy = strategy
        self.head = head
        self.clean = clean
        self.augment = augment
        self.settings = settings
        self.max_error = max_error
        self.random_state = random_state

    def fit(
        self,
        texts: Iterable[str],
        labels: Iterable[Any],
        *,
        source: Dataset | None = None,
        unlabelled: Dataset | None = None,
        label_names: Mapping[Any, str | Sequence[str]] | None = None,
        budget_s: float | None = None,
        checkpoint: str | Path | None = None,
    ) -> Self:
        """Learn from n texts and their labels: all strings, all integers or all booleans. `source` (labelled
        rows of a related domain) and `unlabelled` are `Dataset` objects, which scikit-learn's
        cross-validation never slices. `label_names`: for each label its name, its description, or several wordings;
        with them there need be no labelled row at all (`fit([], [], label_names=...)`, at best with unlabelled texts),
        and a class with a name may have no row, or one, if there are 100 unlabelled texts (`named_classes`).

        budget_s: seconds that learning may take; fine-tuning then learns for as many epochs as there is time for. The
        fits that `max_error` needs on parts of the rows go on while there is time left of it; the first may take as
        much again.
        checkpoint: a folder in which fine-tuning keeps its state, and from which a call with the same arguments
        goes on after it was broken off, to the same classifier. Remove it when you no longer need it.

        Raises DataError for what cannot be learnt from (one class, a class with one row and no name, a value that is no
        text), UnknownComponent and ConfigError for settings.
        """
        began = time.perf_counter()
        for name in ("encoder", "strategy", "head"):
            if not isinstance(getattr(self, name), str):
                raise ConfigError(f"{name} must be a name, such as 'auto'. Got {getattr(self, name)!r} instead.")
        max_error = None if self.max_error is None else MaxError.read(self.max_error)
        cleaner = TextCleaner.from_spec(self.clean) if self.clean else TextCleaner()
        values = cleaner.clean_all(require_texts(texts))
        label_names = None if label_names is None else check_label_names(label_names)
        classes, y = encode_labels(labels, len(values), label_names)
        task = Task(
            texts=values,
            y=y,
            classes=tuple(classes.tolist()),
            source=_cleaned(cleaner, "source", source),
            unlabelled=_cleaned(cleaner, "unlabelled", unlabelled),
            label_names=label_names,
            augment=self.augment,
            random_state=_seed(self.random_state),
            budget_s=_budget(budget_s),
            checkpoint=None if checkpoint is None else Path(checkpoint),
        )
        named = found_by_name(task)
        make = self._maker()
        made = make().fit(task.with_rows(named.texts, named.y))
        self.predictor_: Predictor = _told(made, task, named, cleaner)
        if max_error is not None:
            make = self.for_part()._maker()
            goes_on = time_for_more(None if task.budget_s is None else began + task.budget_s)
            abstaining = _abstaining(make, task, named, max_error, made.is_slow, goes_on)
            self.predictor_ = replace(self.predictor_, abstaining=abstaining)
        self.classes_ = classes
        return self

    def predict(self, texts: Iterable[str]) -> Any:
        """Labels (n,), of the kind that `fit` was given."""
        check_is_fitted(self, "predictor_")
        return self.classes_[self.predictor_.predict_proba(texts).argmax(axis=1)]

    def predict_proba(self, texts: Iterable[str]) -> Floats:
        """Probabilities (n, k), columns as in `classes_`."""
        check_is_fitted(self, "predictor_")
        return self.predictor_.predict_proba(texts)

    def predict_sets(self, texts: Iterable[str], *, max_error: float | str | None = None) -> list[tuple[Any, ...]]:
        """For each text the labels that cannot be excluded, the most likely first: all but max_error (given here or
        to the constructor) of these sets hold the true label. Raises ConfigError without a limit at `fit`.
        """
        check_is_fitted(self, "predictor_")
        return self.predictor_.predict_sets(texts, max_error=max_error)

    def for_part(self) -> "TextClassifier":
        """An unfitted classifier for a part of the rows of `fit`, to judge the others: the same arguments, without a
        limit of errors or a log (`strategy.log_to`). What the number of texts alone decided at `fit` is given, since
        the part has fewer: in how many texts a word has to stand (`min_df`), and what `auto` made of it; likewise
        what there was no time for. What was chosen by labels is chosen anew.
        """
        check_is_fitted(self, "predictor_")
        part: TextClassifier = clone(self).set_params(max_error=None)
        made = self.predictor_
        if made.strategy in _BY_NUMBER:
            part.strategy = made.strategy
        if made.encoder_name == self.encoder:
            decided: Mapping[str, Any] = getattr(made.encoder, "decided_by_number", dict)()
            part.settings = {**(self.settings or {}), **{f"encoder.{name}": value for name, value in decided.items()}}
        settings = {**(part.settings or {}), **made.for_parts}
        part.settings = {name: value for name, value in settings.items() if name != _LOG} or None
        return part

    def _maker(self) -> Callable[[], Strategy]:
        """What makes the strategy that the arguments name."""
        parts = _part_settings(self.settings)
        return partial(make_strategy, self.strategy, encoder=self.encoder, head=self.head, **parts)

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


def _abstaining(
    make: Callable[[], Strategy], task: Task, named: Found, max_error: MaxError, is_slow: bool, goes_on: GoesOn
) -> Abstaining:
    """What training rows say that were checked by fits on the others; where a fit takes long, some of them."""
    whole = task.with_rows(named.texts, named.y)
    beside = np.arange(len(task.texts), len(whole.texts))

    def learn(rows: Ints) -> Callable[[Sequence[str]], Floats]:
        predictor: Predictor = make().fit(part_of(whole, np.concatenate([rows, beside])))
        return in_columns(predictor.predict_proba, predictor.classes, task.classes)

    k = len(task.classes)
    found = out_of_fold(learn, task.texts, task.y, k, task.random_state, is_slow=is_slow, goes_on=goes_on)
    if found is None:
        return Abstaining.from_held_out(np.empty((0, k)), np.empty(0, np.int64), max_error, NOT_CHECKED)
    protocol = f"{len(found.rows):,} training rows: {found.way}"
    return Abstaining.from_held_out(found.probabilities, task.y[found.rows], max_error, protocol)


def _told(made: Predictor, task: Task, named: Found, cleaner: TextCleaner) -> Predictor:
    """What the strategy made, with all that is to be known of how it came about."""
    beside = replace(task, label_names=None, unlabelled=None) if named.texts else task  # in which names found texts
    return replace(
        made,
        cleaner=cleaner,
        languages=language_shares(_learnt_from(task, made.strategy)),
        reasons=(*named.reasons, *made.reasons, *unused(made.strategy, beside)),
        examples=named.examples,
    )


def _learnt_from(task: Task, strategy: str) -> Sequence[str]:
    """The texts that say what a class is: labelled ones, and without any the unlabelled ones."""
    source = task.source if "source" in uses_of(strategy) else None
    labelled = (*task.texts, *(source.texts if source else ()))
    return labelled or (task.unlabelled.texts if task.unlabelled else ())


def _seed(value: int | None) -> int:
    if value is None:
        return 0
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not 0 <= value <= MOST_SEED:
        raise ConfigError(f"random_state must be None or an integer from 0 to {MOST_SEED}. Got {value!r} instead.")
    return int(value)


def _budget(value: float | None) -> float | None:
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool) and 0 < value < inf
    if value is not None and not is_number:
        raise ConfigError(f"budget_s must be None or a number of seconds above 0. Got {value!r} instead.")
    return None if value is None else float(value)


def _cleaned(cleaner: TextCleaner, name: str, data: Dataset | None) -> Dataset | None:
    if data is None:
        return None
    if not isinstance(data, Dataset):
        raise DataError(f"{name} must be a headstart.Dataset, got {type(data).__name__}: Dataset(texts=(...)).")
    return replace(data, texts=cleaner.clean_all(require_texts(data.texts, f"{name}.texts")))


def _part_settings(settings: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """`{"encoder.ngrams": x}` -> `{"encoder_settings": {"ngrams": x}, "head_settings": {}}`; numpy's scalars, which a
    loop over an array gives, become Python's.
    """
    given = {} if settings is None else settings
    if not isinstance(given, Mapping):
        raise ConfigError(f"settings must be a mapping, such as {{'head.C': 1.0}}. Got {given!r} instead.")
    wrong = [key for key in given if key.partition(".")[0] not in _PARTS or not key.partition(".")[2]]
    if wrong:
        raise ConfigError(
            f"Setting {', '.join(map(repr, wrong))}: expected a part and a name, such as "
            f"{' or '.join(repr(f'{part}.name') for part in _PARTS)}."
        )
    parts: dict[str, dict[str, Any]] = {"encoder_settings": {}, "head_settings": {}}
    for key, value in given.items():
        part, _, name = key.partition(".")
        parts.setdefault(f"{part}_settings", {})[name] = value.item() if isinstance(value, np.generic) else value
    return parts

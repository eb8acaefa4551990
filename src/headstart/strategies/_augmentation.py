"""Augmented training rows for the strategies, and whether they help: by cross-validation inside the training rows."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.augment import Augmented, Augmenter
from headstart.data.folding import n_different
from headstart.data.splits import folds
from headstart.functional.resampling import percentile_interval, resampled_means, stratified_sample
from headstart.types import Dataset, Encoder, Features, Ints, Task

__all__ = ["Learn", "Remembering", "augment_rows", "augmentation_reasons", "gain_reason", "stack"]

_MAX_ROWS, _MAX_ROWS_SLOW = 2000, 500  # rows that take part in the estimate
_FEW_ROWS = 300  # up to here folds are drawn several times: one draw of few rows is mostly chance
_MANY_ROWS = 1000
_N_REPEATS = 3
_LEAST_ROWS = 3  # a class needs two rows to learn from and one to be checked on
_LEAST_DIFFERENCES = 6  # rows: with fewer no interval shows anything (see evaluation/compare.py)
_N_BOOTSTRAP = 2000

Learn = Callable[[Task, Augmented | None], Callable[[Sequence[str]], Ints]]  # training rows -> texts -> codes


class Remembering:
    """A pre-trained encoder that has encoded some texts before: these are not encoded again."""

    def __init__(self, encoder: Encoder, texts: Sequence[str]) -> None:
        self._encoder, self._features = encoder, encoder.encode(texts)
        self._rows = {text: i for i, text in enumerate(texts)}

    def encode(self, texts: Sequence[str]) -> Features:
        """Features (n, d), as the encoder's."""
        new = list(dict.fromkeys(text for text in texts if text not in self._rows))
        features = stack(self._features, self._encoder.encode(new)) if new else self._features
        first = self._features.shape[0]
        rows = self._rows | {text: first + i for i, text in enumerate(new)}
        return features[[rows[text] for text in texts]]


def stack(first: Features, second: Features) -> Features:
    """One above the other: (n + m, d), CSR where the first is."""
    from scipy.sparse import issparse, vstack

    return vstack([first, second], format="csr") if issparse(first) else np.vstack([first, second])


def augment_rows(task: Task) -> Augmented | None:
    """New texts from the task's own rows; None where it asks for none. Raises as `Augmenter` does."""
    if not task.augment:
        return None
    return _augmented(Augmenter.from_spec(task.augment), task)


def augmentation_reasons(augmented: Augmented) -> list[str]:
    """A sentence on each augmentation: what it made, what was left out; then its notes."""
    reasons = []
    for name, count in augmented.counts.items():
        parts = [(count.n_none, "gave none"), (count.n_equal, "equal to another text"), (count.n_empty, "empty")]
        left_out = ", ".join(f"{n:,} {what}" for n, what in parts if n)
        said = f" ({left_out}: left out)" if left_out else ""
        reasons.append(f"Augmentation {name}: {count.n_new:,} new training texts from {count.n_asked:,} tries{said}.")
    return [*reasons, *augmented.notes]


def gain_reason(task: Task, learn: Learn, *, slow: bool = False) -> str:
    """Accuracy with and without augmentation, on the same folds of at most 2,000 training rows (and 2,000
    unlabelled texts), in a sentence.

    Up to 1,000 rows 5 folds, else 3; up to 300 rows three draws of the folds. slow (a network): 3 folds of at most 500
    rows, drawn once. Each fold is augmented from its own learning rows. Interval: percentile bootstrap over rows of
    their mean difference.
    """
    name = f"Augmentation {task.augment}"
    rows = stratified_sample(task.y, _MAX_ROWS_SLOW if slow else _MAX_ROWS, np.random.default_rng(task.random_state))
    part = _take(replace(task, source=None, unlabelled=_some(task.unlabelled)), rows)
    n_texts = n_different(part.texts)
    if (np.bincount(part.y) >= _LEAST_ROWS).sum() < 2 or n_texts < 2:
        return f"{name}: too few rows to tell whether it helps; it stays on, as asked."
    n_repeats = 1 if slow or len(rows) > _FEW_ROWS else _N_REPEATS
    n_folds = min(3 if slow or len(rows) > _MANY_ROWS else 5, n_texts)
    augmenter = Augmenter.from_spec(task.augment or "")
    right = np.zeros((2, len(rows)))  # without and with, mean over the repeats
    for repeat in range(n_repeats):
        for train, test in folds(part.y, n_folds, task.random_state + repeat, texts=part.texts):
            right[:, test] += _right(part, train, test, augmenter, learn) / n_repeats
    return _sentence(name, right[0], right[1], task.random_state)


def _augmented(augmenter: Augmenter, task: Task) -> Augmented:
    unlabelled = task.unlabelled.texts if task.unlabelled is not None else ()
    return augmenter.augment(task.texts, task.y, task.random_state, unlabelled)


def _take(task: Task, rows: Ints) -> Task:
    return replace(task, texts=tuple(task.texts[i] for i in rows), y=task.y[rows])


def _some(data: Dataset | None) -> Dataset | None:
    """The first rows: the estimate learns many times."""
    return None if data is None else data.take(range(min(data.n, _MAX_ROWS)))


def _right(task: Task, train: Ints, test: Ints, augmenter: Augmenter, learn: Learn) -> Any:
    """(2, len(test)) 1 where the answer without, and with, augmentation is right.

    Classes with two learning rows are learnt; with fewer than two such classes there is no difference to see.
    """
    learnt = np.flatnonzero(np.bincount(task.y[train]) >= 2)
    if len(learnt) < 2:
        return np.zeros((2, len(test)))
    rows = train[np.isin(task.y[train], learnt)]
    part = _take(task, rows)
    part = replace(part, y=np.searchsorted(learnt, part.y), classes=tuple(task.classes[c] for c in learnt))
    unseen = [task.texts[i] for i in test]
    answers = [learn(part, new)(unseen) for new in (None, _augmented(augmenter, part))]
    return np.array([learnt[codes] == task.y[test] for codes in answers], dtype=float)


def _sentence(name: str, without: Any, with_it: Any, seed: int) -> str:
    gains = with_it - without
    draws = resampled_means(gains[:, None], _N_BOOTSTRAP, np.random.default_rng(seed))[:, 0]
    low, high = (float(end) for end in percentile_interval(draws))
    n_differing = np.count_nonzero(gains)
    if n_differing < _LEAST_DIFFERENCES:
        verdict = f"not shown to help, the answer to {n_differing} rows only is another"
    elif low <= 0 <= high:
        verdict = "not shown to help"
    else:
        verdict = "it helps" if low > 0 else "it hurts"
    points = [f"{100 * value:+.1f}" for value in (gains.mean(), low, high)]
    return (
        f"{name}: accuracy by cross-validation on {len(gains):,} training rows is {100 * with_it.mean():.1f} with it "
        f"and {100 * without.mean():.1f} without, difference {points[0]} [{points[1]}, {points[2]}]: {verdict}. "
        "It stays on, as asked."
    )

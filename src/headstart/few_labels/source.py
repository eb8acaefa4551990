"""Labelled rows of a related domain: what they teach, as experts beside those that the target's own rows teach.

Shape letters: N texts of the target, the first n of them labelled, m source rows, d features, k classes.

Source: Daumé III, ACL 2007, whose LinInt interpolates what models of source and of target rows say, with a weight from
rows of the target. Here the weights are those of the ladder's pool; the source's model moves to the target's middle.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import normalize

from headstart.data.folding import digests
from headstart.few_labels.experts import (
    LEAST_SQUARES,
    Expert,
    Linear,
    Parts,
    Ridge,
    Way,
    middle_of_classes,
    way_of_dense,
)
from headstart.few_labels.reading import read_until
from headstart.functional.resampling import stratified_sample
from headstart.labels import LEAST_ROWS
from headstart.types import Dataset

if TYPE_CHECKING:
    from headstart.few_labels.reading import Reading
    from headstart.types import Encoder, Floats, Ints, Task

__all__ = ["Lesson", "Lessons", "lessons", "usable_source"]

_MOST_ROWS = 2_000  # that are learnt from: the cost is cubic in them
_MANY = 500  # rows, of which a fifth is enough to choose a penalty by
_SHARE_OF_BUDGET = 0.25  # of the time, in which source rows have to be read
_STRENGTH = 16  # labelled rows, whose word on where the classes have their middle counts as much as the source's


@dataclass(frozen=True, slots=True)
class Lesson:
    """What source rows have taught one kind of features (N, d) of the target's texts.

    encoder: what gives these features, where it is none of the reading's.
    """

    name: str  # of the expert
    what: str
    linear: Linear
    features: Any
    encoder: "Encoder | None" = None

    @property
    def block(self) -> str:
        """Whose features these are: the reading's dense ones, or its own."""
        return "dense" if self.encoder is None else self.name

    def expert(self, parts: Parts) -> Expert:
        """Learnt from no row of the target, but where the classes have their middle: another domain may have another
        one, and has other shares of the classes. Few rows move it a part of the way.
        """
        values = self.linear(self.features)

        def offset(rows: "Ints") -> "Floats":
            return middle_of_classes(values[rows], parts.y[rows]) * (len(rows) / (len(rows) + _STRENGTH))

        partial = tuple(values - offset(learn) for learn, _ in parts.pairs)
        moved = offset(np.arange(len(parts.y)))
        linear = Linear(self.linear.coef, self.linear.intercept - moved)
        return Expert(self.name, values - moved, partial, linear).sized(parts)


@dataclass(frozen=True, slots=True)
class Lessons:
    """All that was learnt from the source; n: from how many rows; notes: sentences on those that were not."""

    each: tuple[Lesson, ...] = ()
    n: int = 0
    notes: tuple[str, ...] = ()

    def blocks(self, found: "Mapping[str, Linear]") -> "list[tuple[str, Encoder, Linear]]":
        """Name, encoder and values of the lessons that have an encoder of their own, where these have some."""
        own = [(each, found[each.block]) for each in self.each if each.block in found]
        return [(each.what, each.encoder, linear) for each, linear in own if each.encoder is not None]


def usable_source(task: "Task") -> tuple[list[str], "Ints"]:
    """Texts and class codes of the source rows whose label is one of the target's."""
    codes = {str(label): code for code, label in enumerate(task.classes)}
    source = task.source if task.source is not None else Dataset(())
    pairs = zip(source.texts, source.labels or (), strict=source.labels is not None)
    rows = [(text, codes[str(label)]) for text, label in pairs if str(label) in codes]
    return [text for text, _ in rows], np.array([code for _, code in rows], dtype=np.int64)


def lessons(task: "Task", reading: "Reading", make_words: "Callable[[], Encoder]") -> Lessons:
    """What at most 2,000 source rows teach the dense features, if there are any, and words.

    Rows whose label is none of the target's, and those with the text of a labelled row, are not learnt from: the
    labelled rows have to judge what the others teach. With a budget, as many are read as a quarter of it has time for.
    """
    if task.source is None:
        return Lessons()
    known, codes = usable_source(task)
    kept = _drawn(task, known, codes)
    if not len(kept):
        have = f"{len(known):,} of {task.source.n:,} have a label of the target"
        return Lessons(notes=(f"Source rows were not used: {have}, of which two classes need two rows each.",))
    texts, y, found = [known[row] for row in kept], codes[kept], []
    if reading.dense is not None:
        until = None if task.budget_s is None else time.perf_counter() + _SHARE_OF_BUDGET * task.budget_s
        rows = normalize(read_until(reading.dense, texts, until))
        texts, y = texts[: len(rows)], y[: len(rows)]
        if len(np.unique(y)) < 2:  # of very few that there was time for
            return Lessons(notes=("Source rows were not used: there was no time to read enough of them.",))
        linear = _learnt(rows, y, texts, task, way_of_dense(len(y), len(task.classes)))
        found.append(Lesson("source", reading.dense_name, linear, reading.dense_features))
    words: Any = make_words().fit((*texts, *task.texts, *reading.unlabelled))
    linear = _learnt(normalize(words.encode(texts)), y, texts, task, LEAST_SQUARES)
    features = normalize(words.encode((*task.texts, *reading.unlabelled)))
    found.append(Lesson("source words", reading.words_name, linear, features, words))
    return Lessons(tuple(found), len(texts), tuple(_notes(task.source.n, len(known), len(texts))))


def _notes(of: int, known: int, n: int) -> list[str]:
    """On the rows of so many that the n learnt from are not among."""
    cases = [
        (known < of, f"{of - known:,} of {of:,} source rows have no label of the target: not used."),
        (n < known, f"{n:,} of {known:,} source rows were learnt from."),
    ]
    return [sentence for is_so, sentence in cases if is_so]


def _drawn(task: "Task", texts: Sequence[str], y: "Ints") -> "Ints":
    """At most 2,000 rows, in random order, of classes that have two of them; none where that is no more than one."""
    many = np.bincount(y, minlength=len(task.classes)) >= LEAST_ROWS
    known = np.isin(digests(texts), digests(task.texts)) if texts else np.empty(0, bool)
    kept = np.flatnonzero(many[y] & ~known)
    if len(np.unique(y[kept])) < 2:
        return np.empty(0, np.int64)
    rng = np.random.default_rng(task.random_state)
    drawn: Ints = rng.permutation(kept[stratified_sample(y[kept], _MOST_ROWS, rng)])
    return drawn


def _learnt(rows: Any, y: "Ints", texts: Sequence[str], task: "Task", way: Way) -> Linear:
    """From source rows (m, d), with the penalty that is best among themselves; a class that they do not have is
    neither likely nor unlikely.
    """
    classes, codes = np.unique(y, return_inverse=True)
    parts = Parts.of(codes, len(classes), texts, task.random_state)
    if len(y) > _MANY:
        parts = replace(parts, pairs=parts.pairs[:1])
    linear = Ridge(rows, len(y), way=way).expert("source", parts).linear
    k = len(task.classes)
    coef, intercept = np.tile(linear.coef.mean(axis=0), (k, 1)), np.full(k, linear.intercept.mean())
    coef[classes], intercept[classes] = linear.coef, linear.intercept
    return Linear(coef, intercept)

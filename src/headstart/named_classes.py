"""Classes with a name and no labelled row, or one: unlabelled texts that their names find stand for them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Self

import numpy as np

from headstart.data.folding import digests
from headstart.errors import ConfigError
from headstart.few_labels.ladder import LEAST_UNLABELLED
from headstart.few_labels.reading import MOST_UNLABELLED
from headstart.types import Dataset, Ints, Task

__all__ = ["Found", "found_by_name"]

_ENOUGH = 2  # rows of a class, that it can be learnt from
_FEWEST, _MOST = 8, 64  # texts that stand for a class
_SHARE = 0.5  # of the texts that its name finds: the surest ones
_SHOWN = 60  # characters of an example


class Found(NamedTuple):
    """texts (m,) that stand for classes, codes y (m,), and what is to be said of them, a sentence a class."""

    texts: tuple[str, ...]
    y: Ints
    reasons: tuple[str, ...]

    @classmethod
    def nothing(cls) -> Self:
        """Every class has rows of its own, or none has."""
        return cls((), np.empty(0, np.int64), ())


def found_by_name(task: Task) -> Found:
    """For each class with fewer than two rows as many unlabelled texts as other classes have rows, 8 to 64: drawn from
    those that are most surely its own by the names of all classes (`zero_shot`), half of what its name finds. (The very
    surest are too much alike: docs/log.md.)

    Nothing where each class has two rows. Raises ConfigError where there are under 100 unlabelled texts, and what
    `zero_shot` raises where nothing knows what the names mean.

    Source: the idea is self-training from class names, Meng et al. 2020 (LOTClass), here beside labelled classes.
    """
    counts = np.bincount(task.y, minlength=len(task.classes))
    lacking = np.flatnonzero(counts < _ENOUGH)
    if not len(lacking):
        return Found.nothing()
    texts, asked = _candidates(task), ", ".join(repr(str(task.classes[i])) for i in lacking[:5])
    if len(texts) < LEAST_UNLABELLED:
        raise ConfigError(
            f"Fewer than two labelled rows: {asked}. Such a class is learnt from unlabelled texts that its name finds "
            f"(--unlabelled), {LEAST_UNLABELLED} at least; got {len(texts)}. Or leave it out, rows and name."
        )
    chances = _by_names(task, texts)
    answers, rng = chances.argmax(axis=1), np.random.default_rng(task.random_state)
    others = counts[counts >= _ENOUGH]
    wanted = int(np.clip(np.median(others) if len(others) else 0, _FEWEST, _MOST))
    rows, codes, reasons = list[int](), list[int](), list[str]()
    for code in lacking:
        n_sure = max(_FEWEST, int(_SHARE * np.sum(answers == code)))
        surest = np.argsort(-chances[:, code], kind="stable")[:n_sure]
        drawn = surest[np.sort(rng.permutation(len(surest))[:wanted])].tolist()
        rows += drawn
        codes += [int(code)] * len(drawn)
        reasons.append(_told(task.classes[code], int(counts[code]), len(drawn), texts[drawn[0]]))
    return Found(tuple(texts[row] for row in rows), np.array(codes, np.int64), tuple(reasons))


def _candidates(task: Task) -> tuple[str, ...]:
    """At most 1,000 different unlabelled texts, none of them a labelled one, drawn at random."""
    texts = tuple(text for text in (task.unlabelled.texts if task.unlabelled else ()) if text.strip())
    marks, first = np.unique(digests(texts), return_index=True)
    new = first[~np.isin(marks, digests(task.texts))]
    drawn = np.random.default_rng(task.random_state).permutation(np.sort(new))[:MOST_UNLABELLED]
    return tuple(texts[row] for row in drawn)


def _by_names(task: Task, texts: Sequence[str]) -> np.ndarray:
    """(m, k) what the names of the classes alone say of texts."""
    from headstart.strategies.zero_shot import ZeroShot

    nothing = np.empty(0, np.int64)
    bare = Task((), nothing, task.classes, unlabelled=Dataset(tuple(texts)), label_names=task.label_names)
    return ZeroShot().fit(replace(bare, random_state=task.random_state)).predict_proba(texts)


def _told(label: object, n: int, n_found: int, text: str) -> str:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN].rstrip()} ..."
    rows = "one labelled row" if n else "no labelled row"
    return (
        f"{str(label)!r} has {rows}: {n_found} unlabelled texts that its name finds stand for it, such as {shown!r}. "
        "Nobody has checked them: label some."
    )

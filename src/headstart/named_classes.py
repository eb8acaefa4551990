"""Classes with a name and no labelled row, or one: unlabelled texts that their names find stand for them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from headstart.errors import ConfigError
from headstart.few_labels.ladder import LEAST_UNLABELLED
from headstart.few_labels.reading import MOST_UNLABELLED, drawn_unlabelled, wanted_unlabelled
from headstart.labels import LEAST_ROWS
from headstart.strategies import make_strategy
from headstart.types import Dataset, Floats, Ints, Task

__all__ = ["Found", "found_by_name"]

_FEWEST, _MOST = 8, 64  # texts that stand for a class
_SHARE = 0.5  # of the texts that its name finds: the surest ones
_SHOWN = 60  # characters of an example


class Found(NamedTuple):
    """texts (m,) that stand for classes, codes y (m,), what is to be said of them, a sentence a class, and one that
    quotes a text.
    """

    texts: tuple[str, ...]
    y: Ints
    reasons: tuple[str, ...]
    examples: tuple[str, ...]


def found_by_name(task: Task) -> Found:
    """For each class with fewer than two rows as many unlabelled texts as other classes have rows, 8 to 64: drawn from
    those that are most surely its own by the names of all classes (`zero_shot`), half of what its name finds. (The very
    surest are too much alike: docs/log.md.)

    Nothing where each class has two rows, or all have none. Raises ConfigError where there are under 100 unlabelled
    texts, and what `zero_shot` raises where nothing knows what the names mean.

    Source: the idea is self-training from class names, Meng et al. 2020 (LOTClass), here beside labelled classes.
    """
    counts = np.bincount(task.y, minlength=len(task.classes))
    lacking = np.flatnonzero(counts < LEAST_ROWS)
    if not len(lacking) or not task.texts:
        return Found((), np.empty(0, np.int64), (), ())
    texts = drawn_unlabelled(task, wanted_unlabelled(task)[0], MOST_UNLABELLED)
    asked = ", ".join(repr(str(task.classes[i])) for i in lacking[:5])
    if len(texts) < LEAST_UNLABELLED:
        raise ConfigError(
            f"Fewer than two labelled rows: {asked}. Such a class is learnt from unlabelled texts that its name finds "
            f"(--unlabelled), {LEAST_UNLABELLED} at least; got {len(texts)}. Or leave it out, rows and name."
        )
    chances = _by_names(task, texts)
    answers, rng = chances.argmax(axis=1), np.random.default_rng(task.random_state)
    others = counts[counts >= LEAST_ROWS]
    wanted = int(np.clip(np.median(others) if len(others) else 0, _FEWEST, _MOST))
    rows, codes, reasons, examples = list[int](), list[int](), list[str](), list[str]()
    for code in lacking:
        n_sure = max(_FEWEST, int(_SHARE * np.sum(answers == code)))
        surest = np.argsort(-chances[:, code], kind="stable")[:n_sure]
        drawn = surest[np.sort(rng.permutation(len(surest))[:wanted])].tolist()
        rows += drawn
        codes += [int(code)] * len(drawn)
        reasons.append(_told(task.classes[code], int(counts[code]), len(drawn)))
        examples.append(
            f"One of the texts that the name of {str(task.classes[code])!r} finds: {_shown(texts[drawn[0]])}"
        )
    return Found(tuple(texts[row] for row in rows), np.array(codes, np.int64), tuple(reasons), tuple(examples))


def _by_names(task: Task, texts: Sequence[str]) -> Floats:
    """(m, k) what the names of the classes alone say of texts."""
    nothing, seed = np.empty(0, np.int64), task.random_state
    unlabelled = Dataset(tuple(texts))
    bare = Task((), nothing, task.classes, unlabelled=unlabelled, label_names=task.label_names, random_state=seed)
    found: Floats = make_strategy("zero_shot").fit(bare).predict_proba(texts)
    return found


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN].rstrip()} ...")


def _told(label: object, n: int, n_found: int) -> str:
    rows = "one labelled row" if n else "no labelled row"
    return (
        f"{str(label)!r} has {rows}: {n_found} unlabelled texts that its name finds stand for it. "
        "Nobody has checked them: label some."
    )

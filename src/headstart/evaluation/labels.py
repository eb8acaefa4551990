"""True labels against the classes of a model: codes, and what to say of labels and of scripts that it never saw."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import did_you_mean
from headstart.types import Finding

if TYPE_CHECKING:
    from headstart.types import Bools, Dataset, Ints

__all__ = ["encode_true", "unfamiliar_texts", "unknown_labels"]

_SHOWN = 60  # characters of a text


def encode_true(classes: Sequence[Any], y_true: Sequence[Any]) -> tuple[tuple[str, ...], "Ints"]:
    """All class names (the model's, then unknown test labels, sorted) and codes (n,) of y_true in them."""
    names = [str(c) for c in classes]
    true = [str(label) for label in y_true]
    names += sorted(set(true) - set(names))
    code = {name: i for i, name in enumerate(names)}
    return tuple(names), np.array([code[label] for label in true], dtype=np.int64)


def unknown_labels(classes: Sequence[Any], y_true: Sequence[Any], lines: Sequence[int] | None = None) -> Finding | None:
    """What to tell the user about test labels that the model never saw; None when there are none."""
    names, y = encode_true(classes, y_true)
    rows = np.flatnonzero(y >= len(classes))
    if not len(rows):
        return None
    known = [str(c) for c in classes]
    new = names[len(classes) :]
    hint = did_you_mean(new[0], known)
    message = (
        f"{len(rows):,} of {len(y):,} rows have a label that the model was not trained on: "
        f"{', '.join(map(repr, new[:5]))}{' ...' if len(new) > 5 else ''}.{hint} They count as errors, "
        f"and each of them as a class with F1 0; log_loss and roc_auc are not defined and left out."
    )
    examples = tuple(f"{_place(lines, i)}: {names[y[i]]!r}" for i in rows[:3].tolist())
    return Finding("unknown_labels", len(rows), message, examples)


def unfamiliar_texts(unfamiliar: "Bools", rows: "Dataset") -> Finding | None:
    """What to tell the user about rows (n,) in a script that the model did not learn from; None when there are none."""
    found = np.flatnonzero(unfamiliar)
    if not len(found):
        return None
    message = (
        f"{len(found):,} of {rows.n:,} texts are in a script that the model did not learn from: what it says of them "
        "means nothing, unless its encoder has read that language before"
    )
    examples = tuple(f"{_place(rows.lines, i)}: {rows.texts[i][:_SHOWN]!r}" for i in found[:3].tolist())
    return Finding("unfamiliar_script", len(found), message, examples)


def _place(lines: Sequence[int] | None, row: int) -> str:
    return f"line {lines[row]}" if lines is not None else f"row {row + 1}"

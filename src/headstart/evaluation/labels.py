"""True labels against the classes of a model: codes, and what to say of labels that it never saw."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import did_you_mean
from headstart.types import Finding

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["encode_true", "unknown_labels"]


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
    where = [f"line {lines[i]}: " if lines is not None else f"row {i + 1}: " for i in rows[:3]]
    examples = tuple(f"{at}{names[y[i]]!r}" for at, i in zip(where, rows[:3], strict=True))
    return Finding("unknown_labels", len(rows), message, examples)

"""Labels as codes: which classes there are, and what is no label."""

import re
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np

from headstart.errors import DataError
from headstart.text.normalise import require_texts

__all__ = ["LEAST_ROWS", "encode_labels"]

_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_BOOLEANS = {str(value): value for value in (False, True)}
_KINDS = "iubU"  # of numpy's numbers and strings that labels come back from as they were
LEAST_ROWS = 2  # of a class that is learnt from its rows and not by its name


def encode_labels(labels: Iterable[Any], n: int, names: Mapping[str, Any] | None = None) -> tuple[Any, Any]:
    """Sorted classes (k,) and codes (n,) of n labels.

    names: those of the classes. If every label has one, other names are classes too, without a row, and one row of a
    class is enough. Raises DataError for what is not a label, for fewer than two classes, and for a class with one row
    and no name.
    """
    values = _values(labels, n)
    if not values and not names:
        raise DataError("There are no texts to learn from.")
    named = names is not None and {str(value) for value in values} <= names.keys()
    unseen = [name for name in names or () if named and name not in {str(value) for value in values}]
    made = np.array([*values, *_alike(unseen, values)])
    if made.dtype.kind not in _KINDS:
        raise DataError("labels are integers that no 64 bits hold together. Name them first: pass them as strings.")
    classes, codes = np.unique(made, return_inverse=True)
    y = codes[:n].astype(np.int64)
    if len(classes) < 2:
        what = "class" if values else "name"
        raise DataError(f"There is only one {what} ({classes.tolist()}); at least two are needed.")
    rare = [] if named else [str(c) for c in classes[np.bincount(y, minlength=len(classes)) < LEAST_ROWS]]
    if rare:
        some = f"{', '.join(rare[:5])}{' ...' if len(rare) > 5 else ''}"
        raise DataError(f"Class with a single row: {some}. Each class needs at least two rows.")
    return classes, y


def _values(labels: Iterable[Any], n: int) -> list[Any]:
    """The labels, numpy's as Python's. Raises DataError for another number of them, and for what is no label."""
    if labels is None:
        raise DataError(f"labels must hold one label for each of the {n} texts, got None.")
    given = np.asarray(labels if isinstance(labels, str) else list(labels), dtype=object)
    if given.shape != (n,):
        raise DataError(f"labels must hold one label for each of the {n} texts, got shape {given.shape}.")
    values = [label.item() if isinstance(label, np.generic) else label for label in given]
    if values:
        _check_labels(values)
    return values


def _alike(unseen: Sequence[str], values: Sequence[Any]) -> list[Any]:
    """Names of classes without a row as labels of the kind that the rows have. Raises DataError where there is none."""
    if not values or isinstance(values[0], str):
        return list(unseen)
    is_bool = isinstance(values[0], bool)
    wrong = [name for name in unseen if not (name in _BOOLEANS if is_bool else _WHOLE.fullmatch(name))]
    if wrong:
        kind = type(values[0]).__name__
        raise DataError(f"label names: {wrong[0]!r} is not a label of the data, which are of the kind {kind}.")
    return [_BOOLEANS[name] if is_bool else int(name) for name in unseen]


def _check_labels(values: Sequence[Any]) -> None:
    """All strings, all integers or all booleans: what sorts, and comes back from a bundle as it was."""
    missing = [i for i, label in enumerate(values) if _is_missing(label)]
    if missing:
        first = missing[0]
        raise DataError(
            f"labels[{first}] is {values[first]} ({len(missing)} in all): pass texts without label as `unlabelled`."
        )
    kinds = sorted({type(label).__name__ for label in values})
    if kinds == ["float"]:
        raise DataError(f"labels are floats (such as {values[0]!r}): Headstart classifies. Bin or name them first.")
    if len(kinds) > 1 or not {"str", "int", "bool"}.issuperset(kinds):
        raise DataError(f"labels must be all strings, all integers or all booleans, got {' and '.join(kinds)}.")
    if kinds == ["str"]:
        require_texts(values, "labels")
    if any(label.endswith("\0") for label in values if isinstance(label, str)):
        raise DataError("A label ends with the character NUL, which numpy drops. Remove it first.")


def _is_missing(label: Any) -> bool:
    """None, NaN, and what pandas puts in the place of a missing value."""
    return type(label).__name__ in {"NoneType", "NAType", "NaTType"} or (isinstance(label, float) and isnan(label))

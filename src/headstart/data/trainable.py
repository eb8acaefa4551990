"""Whether a data set can be learned from at all."""

from collections import Counter
from collections.abc import Collection, Iterable

from headstart.errors import DataError
from headstart.types import Dataset

__all__ = ["check_known_labels", "check_trainable"]

_CLASSES_SHOWN = 10


def check_trainable(dataset: Dataset, names: Collection[str] = ()) -> None:
    """Raise DataError unless there are labels, two classes or more, and two rows or more of each class.

    names: labels of the classes that have a name. Where all of them do, a class may have one row, or be the only one.
    """
    origin = dataset.origin or "The data"
    if dataset.n == 0:
        raise DataError(f"{origin} has no rows to learn from.")
    if dataset.labels is None:
        raise DataError(f"{origin} has no labels to learn from. Name the column with --label (label=).")
    counts = Counter(dataset.labels)
    if counts.keys() <= set(names):
        return
    if len(counts) == 1:
        raise DataError(
            f"{origin}: every row ({dataset.n:,}) has the label {dataset.labels[0]!r}. "
            "A classifier needs at least two classes; is the right column read as label (--label)?"
        )
    single = [name for name, n in counts.items() if n == 1]
    if single:
        places = "; ".join(_place(dataset, name) for name in single[:_CLASSES_SHOWN])
        more = f" and {len(single) - _CLASSES_SHOWN} more" if len(single) > _CLASSES_SHOWN else ""
        classes = "a class has" if len(single) == 1 else f"{len(single)} classes have"
        raise DataError(
            f"{origin}: {classes} one row only: {places}{more}. A class needs two rows to be learned "
            "and checked: add rows, give such classes another's name, or remove the rows; or name all classes "
            "(--label-names), which finds texts for such a class among --unlabelled ones."
        )


def check_known_labels(dataset: Dataset, known: Iterable[str], whose: str) -> None:
    """Raise DataError where not one of the rows' labels is among the known ones, which are those of `whose`."""
    here, others = dict.fromkeys(dataset.labels or ()), dict.fromkeys(known)
    if here and not here.keys() & others.keys():
        raise DataError(
            f"{dataset.origin or 'The data'}: not one row has a label that {whose} has. Labels here: {_listed(here)}; "
            f"there: {_listed(others)}. Are these the right files, and is the right column read as label (--label)?"
        )


def _listed(labels: Collection[str]) -> str:
    more = f" and {len(labels) - _CLASSES_SHOWN} more" if len(labels) > _CLASSES_SHOWN else ""
    return ", ".join(repr(label) for label in list(labels)[:_CLASSES_SHOWN]) + more


def _place(dataset: Dataset, name: str) -> str:
    labels = dataset.labels or ()
    i = labels.index(name)
    return f"{name!r} (line {dataset.lines[i]})" if dataset.lines is not None else f"{name!r} (row {i + 1})"

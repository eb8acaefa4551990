"""What a row rule must offer; one rule a file in `rows/`."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Protocol

from headstart.errors import ConfigError
from headstart.types import Dataset

__all__ = ["Hit", "RowRule", "choice", "number", "place"]


class Hit(NamedTuple):
    """A row that a rule is about: its index, why in words, and how sure the rule is (the larger, the surer)."""

    row: int
    reason: str
    score: float


class RowRule(Protocol):
    """One rule about rows. Its constructor takes at most one argument, a string.

    marks: the rows are shown, and leave the data only where the user asks for that. judges_labels: the rule looks at
    labels to doubt them, so that rows it has chosen would give too good a score; it must not see rows that are
    checked.
    """

    marks: ClassVar[bool]
    judges_labels: ClassVar[bool]

    def find(self, dataset: Dataset, seed: int = 0) -> Sequence[Hit]:
        """The rows concerned, each once, the surest first; the same for the same seed.

        A label "" stands for no label. Raises DataError where the rule cannot work on this data.
        """


def place(dataset: Dataset, row: int) -> str:
    """Where a row is in the data that the user gave, in words."""
    number = dataset.lines[row] if dataset.lines is not None else row + 1
    return f"line {number}" if dataset.origin else f"row {number}"


def number(rule: str, argument: str | None, default: float, low: float, high: float) -> float:
    """The argument of a rule as a number in [low, high]. Raises ConfigError."""
    if argument is None:
        return default
    try:
        value = float(argument)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise ConfigError(
            f"Cleaning rule {rule!r}: expected a number from {low:g} to {high:g}, such as {rule}:{default:g}. "
            f"Got {argument!r}."
        )
    return value


def choice(rule: str, argument: str | None, allowed: Sequence[str]) -> str | None:
    """The argument of a rule, which must be one of `allowed` or absent. Raises ConfigError."""
    if argument is not None and argument not in allowed:
        listed = " or ".join(f"{rule}:{word}" for word in allowed)
        raise ConfigError(f"Cleaning rule {rule!r}: expected {rule} or {listed}. Got {rule}:{argument}.")
    return argument

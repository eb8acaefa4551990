"""What a file format must offer; one format a file in this folder."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, ClassVar, NamedTuple, Protocol

import orjson

from headstart.data.opening import Location
from headstart.errors import DataError

__all__ = ["Format", "Row", "Writer", "cell_text", "refuse_unknown"]


class Row(NamedTuple):
    """One row. line: where it starts, from 1 (physical line; row number in parquet; file number in class
    folders).

    defect: why the row could not be read, then `values` is empty. place: where it is, when a line does not
    say it.
    """

    line: int
    values: dict[str, object]
    defect: str = ""
    place: str = ""


class Writer(Protocol):
    """Writes rows one after the other."""

    def write(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Append rows; keys that are no columns are refused, missing ones are empty."""

    def close(self) -> None:
        """Write what is held back. The stream itself stays open."""


class Format(Protocol):
    """One file format. `suffix` is the one of the file at hand."""

    suffixes: ClassVar[tuple[str, ...]]
    decodes_text: ClassVar[bool]  # True: the bytes are text in some encoding
    notes: Sequence[str]  # what was guessed of how to read the file; there once its first row is
    separator: str  # of the fields of a table (there likewise, or to write with), where it is not the suffix's; else ""

    def __init__(self, suffix: str) -> None: ...

    def read(self, location: Location, encoding: str) -> Iterator[Row]:
        """The rows, streaming in bounded memory. Raises DataError when the file as a whole cannot be read."""

    def open_writer(self, stream: BinaryIO, columns: Sequence[str]) -> Writer:
        """A writer of these columns. Raises DataError if the format does not write."""


def cell_text(value: object) -> str:
    """A value as the text of a cell: None is empty, true and lists as JSON writes them."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict | tuple):
        return orjson.dumps(value, default=str).decode()
    return str(value)


def refuse_unknown(row: Mapping[str, object], columns: Sequence[str]) -> None:
    """Raises DataError if the row has a key that is no column: it would be dropped in silence."""
    unknown = next((key for key in row if key not in columns), None)
    if unknown is not None:
        raise DataError(f"A row to write has the column {unknown!r}, which is not among {', '.join(columns)}.")

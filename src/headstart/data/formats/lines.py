"""Plain text: one text a line, the whole of it; blank lines are skipped."""

import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO, ClassVar

from headstart.data.formats._base import Row, Writer
from headstart.data.opening import Location
from headstart.errors import DataError

__all__ = ["Lines"]


class Lines:
    """Reads txt into the column text. It does not write."""

    suffixes: ClassVar[tuple[str, ...]] = ("txt",)
    decodes_text: ClassVar[bool] = True

    def __init__(self, suffix: str) -> None:
        self.suffix, self.notes, self.separator = suffix, ("one text a line",), ""

    def read(self, location: Location, encoding: str) -> Iterator[Row]:
        """One row a line that is not blank."""
        n_rows = 0
        with io.TextIOWrapper(location.open(), encoding=encoding) as stream:
            for line, text in enumerate(stream, start=1):
                if text.strip():
                    n_rows += 1
                    yield Row(line, {"text": text.rstrip("\n")})
        if n_rows == 0:
            raise DataError(f"{location.name} is empty: no text in it.")

    def open_writer(self, stream: BinaryIO, columns: Sequence[str]) -> Writer:
        """Raises DataError: rows have columns."""
        raise DataError("Lines of plain text have no columns. Write to a .csv, .tsv, .jsonl or .parquet file.")

"""Parquet, read and written in row groups of bounded size."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, ClassVar

from headstart.data.formats._base import Row, Writer, refuse_unknown
from headstart.data.opening import Location
from headstart.errors import DataError

__all__ = ["Parquet"]

_ROWS_A_BATCH = 4096
_ROWS_A_GROUP = 16384


class Parquet:
    """Reads and writes parquet. A compressed one (.parquet.gz) or one from a pipe goes through a temporary
    file.
    """

    suffixes: ClassVar[tuple[str, ...]] = ("parquet",)
    decodes_text: ClassVar[bool] = False

    def __init__(self, suffix: str) -> None:
        self.suffix, self.notes, self.separator = suffix, (), ""

    def read(self, location: Location, encoding: str) -> Iterator[Row]:
        """`line` is the row's number from 1; `encoding` is not used (parquet strings are UTF-8)."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        number = 0
        with location.seekable() as stream:
            try:
                for batch in pq.ParquetFile(stream).iter_batches(batch_size=_ROWS_A_BATCH):
                    for values in batch.to_pylist():
                        number += 1
                        yield Row(number, values)
            except (pa.ArrowInvalid, UnicodeDecodeError) as error:
                raise DataError(f"{location.name} cannot be read as parquet: {_first_line(error)}") from error
        if number == 0:
            raise DataError(f"{location.name} has columns but no rows.")

    def open_writer(self, stream: BinaryIO, columns: Sequence[str]) -> Writer:
        """Column types are those of the first row group (16384 rows); a column without values is text."""
        return _ParquetWriter(stream, columns)


class _ParquetWriter:
    def __init__(self, stream: BinaryIO, columns: Sequence[str]) -> None:
        self._stream = stream
        self._columns = list(columns)
        self._held: list[Mapping[str, object]] = []
        self._writer: Any = None

    def write(self, rows: Iterable[Mapping[str, object]]) -> None:
        for row in rows:
            refuse_unknown(row, self._columns)
            self._held.append(row)
            if len(self._held) >= _ROWS_A_GROUP:
                self._flush()

    def close(self) -> None:
        if self._held or self._writer is None:
            self._flush()
        self._writer.close()
        self._stream.flush()

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._stream, self._schema())
            schema = self._writer.schema
            columns = [[row.get(name) for row in self._held] for name in self._columns]
            table = pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError) as error:
            raise DataError(
                f"A column has values of several types, which parquet cannot hold: {_first_line(error)}. "
                "Write jsonl instead."
            ) from error
        self._writer.write_table(table, row_group_size=_ROWS_A_GROUP)
        self._held.clear()

    def _schema(self) -> Any:
        import pyarrow as pa

        def type_of(name: str) -> Any:
            inferred = pa.array([row.get(name) for row in self._held]).type
            return pa.string() if inferred == pa.null() else inferred

        return pa.schema([(name, type_of(name)) for name in self._columns])


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]

"""Writing rows to a file by its name: format and compression by suffix, all or nothing."""

import contextlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from headstart.data.formats._base import Writer
from headstart.data.opening import COMPRESSIONS, split_suffixes
from headstart.data.source import format_for
from headstart.errors import DataError

__all__ = ["RowFile", "open_writer"]


def open_writer(destination: str | Path, columns: Sequence[str], *, format: str | None = None) -> "RowFile":
    """A file to write rows to, as a context manager.

    For example: `with open_writer("out.csv.gz", columns) as out: out.write(rows)`.
    `-` is standard output (jsonl unless `format` says otherwise). A file appears under its name only when the
    block ends without an error; until then it is NAME.part. Raises DataError for an unknown suffix or a
    folder.
    """
    name = str(destination)
    if name == "-":
        return RowFile(None, "", format or "jsonl", columns)
    suffix, compression = split_suffixes(name)
    path = Path(name)
    if path.is_dir():
        raise DataError(f"{name} is a folder: name a file to write to.")
    if not path.parent.is_dir():
        raise DataError(f"{name} cannot be written: there is no folder {str(path.parent)!r}.")
    return RowFile(path, compression, format or suffix, columns)


class RowFile:
    """An output file; see `open_writer`."""

    def __init__(self, path: Path | None, compression: str, suffix: str, columns: Sequence[str]) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part") if path is not None else None
        made = format_for(suffix, str(path) if path is not None else "standard output")
        self._files = contextlib.ExitStack()
        self._stream = self._open(compression)
        try:
            self._writer: Writer = made.open_writer(self._stream, columns)
        except BaseException:
            self._discard()
            raise

    def write(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Append rows; a key that is no column raises DataError."""
        self._writer.write(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._discard()
            return
        try:
            self._writer.close()
            self._files.close()
        except BaseException:
            self._discard()
            raise
        if self._path is not None and self._part is not None:
            self._part.replace(self._path)

    def _open(self, compression: str) -> BinaryIO:
        if self._part is None:
            return sys.stdout.buffer
        try:
            raw: BinaryIO = self._files.enter_context(self._part.open("wb"))
        except OSError as error:
            raise DataError(f"{self._path} cannot be written: {error.strerror or error}.") from error
        if not compression:
            return raw
        return cast(BinaryIO, self._files.enter_context(COMPRESSIONS[compression].open(raw, "wb")))

    def _discard(self) -> None:
        with contextlib.suppress(Exception):
            self._files.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)

"""Writing rows to a file by its name: format and compression by suffix, all or nothing."""

import codecs
import contextlib
import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from headstart.data.formats._base import Writer
from headstart.data.opening import COMPRESSIONS, split_suffixes
from headstart.data.source import Dialect, format_for
from headstart.errors import DataError

__all__ = ["RowFile", "check_writable", "free_names", "open_writer"]


_TABLES = ("csv", "tsv")  # that spreadsheets open
_PLAIN = ("utf-8", "ascii")
_USUAL = Dialect()


def open_writer(
    destination: str | Path,
    columns: Sequence[str],
    *,
    format: str | None = None,
    like: Dialect = _USUAL,
) -> "RowFile":
    """A file to write rows to, as a context manager.

    For example: `with open_writer("out.csv.gz", columns) as out: out.write(rows)`.
    `-` is standard output (jsonl unless `format` says otherwise; a file is written by its suffix). A file appears under
    its name only when the block ends without an error; until then it is NAME.part. All is written as UTF-8. like: the
    dialect of the file that the rows come from. Where its encoding is another one, or has a byte order mark, a csv or
    tsv file begins with the mark by which spreadsheets know UTF-8; a csv file has its separator. Raises DataError for
    an unknown suffix or a folder.
    """
    check_writable(destination)
    name = str(destination)
    if name == "-":
        return RowFile(None, "", format or "jsonl", columns, b"")
    suffix, compression = split_suffixes(name)
    mark = codecs.BOM_UTF8 if suffix in _TABLES and like.encoding not in _PLAIN else b""
    return RowFile(Path(name), compression, suffix, columns, mark, like.separator if suffix == "csv" else "")


def check_writable(destination: str | Path) -> None:
    """Raise DataError where no file of rows can be: now, not after the work. `-` is standard output."""
    path, name = Path(destination), str(destination)
    if name == "-":
        return
    if path.is_dir():
        raise DataError(f"{name} is a folder: name a file to write to.")
    if not path.parent.is_dir():
        raise DataError(f"{name} cannot be written: there is no folder {str(path.parent)!r}.")
    format_for(split_suffixes(name)[0], name)


def free_names(names: Iterable[str], present: Iterable[str]) -> list[str]:
    """Names for new columns, all different: each with as many underscores behind it as it takes to be no column yet."""
    taken, free = set(present), []
    for name in names:
        free.append(next(f"{name}{'_' * i}" for i in itertools.count() if f"{name}{'_' * i}" not in taken))
        taken.add(free[-1])
    return free


class RowFile:
    """An output file; see `open_writer`."""

    def __init__(
        self,
        path: Path | None,
        compression: str,
        suffix: str,
        columns: Sequence[str],
        mark: bytes,
        separator: str = "",
    ) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part") if path is not None else None
        made = format_for(suffix, str(path) if path is not None else "standard output")
        made.separator = separator
        self._files = contextlib.ExitStack()
        self._stream = self._open(compression)
        try:
            self._stream.write(mark)
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

"""CSV and TSV, with the header in the first line, as RFC 4180 quotes them; whatever separates the header's names.

A quoted field may hold separators, quotation marks (doubled) and line breaks. Quoting is strict: text behind
a closing quotation mark is a defect of that row, a quotation mark that is never closed is one of the file.
"""

import csv
import io
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from headstart.data.formats._base import Row, Writer, cell_text, refuse_unknown
from headstart.data.opening import Location
from headstart.errors import DataError

if TYPE_CHECKING:
    from _csv import Reader

__all__ = ["Delimited"]

_SEPARATORS = {"csv": ",", "tsv": "\t"}
_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
_SEPARATOR_LINE = re.compile(r'"?sep=([^\w\s"]|\t)"?[\r\n]*', re.IGNORECASE)
_MAX_FIELD_CHARS = 1 << 26  # a longer field is an unclosed quotation mark
_LOOKED_AT = 1 << 16  # characters of a header
_RECORDS_A_TURN = 256
_FIELD_LIMIT_LOCK = threading.Lock()


class Delimited:
    """Reads and writes comma (csv) and tab (tsv) separated files. A header that is one name so, but several with
    another of `_NAMES`, is read with that one: spreadsheets of many countries write semicolons. A first line such as
    `sep=;`, which Excel knows, names the separator and is no row.
    """

    suffixes: ClassVar[tuple[str, ...]] = tuple(_SEPARATORS)
    decodes_text: ClassVar[bool] = True

    def __init__(self, suffix: str) -> None:
        self.suffix, self.notes, self.separator = suffix, tuple[str, ...](), ""

    def read(self, location: Location, encoding: str) -> Iterator[Row]:
        """One row a record; `line` is the physical line on which the record starts; blank lines are no
        records.
        """
        with io.TextIOWrapper(location.open(), encoding=encoding, newline="") as stream:
            first = stream.readline(_MAX_FIELD_CHARS)
            named = _SEPARATOR_LINE.fullmatch(first)
            separator = named[1] if named else self._guessed(first)
            if separator != _SEPARATORS[self.suffix]:
                self.separator, self.notes = separator, (f"separated by {_NAMES.get(separator, repr(separator))}",)
            first = "\n" if named else first  # a blank line is no record, and counts
            lines = chain([first] if first else [], stream)
            records = _records(csv.reader(lines, delimiter=separator, strict=True), location.name)
            header = _header(next(records, None), location.name)
            n_rows = 0
            for line, record, defect in records:
                n_rows += 1
                if len(record) > len(header) and not any(record[len(header) :]):  # empty columns without a name
                    record = record[: len(header)]
                if not defect and len(record) != len(header):
                    defect = f"{_n_fields(record)} where the header has {len(header)}"
                yield Row(line, {}, defect) if defect else Row(line, dict(zip(header, record, strict=True)))
            if n_rows == 0:
                raise DataError(f"{location.name} has a header but no rows.")

    def open_writer(self, stream: BinaryIO, columns: Sequence[str]) -> Writer:
        """UTF-8, lines end in LF, the header is written at once. Another separator than the suffix's is taken only
        where the header shows it to those who read the file.
        """
        is_shown = self.separator and self._guessed(self.separator.join(columns)) == self.separator
        return _DelimitedWriter(stream, columns, self.separator if is_shown else _SEPARATORS[self.suffix])

    def _guessed(self, header: str) -> str:
        """That of the suffix, or the one that makes most columns of a header which is one name with it."""
        usual = _SEPARATORS[self.suffix]
        n_columns = {mark: len(next(csv.reader([header[:_LOOKED_AT]], delimiter=mark), ())) for mark in _NAMES}
        most = max(n_columns, key=n_columns.__getitem__)
        return usual if n_columns[usual] > 1 or n_columns[most] < 2 else most


class _DelimitedWriter:
    def __init__(self, stream: BinaryIO, columns: Sequence[str], separator: str) -> None:
        self._text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        self._columns = list(columns)
        self._plain = csv.writer(self._text, delimiter=separator, lineterminator="\n")
        # before 3.13 the csv module leaves a carriage return unquoted, and cannot read its own row
        self._quoted = csv.writer(self._text, delimiter=separator, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self._plain.writerow(self._columns)

    def write(self, rows: Iterable[Mapping[str, object]]) -> None:
        for row in rows:
            refuse_unknown(row, self._columns)
            cells = [cell_text(row.get(column)) for column in self._columns]
            writer = self._quoted if any("\r" in cell for cell in cells) else self._plain
            writer.writerow(cells)

    def close(self) -> None:
        self._text.flush()
        self._text.detach()  # the stream belongs to the caller


def _records(reader: "Reader", name: str) -> Iterator[tuple[int, list[str], str]]:
    """(line on which it starts, fields, defect) of each record.

    The csv module's field limit is one number for the process: it is raised only while a group of records is
    parsed, and given back before they are handed on.
    """
    done = False
    while not done:
        group: list[tuple[int, list[str], str]] = []
        with _FIELD_LIMIT_LOCK:
            before = csv.field_size_limit(_MAX_FIELD_CHARS)
            try:
                done = _fill(group, reader, name)
            finally:
                csv.field_size_limit(before)
        yield from group


def _fill(group: list[tuple[int, list[str], str]], reader: "Reader", name: str) -> bool:
    """Parse up to a group of records; True at the end of the file."""
    while len(group) < _RECORDS_A_TURN:
        start = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return True
        except csv.Error as error:
            group.append((start, [], _quoting_defect(str(error), name, start)))
            continue
        if record:  # a blank line gives an empty record
            group.append((start, record, ""))
    return False


def _quoting_defect(error: str, name: str, line: int) -> str:
    if "unexpected end of data" in error:
        raise DataError(f"{name} line {line}: a quotation mark opened here is never closed. Close it, or double it.")
    if "field limit" in error:
        raise DataError(
            f"{name} line {line}: a field has more than {_MAX_FIELD_CHARS:,} characters; "
            "its quotation mark is probably never closed. Close it, or double it."
        )
    return (
        'text behind a closing quotation mark (a mark inside a field is doubled, "", and the field quoted; or is the '
        "separator another one?)"
    )


def _header(record: tuple[int, list[str], str] | None, name: str) -> list[str]:
    if record is None:
        raise DataError(f"{name} is empty: not even a header.")
    line, header, defect = record
    if defect:
        raise DataError(f"{name} line {line}: the header has {defect}.")
    while len(header) > 1 and not header[-1]:  # as spreadsheets write columns that were used once
        header = header[:-1]
    twice = next((column for column in header if header.count(column) > 1), None)
    if twice is not None:
        raise DataError(f"{name} line {line}: the header has the column {twice!r} twice. Rename one of them.")
    return header


def _n_fields(record: Sequence[str]) -> str:
    return "1 field" if len(record) == 1 else f"{len(record)} fields"

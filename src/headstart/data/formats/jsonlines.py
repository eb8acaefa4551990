"""JSON lines: one JSON object a line; blank lines are skipped."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, ClassVar

import orjson

from headstart.data.formats._base import Row, Writer, refuse_unknown
from headstart.data.opening import Location
from headstart.errors import DataError

__all__ = ["JsonLines"]

_UTF8 = ("utf-8", "utf-8-sig", "ascii")


class JsonLines:
    """Reads and writes jsonl (also named ndjson, or json when it holds one object a line)."""

    suffixes: ClassVar[tuple[str, ...]] = ("jsonl", "ndjson", "json")
    decodes_text: ClassVar[bool] = True

    def __init__(self, suffix: str) -> None:
        self.suffix, self.notes, self.separator = suffix, (), ""

    def read(self, location: Location, encoding: str) -> Iterator[Row]:
        """One row a line; a line that is no JSON object is a defect of that row."""
        n_rows = 0
        with location.open() as stream:
            for line, content in enumerate(_lines(stream, encoding), start=1):
                if content.isspace():
                    continue
                if n_rows == 0 and content.lstrip().startswith(b"["):
                    raise DataError(
                        f"{location.name} line {line} starts a JSON array; JSON lines are expected, "
                        f"one object a line. Convert it with: jq -c '.[]' {location.name}"
                    )
                n_rows += 1
                yield _row(line, content)
        if n_rows == 0:
            raise DataError(f"{location.name} is empty: no JSON object in it.")

    def open_writer(self, stream: BinaryIO, columns: Sequence[str]) -> Writer:
        """UTF-8, one object a line, keys in the order of `columns`."""
        return _JsonLinesWriter(stream, columns)


class _JsonLinesWriter:
    def __init__(self, stream: BinaryIO, columns: Sequence[str]) -> None:
        self._stream = stream
        self._columns = list(columns)

    def write(self, rows: Iterable[Mapping[str, object]]) -> None:
        for row in rows:
            refuse_unknown(row, self._columns)
            self._stream.write(_dumped({column: row.get(column) for column in self._columns}) + b"\n")

    def close(self) -> None:
        self._stream.flush()


def _lines(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The lines as UTF-8; a line ends at LF only, for JSON text may hold other separators (U+2028)."""
    if encoding in _UTF8:
        first = stream.readline()
        if first:
            yield first.removeprefix(b"\xef\xbb\xbf")
        yield from stream
        return
    with io.TextIOWrapper(stream, encoding=encoding, newline="\n") as text:
        for line in text:
            yield line.encode()


def _row(line: int, content: bytes) -> Row:
    try:
        values = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        try:
            values = json.loads(content)  # reads NaN and lone surrogates, which are judged as values later
        except (ValueError, RecursionError):
            return Row(line, {}, f"not JSON: {_reason(error)}")
    if not isinstance(values, dict):
        return Row(line, {}, f"a JSON object is expected, got {_json_type(values)}")
    return Row(line, values)


def _reason(error: orjson.JSONDecodeError) -> str:
    return f"{error.msg} (character {error.colno})" if error.lineno == 1 else error.msg


def _json_type(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def _dumped(row: dict[str, object]) -> bytes:
    try:
        return orjson.dumps(row, default=str, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:  # lone surrogates, integers over 64 bits
        return json.dumps(row, default=str).encode()

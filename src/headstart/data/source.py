"""A data argument, opened: its rows (streaming), the roles of its columns, and notes on how it is read."""

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from headstart import registry
from headstart.data import encoding as encodings
from headstart.data.columns import Columns, Roles, resolve
from headstart.data.formats._base import Format, Row
from headstart.data.opening import Location, locate, readable, stdin_location
from headstart.data.spec import Filtered, parse_spec
from headstart.errors import DataError, did_you_mean

__all__ = ["Dialect", "Source", "format_for", "known_suffixes", "open_source"]

_ROWS_LOOKED_AT = 1000  # the columns of a file are those of its first rows (in jsonl rows may differ)


class Dialect(NamedTuple):
    """How a file is written: its codec, and its separator of fields where that is not the one of its suffix."""

    encoding: str = "utf-8"
    separator: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """An opened data argument. name: the file, for messages; columns: all that the file has."""

    name: str
    columns: tuple[str, ...]
    roles: Roles
    rows: Filtered
    notes: tuple[str, ...]
    filters: tuple[str, ...]
    dialect: Dialect


def open_source(
    argument: str | Path,
    columns: Columns,
    encoding: str | None = None,
    *,
    labelled: bool | None = None,
    format: str | None = None,
) -> Source:
    """Find, sniff and open the data argument; `-` is standard input, whose format is sniffed unless given.

    From a pipe with `encoding` given, rows stream; without it the pipe is copied to disk first, since an
    encoding is only known at the end. Raises DataError, DataFileMissing, ConfigError.
    """
    spec = parse_spec(argument)
    location = _locate(spec.path, encoding, format)
    with readable(location.name):
        codec, notes = _codec(location, encoding)
        reader = format_for(location.suffix, location.name)
        rows = _translated(reader.read(location, codec), location.name)
        head = list(itertools.islice(rows, _ROWS_LOOKED_AT))
    present = tuple(dict.fromkeys(key for row in head for key in row.values))
    if not present:
        raise DataError(_without_columns(head, location.name))
    roles = resolve(columns, present, location.name, labelled=labelled)
    for each in spec.filters:
        if each.column not in present:
            hint = did_you_mean(each.column, present)
            raise DataError(
                f"{location.name} has no column {each.column!r} to filter by.{hint} "
                f"Its columns are: {', '.join(present)}."
            )
    filtered = Filtered(itertools.chain(head, rows), spec.filters, location.name)
    told = (*notes, *reader.notes, *roles.notes)
    filters = tuple(map(str, spec.filters))
    return Source(location.name, present, roles, filtered, told, filters, Dialect(codec, reader.separator))


def format_for(suffix: str, name: str) -> Format:
    """The format that handles a file suffix. Raises DataError naming those there are."""
    formats = known_suffixes()
    if suffix not in formats:
        named = f"ends in .{suffix}" if suffix else "has no suffix"
        raise DataError(
            f"{name} {named}, which is no format that Headstart reads.{did_you_mean(suffix, list(formats))} "
            f"Known: {', '.join('.' + known for known in formats if known)} (each also .gz, .xz, .bz2), "
            "and a folder with one sub-folder of .txt files a class."
        )
    made: Format = registry.load("format", formats[suffix])(suffix)
    return made


@functools.cache
def known_suffixes() -> dict[str, str]:
    """File suffix -> name of the format in the registry; the empty suffix is a folder."""
    return {suffix: name for name in registry.names("format") for suffix in registry.load("format", name).suffixes}


def _without_columns(head: Sequence[Row], name: str) -> str:
    broken = next((row for row in head if row.defect), None)
    if broken is not None:
        return f"{name} {broken.place or f'line {broken.line}'}: {broken.defect}."
    rows = "row has" if len(head) == 1 else f"{len(head):,} rows have"
    return f'{name}: the first {rows} no columns. Rows with a text are expected, such as {{"text": "lovely"}}.'


def _locate(path: str, encoding: str | None, format: str | None) -> Location:
    if path == "-":
        return stdin_location(format or "", reread=encoding is None)
    location = locate(path)
    return replace(location, suffix=format) if format and not location.is_folder else location


def _codec(location: Location, encoding: str | None) -> tuple[str, list[str]]:
    """The codec to read with, and what to tell the user about it."""
    notes = [f"unpacked from {location.compression}"] if location.compression else []
    if not format_for(location.suffix, location.name).decodes_text:
        return "utf-8", notes
    if encoding is None:
        found = _detected(location)
    elif location.rereadable:
        found = encodings.check(location.chunks, encoding, location.name)
    else:
        found = encodings.known(encoding)
    return found.name, [*notes, found.note]


def _detected(location: Location) -> encodings.Encoding:
    try:
        return encodings.detect(location.chunks, location.name)
    except DataError:
        if not location.is_folder:
            raise
        why = "the files are in no one encoding; those that are not UTF-8 are listed"
        return encodings.Encoding("utf-8", False, "guess", why)


def _translated(rows: Iterable[Row], name: str) -> Iterator[Row]:
    """The rows; whatever goes wrong while reading them is one DataError."""
    with readable(name):
        yield from rows

"""The data argument: `PATH[?column=value[,value][&column=value]]`, for example
`reviews.jsonl.gz?domain=books`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from headstart.data.formats._base import Row, cell_text
from headstart.errors import DataError, did_you_mean

__all__ = ["DataSpec", "Filter", "Filtered", "parse_spec"]

_MAX_VALUES_KEPT = 1000  # distinct values remembered for the message when a filter keeps nothing
_MAX_VALUES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """Keeps the rows whose `column` is one of `values`."""

    column: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.column} is {' or '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class DataSpec:
    """A data argument taken apart."""

    path: str
    filters: tuple[Filter, ...] = ()


def parse_spec(argument: str | Path) -> DataSpec:
    """A `Path`, and a string that names something that exists, are taken literally, `?` and all.

    `%2C`, `%26`, `%3D` and `%25` stand for `,` `&` `=` `%` in names and values. Raises DataError for a filter
    that is not `column=value`.
    """
    if isinstance(argument, Path) or "?" not in argument or Path(argument).exists():
        return DataSpec(str(argument))
    path, _, query = argument.partition("?")
    return DataSpec(path, tuple(_filter(part, argument) for part in query.split("&")))


def _filter(part: str, argument: str) -> Filter:
    column, equals, values = part.partition("=")
    if not (column and equals and values):
        raise DataError(
            f"{argument}: {part!r} is no filter. Expected PATH?column=value[,value][&column=value], "
            "for example reviews.csv?domain=books,dvd"
        )
    return Filter(unquote(column), tuple(unquote(value) for value in values.split(",")))


@dataclass(slots=True)
class Filtered:
    """The rows that pass all filters, counted. Rows that could not be read pass: they are somebody else's
    case.
    """

    rows: Iterable[Row]
    filters: Sequence[Filter]
    name: str
    n_read: int = 0
    n_kept: int = 0
    _seen: dict[str, Counter[str]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Row]:
        """Raises DataError at the end of the rows if a value of a filter was in none of them."""
        for row in self.rows:
            self.n_read += 1
            if row.defect or self._passes(row):
                self.n_kept += 1
                yield row
        self._refuse_unused()

    def _passes(self, row: Row) -> bool:
        matches = [self._matches(each, row) for each in self.filters]  # each filter sees each row
        return all(matches)

    def _matches(self, each: Filter, row: Row) -> bool:
        value = cell_text(row.values.get(each.column))
        seen = self._seen.setdefault(each.column, Counter())
        if value in seen or len(seen) < _MAX_VALUES_KEPT or value in each.values:
            seen[value] += 1
        return value in each.values

    def _refuse_unused(self) -> None:
        for each in self.filters:
            seen = self._seen.get(each.column, Counter())
            for value in each.values:
                if value not in seen:
                    raise DataError(self._unused(each.column, value, seen))
        if self.filters and self.n_kept == 0:
            raise DataError(f"{self.name}: no row has all of: {'; '.join(map(str, self.filters))}.")

    def _unused(self, column: str, value: str, seen: Counter[str]) -> str:
        shown = [f"{v!r} ({n:,})" for v, n in seen.most_common(_MAX_VALUES_SHOWN)]
        more = ", ..." if len(seen) > _MAX_VALUES_SHOWN else ""
        hint = did_you_mean(value, list(seen))
        return f"{self.name}: no row has {column} {value!r}.{hint} Values there are: {', '.join(shown)}{more}."

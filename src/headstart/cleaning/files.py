"""Cleaning a file: all its columns stay, only the text and the title are changed, and every row is accounted for."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from headstart.checks import MAX_TEXT_CHARS
from headstart.cleaning.cleaner import Cleaned, Cleaner, Effect, Flag
from headstart.data.columns import Columns, Roles
from headstart.data.formats._base import cell_text
from headstart.data.judge import Judge, place_of
from headstart.data.problems import Ledger, refuse
from headstart.data.source import Dialect, open_source
from headstart.data.spec import parse_spec
from headstart.data.writing import free_names, open_writer
from headstart.errors import ConfigError, DataError
from headstart.types import Dataset

__all__ = ["CleanedTable", "Table", "check_places", "clean_table", "read_table", "write_flags", "write_rows"]

_MENDABLE = {"missing_text", "nul_character"}  # mistakes of a row that rules are there for


@dataclass(slots=True)
class Table:
    """The rows of a file. values: all columns of each row as they were; lines: where it is; unusable: rows that
    cannot be read, with what is wrong (only where the user asked to leave them out); dialect: the file's.
    """

    name: str
    roles: Roles
    notes: tuple[str, ...]
    dialect: Dialect
    values: list[dict[str, object]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)  # all empty without a title column
    labels: list[str] = field(default_factory=list)  # "" where there is none
    lines: list[int] = field(default_factory=list)
    unusable: list[tuple[int, str, dict[str, object]]] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """All columns, in the order in which the rows name them."""
        rows = (*self.values, *(values for _, _, values in self.unusable))
        return list(dict.fromkeys(column for values in rows for column in values))


@dataclass(frozen=True, slots=True)
class CleanedTable:
    """texts, titles: cleaned, one a row of the table, removed rows included. cleaned: what happened, and which rows
    are left.
    """

    texts: Sequence[str]
    titles: Sequence[str]
    cleaned: Cleaned


def read_table(
    spec: str,
    columns: Columns,
    encoding: str | None = None,
    *,
    skip_bad_rows: bool = False,
    max_text_chars: int = MAX_TEXT_CHARS,
) -> Table:
    """Read `PATH[?column=value]` whole. A row without text or label is no mistake here: cleaning is for such rows.

    Raises DataError with all rows that cannot be read, unless `skip_bad_rows`.
    """
    source = open_source(spec, columns, encoding)
    table = Table(source.name, source.roles, source.notes, source.dialect)
    judge, ledger = Judge(source.roles, max_text_chars), Ledger()
    for row in source.rows:
        judged = judge.judge(row)
        mistakes = [mistake for mistake in judged.mistakes if mistake[0] not in _MENDABLE]
        if mistakes:
            ledger.add(place_of(row), mistakes)
            table.unusable.append((row.line, mistakes[0][1], row.values))
            continue
        table.values.append(row.values)
        table.texts.append(cell_text(row.values.get(source.roles.text)))
        table.titles.append(cell_text(row.values.get(source.roles.title)) if source.roles.title else "")
        table.labels.append(judged.label or "")
        table.lines.append(row.line)
    if not skip_bad_rows:
        refuse(ledger.problems(), source.name)
    return table


def clean_table(table: Table, cleaner: Cleaner) -> CleanedTable:
    """Text rules clean title and text by themselves; row rules see both, the title on a line before the text, as a
    classifier does. Raises DataError when no row would be left.
    """
    n = len(table.texts)
    parts = table.texts + table.titles if table.roles.title else table.texts
    first = replace(cleaner, rows=()).clean(Dataset(tuple(parts)))
    texts, titles = first.dataset.texts[:n], first.dataset.texts[n:] or ("",) * n
    dataset = Dataset(
        tuple(map(_joined, titles, texts)),
        tuple(table.labels) if table.roles.label else None,
        lines=tuple(table.lines),
        origin=table.name,
    )
    second = Cleaner(rows=cleaner.rows, drop_marked=cleaner.drop_marked, seed=cleaner.seed).clean(dataset)
    if not second.kept:
        raise DataError(f"{table.name}: no row would be left after cleaning. Use fewer rules (--rules).")
    effects = (*(_by_row(effect, n) for effect in first.effects), *second.effects)
    steps = tuple(effect.step("data") for effect in effects)
    return CleanedTable(texts, titles, replace(second, effects=effects, steps=steps))


def check_places(spec: str, out: str | None, removed: str | None) -> None:
    """Raises ConfigError where a file would be written over by another, or lose the rows that a filter left out."""
    source = parse_spec(spec)
    if removed is not None and any(_same(removed, other) for other in (source.path, out)):
        raise ConfigError(f"--removed {removed} is also the data or --out. Name another file.")
    if out is not None and source.filters and _same(out, source.path):
        raise ConfigError(
            f"--out {out} is the file that is read, of which the filter leaves out rows: they would be lost. "
            "Name another file."
        )


def write_rows(out: str, table: Table, result: CleanedTable) -> None:
    """The rows that are left, with all their columns. The file appears, or is replaced, when all rows are in it."""
    with open_writer(out, table.columns, like=table.dialect) as writer:
        writer.write(_written(table, result, row) for row in result.cleaned.kept)


def write_flags(path: str, table: Table, flags: Iterable[Flag]) -> None:
    """Removed and marked rows as they were, with the columns line, rule, action, reason and score."""
    present = table.columns
    names = free_names(("line", "rule", "action", "reason", "score"), present)
    with open_writer(path, [*names, *present], like=table.dialect) as writer:
        writer.write({**table.values[flag.row], **dict(zip(names, _facts(table, flag), strict=True))} for flag in flags)
        writer.write(
            {**values, **dict(zip(names, (line, "unusable", "removed", what, 1.0), strict=True))}
            for line, what, values in table.unusable
        )


def _facts(table: Table, flag: Flag) -> Iterator[object]:
    yield from (table.lines[flag.row], flag.rule, "removed" if flag.removed else "marked")
    yield from (flag.reason, round(flag.score, 6))


def _written(table: Table, result: CleanedTable, row: int) -> dict[str, object]:
    """The row with its cleaned text and title; a value that cleaning leaves alone keeps its type."""
    values = dict(table.values[row])
    if result.texts[row] != table.texts[row]:
        values[table.roles.text] = result.texts[row]
    if table.roles.title and result.titles[row] != table.titles[row]:
        values[table.roles.title] = result.titles[row]
    return values


def _by_row(effect: Effect, n: int) -> Effect:
    """An effect on texts and titles, with the examples by row."""
    examples = tuple(example._replace(row=example.row % n) for example in effect.examples)
    return replace(effect, n_rows=n, examples=examples)


def _joined(title: str, text: str) -> str:
    parts = [part for part in (title, text) if part and not part.isspace()]
    return "\n".join(parts)


def _same(first: str | None, second: str | None) -> bool:
    if first is None or second is None or "-" in {first, second}:
        return False
    return os.path.realpath(Path(first)) == os.path.realpath(Path(second))

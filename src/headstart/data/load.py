"""From a data argument to a Dataset, with every row accounted for; or row by row, for predictions."""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from headstart.checks import MAX_TEXT_CHARS
from headstart.data.columns import Columns, Roles
from headstart.data.judge import Judge, is_float_label, place_of, rows_of
from headstart.data.problems import Ledger, Problem, refuse
from headstart.data.source import Source, open_source
from headstart.types import Dataset, Step

__all__ = ["LoadedData", "TextRow", "TextRows", "read_dataset", "read_leniently", "read_rows"]


@dataclass(frozen=True, slots=True)
class LoadedData:
    """A data set with its history. n_rows: rows of the file that passed the filter, the unusable ones
    included. roles: the columns that were read.
    """

    dataset: Dataset
    notes: tuple[str, ...]  # how it was read: encoding, columns, compression
    steps: tuple[Step, ...]  # what was done to the rows
    problems: tuple[Problem, ...]  # mistakes in rows; after `read_dataset` only those of rows left out
    n_rows: int
    roles: Roles


class TextRow(NamedTuple):
    """One row for a prediction: its text (with the title), and all its columns as they were."""

    line: int
    text: str | None  # None: the row has no usable text
    values: dict[str, object]


def read_dataset(
    spec: str | Path,
    *,
    columns: Columns = Columns(),  # noqa: B008 - frozen
    encoding: str | None = None,
    limit: int | None = None,
    labelled: bool | None = None,
    skip_bad_rows: bool = False,
    strip_labels: bool = False,
    max_text_chars: int = MAX_TEXT_CHARS,
    format: str | None = None,
    role: str = "data",
) -> LoadedData:
    """Read `PATH[?column=value[,value]]` whole.

    labelled: True = every row needs a label; False = labels are not read; None = labelled when the file has a
    label column with anything in it. limit: only the first rows that pass the filter. role: the name of the
    data in the steps ("train", "test").

    Raises DataError (DataFileMissing) with all mistakes of a kind together; rows with mistakes are left out,
    and counted in the steps, when `skip_bad_rows`.
    """
    source = open_source(spec, columns, encoding, labelled=labelled, format=format)
    loaded = _load(source, limit, labelled, strip_labels, max_text_chars, role)
    refuse([p for p in loaded.problems if not (skip_bad_rows and p.skippable)], source.name)
    return loaded


def read_leniently(
    spec: str | Path,
    *,
    columns: Columns = Columns(),  # noqa: B008 - frozen
    encoding: str | None = None,
    max_text_chars: int = MAX_TEXT_CHARS,
    role: str = "data",
) -> LoadedData:
    """As `read_dataset`, but mistakes in rows are only listed (`problems`): for an audit."""
    source = open_source(spec, columns, encoding)
    return _load(source, None, None, False, max_text_chars, role)


@dataclass(slots=True)
class TextRows:
    """Iterates over the rows of a file, streaming; see `read_rows`."""

    source: Source
    limit: int | None
    skip_bad_rows: bool
    max_text_chars: int = MAX_TEXT_CHARS
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the input, in its order (of jsonl: those of the first 1000 rows)."""
        return self.source.columns

    @property
    def notes(self) -> tuple[str, ...]:
        """How the file is read."""
        return self.source.notes

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The mistakes in the rows so far that have no usable text."""
        return self.ledger.problems()

    def __iter__(self) -> Iterator[TextRow]:
        judge = Judge(self.source.roles, self.max_text_chars)
        for row in islice(self.source.rows, self.limit):
            judged = judge.judge(row)
            if not judged.mistakes:
                yield TextRow(row.line, judged.text, row.values)
                continue
            self.ledger.add(place_of(row), judged.mistakes)
            if not self.skip_bad_rows:
                refuse(self.problems, self.source.name)
            yield TextRow(row.line, None, row.values)


def read_rows(
    spec: str | Path,
    columns: Columns = Columns(),  # noqa: B008 - frozen
    encoding: str | None = None,
    limit: int | None = None,
    *,
    skip_bad_rows: bool = False,
    max_text_chars: int = MAX_TEXT_CHARS,
    format: str | None = None,
) -> TextRows:
    """The rows one after the other, in bounded memory, each with its text and all its input columns.

    Opening raises DataError for the file as a whole; iterating raises it at the first row without usable
    text, or gives such rows with the text None, counted in `problems`, when `skip_bad_rows`.
    """
    source = open_source(spec, columns, encoding, labelled=False, format=format)
    return TextRows(source, limit, skip_bad_rows, max_text_chars)


@dataclass(slots=True)
class _Gathered:
    """The usable rows, column by column."""

    texts: list[str] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    lines: "array[int]" = field(default_factory=lambda: array("q"))
    places: dict[int, str] = field(default_factory=dict)  # line -> place, where the line does not say it
    has_label: bool = False  # any row, the unusable ones included

    def keep(self, rows: Sequence[int]) -> None:
        self.texts = [self.texts[i] for i in rows]
        self.labels = [self.labels[i] for i in rows]
        self.domains = [self.domains[i] for i in rows]
        self.lines = array("q", (self.lines[i] for i in rows))

    def place(self, i: int) -> str:
        return self.places.get(self.lines[i], f"line {self.lines[i]}")


def _load(
    source: Source, limit: int | None, labelled: bool | None, strip: bool, max_text_chars: int, role: str
) -> LoadedData:
    judge, ledger, rows = Judge(source.roles, max_text_chars), Ledger(), _Gathered()
    _gather(source, limit, judge, ledger, rows)
    n_passed = len(rows.texts) + ledger.n_rows
    notes = list(source.notes)
    has_labels = _settle_labels(source, labelled, rows, ledger, notes)
    steps = _steps(source, limit, ledger, n_passed, role)
    if has_labels and strip:
        steps += _strip(rows, role)
    if judge.n_title_only:
        notes.append(f"{rows_of(judge.n_title_only)} with a title only: the title is the text")
    spaced = _label_problems(rows, notes) if has_labels else []
    dataset = Dataset(
        tuple(rows.texts),
        tuple(label or "" for label in rows.labels) if has_labels else None,
        tuple(rows.domains) if source.roles.domain else None,
        tuple(rows.lines),
        source.name,
    )
    return LoadedData(dataset, tuple(notes), tuple(steps), (*ledger.problems(), *spaced), n_passed, source.roles)


def _gather(source: Source, limit: int | None, judge: Judge, ledger: Ledger, rows: _Gathered) -> None:
    for row in islice(source.rows, limit):
        judged = judge.judge(row)
        rows.has_label = rows.has_label or judged.label is not None
        if judged.mistakes:
            ledger.add(place_of(row), judged.mistakes)
            continue
        rows.texts.append(judged.text)
        rows.labels.append(judged.label)
        rows.domains.append(judged.domain)
        rows.lines.append(row.line)
        if row.place:
            rows.places[row.line] = row.place


def _settle_labels(source: Source, labelled: bool | None, rows: _Gathered, ledger: Ledger, notes: list[str]) -> bool:
    """True when the data set is labelled; then rows without label are written down and left out."""
    if source.roles.label is None:
        return False
    if labelled is None and not rows.has_label:
        if rows.texts:
            notes.append(f"column {source.roles.label!r} is empty: read as unlabelled")
        return False
    missing = [i for i, label in enumerate(rows.labels) if label is None]
    for i in missing:
        ledger.add(rows.place(i), [("missing_label", "no label")])
    if missing:
        rows.keep([i for i, label in enumerate(rows.labels) if label is not None])
    return True


def _steps(source: Source, limit: int | None, ledger: Ledger, n_passed: int, role: str) -> list[Step]:
    n = source.rows.n_read
    how = f" ({'; '.join(source.notes)})" if source.notes else ""
    steps = [Step(role, f"read from {source.name}{how}", n, n)]
    if source.filters:
        steps.append(Step(role, f"kept where {' and '.join(source.filters)}", n, n_passed))
    if limit is not None and n_passed == limit:
        steps.append(Step(role, f"reading stopped after {rows_of(limit)} (limit)", n_passed, n_passed))
    for problem in ledger.problems():
        n_skipped = ledger.skipped.get(problem.kind, 0)
        if n_skipped:
            steps.append(Step(role, f"{problem.rows} left out", n_passed, n_passed - n_skipped))
            n_passed -= n_skipped
    return steps


def _strip(rows: _Gathered, role: str) -> list[Step]:
    stripped = [label and label.strip() for label in rows.labels]
    n_changed = sum(old != new for old, new in zip(rows.labels, stripped, strict=True))
    rows.labels = stripped
    n = len(stripped)
    action = f"spaces around the label stripped in {rows_of(n_changed)}"
    return [Step(role, action, n, n, is_told=True)] if n_changed else []


def _label_problems(rows: _Gathered, notes: list[str]) -> list[Problem]:
    """Labels that are one label but for spaces, and labels that are all decimal numbers."""
    names = {label for label in rows.labels if label is not None}
    stripped = Counter(name.strip() for name in names)
    colliding = {name for name in names if name != name.strip() and stripped[name.strip()] > 1}
    kept = sorted(name for name in names - colliding if name != name.strip())
    notes += [f"label {name!r} has spaces around it, kept as it is (--strip-labels strips)" for name in kept]
    problems = []
    if colliding:
        first = next(i for i, label in enumerate(rows.labels) if label in colliding)
        others = sorted(names - {rows.labels[first]}, key=lambda name: name.strip() != str(rows.labels[first]).strip())
        problems.append(_label_problem("label_spaces", rows, colliding, f"differs from {others[0]!r} only by spaces"))
    if names and all(map(is_float_label, names)):
        problems.append(_label_problem("float_labels", rows, names, "is a decimal number, no class name"))
    return problems


def _label_problem(kind: str, rows: _Gathered, names: set[str], what: str) -> Problem:
    ledger = Ledger()
    for i, label in enumerate(rows.labels):
        if label in names:
            ledger.add(rows.place(i), [(kind, f"label {label!r} {what}")])
    return ledger.problems()[0]

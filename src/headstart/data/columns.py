"""Which column of a file plays which role. Every guess is a note, and two candidates are an error, not a
guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from headstart.errors import DataError, did_you_mean

__all__ = ["Columns", "Roles", "resolve"]

# role -> names that a column of that role goes by when the default name is absent
_ALIASES = {
    "text": ("content", "review", "sentence"),
    "label": ("category", "class", "sentiment"),
}
_MAX_COLUMNS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns, as the user wants them. An empty label, domain or title: do not use one."""

    text: str = "text"
    label: str = "label"
    domain: str = "domain"
    title: str = "title"


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns that were found. A title is put before the text, on a line of its own."""

    text: str
    label: str | None = None
    domain: str | None = None
    title: str | None = None
    notes: tuple[str, ...] = ()


_DEFAULTS = {field.name: str(field.default) for field in fields(Columns)}


def resolve(columns: Columns, present: Sequence[str], name: str, *, labelled: bool | None) -> Roles:
    """The roles of the columns `present` in the file `name`. labelled False: no label is looked for.

    Raises DataError when a column that is named, or needed, is absent, or when several could be meant.
    """
    notes: list[str] = []
    text = _find("text", columns.text, present, name, notes)
    if text is None:
        raise DataError(_absent("text", columns.text, present, name))
    label = None if labelled is False else _find("label", columns.label, present, name, notes)
    if label is None and labelled:
        raise DataError(_absent("label", columns.label, present, name))
    domain = _find("domain", columns.domain, present, name, notes)
    title = _find("title", columns.title, present, name, notes)
    if title == text:
        title = None
    if title is not None:
        notes.append(f"text = column {title!r}, a line break, column {text!r}")
    return Roles(text, label, domain, title, tuple(notes))


def _find(role: str, asked: str, present: Sequence[str], name: str, notes: list[str]) -> str | None:
    if not asked or asked in present:
        return asked or None
    if asked != _DEFAULTS[role]:
        raise DataError(_absent(role, asked, present, name))
    wanted = (asked, *_ALIASES.get(role, ()))
    candidates = [column for column in present if column.strip().lower() in wanted]
    if len(candidates) > 1:
        raise DataError(
            f"{name} has no column {asked!r} but several that may be it: {_listed(candidates)}. "
            f"Name one with --{role} ({role}=)."
        )
    if candidates:
        notes.append(f"column {candidates[0]!r} used as {role}")
    return candidates[0] if candidates else None


def _absent(role: str, asked: str, present: Sequence[str], name: str) -> str:
    if len(present) == 1 and any(mark in present[0] for mark in ";|\t,"):
        return (
            f"{name} has one column, {present[0]!r}: is its separator another one? "
            "A .csv is read with commas, a .tsv with tabs."
        )
    hint = did_you_mean(asked, present)
    return (
        f"{name} has no column {asked!r}.{hint} Its columns are: {_listed(present)}. "
        f"Name the one with the {role} with --{role} ({role}=)."
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_MAX_COLUMNS_SHOWN])
    return shown + (f" and {len(names) - _MAX_COLUMNS_SHOWN} more" if len(names) > _MAX_COLUMNS_SHOWN else "")

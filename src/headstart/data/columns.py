"""Which column of a file plays which role. Every guess is a note, and two candidates are an error, not a
guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

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
    """The names of the columns, as the user wants them. An empty label, domain or title: do not use one.

    fitted: role -> the name that it had in the rows that a classifier learnt from, "" = there was none: goes before
    what is wanted, in files that have it. or_usual: the names are those of another file; this one may have the usual
    names instead.
    """

    text: str = "text"
    label: str = "label"
    domain: str = "domain"
    title: str = "title"
    fitted: Mapping[str, str] = field(default_factory=dict)
    or_usual: bool = False

    @classmethod
    def as_fitted(cls, fitted: Mapping[str, str], **asked: str | None) -> Self:
        """For a classifier's new files: what is asked for by name now (not None), else what it learnt from."""
        named: dict[str, Any] = {role: name for role, name in asked.items() if name is not None}
        return cls(**named, fitted={role: name for role, name in fitted.items() if role not in named})


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns that were found. A title is put before the text, on a line of its own."""

    text: str
    label: str | None = None
    domain: str | None = None
    title: str | None = None
    notes: tuple[str, ...] = ()

    def names(self) -> dict[str, str]:
        """What `Columns.fitted` keeps: the columns that a classifier reads."""
        return {"text": self.text, "label": self.label or "", "title": self.title or ""}


_DEFAULTS = {each.name: str(each.default) for each in fields(Columns) if isinstance(each.default, str)}


def resolve(columns: Columns, present: Sequence[str], name: str, *, labelled: bool | None) -> Roles:
    """The roles of the columns `present` in the file `name`. labelled False: no label is looked for.

    Raises DataError when a column that is named, or needed, is absent, or when several could be meant.
    """
    notes: list[str] = []
    text = _find("text", columns, present, name, notes)
    if text is None:
        raise DataError(_absent("text", columns, present, name))
    label = None if labelled is False else _find("label", columns, present, name, notes)
    if label is None and labelled:
        raise DataError(_absent("label", columns, present, name))
    domain = _find("domain", columns, present, name, notes)
    title = _find("title", columns, present, name, notes)
    if title == text:
        title = None
    if title is not None:
        notes.append(f"text = column {title!r}, a line break, column {text!r}")
    return Roles(text, label, domain, title, tuple(notes))


def _find(role: str, columns: Columns, present: Sequence[str], name: str, notes: list[str]) -> str | None:
    asked, fitted = getattr(columns, role), columns.fitted.get(role)
    if fitted is not None and (fitted in present or not fitted):
        if not fitted and asked in present:
            notes.append(f"column {asked!r} is not read: the classifier learnt without a {role}")
        elif fitted and fitted != asked:
            notes.append(f"column {fitted!r} used as {role}, as when the classifier learnt")
        return fitted or None
    found = _asked(role, columns, present, name, notes)
    if fitted and found is None and role == "title":
        notes.append(f"no column {fitted!r} here, which was the {role} when the classifier learnt")
    return found


def _asked(role: str, columns: Columns, present: Sequence[str], name: str, notes: list[str]) -> str | None:
    asked, usual = getattr(columns, role), _DEFAULTS[role]
    if not asked or asked in present:
        return asked or None
    if asked != usual and columns.or_usual and usual in present:
        notes.append(f"column {usual!r} used as {role}: there is no {asked!r} here")
        return usual
    if asked != usual:
        raise DataError(_absent(role, columns, present, name))
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


def _absent(role: str, columns: Columns, present: Sequence[str], name: str) -> str:
    if len(present) == 1 and "，" in present[0]:
        return (
            f"{name} has one column, {present[0]!r}: separate the columns by a comma (,), not the full-width one (，)."
        )
    if len(present) == 1 and any(mark in present[0] for mark in ";|\t,"):
        return f"{name} has one column, {present[0]!r}: are these several names, in quotation marks together?"
    asked, usual = columns.fitted.get(role) or getattr(columns, role), _DEFAULTS[role]
    hint = did_you_mean(asked, present)
    way_out = f"Name the one with the {role} with --{role} ({role}=)."
    if columns.or_usual:
        others = "" if asked == usual else f" or {usual!r}"
        way_out = f"Rename the one with the {role} in this file to {asked!r}{others}: --{role} names that of all files."
    return f"{name} has no column {asked!r}.{hint} Its columns are: {_listed(present)}. {way_out}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_MAX_COLUMNS_SHOWN])
    return shown + (f" and {len(names) - _MAX_COLUMNS_SHOWN} more" if len(names) > _MAX_COLUMNS_SHOWN else "")

"""What can be wrong with rows: all mistakes of a kind are one problem, with its count, first places and way
out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from headstart.errors import DataError

__all__ = ["Ledger", "Problem", "refuse"]

_PLACES_KEPT = 5
_SKIP = "pass --skip-bad-rows (skip_bad_rows=True) to leave out such rows"

# kind -> (rows of this kind, in words; the way out besides fixing them)
KINDS = {
    "unreadable_row": ("rows that cannot be read", _SKIP),
    "missing_text": ("rows without text", _SKIP),
    "nul_character": ("rows with a NUL character", _SKIP),
    "lone_surrogate": ("rows with half a surrogate pair", _SKIP),
    "too_long_text": ("rows whose text is too long", _SKIP),
    "nested_value": ("rows with a list or an object where a text is expected", _SKIP),
    "missing_label": ("rows without label", _SKIP),
    "label_spaces": (
        "rows whose label differs from another only by spaces around it",
        "pass --strip-labels (strip_labels=True)",
    ),
    "float_labels": (
        "rows whose label is a decimal number",
        "write class codes as integers; a measured value (regression) must be cut into named classes first",
    ),
}
_NOT_SKIPPABLE = ("label_spaces", "float_labels")


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of mistake. n: rows concerned; places: the first five; what: the first one in words."""

    kind: str
    n: int
    places: tuple[str, ...]
    what: str

    @property
    def skippable(self) -> bool:
        """True when leaving the rows out is a way out."""
        return self.kind not in _NOT_SKIPPABLE

    @property
    def rows(self) -> str:
        """The rows in words: "rows without text"."""
        return KINDS[self.kind][0]

    def sentence(self, origin: str) -> str:
        """`reviews.csv line 4: no text. 2 more rows have the same problem (lines 9, 12).`"""
        place = f"{origin} {self.places[0]}: {self.what}."
        if self.n == 1:
            return place
        more = "1 more row has" if self.n == 2 else f"{self.n - 1:,} more rows have"
        listed = _listed(self.places[1:]) + (", ..." if self.n > len(self.places) else "")
        return f"{place} {more} the same problem ({listed})."


def _listed(places: Sequence[str]) -> str:
    if len(places) > 1 and all(place.startswith("line ") for place in places):
        return "lines " + ", ".join(place.removeprefix("line ") for place in places)
    return ", ".join(places)


@dataclass(slots=True)
class Ledger:
    """Collects the mistakes of a file, in memory bounded by the number of kinds."""

    n_rows: int = 0  # rows with any mistake
    skipped: dict[str, int] = field(default_factory=dict)  # each such row under its first kind only
    _n: dict[str, int] = field(default_factory=dict)
    _places: dict[str, list[str]] = field(default_factory=dict)
    _what: dict[str, str] = field(default_factory=dict)

    def add(self, place: str, mistakes: Sequence[tuple[str, str]]) -> None:
        """Write down one row's mistakes as (kind, what) pairs."""
        self.n_rows += 1
        first = mistakes[0][0]
        self.skipped[first] = self.skipped.get(first, 0) + 1
        for kind, what in mistakes:
            self._n[kind] = self._n.get(kind, 0) + 1
            self._what.setdefault(kind, what)
            places = self._places.setdefault(kind, [])
            if len(places) < _PLACES_KEPT:
                places.append(place)

    def problems(self) -> tuple[Problem, ...]:
        """One problem a kind, in the order of KINDS."""
        return tuple(
            Problem(kind, self._n[kind], tuple(self._places[kind]), self._what[kind])
            for kind in KINDS
            if kind in self._n
        )


def refuse(problems: Sequence[Problem], origin: str) -> None:
    """Raise one DataError that lists all problems, each with its way out; none: do nothing."""
    if not problems:
        return
    ways_out = dict.fromkeys(KINDS[problem.kind][1] for problem in problems)
    rows = "row" if sum(problem.n for problem in problems) == 1 else "rows"
    advice = f"Fix the {rows}, or {', and '.join(ways_out)}."
    sentences = [problem.sentence(origin) for problem in problems]
    separator = " " if len(sentences) == 1 else "\n"
    raise DataError(separator.join([*sentences, advice]))

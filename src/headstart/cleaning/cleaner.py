"""Cleaner: text rules and row rules from one list, with an account of all that they did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, Self

from headstart import registry
from headstart.cleaning.base import Hit, RowRule
from headstart.errors import ConfigError, UnknownComponent
from headstart.progress import track
from headstart.text.cleaner import TextCleaner
from headstart.types import Dataset, Step

__all__ = ["DEFAULT_ROWS", "Cleaned", "Cleaner", "Effect", "Example", "Flag"]

# The row rules of `default`: rows that say nothing, and rows that say nothing new.
DEFAULT_ROWS: tuple[tuple[str, str | None], ...] = (("missing", None), ("duplicates", None))

_EXAMPLES = 3
# conflicts before duplicates, for the majority is counted over the copies; other rules in the order that the user wrote
_ORDER = ("missing", "conflicts", "duplicates")


class Example(NamedTuple):
    """A row before and after a text rule. row: its index in the data that was given."""

    row: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A row that a row rule removed, or only marked. row: its index in the data that was given."""

    row: int
    rule: str
    reason: str
    score: float
    removed: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """What one rule did: a text rule changes texts (examples), a row rule removes or marks rows (flags)."""

    rule: str  # as it was written: "near_duplicates:0.9"
    n_rows: int  # that reached the rule
    n_changed: int = 0
    n_removed: int = 0
    n_marked: int = 0
    examples: tuple[Example, ...] = ()  # at most three
    flags: tuple[Flag, ...] = ()  # all, the surest first

    def step(self, role: str) -> Step:
        """The same as one line of a report."""
        parts = [
            *([f"{_n(self.n_changed, 'text')} changed"] if self.n_changed else []),
            *([f"{_n(self.n_removed, 'row')} removed"] if self.n_removed else []),
            *([f"{_n(self.n_marked, 'row')} marked, none removed"] if self.n_marked else []),
        ]
        action = f"cleaning rule {self.rule}: {', '.join(parts) or 'nothing to do'}"
        is_told = self.n_changed + self.n_marked > 0
        return Step(role, action, self.n_rows, self.n_rows - self.n_removed, is_told)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned data set with its account. kept: the index of each of its rows in the data that was given."""

    dataset: Dataset
    kept: tuple[int, ...]
    effects: tuple[Effect, ...]
    steps: tuple[Step, ...]

    @property
    def flags(self) -> tuple[Flag, ...]:
        """All rows that were removed or marked, rule by rule."""
        return tuple(flag for effect in self.effects for flag in effect.flags)

    @property
    def removed(self) -> tuple[Flag, ...]:
        """The rows that are not in `dataset`, with rule and reason."""
        return tuple(flag for flag in self.flags if flag.removed)


@dataclass(frozen=True)
class Cleaner:
    """Text rules, then row rules, which see the cleaned texts.

    text: the text rules. rows: (row rule, argument) in the order in which they run. drop_marked: rows that a rule
    only marks (`label_mistakes`) are removed too. seed: for rules that learn.

    >>> cleaner = Cleaner.from_spec("default,near_duplicates:0.9")
    >>> cleaner.clean(Dataset(("good  food", "Good food", "..."))).dataset.texts
    ('good food',)
    """

    text: TextCleaner = field(default_factory=TextCleaner)
    rows: tuple[tuple[str, str | None], ...] = ()
    drop_marked: bool = False
    seed: int = 0

    @classmethod
    def from_spec(cls, spec: str, *, drop_marked: bool = False, seed: int = 0) -> Self:
        """From `default,near_duplicates:0.9,label_mistakes`: a name is a text rule or a row rule by its folder.

        `default` stands for the safe text rules (`headstart.text.cleaner.DEFAULT`) and the row rules missing and
        duplicates. Text rules run in their own order; missing, conflicts and duplicates before the other row rules,
        those in the order written. Raises UnknownComponent, ConfigError (a wrong argument, a rule named in two ways).
        """
        text, rows = split_spec(spec)
        made = cls(TextCleaner.from_spec(text) if text else TextCleaner(), rows, drop_marked, seed)
        _ = made.row_rules  # a wrong argument is an error now
        return made

    @cached_property
    def row_rules(self) -> Mapping[str, RowRule]:
        """The row rules, made, by what the user wrote."""
        return {_written(name, argument): _make(name, argument) for name, argument in self.rows}

    @property
    def text_spec(self) -> str | None:
        """The text rules as a list for `TextClassifier(clean=...)`; None without any."""
        return ",".join(_written(name, argument) for name, argument in self.text.names) or None

    def judging(self, labels: bool) -> Self:
        """The same cleaner with the row rules that judge labels alone, or with all others alone."""
        rules = zip(self.rows, self.row_rules.values(), strict=True)
        return replace(self, rows=tuple(rule for rule, made in rules if made.judges_labels is labels))

    def clean(self, dataset: Dataset, *, role: str = "data") -> Cleaned:
        """The cleaned rows and what was done to them; `role` names the data in the steps. Raises DataError."""
        texts, effects = self._clean_texts(dataset.texts)
        lines = dataset.lines if dataset.lines is not None else tuple(range(1, dataset.n + 1))
        left = replace(dataset, texts=texts, lines=lines)
        kept = list(range(dataset.n))
        for written, rule in self.row_rules.items():
            hits = rule.find(left, self.seed)
            removes = self.drop_marked or not rule.marks
            effects.append(_row_effect(written, hits, kept, removes))
            if removes and hits:
                gone = {hit.row for hit in hits}
                rest = [i for i in range(left.n) if i not in gone]
                left, kept = left.take(rest), [kept[i] for i in rest]
        left = left if dataset.lines is not None else replace(left, lines=None)
        return Cleaned(left, tuple(kept), tuple(effects), tuple(effect.step(role) for effect in effects))

    def learnable(self, rows: Dataset) -> Dataset:
        """Of labelled rows to learn from in a check, those that the rules which judge labels leave.

        A class that would keep fewer than two rows keeps all of them: without it the check would be another task.
        """
        kept = set(replace(self.judging(True), text=TextCleaner()).clean(rows).kept)
        labels = rows.labels if rows.labels is not None else ()
        left = Counter(labels[i] for i in kept) if labels else Counter()
        return rows.take([i for i in range(rows.n) if i in kept or (labels and left[labels[i]] < 2)])

    def _clean_texts(self, texts: Sequence[str]) -> tuple[tuple[str, ...], list[Effect]]:
        """All texts cleaned, and what each text rule changed."""
        if not self.text.names:
            return tuple(texts), []
        counts = {name: 0 for name, _ in self.text.names}
        examples: dict[str, list[Example]] = {name: [] for name in counts}
        cleaned = []
        for row, text in enumerate(track(texts, "cleaning texts", len(texts))):
            before, seen = text, set()
            for name, after in self.text.trace(text):
                if before != after and name not in seen:  # a rule counts a text once, however often it runs
                    seen.add(name)
                    counts[name] = counts.get(name, 0) + 1
                    kept = examples.setdefault(name, [])
                    if len(kept) < _EXAMPLES:
                        kept.append(Example(row, before, after))
                before = after
            cleaned.append(before)
        written = {name: _written(name, argument) for name, argument in self.text.names}
        return tuple(cleaned), [
            Effect(written.get(name, name), len(texts), n_changed=n, examples=tuple(examples[name]))
            for name, n in counts.items()
        ]


def split_spec(spec: str) -> tuple[str, tuple[tuple[str, str | None], ...]]:
    """The text rules as a list ("" for none), and the row rules in the order in which they run."""
    known = (registry.names("text rule"), registry.names("row rule"))
    text: list[str] = []
    rows: dict[str, str | None] = {}
    named: dict[str, str | None] = {}
    for name, argument in registry.parse_spec(spec):
        if name == "default":
            rows |= {rule: value for rule, value in DEFAULT_ROWS if rule not in rows}
        if name in known[1]:
            if named.setdefault(name, argument) != argument:
                raise ConfigError(f"Cleaning {spec!r} asks for {name!r} in two ways. Keep one of them.")
            rows[name] = argument
        elif name in known[0] or name == "default":
            text.append(_written(name, argument))
        else:
            raise UnknownComponent("cleaning rule", name, ["default", *known[0], *known[1]])
    first = [rule for rule in _ORDER if rule in rows]
    return ",".join(text), tuple((rule, rows[rule]) for rule in [*first, *(r for r in rows if r not in first)])


def _make(name: str, argument: str | None) -> RowRule:
    made = registry.load("row rule", name)
    try:
        rule: RowRule = made() if argument is None else made(argument)
    except TypeError as error:
        raise ConfigError(f"Cleaning rule {name!r} takes no argument. Got {argument!r}.") from error
    return rule


def _row_effect(rule: str, hits: Sequence[Hit], kept: Sequence[int], removes: bool) -> Effect:
    """kept: the index in the given data of each row that the rule saw."""
    flags = tuple(Flag(kept[hit.row], rule, hit.reason, hit.score, removes) for hit in hits)
    n = len(hits)
    return Effect(rule, len(kept), n_removed=n if removes else 0, n_marked=0 if removes else n, flags=flags)


def _written(name: str, argument: str | None) -> str:
    return name if argument is None else f"{name}:{argument}"


def _n(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"

"""What is worth knowing of a data set before learning from it: classes, languages, lengths, and findings."""

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.folding import digests, fold
from headstart.data.load import LoadedData
from headstart.data.problems import Problem
from headstart.text.language import language_shares
from headstart.types import Audit, Dataset, Finding

if TYPE_CHECKING:
    from headstart.types import Bools

__all__ = ["audit", "label_codes", "overlap"]

_SMALL_CLASS = 5
_IMBALANCE = 10  # the largest class has so many times the rows of the smallest
_MINORITY_LANGUAGE = 0.1
_SAME = "same after folding case, width and white space"
_EXAMPLE_CHARS = 60
_SEPARATORS, _LEAST_SWALLOWED = ",;\t", 2  # lines of a text that look like rows
_MISSING = {"nan", "null", "n/a", "#n/a"}


def audit(
    data: Dataset | LoadedData,
    *,
    others: Sequence[Dataset] = (),
    truncated: "Bools | None" = None,
    unfamiliar: "Bools | None" = None,
    role: str = "",
) -> Audit:
    """The audit of one data set; O(n) texts hashed, O(n log n) numbers sorted.

    others: data sets whose texts should not be in this one (the training data of a test set). truncated (n,):
    the texts that an encoder does not read to the end; unfamiliar (n,): those in a script that a classifier did not
    learn from. role: what a run has read the rows for ("train", "test", ...), so that it has left out unusable ones as
    asked, and only rows to learn from need two classes; "" where nothing is done with them yet.
    """
    dataset = data.dataset if isinstance(data, LoadedData) else data
    problems = data.problems if isinstance(data, LoadedData) else ()
    classes = dict(Counter(dataset.labels or ()).most_common())
    languages = language_shares(dataset.texts)
    codes = digests(dataset.texts)
    findings = [
        *(_problem_finding(problem, "warning" if role else "error") for problem in problems),
        *_duplicates(dataset, codes),
        *_conflicts(dataset, codes),
        *_swallowed(dataset, classes),
        *_class_findings(classes, "error" if role in ("", "train") else "warning"),
        *_truncation(dataset, truncated),
        *_unfamiliar(dataset, unfamiliar),
        *_language_mix(languages, dataset.n),
        *(found for other in others if (found := overlap(other, dataset)).n),
    ]
    return Audit(
        origin=dataset.origin,
        n=data.n_rows if isinstance(data, LoadedData) else data.n,
        classes=classes,
        languages=languages,
        characters=_lengths(dataset.texts),
        findings=tuple(findings),
        notes=data.notes if isinstance(data, LoadedData) else (),
    )


def overlap(train: Dataset, test: Dataset) -> Finding:
    """Texts of `test` that are in `train` too; n = rows of `test` concerned, 0 when there are none."""
    train_codes, test_codes = digests(train.texts), digests(test.texts)
    rows = np.flatnonzero(np.isin(test_codes, train_codes))
    if not len(rows):
        return Finding("overlap", 0, f"no text of {test.origin} is in {train.origin}", severity="info")
    first: dict[int, int] = {}
    for i in np.flatnonzero(np.isin(train_codes, test_codes[rows[:3]])).tolist():
        first.setdefault(int(train_codes[i]), i)
    examples = tuple(
        f"{_line(test, i)}, there {_line(train, first[int(test_codes[i])])}: {_cut(test.texts[i])}"
        for i in rows[:3].tolist()
    )
    share = len(rows) / test.n
    message = (
        f"{len(rows):,} of {test.n:,} texts of {test.origin} ({share:.1%}) are also in {train.origin} "
        f"({_SAME}): a score on them is too good"
    )
    return Finding("overlap", len(rows), message, examples)


def _problem_finding(problem: Problem, severity: str) -> Finding:
    examples = tuple(f"{place}: {problem.what}" if i == 0 else place for i, place in enumerate(problem.places[:3]))
    return Finding(problem.kind, problem.n, f"{problem.rows}: {problem.n:,}", examples, severity)


def _duplicates(dataset: Dataset, codes: NDArray[np.uint64]) -> list[Finding]:
    """Rows that repeat an earlier row: same text and same label."""
    _, texts = np.unique(codes, return_inverse=True)
    pairs = texts * (1 + len(set(dataset.labels or ()))) + label_codes(dataset)
    _, first, inverse = np.unique(pairs, return_index=True, return_inverse=True)
    copies = np.flatnonzero(first[inverse] != np.arange(len(pairs)))
    if not len(copies):
        return []
    examples = tuple(
        f"{_line(dataset, i)} = {_line(dataset, int(first[inverse[i]]))}: {_cut(dataset.texts[i])}"
        for i in copies[:3].tolist()
    )
    label = " and label" if dataset.labels is not None else ""
    message = f"{len(copies):,} rows ({len(copies) / dataset.n:.1%}) repeat an earlier text{label} ({_SAME})"
    return [Finding("exact_duplicates", len(copies), message, examples)]


def _conflicts(dataset: Dataset, codes: NDArray[np.uint64]) -> list[Finding]:
    """Rows whose text also stands with another label."""
    if dataset.labels is None or dataset.n == 0:
        return []
    labels = label_codes(dataset)
    _, first, texts = np.unique(codes, return_index=True, return_inverse=True)
    differs = labels != labels[first[texts]]  # from the first row of the same text
    conflicting = np.zeros(len(first), dtype=bool)
    conflicting[texts[differs]] = True
    n = int(conflicting[texts].sum())
    if not n:
        return []
    examples = tuple(
        f"{_line(dataset, int(first[texts[i]]))} {dataset.labels[int(first[texts[i]])]!r}, "
        f"{_line(dataset, i)} {dataset.labels[i]!r}: {_cut(dataset.texts[i])}"
        for i in np.flatnonzero(differs)[:3].tolist()
    )
    message = f"{n:,} rows ({n / dataset.n:.1%}) have a text that also stands with another label ({_SAME})"
    return [Finding("conflicting_labels", n, message, examples)]


def _swallowed(dataset: Dataset, classes: Mapping[str, int]) -> list[Finding]:
    """Texts with lines that begin or end with a label, as rows of a file do: what stands in one field of a csv file
    from a quotation mark that nobody closed to the next one.
    """
    found = {}
    for i, text in enumerate(dataset.texts if classes else ()):
        n = sum(_is_like_row(line, classes) for line in text.split("\n")) if "\n" in text else 0
        if n >= _LEAST_SWALLOWED:
            found[i] = n
    if not found:
        return []
    n_lines = sum(found.values())
    message = f"{n_lines:,} lines within texts look like rows of the file: was a quotation mark never closed?"
    examples = tuple(f"{_line(dataset, i)}, {n} such lines: {_cut(dataset.texts[i])}" for i, n in found.items())[:3]
    return [Finding("swallowed_rows", n_lines, message, examples)]


def _is_like_row(line: str, classes: Mapping[str, int]) -> bool:
    ends = (part for mark in _SEPARATORS if mark in line for part in (line.split(mark, 1)[0], line.rsplit(mark, 1)[1]))
    return any(part.strip(' \r"') in classes for part in ends)


def label_codes(dataset: Dataset) -> NDArray[np.int64]:
    """(n,) a number a label, 0 for all without labels."""
    numbers: dict[str, int] = {}
    labels = dataset.labels if dataset.labels is not None else ("",) * dataset.n
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)


def _class_findings(classes: Mapping[str, int], of_one_class: str) -> list[Finding]:
    """of_one_class: how bad it is when there is but one."""
    found = []
    small = {name: n for name, n in classes.items() if n < _SMALL_CLASS}
    if small:
        examples = tuple(f"{name!r}: {n}" for name, n in list(small.items())[::-1][:3])
        message = f"{len(small)} of {len(classes)} classes have fewer than {_SMALL_CLASS} rows"
        found.append(Finding("small_classes", sum(small.values()), message, examples))
    if len(classes) == 1:
        message = f"all rows have one label, {next(iter(classes))!r}: there is nothing to tell apart"
        found.append(Finding("one_class", sum(classes.values()), message, severity=of_one_class))
    if len(classes) > 1:
        found += _imbalance(classes)
    variants = Counter(map(fold, classes))
    alike = [name for name in classes if variants[fold(name)] > 1]
    if alike:
        message = f"labels that differ only in case, width or spaces: {', '.join(map(repr, alike[:6]))}"
        found.append(Finding("similar_labels", sum(classes[name] for name in alike), message))
    return [*found, *_odd_labels(classes)]


def _odd_labels(classes: Mapping[str, int]) -> list[Finding]:
    """Labels that are one number (`1`, `1.0`), and those that programs write where there is none."""
    numbers: dict[float, list[str]] = {}
    for name in classes:
        with contextlib.suppress(ValueError):
            numbers.setdefault(float(name), []).append(name)
    equal = [names for names in numbers.values() if len(names) > 1]
    missing = [name for name in classes if name.strip().casefold() in _MISSING]
    found = []
    if equal:
        message = f"labels that are the same number: {'; '.join(' and '.join(map(repr, names)) for names in equal[:3])}"
        found.append(Finding("equal_numbers", sum(classes[name] for names in equal for name in names), message))
    if missing:
        message = f"a label that looks like a missing value counts as a class: {', '.join(map(repr, missing))}"
        found.append(Finding("missing_as_label", sum(classes[name] for name in missing), message))
    return found


def _imbalance(classes: Mapping[str, int]) -> list[Finding]:
    (most, n_most), *_, (least, n_least) = classes.items()
    ratio = n_most / n_least
    message = f"the largest class, {most!r}, has {ratio:.1f} times the rows of the smallest, {least!r}"
    if ratio >= _IMBALANCE:
        message += ": prefer macro F1 or MCC to accuracy"
    return [Finding("imbalance", n_most, message, severity="info")] if ratio >= 2 else []


def _truncation(dataset: Dataset, truncated: "Bools | None") -> list[Finding]:
    if truncated is None or not np.any(truncated):
        return []
    rows = np.flatnonzero(truncated)
    message = f"{len(rows):,} texts ({len(rows) / dataset.n:.1%}) are longer than the encoder reads"
    examples = tuple(
        f"{_line(dataset, i)}: {len(dataset.texts[i]):,} characters, {_cut(dataset.texts[i])}"
        for i in rows[:3].tolist()
    )
    return [Finding("long_texts", len(rows), message, examples)]


def _unfamiliar(dataset: Dataset, unfamiliar: "Bools | None") -> list[Finding]:
    if unfamiliar is None or not np.any(unfamiliar):
        return []
    rows = np.flatnonzero(unfamiliar)
    message = (
        f"{len(rows):,} texts ({len(rows) / dataset.n:.1%}) are in a script that the classifier did not learn from: "
        "what it says of them means nothing, unless its encoder has read that language before"
    )
    examples = tuple(f"{_line(dataset, i)}: {_cut(dataset.texts[i])}" for i in rows[:3].tolist())
    return [Finding("unfamiliar_script", len(rows), message, examples)]


def _language_mix(languages: Mapping[str, float], n: int) -> list[Finding]:
    present = {name: share for name, share in languages.items() if share >= _MINORITY_LANGUAGE}
    if len(present) < 2:
        return []
    listed = ", ".join(f"{name} {share:.0%}" for name, share in sorted(present.items(), key=lambda item: -item[1]))
    largest = max(present.values())
    return [Finding("language_mix", round((1 - largest) * n), f"several languages: {listed}", severity="info")]


def _lengths(texts: Sequence[str]) -> dict[str, float]:
    lengths: NDArray[Any] = np.array([len(text) for text in texts] or [0])
    return {
        "min": float(lengths.min()),
        "median": float(np.median(lengths)),
        "mean": float(lengths.mean()),
        "p95": float(np.percentile(lengths, 95)),
        "max": float(lengths.max()),
    }


def _line(dataset: Dataset, i: int) -> str:
    return f"line {dataset.lines[i]}" if dataset.lines is not None else f"row {i + 1}"


def _cut(text: str) -> str:
    shown = " ".join(text[: 2 * _EXAMPLE_CHARS].split())
    return repr(shown if len(shown) <= _EXAMPLE_CHARS else shown[: _EXAMPLE_CHARS - 1] + "…")

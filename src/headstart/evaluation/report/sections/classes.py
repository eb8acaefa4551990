"""The per-class table, with bars."""

from collections.abc import Sequence

from headstart.evaluation.report.formatting import (
    CLASSES_SHOWN,
    bracket,
    finite,
    integer,
    signed,
    weakest_first,
)
from headstart.evaluation.report.markup import details, label, minus, note, scored, section, table
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import ClassScores, Interval, Report

__all__ = ["classes"]


def classes(report: Report, w: Words) -> str:
    """Precision, recall and F1 of each class; of many classes the weakest first, the others in a fold."""
    scores = report.model.per_class
    if not scores:
        return section("classes", w["classes"], note(w["no_classes"]))
    before = {c.name: c.f1.value for c in report.baseline.per_class} if report.baseline else {}
    legend = note(" ".join([w["bar_note"]] + ([w["bar_note_baseline"]] if before else [])))
    if len(scores) <= CLASSES_SHOWN:
        return section("classes", w["classes"], _table(scores, before, w), legend)
    ordered = weakest_first(scores)
    shown, others = ordered[:CLASSES_SHOWN], ordered[CLASSES_SHOWN:]
    intro = note(w["weakest_first"].format(n=len(shown), k=len(scores)))
    rest = details(w["other_classes"].format(n=len(others)), _table(others, before, w))
    return section("classes", w["classes"], intro, _table(shown, before, w), rest, legend)


def _table(scores: Sequence[ClassScores], before: dict[str, float], w: Words) -> str:
    columns = [
        (w["class"], "name"),
        (w["f1"], "num"),
        (w["f1_bar"], "bars"),
        (w["precision"], "num"),
        (w["recall"], "num"),
        (w["support"], "num"),
    ]
    if before:
        columns.insert(3, (w["difference"], "num"))
    return table(w["classes"], columns, (_cells(c, before, w) for c in scores), w, "classes")


def _cells(c: ClassScores, before: dict[str, float], w: Words) -> list[str]:
    baseline = before.get(c.name)
    cells = [label(c.name), scored(c.f1), _bar(c.f1, baseline), scored(c.precision), scored(c.recall)]
    if before:
        cells.insert(3, minus(signed(None if baseline is None else c.f1.value - baseline)))
    return [*cells, integer(c.support)]


def _bar(f1: Interval, baseline: float | None) -> str:
    """A bar on a track from 0 to 1; the figures stand beside it, so it is hidden from screen readers."""
    if not finite(f1.value):
        return ""
    marks = f'<i class="fill" style="width:{_percent(f1.value)}"></i>'
    if bracket(f1) and f1.low is not None and f1.high is not None:
        marks += f'<i class="span" style="left:{_percent(f1.low)};width:{_percent(f1.high - f1.low)}"></i>'
    if baseline is not None and finite(baseline):
        marks += f'<i class="tick" style="left:{_percent(baseline)}"></i>'
    return f'<span class="bar" aria-hidden="true">{marks}</span>'


def _percent(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.1f}%"

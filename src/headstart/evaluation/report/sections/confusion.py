"""Which classes are taken for which others."""

from dataclasses import dataclass

from headstart.evaluation.report.charts import confusion_picture
from headstart.evaluation.report.formatting import CLASSES_SHOWN, integer, number
from headstart.evaluation.report.markup import esc, figure, label, note, scroll, section, table
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Evaluation, Report

__all__ = ["confusion"]

_PAIRS_SHOWN = 15
_HEADING_CHARACTERS = 24


@dataclass(frozen=True, slots=True)
class _Pair:
    true: str
    predicted: str
    n: int
    share: float  # of the texts of the true class


def confusion(report: Report, w: Words) -> str:
    """A shaded table for up to 20 classes; beyond that a picture beside the most confused pairs."""
    model = report.model
    if not model.confusion:
        return section("confusion", w["confusion"], note(w["no_matrix"]))
    if len(model.classes) <= CLASSES_SHOWN:
        return section("confusion", w["confusion"], _matrix(model, w), note(w["confusion_note"]))
    both = f'<div class="pair wide-right">{_picture(model, w)}<div>{_pairs_table(model, w)}</div></div>'
    return section("confusion", w["confusion"], both)


def _matrix(model: Evaluation, w: Words) -> str:
    heads = "".join(f'<th scope="col">{label(name, _HEADING_CHARACTERS)}</th>' for name in model.classes)
    body = "\n".join(
        f'<tr><th scope="row">{label(name, _HEADING_CHARACTERS)}</th>{_row(row, place)}</tr>'
        for place, (name, row) in enumerate(zip(model.classes, model.confusion, strict=True))
    )
    corner = f'<td class="corner"><span>{esc(w["true"])} ↓</span><span>{esc(w["predicted"])} →</span></td>'
    size = " many" if len(model.classes) > 6 else ""
    caption = f'<caption class="unseen">{esc(w["confusion"])}</caption>'
    head = f"<thead><tr>{corner}{heads}</tr></thead>"
    html = f'<table class="matrix{size}">{caption}{head}\n<tbody>{body}</tbody></table>'
    return scroll(html, w["confusion"], w)


def _row(row: tuple[int, ...], place: int) -> str:
    total = max(sum(row), 1)
    kinds = ("right" if i == place else "wrong" if n else "none" for i, n in enumerate(row))
    return "".join(
        f'<td class="{kind}" style="--s:{n / total:.2f}">{integer(n)}</td>' for kind, n in zip(kinds, row, strict=True)
    )


def _picture(model: Evaluation, w: Words) -> str:
    right = sum(row[i] for i, row in enumerate(model.confusion))
    n = sum(map(sum, model.confusion))
    alt = w["confusion_alt"].format(k=len(model.classes), right=integer(right), n=integer(n))
    caption = esc(w["confusion_picture"].format(k=len(model.classes)))
    return figure(confusion_picture(model.confusion, alt), caption)


def _pairs_table(model: Evaluation, w: Words) -> str:
    pairs = _pairs(model)
    if not pairs:
        return note(w["no_confusion"])
    columns = [(w["true"], "name"), (w["predicted"], "name"), (w["count"], "num"), (w["share"], "num")]
    shown = pairs[:_PAIRS_SHOWN]
    rows = ((label(p.true), label(p.predicted), integer(p.n), number(p.share)) for p in shown)
    heading = f"<h3>{esc(w['confused_pairs'])}</h3>"
    tail = note(w["pairs_note"].format(shown=len(shown), n=integer(len(pairs))))
    return heading + table(w["confused_pairs"], columns, rows, w) + tail


def _pairs(model: Evaluation) -> list[_Pair]:
    """The off-diagonal counts that are not zero, largest first, ties in class order."""
    pairs = [
        _Pair(model.classes[i], model.classes[j], n, n / sum(row))
        for i, row in enumerate(model.confusion)
        for j, n in enumerate(row)
        if i != j and n > 0
    ]
    return sorted(pairs, key=lambda p: -p.n)

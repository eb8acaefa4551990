"""The limit of errors, of a model that has one: which texts it answers, and how that did."""

from headstart.evaluation.report.formatting import answered_figures, integer
from headstart.evaluation.report.markup import esc, facts, minus, section
from headstart.evaluation.report.sentences import said
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Report

__all__ = ["answering"]


def answering(report: Report, w: Words) -> str:
    """How the limit was set, and its figures on rows that had no part in it; nothing without a limit."""
    if report.answering is None:
        return ""
    sentence = f"<p>{esc(said(report.answering.sentence, w))}</p>"
    measured = report.answering.measured
    if measured is None:
        return section("answering", w["answering"], sentence)
    where = f'<p class="note">{esc(w["answering_rows"].format(n=integer(measured.n)))}</p>'
    figures = facts((name, minus(figure)) for name, figure in answered_figures(measured, w))
    return section("answering", w["answering"], sentence, where, figures)

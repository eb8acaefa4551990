"""The mistakes that the model was surest of."""

from headstart.evaluation.report.formatting import integer, number, shorten
from headstart.evaluation.report.markup import details, esc, label, note, section
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Mistake, Report

__all__ = ["mistakes"]

_SHOWN = 20
_CHARACTERS = 300
_WHOLE_CHARACTERS = 5_000  # a page is no place for a book; the line number says where the rest is


def mistakes(report: Report, w: Words) -> str:
    """True class, predicted class, probability, line and text of each, most confident first."""
    every = report.model.mistakes
    if not every:
        return section("mistakes", w["mistakes"], note(w["no_mistakes"]))
    shown = every[:_SHOWN]
    total = report.model.n - sum(row[code] for code, row in enumerate(report.model.confusion))
    cut = w["mistakes_shown"].format(n=integer(len(shown)), total=integer(total)) if total > len(shown) else ""
    items = "\n".join(f"<li>{_mistake(m, w)}</li>" for m in shown)
    listing = f'<ol class="mistakes">{items}</ol>'
    return section("mistakes", w["mistakes"], note(f"{w['mistakes_note']} {cut}".strip()), listing)


def _mistake(m: Mistake, w: Words) -> str:
    facts = [w["probability_of"].format(p=number(m.probability))]
    if m.line is not None:
        facts.append(w["line"].format(line=integer(m.line)))
    what = w["taken_for"].format(true=f"<b>{label(m.label)}</b>", predicted=f"<b>{label(m.predicted)}</b>")
    head = f'<p class="what"><span>{what}</span> <span class="small">{esc(" · ".join(facts))}</span></p>'
    return f"{head}{_quote(shorten(m.text, _CHARACTERS))}{_whole(m.text, w)}"


def _quote(text: str) -> str:
    return f'<blockquote lang="" dir="auto">{esc(text)}</blockquote>'


def _whole(text: str, w: Words) -> str:
    if len(text) <= _CHARACTERS:
        return ""
    if len(text) <= _WHOLE_CHARACTERS:
        return details(w["whole_text"].format(n=integer(len(text))), _quote(text))
    summary = w["first_part"].format(shown=integer(_WHOLE_CHARACTERS), n=integer(len(text)))
    return details(summary, _quote(shorten(text, _WHOLE_CHARACTERS)))

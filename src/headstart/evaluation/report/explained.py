"""A page that marks in each text the words that pushed its prediction, and lists those of each class."""

from collections.abc import Sequence

from headstart.evaluation.report.formatting import integer, number, shorten, signed
from headstart.evaluation.report.html import page
from headstart.evaluation.report.markup import details, esc, label, minus, note, section, table, user
from headstart.evaluation.report.sentences import said
from headstart.evaluation.report.strings import Words, words
from headstart.explaining.values import ClassWords, Explanation, Weighted

__all__ = ["render_explanations"]

_SHOWN = 8  # words of a text; the others are in a fold
_CHARACTERS = 20_000  # of a text that is marked
_LEAST_SCALE = 0.5  # a word worth less than this is never marked in full colour
_FAINT = 0.02  # of the strongest: not marked
_NAMED = 300  # characters of words that have no part
_STYLE = """
mark { color: inherit; background: none; border-radius: 3px; padding: .125rem 0; }
mark.pro { background: rgb(var(--right) / calc(.06 + .4 * var(--s))); }
mark.con { background: rgb(var(--wrong) / calc(.06 + .5 * var(--s))); }
.marked { margin: 0 0 1rem; max-width: 50rem; font-size: 1.125rem; line-height: 1.9; white-space: pre-wrap; }
.explained { padding: 2rem 0 1rem; border-top: 1px solid var(--line); }
.explained:first-of-type { border-top: 0; padding-top: 0; }
.explained h3 { margin: 0; font-size: 1.0625rem; }
.explained .scroll { max-width: 34rem; }
.legend { font-size: .875rem; }
"""


def render_explanations(
    explanations: Sequence[Explanation], class_words: Sequence[ClassWords] = (), *, title: str, language: str = "en"
) -> str:
    """One self-contained HTML file: write it as UTF-8. language: "en" or "zh". Raises ConfigError for another one."""
    w = words(language)
    parts = []
    if explanations:
        body = "\n".join(_explained(i, each, w) for i, each in enumerate(explanations, 1))
        parts.append(section("texts", w["explain.title"], _legend(w), body))
    if class_words:
        listed = "\n".join(_of_class(each, w) for each in class_words)
        parts.append(section("class_words", w["class_words"], listed))
    header = f'<header>\n<h1 lang="" dir="auto">{esc(title)}</h1>\n</header>'
    return page(title, f"{header}\n<main>\n" + "\n".join(parts) + "\n</main>", language, _STYLE)


def _legend(w: Words) -> str:
    marks = {"pro": '<mark class="pro" style="--s:.7">', "con": '<mark class="con" style="--s:.7">', "end": "</mark>"}
    return f'<p class="legend">{w["explain.legend"].format(**marks)}</p>{note(w["explain.note"])}'


def _explained(number_: int, each: Explanation, w: Words) -> str:
    heading = w["explain.of"].format(label=label(each.label), p=esc(number(each.probability)))
    facts = [
        w["explain.sum"].format(
            score=_figure(each.score),
            offset=_figure(each.offset),
            words=_figure(sum(word.weight for word in each.words)),
            rest=_figure(each.rest),
        ),
        w["explain.method"].format(method=said(each.method, w)),
    ]
    if each.label != each.predicted:
        facts.insert(0, w["explain.predicted"].format(label=each.predicted))
    if each.truncated:
        facts.append(w["explain.truncated"])
    strongest = each.strongest()
    shown = _table(strongest[:_SHOWN], w["explain.times"], w)
    rest = strongest[_SHOWN:]
    more = details(w["explain.all"].format(n=integer(len(strongest))), _table(strongest, w["explain.times"], w))
    nothing = each.without_part()
    unread = note(w["explain.without_part"].format(words=shorten(", ".join(nothing), _NAMED))) if nothing else ""
    parts = [note(" · ".join(facts)), _marked(each, w), shown, more if rest else "", unread]
    return f'<article class="explained"><h3>{integer(number_)}. {heading}</h3>{"".join(parts)}</article>'


def _marked(each: Explanation, w: Words) -> str:
    """The text with its words marked; what stands between them stays as it is."""
    scale = max([abs(word.weight) for word in each.words] + [_LEAST_SCALE])
    html, end = [], 0
    for word in each.words:
        if word.end > _CHARACTERS:
            break
        share = abs(word.weight) / scale
        if share < _FAINT:
            continue
        kind = "pro" if word.weight > 0 else "con"
        html.append(esc(each.text[end : word.start]))
        html.append(
            f'<mark class="{kind}" style="--s:{share:.2f}" title="{minus(signed(word.weight))}">{esc(word.text)}</mark>'
        )
        end = word.end
    html.append(esc(shorten(each.text[end:], max(0, _CHARACTERS - end))))
    n = len(each.text)
    cut = w["explain.cut"].format(shown=integer(_CHARACTERS), n=integer(n)) if n > _CHARACTERS else ""
    return f'<p class="marked" lang="" dir="auto">{"".join(html)}</p>{note(cut)}'


def _table(found: Sequence[Weighted], counted: str, w: Words) -> str:
    columns = [(w["explain.word"], "name"), (w["explain.weight"], "num")]
    has_counts = any(word.n is not None for word in found)
    if has_counts:
        columns.append((counted, "num"))
    rows = (
        [user(word.text), minus(signed(word.weight)), *([integer(word.n or 0)] if has_counts else [])] for word in found
    )
    return table(w["explain.title"], columns, rows, w) if found else ""


def _figure(value: float) -> str:
    return signed(value).replace("-", "\N{MINUS SIGN}")


def _of_class(each: ClassWords, w: Words) -> str:
    method = note(w["explain.method"].format(method=said(each.method, w)))
    shown = _table(each.words, w["explain.seen"], w)
    return f'<article class="explained"><h3>{label(each.name)}</h3>{method}{shown}</article>'

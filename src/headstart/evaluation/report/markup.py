"""The few pieces of HTML that all sections are built from. What enters as text leaves escaped."""

from collections.abc import Iterable, Sequence
from html import escape

from headstart.evaluation.report.formatting import bracket, number, shorten, visible
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Interval

__all__ = [
    "bullets",
    "details",
    "esc",
    "facts",
    "figure",
    "label",
    "minus",
    "note",
    "scored",
    "scroll",
    "section",
    "table",
    "user",
]


def esc(text: object) -> str:
    """`text` made safe for element content and for quoted attributes."""
    return escape(visible(str(text)), quote=True)


def user(text: object) -> str:
    """A text that the user wrote, inline: its own direction and no claim about its language."""
    return f'<bdi lang="">{esc(text)}</bdi>'


def label(text: object, limit: int = 60) -> str:
    """A name that the user gave: a very long one is cut, the whole is its title."""
    short = shorten(str(text), limit)
    return user(text) if short == str(text) else f'<abbr title="{esc(text)}">{user(short)}</abbr>'


def minus(text: str) -> str:
    """The figure with a true minus sign instead of a hyphen."""
    return esc(text).replace("-", "−")


def scored(interval: Interval | None) -> str:
    """`0.913 [0.895, 0.929]`: neither part breaks in the middle, the interval may go to the next line."""
    if interval is None:
        return number(None)
    between = bracket(interval)
    tail = f' <span class="ci">{minus(between)}</span>' if between else ""
    return f'<span class="v">{minus(number(interval.value))}</span>{tail}'


def section(key: str, title: str, *parts: str) -> str:
    """A landmark with a heading that it is named after."""
    body = "\n".join(part for part in parts if part)
    heading = f'<h2 id="h-{key}">{esc(title)}</h2>'
    return f'<section id="{key}" aria-labelledby="h-{key}">\n{heading}\n{body}\n</section>'


def note(text: str) -> str:
    """A quiet paragraph of our own words."""
    return f'<p class="note">{esc(text)}</p>' if text else ""


def bullets(items: Iterable[str], kind: str = "plain") -> str:
    """A list of ready HTML items."""
    rows = "".join(f"<li>{item}</li>" for item in items)
    return f'<ul class="{kind}">{rows}</ul>' if rows else ""


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Terms with ready HTML values."""
    rows = "".join(f"<div><dt>{esc(term)}</dt><dd>{value}</dd></div>" for term, value in pairs)
    return f'<dl class="facts">{rows}</dl>' if rows else ""


def details(summary: str, body: str) -> str:
    """A fold that needs no script; `body` is ready HTML."""
    return f"<details><summary>{esc(summary)}</summary>{body}</details>"


def figure(svg: str, caption: str, kind: str = "chart") -> str:
    """A picture with its caption, both ready HTML."""
    return f'<figure class="{kind}">{svg}<figcaption>{caption}</figcaption></figure>'


def scroll(inner: str, name: str, w: Words) -> str:
    """A box in which a wide table scrolls by itself, reachable with the keyboard."""
    label = esc(w["scroll"].format(name=name))
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">{inner}</div>'


def table(
    name: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], w: Words, kind: str = ""
) -> str:
    """A table in its scroll box. columns: (heading, class); cells are ready HTML, the first heads its row."""
    head = "".join(f'<th scope="col"{_class(c)}>{esc(title)}</th>' for title, c in columns)
    body = "\n".join(_row(cells, [c for _, c in columns]) for cells in rows)
    caption = f'<caption class="unseen">{esc(name)}</caption>'
    inner = f"<table{_class(kind)}>{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    return scroll(inner, name, w)


def _row(cells: Sequence[str], classes: Sequence[str]) -> str:
    first = f'<th scope="row"{_class(classes[0])}>{cells[0]}</th>'
    rest = (f"<td{_class(c)}>{cell}</td>" for cell, c in zip(cells[1:], classes[1:], strict=True))
    return f"<tr>{first}{''.join(rest)}</tr>"


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""

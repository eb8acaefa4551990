"""One self-contained page: no script, no font, no picture from elsewhere; light and dark; phone and paper."""

from collections.abc import Iterable
from importlib.resources import files

from headstart.evaluation.report.formatting import integer
from headstart.evaluation.report.markup import esc, label
from headstart.evaluation.report.sections import SECTIONS, summary
from headstart.evaluation.report.sentences import said
from headstart.evaluation.report.strings import Words, words
from headstart.evaluation.results import Report

__all__ = ["page", "render_html"]

_LANG = {"en": "en", "zh": "zh-Hans"}


def render_html(report: Report, *, language: str = "en") -> str:
    """The report as one HTML file: write it as UTF-8. The same report gives the same bytes.

    language: "en" or "zh", for the fixed words and, as far as they are known, the sentences; texts stay as they are.
    Raises ConfigError for another language. Figures are fractions with three decimals.
    """
    w = words(language)
    parts = {key: html for key, part in SECTIONS.items() if (html := part(report, w))}
    body = (
        f"{_header(report, w)}\n<main>\n{summary(report, w)}\n{_contents(parts, w)}\n"
        + "\n".join(parts.values())
        + f"\n</main>\n{_footer(report, w)}"
    )
    return page(said(report.title, w), body, language)


def page(title: str, body: str, language: str, style: str = "") -> str:
    """A whole page around ready HTML. style: rules beside those of style.css."""
    rules = files(__package__).joinpath("style.css").read_text(encoding="utf-8") + style
    return (
        f'<!DOCTYPE html>\n<html lang="{_LANG[language]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{esc(title)}</title>\n<style>\n{rules}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _header(report: Report, w: Words) -> str:
    made_of = [
        label(report.model.name),
        label(report.strategy),
        esc(w["on_rows"].format(n=integer(report.model.n))),
    ]
    return (
        f'<header>\n<h1 lang="" dir="auto">{esc(said(report.title, w))}</h1>\n'
        f'<p class="note">{" · ".join(made_of)}</p>\n</header>'
    )


def _contents(keys: Iterable[str], w: Words) -> str:
    links = "".join(f'<a href="#{key}">{esc(w.get(f"{key}.short", w[key]))}</a>' for key in keys)
    return f'<nav aria-label="{esc(w["sections"])}">{links}</nav>'


def _footer(report: Report, w: Words) -> str:
    version = report.versions.get("headstart", "")
    return f'<footer><p class="note">Headstart {esc(version)} · {esc(report.created)}</p></footer>'

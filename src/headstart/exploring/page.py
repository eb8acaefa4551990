"""The exploration as one self-contained HTML page: a map, and a card for each cluster."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headstart.evaluation.report.formatting import integer, number, shorten
from headstart.evaluation.report.html import page
from headstart.evaluation.report.markup import bullets, esc, facts, figure, note, section, user
from headstart.evaluation.report.scatter import COLOURS, scatter_map
from headstart.evaluation.report.sentences import said
from headstart.evaluation.report.strings import Words, words

if TYPE_CHECKING:
    from headstart.exploring.exploration import Cluster, Exploration

__all__ = ["render_page"]

_EXAMPLE_CHARACTERS = 280


def render_page(
    found: "Exploration",
    texts: Sequence[str],
    *,
    title: str,
    names: Mapping[int, str | None] | None = None,
    notes: Sequence[str] = (),
    language: str = "en",
) -> str:
    """The page: write it as UTF-8. texts: all rows that were explored; names: of clusters that have one; notes:
    sentences on how it was done. Raises ConfigError for a language other than en and zh.
    """
    w, named = words(language), names or {}
    heads = {c.number: _name(c, named) for c in found.clusters}
    cards = "\n".join(_card(c, heads[c.number], texts, w) for c in found.clusters)
    parts = [
        section("map", w["explore.map"], _map(found, heads, w)) if len(found.mapped) else "",
        section("clusters", w["explore.clusters"], f'<div class="cards">{cards}</div>'),
        section(
            "method",
            w["explore.method"],
            _method(found, w),
            bullets((user(said(line, w)) for line in notes), "reasons"),
        ),
    ]
    summary = f'<p class="note">{esc(_summary(found, w))}</p>'
    body = (
        f'<header>\n<h1 lang="" dir="auto">{esc(title)}</h1>\n{summary}\n</header>\n'
        f"<main>\n{chr(10).join(part for part in parts if part)}\n</main>"
    )
    return page(title, body, language, "\nsvg.map { max-width: 46rem; }\n")


def _summary(found: "Exploration", w: Words) -> str:
    return w["explore.summary"].format(
        n=integer(len(found.numbers)),
        k=len(found.clusters),
        duplicates=integer(found.n_duplicates),
        outliers=integer(int(found.outliers.sum())),
    )


def _name(cluster: "Cluster", names: Mapping[int, str | None]) -> str:
    """`3 · billing`, or with the first terms where it has no name."""
    name = names.get(cluster.number)
    return f"{cluster.number} · {name if name is not None else ', '.join(cluster.terms[:3])}".rstrip(" ·")


def _map(found: "Exploration", heads: Mapping[int, str], w: Words) -> str:
    svg = scatter_map(found.places, found.numbers[found.mapped], w["explore.map_alt"].format(k=len(heads)))
    keys = "".join(
        f'<span class="key"><span class="dot" style="background:{COLOURS[number % len(COLOURS)]}" aria-hidden="true">'
        f"</span>{user(shorten(head, 48))}</span>"
        for number, head in heads.items()
    )
    caption = esc(w["explore.map_note"].format(n=integer(len(found.mapped))))
    return f'<p class="who">{keys}</p>{figure(svg, caption)}'


def _card(cluster: "Cluster", head: str, texts: Sequence[str], w: Words) -> str:
    rows = [
        (w["explore.size"], f"{integer(cluster.n)} ({cluster.share:.1%})"),
        (w["explore.cohesion"], number(cluster.cohesion)),
        (w["explore.terms"], user(", ".join(cluster.terms)) if cluster.terms else esc(w["explore.no_terms"])),
    ]
    examples = (
        f"<blockquote>{user(shorten(' '.join(texts[row].split()), _EXAMPLE_CHARACTERS))}</blockquote>"
        for row in cluster.examples
    )
    return f"<article><h3>{user(head)}</h3>{facts(rows)}{bullets(examples)}</article>"


def _method(found: "Exploration", w: Words) -> str:
    tried = " · ".join(f"{k}: {number(value)}" for k, value in found.silhouettes.items())
    rows = [(w["explore.encoder"], user(found.encoder)), *([(w["explore.silhouettes"], esc(tried))] if tried else [])]
    return facts(rows) + note(w["explore.chosen" if tried else "explore.given"]) + note(w["explore.method_note"])

"""Show what is in texts without labels: clusters with terms and examples, a map, and labels from named clusters."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from headstart.checks import MAX_TEXT_CHARS
from headstart.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from headstart.data import TextRow
    from headstart.exploring import Exploration

__all__ = ["explore"]

_TEXT_CHARACTERS = 72
_TERMS_SHOWN = 6


def explore(
    file: Annotated[
        str, typer.Argument(help="Texts; labels are not read; - reads stdin.", metavar="PATH[?column=value]")
    ],
    encoder: Annotated[
        str, typer.Option(help="auto, minilm, e5, tfidf, lsa, FOLDER, owner/name; see `headstart list encoders`.")
    ] = "auto",
    clusters: Annotated[str, typer.Option(help="auto (2 to 30, by the silhouette) or a number.")] = "auto",
    limit: Annotated[int | None, typer.Option(help="Only the first rows.", min=1)] = None,
    report: Annotated[str | None, typer.Option(help="Write one HTML page with a map and all clusters.")] = None,
    labels_out: Annotated[
        str | None, typer.Option(help="Write the rows with their cluster as `label`; format by suffix, - for stdout.")
    ] = None,
    names: Annotated[
        str | None, typer.Option(help='JSON such as {"0": "billing", "1": null}: names for labels; null: leave out.')
    ] = None,
    label: Annotated[str, typer.Option(help="Name of the column for the labels.")] = "label",
    seed: options.Seed = 0,
    language: options.Language = "en",
    json: options.Json = False,
    text: options.Text = "text",
    title: options.Title = "title",
    encoding: options.Encoding = None,
    skip_bad_rows: options.SkipBadRows = False,
    max_text_chars: options.MaxTextChars = MAX_TEXT_CHARS,
) -> None:
    """Cluster texts by what an encoder makes of them, and describe each cluster: terms, typical texts, size, cohesion.

    Look at the clusters, name them in a JSON file, and run it again with --names and --labels-out: `headstart fit`
    learns from the rows that it writes. Same file, seed and settings: same clusters.

    Example: headstart explore reviews.csv --report clusters.html --labels-out clustered.csv
    """
    from headstart import data
    from headstart.cli.console import say, showing_progress, write_json
    from headstart.data.source import open_source
    from headstart.exploring import encoder_for, named_labels, read_names, render_page
    from headstart.exploring import explore as find
    from headstart.types import Dataset

    n_clusters = _check(clusters, report, labels_out, names, json=json)
    with showing_progress():
        source = open_source(file, data.Columns(text, "", "", title), encoding, labelled=False)
        table = data.TextRows(source, limit, skip_bad_rows, max_text_chars)
        rows = [row for row in table if row.text is not None]
        texts = tuple(row.text or "" for row in rows)
        chosen, why = encoder_for(texts) if encoder == "auto" else (encoder, "")
        say(f"clustering {len(texts):,} texts with {chosen}")
        dataset = Dataset(texts, origin=source.name)
        found = find(dataset, encoder=chosen, n_clusters=n_clusters, with_map=report is not None, random_state=seed)
        named = read_names(names, len(found.clusters)) if names is not None else {}
        labels = named_labels(found.numbers, named)
        facts = _facts(found, why, table.ledger.n_rows, labels, named=bool(names))
        if n_clusters is not None and len(found.clusters) < n_clusters:
            facts.append(f"The encoder sees only {len(found.clusters)} different texts: no more clusters than that.")
        if report is not None:
            _write_page(
                report, render_page(found, texts, title=source.name, names=named, notes=facts, language=language)
            )
            facts.append(f"Page: {report}.")
        if labels_out is not None:
            columns = list(dict.fromkeys([*source.columns, label]))
            with data.open_writer(labels_out, columns, like=source.dialect) as writer:
                writer.write(_labelled(rows, labels, label))
            facts.append(f"Labels: {labels_out}, column {label!r}.")
    if json:
        write_json(_payload(found, rows, named, facts))
    else:
        _show(found, rows, named, facts, language, to_stderr=labels_out == "-")


def _check(clusters: str, report: str | None, labels_out: str | None, names: str | None, *, json: bool) -> int | None:
    """The number of clusters, None for auto. Raises ConfigError for options that cannot be used together."""
    from headstart.config import check_page
    from headstart.data import check_writable
    from headstart.errors import ConfigError

    if json and labels_out == "-":
        raise ConfigError("--json prints a summary on stdout: name a file for the rows with --labels-out.")
    if names is not None and labels_out is None and report is None:
        raise ConfigError("--names has nothing to name: add --labels-out FILE for rows with labels, or --report FILE.")
    check_page("--report", report)
    if labels_out is not None:
        check_writable(labels_out)
    if clusters == "auto":
        return None
    if not clusters.isdecimal():
        raise ConfigError(f"--clusters must be auto or a number such as 8. Got {clusters!r} instead.")
    return int(clusters)


def _write_page(path: str, page: str) -> None:
    from pathlib import Path

    Path(path).write_text(page, encoding="utf-8")


def _labelled(rows: "Sequence[TextRow]", labels: "Sequence[str | None]", column: str) -> "Iterator[dict[str, object]]":
    for row, name in zip(rows, labels, strict=True):
        if name is not None:
            yield {**row.values, column: name}


def _facts(
    found: "Exploration", why: str, n_unusable: int, labels: "Sequence[str | None]", *, named: bool
) -> list[str]:
    """Sentences on what was done, and on what was left out."""
    way = "by the mean silhouette" if found.silhouettes else "as asked"
    facts = [f"{len(found.clusters)} clusters of {len(found.numbers):,} texts ({way})."]
    if why:
        facts.append(f"Encoder {found.encoder}: {why}.")
    if found.n_duplicates:
        facts.append(f"{found.n_duplicates:,} texts repeat an earlier one; they count once, and stand in its cluster.")
    n_outliers = int(found.outliers.sum())
    if n_outliers:
        facts.append(f"{n_outliers:,} texts are far from the centre of their cluster.")
    if n_unusable:
        facts.append(f"{n_unusable:,} rows have no usable text: left out.")
    n_out = sum(name is None for name in labels)
    if n_out:
        facts.append(f"{n_out:,} texts are in clusters named null: they get no label and are not written.")
    n_bare = len({name for name in labels if name is not None and name.isdecimal()})
    if named and n_bare:
        facts.append(f"{n_bare} clusters have no name: their number is the label.")
    return facts


def _payload(
    found: "Exploration", rows: "Sequence[TextRow]", names: "Mapping[int, str | None]", facts: "Sequence[str]"
) -> dict[str, Any]:
    return {
        "n": len(found.numbers),
        "n_duplicates": found.n_duplicates,
        "n_outliers": int(found.outliers.sum()),
        "encoder": found.encoder,
        "silhouettes": found.silhouettes,
        "clusters": [
            {
                "number": c.number,
                "name": names.get(c.number),
                "n": c.n,
                "share": c.share,
                "cohesion": c.cohesion,
                "terms": list(c.terms),
                "examples": [{"line": rows[i].line, "text": rows[i].text} for i in c.examples],
            }
            for c in found.clusters
        ],
        "notes": list(facts),
    }


def _show(
    found: "Exploration",
    rows: "Sequence[TextRow]",
    names: "Mapping[int, str | None]",
    facts: "Sequence[str]",
    language: str,
    *,
    to_stderr: bool,
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from headstart.evaluation.report.formatting import shorten, visible
    from headstart.evaluation.report.sentences import said
    from headstart.evaluation.report.strings import words

    console, w = Console(stderr=to_stderr), words(language)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(w["explore.column.cluster"])
    for head in ("texts", "cohesion"):
        table.add_column(w[f"explore.column.{head}"], justify="right")
    table.add_column(w["explore.column.terms"], ratio=1)
    table.add_column(w["explore.column.typical"], ratio=2)
    for c in found.clusters:
        name = names.get(c.number)
        typical = shorten(" ".join(visible(rows[c.examples[0]].text or "").split()), _TEXT_CHARACTERS)
        table.add_row(
            Text(f"{c.number} {visible(name)}" if name else str(c.number)),
            f"{c.n:,}",
            f"{c.cohesion:.2f}",
            Text(visible(", ".join(c.terms[:_TERMS_SHOWN]))),
            Text(typical),
        )
    console.print(table, "")
    for sentence in facts:
        console.print(Text(visible(said(sentence, w))))

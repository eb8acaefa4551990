"""Say which texts a person should label next, and what more labels would buy."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from headstart.checks import MAX_TEXT_CHARS
from headstart.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from headstart.data import TextRow
    from headstart.labelling import Suggestion

__all__ = ["suggest"]

_SHOWN = 10
_TEXT_CHARACTERS = 100


def suggest(
    bundle: options.Bundle,
    file: Annotated[str, typer.Argument(help="Texts to choose from; - reads stdin.", metavar="PATH[?column=value]")],
    n: Annotated[int, typer.Option("--n", help="Texts to choose.", min=1)] = 50,
    labelled: Annotated[
        str | None, typer.Option(help="The rows that have labels: texts like them are left out.", metavar="PATH")
    ] = None,
    out: Annotated[str | None, typer.Option(help="Where the rows go; format by suffix, - for stdout.")] = None,
    format: Annotated[str | None, typer.Option(help="Format of stdin and stdout: csv, tsv or jsonl.")] = None,
    seed: options.Seed = 0,
    json: options.Json = False,
    text: options.TextAsFitted = None,
    label: options.LabelAsFitted = None,
    title: options.TitleAsFitted = None,
    domain: options.Domain = "domain",
    encoding: options.Encoding = None,
    skip_bad_rows: options.SkipBadRows = False,
    strip_labels: options.StripLabels = False,
    max_text_chars: options.MaxTextChars = MAX_TEXT_CHARS,
) -> None:
    """Choose the texts that a person should label next: those in doubt that stand for many others, all different.

    The rows keep their columns and get an empty one for the label, `predicted`, `probability` and `reason`; the first
    m of them are a good choice for every m. With --labelled it also says how good the classifier is, and would be with
    50, 200 and 500 more labels.

    Example: headstart suggest bundles/reviews new.csv --labelled reviews.csv --n 50 --out to-label.csv
    """
    from functools import partial

    from headstart import data
    from headstart.bundle import load_bundle
    from headstart.cli.console import say, showing_progress, write_json
    from headstart.data.source import open_source
    from headstart.data.writing import free_names
    from headstart.errors import ConfigError
    from headstart.labelling import suggest as choose

    if json and out == "-":
        raise ConfigError("--json prints a summary on stdout: name a file for the rows with --out.")
    if out is not None:
        data.check_writable(out)
    with showing_progress():
        predictor = load_bundle(bundle)
        columns = partial(data.Columns.as_fitted, predictor.columns, text=text, title=title)
        source = open_source(
            file, columns(label="", domain=domain), encoding, labelled=False, format=options.of_stdin(file, format)
        )
        table = data.TextRows(source, None, skip_bad_rows, max_text_chars)
        rows = [row for row in table if row.text is not None]
        known = (
            data.read_dataset(
                labelled, columns=columns(label=label, domain=""), encoding=encoding, labelled=True,
                skip_bad_rows=skip_bad_rows, strip_labels=strip_labels, max_text_chars=max_text_chars, role="labelled",
            ).dataset
            if labelled is not None
            else None
        )  # fmt: skip
        found = choose(
            predictor, _dataset(rows, source.name, source.roles.domain), n, labelled=known, random_state=seed
        )
        if out is not None:
            place = label or predictor.columns.get("label") or "label"
            blank = [] if place in source.columns else [place]
            present = [*source.columns, *blank]
            names = free_names(("predicted", "probability", "reason"), present)
            with data.open_writer(out, [*present, *names], format=format, like=source.dialect) as writer:
                writer.write(_chosen(rows, found, blank, names))
    facts = [*_facts(found, table.ledger.n_rows), *([f"Written to {out}."] if out is not None else [])]
    if json:
        write_json(_payload(rows, found, facts, bundle=str(bundle), out=out))
    elif out == "-":
        say("\n".join(facts))
    else:
        _show(rows, found, facts)


def _dataset(rows: "Sequence[TextRow]", origin: str, domain: str | None) -> Any:
    from headstart.types import Dataset

    domains = tuple(str(row.values.get(domain) or "") for row in rows) if domain else None
    return Dataset(tuple(row.text or "" for row in rows), None, domains, tuple(row.line for row in rows), origin)


def _chosen(
    rows: "Sequence[TextRow]", found: "Suggestion", blank: "Sequence[str]", names: "Sequence[str]"
) -> "Iterator[dict[str, object]]":
    for each in found.rows:
        facts = (each.predicted, round(each.probability, 6), each.reason)
        yield {**rows[each.row].values, **dict.fromkeys(blank, ""), **dict(zip(names, facts, strict=True))}


def _facts(found: "Suggestion", n_unusable: int) -> list[str]:
    """Sentences on what was looked at, and on what more labels would buy."""
    from headstart.evaluation.report.more_labels import more_labels_line
    from headstart.evaluation.report.strings import words

    facts = [f"{len(found.rows):,} of {found.n:,} texts to label next, the most useful first."]
    if found.n_copies:
        facts.append(f"{found.n_copies:,} texts repeat another one, but for small changes: left out.")
    if found.n_labelled:
        facts.append(f"{found.n_labelled:,} texts repeat a labelled one, but for small changes: left out.")
    if n_unusable:
        facts.append(f"{n_unusable:,} rows have no usable text: left out.")
    if found.more_labels is not None:
        facts.append(f"{more_labels_line(found.more_labels, words('en'))}.")
    return [*facts, *found.notes]


def _payload(
    rows: "Sequence[TextRow]", found: "Suggestion", facts: "Sequence[str]", **about: str | None
) -> dict[str, object]:
    from dataclasses import asdict

    return {
        **about,
        "n": found.n,
        "n_copies": found.n_copies,
        "n_labelled": found.n_labelled,
        "rows": [
            {
                "line": rows[each.row].line,
                "text": rows[each.row].text,
                "predicted": each.predicted,
                "probability": each.probability,
                "reason": each.reason,
            }
            for each in found.rows
        ],
        "more_labels": asdict(found.more_labels) if found.more_labels is not None else None,
        "notes": list(facts),
    }


def _show(rows: "Sequence[TextRow]", found: "Suggestion", facts: "Sequence[str]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from headstart.evaluation.report.formatting import shorten, visible

    console = Console()
    table = Table("line", "text", "why", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for each in found.rows[:_SHOWN]:
        said = shorten(" ".join(visible(rows[each.row].text or "").split()), _TEXT_CHARACTERS)
        table.add_row(str(rows[each.row].line), Text(said), Text(visible(each.reason)))
    console.print(table, "")
    if len(found.rows) > _SHOWN:
        console.print(f"{len(found.rows) - _SHOWN:,} more: write them to a file with --out, or ask for --json.")
    for sentence in facts:
        console.print(Text(visible(sentence)))

"""Look at data before learning from it: classes, languages, lengths, duplicates, mistakes."""

from typing import TYPE_CHECKING, Annotated

import typer

from headstart.checks import MAX_TEXT_CHARS
from headstart.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from headstart.data import LoadedData
    from headstart.types import Audit, Bools, Dataset, Finding

__all__ = ["inspect"]

_CLASSES_SHOWN = 25
_BAR_CELLS = 24
_COLOURS = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_MARKS = {"error": "✗ error", "warning": "! warning", "info": "· info"}


def inspect(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Data: PATH[?column=value]. Each is checked for texts of the others."),
    ],
    encoder: Annotated[
        str | None, typer.Option(help="Also count the texts that this encoder does not read to the end.")
    ] = None,
    json: options.Json = False,
    text: options.Text = "text",
    label: options.Label = "label",
    title: options.Title = "title",
    domain: options.Domain = "domain",
    encoding: options.Encoding = None,
    max_text_chars: options.MaxTextChars = MAX_TEXT_CHARS,
) -> None:
    """Look at one or more data files before learning from them.

    Shows classes, languages and text lengths, and finds duplicates, conflicting labels, unusable rows (with
    their lines) and texts that two files share. It changes nothing and refuses no row.

    Example: headstart inspect train.csv test.csv
    """
    from headstart.data import Columns, audit, overlap, read_leniently

    columns = Columns(text, label, domain, title)
    loaded = [read_leniently(file, columns=columns, encoding=encoding, max_text_chars=max_text_chars) for file in files]
    audits = [audit(data, truncated=_truncated(data.dataset, encoder)) for data in loaded]
    pairs = [(a.dataset, b.dataset) for i, a in enumerate(loaded) for b in loaded[i + 1 :]]
    overlaps = [overlap(first, second) for first, second in pairs]
    if json:
        _print_json(audits, loaded, overlaps)
    else:
        _print_tables(audits, loaded, overlaps)


def _truncated(dataset: "Dataset", encoder: str | None) -> "Bools | None":
    if encoder is None:
        return None
    from headstart.encoders import make_encoder

    truncated: Bools = make_encoder(encoder).fit(dataset.texts).truncated(dataset.texts)
    return truncated


def _print_json(audits: "list[Audit]", loaded: "list[LoadedData]", overlaps: "list[Finding]") -> None:
    from dataclasses import asdict

    from headstart.cli.console import write_json

    described = [{**asdict(found), "n_usable": data.dataset.n} for found, data in zip(audits, loaded, strict=True)]
    write_json({"files": described, "overlaps": [asdict(found) for found in overlaps]})


def _print_tables(audits: "list[Audit]", loaded: "list[LoadedData]", overlaps: "list[Finding]") -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    for found, data in zip(audits, loaded, strict=True):
        console.rule(f"[bold]{escape(found.origin)}[/bold]", align="left")
        console.print(_facts(found, data.dataset))
        if found.classes:
            console.print(_classes(found))
        _print_findings(console, found.findings, "Nothing to complain about.")
    if overlaps:
        console.rule("[bold]Texts in two files[/bold]", align="left")
        _print_findings(console, [f for f in overlaps if f.n], "None: no text is in two of the files.")


def _facts(found: "Audit", dataset: "Dataset") -> "RenderableType":
    """Two columns without a frame: what, value."""
    from rich.table import Table
    from rich.text import Text

    from headstart.cli.console import languages_line

    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    unusable = found.n - dataset.n
    facts.add_row("rows", f"{found.n:,}" + (f" ({unusable:,} unusable)" if unusable else ""))
    none = "none: unlabelled" if dataset.labels is None else "none: no usable row has a label"
    facts.add_row("classes", f"{len(found.classes):,}" if found.classes else none)
    if dataset.domains is not None:
        facts.add_row("domains", Text(_counted(dataset.domains)))
    facts.add_row("languages", languages_line(found.languages))
    lengths = found.characters
    listed = ", ".join(f"{name} {lengths[name]:,.0f}" for name in ("min", "median", "mean", "p95", "max"))
    facts.add_row("characters", listed)
    for note in found.notes:
        facts.add_row("read as", Text(note))
    return facts


def _counted(names: tuple[str, ...]) -> str:
    from collections import Counter

    counts = Counter(names).most_common(10)
    more = f" and {len(set(names)) - 10} more" if len(set(names)) > 10 else ""
    return ", ".join(f"{name or '(none)'} {n:,}" for name, n in counts) + more


def _classes(found: "Audit") -> "RenderableType":
    from rich import box
    from rich.bar import Bar
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("class", overflow="fold")
    table.add_column("rows", justify="right")
    table.add_column("share", justify="right")
    table.add_column("", no_wrap=True)
    n, most = sum(found.classes.values()), max(found.classes.values())
    for name, rows in list(found.classes.items())[:_CLASSES_SHOWN]:
        bar = Bar(most, 0, rows, width=_BAR_CELLS, color="green")
        table.add_row(Text(name), f"{rows:,}", f"{rows / n:.1%}", bar)
    left = list(found.classes.values())[_CLASSES_SHOWN:]
    if left:
        table.add_row(f"{len(left)} more classes", f"{sum(left):,}", f"{sum(left) / n:.1%}", "")
    return table


def _print_findings(console: "Console", findings: "Sequence[Finding]", nothing: str) -> None:
    from rich.table import Table
    from rich.text import Text

    if not findings:
        console.print(f"[green]✓[/green] {nothing}\n")
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    order = list(_MARKS)
    for found in sorted(findings, key=lambda found: order.index(found.severity)):
        table.add_row(Text(_MARKS[found.severity], style=_COLOURS[found.severity]), Text(found.message))
        for example in found.examples:
            table.add_row("", Text(example, style="dim", no_wrap=True, overflow="ellipsis"))
    console.print(table, "")

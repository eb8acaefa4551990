"""Write new texts beside those of a labelled file, to look at them or to learn from them elsewhere."""

from typing import TYPE_CHECKING, Annotated

import typer

from headstart.checks import MAX_TEXT_CHARS
from headstart.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from headstart.augment import Augmented
    from headstart.data import TextRow

__all__ = ["augment"]

_N_EXAMPLES = 3
_WITH = "Augmentations, such as synonym:0.2:FILE,swap; `headstart list` names them."


def augment(
    file: Annotated[str, typer.Argument(help="Labelled texts; - reads stdin.", metavar="PATH[?column=value]")],
    with_: Annotated[str, typer.Option("--with", help=_WITH, metavar="SPEC")],
    out: Annotated[str | None, typer.Option(help="Where the rows go; format by suffix, - for stdout.")] = None,
    copies: Annotated[int | None, typer.Option(help="Texts that each augmentation makes of a row.", min=1)] = None,
    seed: options.Seed = 0,
    format: Annotated[str | None, typer.Option(help="Format of stdin and stdout: csv, tsv or jsonl.")] = None,
    json: options.Json = False,
    text: options.Text = "text",
    label: options.Label = "label",
    title: options.Title = "title",
    encoding: options.Encoding = None,
    skip_bad_rows: options.SkipBadRows = False,
    max_text_chars: options.MaxTextChars = MAX_TEXT_CHARS,
) -> None:
    """Make new texts from labelled ones: all rows, then the new ones, with the columns `augmentation` and `origin`.

    `augmentation` is empty in rows of the file; `origin` is the line of the row that a text is, or was made from. A new
    row has its origin's other columns; a title is part of the text, and empty in new rows. Without --out nothing is
    written. `fit --augment` does this by itself, for training rows only.

    Example: headstart augment reviews.csv --with swap,delete:0.2 --copies 2 --out more.csv
    """
    from headstart import data
    from headstart.augment import Augmenter
    from headstart.cli.console import say, showing_progress, write_json
    from headstart.data.source import open_source
    from headstart.data.writing import free_names
    from headstart.errors import ConfigError

    if json and out == "-":
        raise ConfigError("--json prints a summary on stdout: name a file for the rows with --out.")
    if out is not None:
        data.check_writable(out)
    augmenter = Augmenter.from_spec(with_ if copies is None else f"{with_},copies:{copies}")
    with showing_progress():
        columns = data.Columns(text=text, label=label, domain="", title=title)
        source = open_source(file, columns, encoding, format=options.of_stdin(file, format))
        rows = list(data.TextRows(source, None, skip_bad_rows, max_text_chars))
        usable, y = _usable(rows, source.roles.label)
        found = augmenter.augment([row.text or "" for row in usable], y, seed)
        if out is not None:
            names = free_names(("augmentation", "origin"), source.columns)
            all_names = [*source.columns, *names]
            with data.open_writer(out, all_names, format=format, like=source.dialect) as writer:
                writer.write({**row.values, names[0]: "", names[1]: row.line} for row in rows)
                blank = {source.roles.title: ""} if source.roles.title else {}
                writer.write(_new_rows(usable, found, source.roles.text, names, blank))
    facts = _facts(len(rows), len(usable), source.roles.label is not None, out)
    if json:
        write_json(_payload(found, file, out, facts))
    elif out == "-":
        say("\n".join([*facts, *found.notes]))
    else:
        _show(usable, found, facts)


def _usable(rows: "Sequence[TextRow]", label: str | None) -> "tuple[list[TextRow], list[int]]":
    """Rows with a text and, where there is a column of labels, a label; and their class codes."""
    kept = [row for row in rows if row.text and (label is None or str(row.values.get(label) or "").strip())]
    codes: dict[str, int] = {}
    return kept, [codes.setdefault(str(row.values.get(label)) if label else "", len(codes)) for row in kept]


def _new_rows(
    usable: "Sequence[TextRow]",
    found: "Augmented",
    text: str,
    names: "Sequence[str]",
    blank: "Mapping[str, str]",
) -> "Iterator[dict[str, object]]":
    for new, origin, name in zip(found.texts, found.origins.tolist(), found.names, strict=True):
        row = usable[origin]
        yield {**row.values, **blank, text: new, names[0]: name, names[1]: row.line}


def _facts(n_rows: int, n_usable: int, labelled: bool, out: str | None) -> list[str]:
    """Sentences on what was left alone, and on where the rows are."""
    facts = []
    if n_usable < n_rows:
        facts.append(f"{n_rows - n_usable:,} of {n_rows:,} rows have no text or no label: nothing was made of them.")
    if not labelled:
        facts.append("The file has no labels: all rows count as one class.")
    facts.append(f"Written to {out}." if out is not None else "Nothing was written: name a file with --out.")
    if labelled and out is not None:
        facts.append(
            "What learns from these rows needs --test: a row and its copies would stand on both sides of a "
            "cross-validation, whose figures would be too good. fit --augment keeps them together."
        )
    return facts


def _payload(found: "Augmented", file: str, out: str | None, facts: "Sequence[str]") -> dict[str, object]:
    from dataclasses import asdict

    counts = {name: asdict(count) for name, count in found.counts.items()}
    return {
        "file": file,
        "out": out,
        "n_new": len(found.texts),
        "augmentations": counts,
        "notes": [*facts, *found.notes],
    }


def _show(usable: "Sequence[TextRow]", found: "Augmented", facts: "Sequence[str]") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("augmentation", box=None, pad_edge=False)
    for head in ("tries", "new texts", "none possible", "equal to another", "empty"):
        table.add_column(head, justify="right")
    for name, count in found.counts.items():
        numbers = (count.n_asked, count.n_new, count.n_none, count.n_equal, count.n_empty)
        table.add_row(name, *(f"{number:,}" for number in numbers))
    console.print(table, "")
    _show_examples(console, usable, found)
    for sentence in (*found.notes, *facts):
        console.print(sentence, markup=False, highlight=False)


def _show_examples(console: "Console", usable: "Sequence[TextRow]", found: "Augmented") -> None:
    """The first three new texts of each augmentation, each below its origin."""
    from rich.text import Text

    for name in found.counts:
        places = [i for i, each in enumerate(found.names) if each == name][:_N_EXAMPLES]
        if places:
            console.print(Text(name, style="bold"))
        for i in places:
            row = usable[int(found.origins[i])]
            for style, lead, text in (("dim", f"line {row.line}:", row.text or ""), ("", "  ->", found.texts[i])):
                shown = Text(f"{lead} {' '.join(text.split())}", style=style)
                console.print(shown, no_wrap=True, overflow="ellipsis")
        if places:
            console.print()

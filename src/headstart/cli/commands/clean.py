"""Clean a file: rules about texts and rows, shown before anything is written."""

from typing import Annotated

import typer

from headstart.checks import MAX_TEXT_CHARS
from headstart.cli import options

__all__ = ["clean"]


def clean(
    file: Annotated[
        str,
        typer.Argument(help="csv, tsv, jsonl, parquet, class folders; - reads stdin.", metavar="PATH[?column=value]"),
    ],
    out: Annotated[
        str | None, typer.Option(help="Where the clean rows go; format by suffix, also .gz; - for stdout.")
    ] = None,
    rules: Annotated[
        str,
        typer.Option(
            help="Such as default,emoji:drop,near_duplicates:0.9,label_mistakes; see `headstart list`. default: "
            "markup, invisible characters, width, gaps; rows without text, exact duplicates."
        ),
    ] = "default",
    removed: Annotated[
        str | None, typer.Option(help="Write removed and marked rows here, each with rule, reason and score.")
    ] = None,
    drop_marked: Annotated[
        bool, typer.Option("--drop-marked", help="Also remove the rows that rules only mark (label_mistakes).")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, whatever else is said.")] = False,
    seed: options.Seed = 0,
    json: options.Json = False,
    text: options.Text = "text",
    label: options.Label = "label",
    title: options.Title = "title",
    encoding: options.Encoding = None,
    skip_bad_rows: options.SkipBadRows = False,
    max_text_chars: options.MaxTextChars = MAX_TEXT_CHARS,
) -> None:
    """Clean the texts of a file and remove rows: without --out it only shows what each rule would do.

    With --out the rows that are left are written with all their columns; only the text and the title are changed.
    The file that is read may be named: it is replaced when the new one is complete.

    Example: headstart clean reviews.csv --rules default,near_duplicates --out clean.csv --removed removed.csv
    """
    from headstart.cleaning import Cleaner, files
    from headstart.cli.commands import _clean_view as view
    from headstart.cli.console import say, showing_progress, write_json
    from headstart.data import Columns
    from headstart.errors import ConfigError

    if json and out == "-" and not dry_run:
        raise ConfigError("--json prints a summary on stdout: name a file for the rows with --out.")
    files.check_places(file, out, removed)
    cleaner = Cleaner.from_spec(rules, drop_marked=drop_marked, seed=seed)
    with showing_progress():
        say(f"reading {file}")
        table = files.read_table(
            file, Columns(text, label, "", title), encoding, skip_bad_rows=skip_bad_rows, max_text_chars=max_text_chars
        )
        result = files.clean_table(table, cleaner)
        written = [name for name in (out, removed) if name is not None and not dry_run]
        if removed in written and removed is not None:
            files.write_flags(removed, table, result.cleaned.flags)
        if out in written and out is not None:
            files.write_rows(out, table, result)
    if json:
        write_json({"rules": rules, "written": written, **view.summary(table, result.cleaned)})
    else:
        view.show(table, result.cleaned, written, to_stderr=out == "-" and not dry_run)

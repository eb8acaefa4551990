"""Predict a file with a bundle, streaming."""

from typing import Annotated

import typer

from headstart.checks import MAX_TEXT_CHARS
from headstart.cli import options

__all__ = ["predict"]


def predict(
    bundle: options.Bundle,
    file: Annotated[str, typer.Argument(help="Texts of any number; - reads stdin.", metavar="PATH[?column=value]")],
    out: Annotated[str, typer.Option(help="Where the rows go; format by suffix, - for stdout.")] = "-",
    format: Annotated[str | None, typer.Option(help="Format of stdin and stdout: csv, tsv or jsonl.")] = None,
    all_probabilities: Annotated[
        bool, typer.Option("--all-probabilities", help="One column a class, p_CLASS, besides the highest.")
    ] = False,
    max_error: Annotated[
        str | None, typer.Option(help="Another rate of errors than the bundle's, such as 0.1 or 0.1:expected.")
    ] = None,
    sets: Annotated[
        bool, typer.Option("--sets", help="Column label_set: the labels that cannot be excluded, joined by |.")
    ] = False,
    json: options.Json = False,
    text: options.TextAsFitted = None,
    title: options.TitleAsFitted = None,
    encoding: options.Encoding = None,
    max_text_chars: options.MaxTextChars = MAX_TEXT_CHARS,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Rows without usable text get no label, and are counted.")
    ] = False,
) -> None:
    """Add `predicted`, `probability` and `truncated` to every row of a file; all columns stay, memory is bounded.

    A bundle that was fitted with --max-error adds `abstained`: true where the text is better read by a person.

    Example: headstart predict bundles/reviews new.csv --out predicted.csv
    """
    from headstart import data
    from headstart.bundle import load_bundle
    from headstart.cli.console import say, showing_progress, write_json
    from headstart.errors import ConfigError
    from headstart.scoring import predict_rows

    if json and out == "-":
        raise ConfigError("--json prints a summary on stdout: name a file for the rows with --out.")
    with showing_progress():
        predictor = load_bundle(bundle)
        rows = data.read_rows(
            file,
            data.Columns.as_fitted(predictor.columns, text=text, label="", domain="", title=title),
            encoding,
            skip_bad_rows=skip_bad_rows,
            max_text_chars=max_text_chars,
            format=options.of_stdin(file, format),
        )
        for note in rows.source.roles.notes:
            say(note)
        summary = predict_rows(
            predictor, rows, out, format=format, all_probabilities=all_probabilities, max_error=max_error, sets=sets
        )
    if json:
        write_json({"bundle": str(bundle), "out": out, **summary.as_dict()})
    else:
        say(summary.sentence())

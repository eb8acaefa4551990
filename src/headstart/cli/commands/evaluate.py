"""Measure a bundle on labelled rows."""

from typing import Annotated

import typer

from headstart.checks import MAX_TEXT_CHARS
from headstart.cli import options

__all__ = ["evaluate"]


def evaluate(
    bundle: options.Bundle,
    file: Annotated[str, typer.Argument(help="Labelled rows.", metavar="PATH[?column=value]")],
    max_error: Annotated[
        str | None, typer.Option(help="Another rate of errors than the bundle's, such as 0.1 or 0.1:expected.")
    ] = None,
    report: Annotated[str | None, typer.Option(help="Write the report as one HTML file.")] = None,
    language: options.Language = "en",
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
    """Measure a bundle on labelled rows: figures with 95 % intervals, mistakes, and an audit of the rows.

    Example: headstart evaluate bundles/reviews new-labelled.csv
    """
    import sys
    from pathlib import Path

    from rich.console import Console

    from headstart import data
    from headstart.bundle import load_bundle
    from headstart.cli.console import say, showing_progress, write_json
    from headstart.config import check_page
    from headstart.evaluation.report import print_report, render_html, report_dict
    from headstart.job import repeat_command
    from headstart.reporting import report_on_bundle

    check_page("--report", report)
    with showing_progress():
        say(f"loading {bundle}")
        predictor = load_bundle(bundle)
        predictor.limit(max_error)  # a mistake in it, now
        columns = data.Columns.as_fitted(predictor.columns, text=text, label=label, domain=domain, title=title)
        loaded = data.read_dataset(
            file, columns=columns, encoding=encoding, labelled=True, skip_bad_rows=skip_bad_rows,
            strip_labels=strip_labels, max_text_chars=max_text_chars, role="test",
        )  # fmt: skip
        data.check_known_labels(loaded.dataset, map(str, predictor.classes), f"the bundle {bundle}")
        say(f"measuring on {loaded.dataset.n:,} rows")
        result = report_on_bundle(predictor, loaded, repeat_command(sys.argv[1:]), max_error)
    if report is not None:
        Path(report).write_text(render_html(result, language=language), encoding="utf-8")
    if json:
        scores = {k: v.value for k, v in result.model.metrics.items()}
        write_json({"bundle": str(bundle), "test": {**scores, "n": result.model.n}, "report": report_dict(result)})
    else:
        print_report(result, Console(), bundle=bundle, page=report, language=language)

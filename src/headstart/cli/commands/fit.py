"""Learn from a labelled file: measure, report, and save a bundle."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headstart.cli import options

if TYPE_CHECKING:
    from headstart.job import Outcome

__all__ = ["fit"]

_DATA, _MODEL, _OUTPUT = "Data", "Model", "Output"
_PATH = "PATH[?column=value]"


def fit(
    train: Annotated[str | None, typer.Argument(help="Labelled texts: csv, tsv, jsonl, parquet (also .gz, .xz), class folders, or - for stdin.", metavar=_PATH)] = None,
    test: Annotated[str | None, typer.Option(help="Labelled rows to measure on; without them by cross-validation.", metavar=_PATH, rich_help_panel=_DATA)] = None,
    source: Annotated[str | None, typer.Option(help="Labelled rows of a related domain; used only if they help.", metavar=_PATH, rich_help_panel=_DATA)] = None,
    unlabelled: Annotated[str | None, typer.Option(help="Texts of your domain without labels.", metavar=_PATH, rich_help_panel=_DATA)] = None,
    shots: Annotated[int | None, typer.Option(help="Draw this many training rows a class.", rich_help_panel=_DATA)] = None,
    limit: Annotated[int | None, typer.Option(help="Draw at most this many training rows.", rich_help_panel=_DATA)] = None,
    encoder: Annotated[str | None, typer.Option(help="auto, tfidf, bow, minilm, a folder or a hub id.", rich_help_panel=_MODEL)] = None,
    strategy: Annotated[str | None, typer.Option(help="auto, or a name from `headstart list`.", rich_help_panel=_MODEL)] = None,
    head: Annotated[str | None, typer.Option(help="auto, logistic, svm, ridge, knn, prototype.", rich_help_panel=_MODEL)] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting of a part, such as head.C=1 or encoder.ngrams=[1,3].", metavar="KEY=VALUE", rich_help_panel=_MODEL)] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same result.", rich_help_panel=_MODEL)] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file with these settings; flags override it.")] = None,
    out: Annotated[str | None, typer.Option(help="Folder of the bundle; default: a new one in bundles/.", rich_help_panel=_OUTPUT)] = None,
    no_bundle: Annotated[bool, typer.Option("--no-bundle", help="Only measure.", rich_help_panel=_OUTPUT)] = False,
    report: Annotated[str | None, typer.Option(help="Write the report as one HTML file.", rich_help_panel=_OUTPUT)] = None,
    json: options.Json = False,
    text: options.Text | None = None,
    label: options.Label | None = None,
    title: options.Title | None = None,
    domain: options.Domain | None = None,
    encoding: options.Encoding = None,
    skip_bad_rows: options.SkipBadRows = False,
    strip_labels: Annotated[bool, typer.Option("--strip-labels", help="Remove spaces around labels.")] = False,
    max_text_chars: options.MaxTextChars | None = None,
) -> None:  # fmt: skip
    """Learn a classifier from a labelled file, say how good it is and whether the transfer helped, and save it.

    Example: headstart fit reviews.csv --test more.csv --report report.html
    """
    import sys

    from headstart.cli.console import say, showing_progress, write_json
    from headstart.config import RunConfig, parse_settings
    from headstart.job import repeat_command, run

    flags = {
        "train": train, "test": test, "source": source, "unlabelled": unlabelled, "shots": shots, "limit": limit,
        "encoder": encoder, "strategy": strategy, "head": head, "seed": seed, "out": out, "report": report,
        "text": text, "label": label, "title": title, "domain": domain, "encoding": encoding,
        "max_text_chars": max_text_chars, "skip_bad_rows": skip_bad_rows or None, "strip_labels": strip_labels or None,
    }  # fmt: skip
    if train is None and config is None:
        raise typer.BadParameter("give a file to learn from, or --config with `train`.", param_hint="TRAIN")
    run_config = RunConfig.build(config, settings=parse_settings(set_ or []), **flags)
    with showing_progress():
        outcome = run(run_config, command=repeat_command(sys.argv[1:]), save=not no_bundle, say=say)
    if json:
        write_json(_payload(outcome))
    else:
        _show(outcome)


def _payload(outcome: "Outcome") -> dict[str, Any]:
    from headstart.evaluation.report import report_dict

    predictor, report = outcome.model.predictor_, outcome.report
    figures = {k: v.value for k, v in report.model.metrics.items()} if report is not None else {}
    scores = {**figures, "n": report.model.n} if report is not None else None
    measured_on = "test" if outcome.config.test is not None else "cross_validation"
    return {
        "encoder": predictor.encoder_name,
        "head": predictor.head_name,
        "strategy": predictor.strategy,
        "adaptation": None,
        "n_train": outcome.n_train,
        "classes": [str(c) for c in predictor.classes],
        "fit_seconds": outcome.seconds["fit"],
        "seconds": outcome.seconds,
        "bundle": str(outcome.bundle) if outcome.bundle is not None else None,
        "report_file": str(outcome.report_file) if outcome.report_file is not None else None,
        "test": None,
        "cross_validation": None,
        measured_on: scores,
        "report": report_dict(report) if report is not None else None,
    }


def _show(outcome: "Outcome") -> None:
    from rich.console import Console

    from headstart.evaluation.report import print_report

    console = Console()
    if outcome.report is None:
        console.print(
            "No figures: every class has two rows only, so none is left to check on. Give --test FILE."
        )
        console.print(f"Bundle: {outcome.bundle}")
        return
    print_report(outcome.report, console, bundle=outcome.bundle, page=outcome.report_file)

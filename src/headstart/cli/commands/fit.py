"""Learn from a labelled file: measure, report, and save a bundle."""

from typing import TYPE_CHECKING, Any

import typer

from headstart.cli import options
from headstart.cli.commands import _fit_options as only

if TYPE_CHECKING:
    from headstart.job import Outcome

__all__ = ["fit"]


def fit(
    train: only.Train = None,
    test: only.Test = None,
    source: only.Source = None,
    unlabelled: only.Unlabelled = None,
    label_names: only.LabelNames = None,
    shots: only.Shots = None,
    limit: only.Limit = None,
    encoder: only.Encoder = None,
    strategy: only.Strategy = None,
    head: only.Head = None,
    clean: only.Clean = None,
    augment: only.Augment = None,
    settings: only.Settings = None,
    budget: only.Budget = None,
    max_error: only.MaxError = None,
    seed: options.SeedOrConfig = None,
    config: only.Config = None,
    out: only.Out = None,
    resume: only.Resume = False,
    no_bundle: only.NoBundle = False,
    report: only.Report = None,
    language: options.LanguageOrConfig = None,
    json: options.Json = False,
    text: options.TextOrConfig = None,
    label: options.LabelOrConfig = None,
    title: options.TitleOrConfig = None,
    domain: options.DomainOrConfig = None,
    encoding: options.Encoding = None,
    skip_bad_rows: options.SkipBadRows = False,
    strip_labels: options.StripLabels = False,
    max_text_chars: options.MaxTextCharsOrConfig = None,
) -> None:
    """Learn a classifier from a labelled file, say how good it is and whether the transfer helped, and save it.

    Example: headstart fit reviews.csv --test more.csv --report report.html
    """
    import sys
    from contextlib import nullcontext

    from headstart.cli.console import say, showing_progress, write_json
    from headstart.cli.resuming import prepare_checkpoint, way_on
    from headstart.config import RunConfig, parse_settings
    from headstart.finetuning.distributed import is_first_process
    from headstart.job import repeat_command, run

    flags = {
        "train": train, "test": test, "source": source, "unlabelled": unlabelled, "label_names": label_names,
        "shots": shots, "limit": limit, "encoder": encoder, "strategy": strategy, "head": head, "clean": clean,
        "augment": augment, "budget": budget, "max_error": max_error, "seed": seed, "out": out, "report": report,
        "language": language, "text": text, "label": label, "title": title, "domain": domain, "encoding": encoding,
        "max_text_chars": max_text_chars, "skip_bad_rows": skip_bad_rows or None, "strip_labels": strip_labels or None,
    }  # fmt: skip
    if train is None and config is None and label_names is None:
        raise typer.BadParameter(
            "give a file to learn from, --label-names, or --config with `train`.", param_hint="TRAIN"
        )
    run_config = RunConfig.build(config, settings=parse_settings(settings or []), **flags)
    command = repeat_command(sys.argv[1:])
    if is_first := is_first_process():
        checkpoint = prepare_checkpoint(run_config.out, resume, say, no_bundle=no_bundle)
    else:  # torchrun started several, and the first one speaks and writes for all
        run_config, no_bundle = run_config.model_copy(update={"report": None}), True
        checkpoint = prepare_checkpoint(run_config.out, resume, _silent) if resume else None
    try:
        with showing_progress() if is_first else nullcontext():
            told = say if is_first else _silent
            outcome = run(run_config, command=command, save=not no_bundle, checkpoint=checkpoint, say=told)
    except KeyboardInterrupt as interruption:
        say(way_on(checkpoint, command, str(interruption)))
        raise typer.Exit(130) from None
    if not is_first:
        return
    if json:
        write_json(_payload(outcome))
    else:
        _show(outcome)


def _silent(message: str) -> None:
    pass


def _payload(outcome: "Outcome") -> dict[str, Any]:
    from headstart.evaluation.report import report_dict

    predictor, report = outcome.model.predictor_, outcome.report
    limit = predictor.limit()
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
        "max_error": None if limit is None else {"threshold": limit.threshold, "sentence": limit.sentence()},
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
    from rich.text import Text

    from headstart.evaluation.report import print_report
    from headstart.evaluation.report.formatting import visible
    from headstart.evaluation.report.sentences import translated

    console, language = Console(), outcome.config.language

    def told(sentence: str) -> Text:
        return Text(visible(translated(sentence, language)))

    if outcome.report is None:
        why = "too few different rows a class to hold some out" if outcome.n_train else "there are no labelled rows"
        console.print(told(f"No figures: {why}. Give rows to measure on with --test FILE."))
        for reason in outcome.model.predictor_.reasons:
            console.print(Text("- ").append(told(reason)))
        if outcome.config.report is not None:
            console.print(told(f"No report was written to {outcome.config.report}: it would have no figures."))
        if (limit := outcome.model.predictor_.limit()) is not None:
            console.print(told(limit.sentence()))
        if outcome.bundle is not None:
            console.print(told(f"Bundle: {outcome.bundle}"))
        return
    print_report(outcome.report, console, bundle=outcome.bundle, page=outcome.report_file, language=language)

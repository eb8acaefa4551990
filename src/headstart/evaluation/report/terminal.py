"""What a newcomer sees after `headstart fit`: verdict, figures, warnings, and where the files are."""

from os import PathLike

from rich.console import Console
from rich.table import Table
from rich.text import Text

from headstart.evaluation.report.formatting import (
    CLASSES_SHOWN,
    DASH,
    answered_figures,
    bracket,
    compared,
    excludes_zero,
    integer,
    metric_keys,
    number,
    shorten,
    signed,
    signed_bracket,
    visible,
    weakest_first,
)
from headstart.evaluation.report.more_labels import more_labels_line
from headstart.evaluation.report.sentences import said
from headstart.evaluation.report.strings import Words, metric_name, words
from headstart.evaluation.results import ClassScores, Evaluation, Interval, Report
from headstart.types import Finding

__all__ = ["print_report"]

_WARNINGS_SHOWN = 5
_SENTENCE_CHARACTERS = 600
_NAME_CHARACTERS = 60
_WORDS_A_CLASS = 6
_COLOURS: dict[bool | None, str] = {True: "green", False: "red"}  # by whether the model is better


def print_report(
    report: Report,
    console: Console,
    *,
    bundle: str | PathLike[str] | None = None,
    page: str | PathLike[str] | None = None,
    language: str = "en",
) -> None:
    """Print the report on `console`: about 50 lines for a handful of classes, 80 columns or more.

    bundle, page: where the bundle and the HTML report were written; None = not written.
    language: "en" or "zh", for the fixed words. Raises ConfigError for another language.
    """
    w = words(language)
    _headline(report, console, w)
    console.print()
    if report.model.metrics:
        console.print(_metrics(report, w), "")
    if report.model.per_class:
        console.print(_classes(report.model.per_class, w))
    if len(report.model.per_class) > CLASSES_SHOWN:
        console.print(Text(w["more_classes"].format(n=len(report.model.per_class) - CLASSES_SHOWN), style="dim"))
    console.print()
    _answering(report, console, w)
    _more_labels(report, console, w)
    _reasons(report, console, w)
    _steps(report, console, w)
    _training(report, console, w)
    _class_words(report, console, w)
    _warnings(report, console, w)
    _places({w["bundle"]: bundle, w["report"]: page}, console)


def _headline(report: Report, console: Console, w: Words) -> None:
    console.print(Text(_line(said(report.title, w)), style="bold"))
    console.print(Text(_names(report, w), style="dim"))
    console.print()
    console.print(_verdict(report, w))


def _names(report: Report, w: Words) -> str:
    """The protocol, and which two models the columns are."""
    lines = [
        _line(said(report.protocol, w)),
        w["named"].format(
            role=w["model"],
            name=f"{_line(report.model.name, _NAME_CHARACTERS)} ({_line(report.strategy, _NAME_CHARACTERS)})",
        ),
    ]
    if report.baseline is not None:
        lines.append(w["named"].format(role=w["baseline"], name=_line(report.baseline.name, _NAME_CHARACTERS)))
    return "\n".join(lines)


def _verdict(report: Report, w: Words) -> Text:
    paired = report.comparison
    if paired is None:
        return Text(w[f"alone.{report.alone}"])
    label = w.get(f"verdict.{paired.verdict}", _line(paired.verdict, _NAME_CHARACTERS))
    text = Text.assemble(
        (label, f"bold {_COLOURS.get(paired.is_better, 'yellow')}"), (f"\n{_line(compared(paired, w))}", "")
    )
    between = f"{signed(paired.difference.value)} {signed_bracket(paired.difference)}".strip()
    role = f"{w['difference']}, {_line(metric_name(w, paired.metric), _NAME_CHARACTERS)}"
    return text.append(f"\n{w['named'].format(role=role, name=between)}", style="dim")


def _metrics(report: Report, w: Words) -> Table:
    table = _table()
    table.add_column(w["metric"])
    columns = [w["model"]] if report.baseline is None else [w["model"], w["baseline"], w["difference"]]
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for key in metric_keys(report)[0]:
        table.add_row(Text(_line(metric_name(w, key), _NAME_CHARACTERS)), *_metric_cells(report, key)[: len(columns)])
    return table


def _metric_cells(report: Report, key: str) -> tuple[Text, Text, Text]:
    model, baseline = _metric(report.model, key), _metric(report.baseline, key)
    return _scored(model), _scored(baseline), _difference(report, key, model, baseline)


def _metric(evaluation: Evaluation | None, key: str) -> Interval | None:
    return None if evaluation is None else evaluation.metrics.get(key)


def _difference(report: Report, key: str, model: Interval | None, baseline: Interval | None) -> Text:
    """Coloured only where an interval leaves out zero: the other differences may be luck."""
    paired = report.comparison
    if paired is not None and paired.metric == key:
        sure = excludes_zero(paired.difference)
        return Text(signed(paired.difference.value), style=_COLOURS.get(paired.is_better, "") if sure else "")
    if model is None or baseline is None:
        return Text(DASH)
    return Text(signed(model.value - baseline.value))


def _classes(scores: tuple[ClassScores, ...], w: Words) -> Table:
    """All classes in their order, or the weakest ones of many."""
    table = _table()
    table.add_column(w["class"], overflow="ellipsis", no_wrap=True, max_width=30)
    for key in ("precision", "recall", "f1", "support"):
        table.add_column(w[key], justify="right", no_wrap=True)
    if len(scores) > CLASSES_SHOWN:
        scores = weakest_first(scores)[:CLASSES_SHOWN]
    for c in scores:
        table.add_row(
            Text(_line(c.name, _NAME_CHARACTERS)),
            number(c.precision.value),
            number(c.recall.value),
            _scored(c.f1),
            integer(c.support),
        )
    return table


def _table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", title_justify="left")


def _scored(interval: Interval | None) -> Text:
    if interval is None:
        return Text(DASH)
    return Text.assemble(number(interval.value), (f" {bracket(interval)}".rstrip(), "dim"))


def _answering(report: Report, console: Console, w: Words) -> None:
    """The limit of errors, of a model that has one, and how it did on rows that did not set it."""
    if report.answering is None:
        return
    console.print(Text(w["answering"], style="bold"))
    console.print(Text(f"· {_line(said(report.answering.sentence, w))}"))
    if report.answering.measured is not None:
        figures = "; ".join(f"{name} {figure}" for name, figure in answered_figures(report.answering.measured, w))
        where = w["answering_rows"].format(n=integer(report.answering.measured.n))
        console.print(Text(f"· {w['named'].format(role=where, name=figures)}"))
    console.print()


def _more_labels(report: Report, console: Console, w: Words) -> None:
    """What further labelled rows would buy."""
    if report.more_labels is not None:
        console.print(Text(w["more_labels"], style="bold"))
        console.print(Text(f"· {more_labels_line(report.more_labels, w)}"))
        console.print()


def _reasons(report: Report, console: Console, w: Words) -> None:
    if report.reasons:
        console.print(Text(w["why"], style="bold"))
        for reason in report.reasons:
            console.print(Text(f"· {_line(said(reason, w))}"))
        console.print()


def _steps(report: Report, console: Console, w: Words) -> None:
    """The steps that changed the number of rows, or what is in them."""
    told = [step for step in report.steps if step.n_after != step.n_before or step.is_told]
    if told:
        console.print(Text(w["steps"], style="bold"))
        for step in told:
            rows = f" ({integer(step.n_before)} → {integer(step.n_after)})" * (step.n_after != step.n_before)
            role = _line(w.get(f"role.{step.data}", step.data))
            console.print(Text(f"· {w['named'].format(role=role, name=_line(said(step.action, w)))}{rows}"))
        console.print()


def _training(report: Report, console: Console, w: Words) -> None:
    """How the training went, of a model that learnt step by step."""
    history = report.history
    if history is None or not history.stretches:
        return
    console.print(Text(w["training"], style="bold"))
    first, last = number(history.stretches[0].loss), number(history.stretches[-1].loss)
    seconds = f"{history.seconds:,.1f}"
    console.print(Text(f"· {w['trained'].format(n=integer(history.n_steps), seconds=seconds, first=first, last=last)}"))
    if history.checks:
        check = history.checks[-1]
        loss, accuracy = number(check.loss), number(check.accuracy)
        console.print(Text(f"· {w['checked'].format(step=integer(check.step), loss=loss, accuracy=accuracy)}"))
    console.print()


def _class_words(report: Report, console: Console, w: Words) -> None:
    """The words that speak most for each class; of many classes the page tells."""
    if not 0 < len(report.class_words) <= CLASSES_SHOWN:
        return
    console.print(Text(w["class_words"], style="bold"))
    for each in report.class_words:
        listed = ", ".join(_line(word.text, _NAME_CHARACTERS) for word in each.words[:_WORDS_A_CLASS])
        console.print(Text(f"· {w['named'].format(role=_line(str(each.name), _NAME_CHARACTERS), name=listed)}"))
    console.print()


def _warnings(report: Report, console: Console, w: Words) -> None:
    """What the audits found, errors first; notes are left to the page."""
    found = [(a.origin, f) for a in report.audits for f in a.findings if f.severity in ("error", "warning")]
    found.sort(key=lambda pair: pair[1].severity != "error")
    if not found:
        return
    console.print(Text(w["warnings"], style="bold"))
    for origin, finding in found[:_WARNINGS_SHOWN]:
        console.print(_warning(origin, finding, w))
    if len(found) > _WARNINGS_SHOWN:
        console.print(Text(w["more_warnings"].format(n=len(found) - _WARNINGS_SHOWN), style="dim"))
    console.print()


def _warning(origin: str, finding: Finding, w: Words) -> Text:
    style = "red" if finding.severity == "error" else "yellow"
    return Text.assemble(("! ", style), f"{_line(origin, _NAME_CHARACTERS)}: {_line(said(finding.message, w))}")


def _places(places: dict[str, str | PathLike[str] | None], console: Console) -> None:
    """Paths are never broken by us, so that they can be copied."""
    given = {name: str(path) for name, path in places.items() if path is not None}
    width = max((Text(name).cell_len for name in given), default=0)
    for name, path in given.items():
        label = name + " " * (width - Text(name).cell_len)
        console.print(Text.assemble((label, "dim"), f"  {visible(path)}"), soft_wrap=True)


def _line(text: str, limit: int = _SENTENCE_CHARACTERS) -> str:
    """A text without control characters and line ends, cut where it would flood the screen."""
    return shorten(" ".join(visible(text).split()), limit)

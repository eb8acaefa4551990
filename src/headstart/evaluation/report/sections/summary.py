"""The first screen: how good is it, and did the transfer help?"""

from headstart.evaluation.metrics import METRICS
from headstart.evaluation.report.charts import IntervalRow, interval_chart
from headstart.evaluation.report.formatting import (
    DASH,
    HEADLINE_METRICS,
    bracket,
    compared,
    excludes_zero,
    finite,
    integer,
    metric_keys,
    number,
    signed,
    signed_bracket,
)
from headstart.evaluation.report.markup import details, esc, figure, label, minus, note, scored, table
from headstart.evaluation.report.strings import Words, metric_name
from headstart.evaluation.results import Evaluation, Interval, Report

__all__ = ["summary"]

_KINDS: dict[bool | None, str] = {True: "good", False: "bad"}  # CSS classes, by whether the model is better
_ON_ONE_AXIS = ("accuracy", "balanced_accuracy", "macro_f1", "mcc", "roc_auc")  # all: 1 is best


def summary(report: Report, w: Words) -> str:
    """Verdict, big figures, model beside baseline, interval plot."""
    parts = (
        _verdict(report, w),
        _big_figures(report.model, w),
        f'<div class="pair wide-left"><div>{_metrics_table(report, w)}{_table_note(report, w)}</div>'
        f"{_interval_plot(report, w)}</div>",
    )
    heading = f'<h2 id="h-summary" class="unseen">{esc(w["summary"])}</h2>'
    return f'<section id="summary" aria-labelledby="h-summary">{heading}{"".join(parts)}</section>'


def _verdict(report: Report, w: Words) -> str:
    if report.comparison is None:
        kind, outcome = "none", w["verdict.none"]
        sentence = w[f"alone.{report.alone}"]
    else:
        verdict = report.comparison.verdict
        kind = _KINDS.get(report.comparison.is_better, "open")
        outcome = w.get(f"verdict.{verdict}", verdict)
        sentence = compared(report.comparison, w)
    return (
        f'<p class="verdict {kind}"><span class="badge">{esc(outcome)}</span> '
        f'<span class="sentence" dir="auto">{esc(sentence)}</span></p>'
    )


def _big_figures(model: Evaluation, w: Words) -> str:
    tiles = "".join(_big_figure(model, key, w) for key in HEADLINE_METRICS)
    return f'<dl class="big">{tiles}</dl>'


def _big_figure(model: Evaluation, key: str, w: Words) -> str:
    interval = model.metrics.get(key)
    lines = [_interval_words(interval, w), w.get(f"hint.{key}", "")]
    if key == "accuracy" and model.confusion:
        right = sum(row[i] for i, row in enumerate(model.confusion))
        lines[1] = w["right_of"].format(right=integer(right), n=integer(model.n))
    small = "".join(f'<span class="small">{minus(line)}</span>' for line in lines if line)
    figure_ = minus(number(interval.value)) if interval else DASH
    return f'<div><dt>{esc(metric_name(w, key))}</dt><dd><span class="figure">{figure_}</span>{small}</dd></div>'


def _interval_words(interval: Interval | None, w: Words) -> str:
    if interval is None:
        return w["not_computed"]
    if not bracket(interval):
        return w["no_interval"]
    return w["interval"].format(low=number(interval.low), high=number(interval.high))


def _metrics_table(report: Report, w: Words) -> str:
    columns = [(w["metric"], ""), (w["model"], "num model"), (w["baseline"], "num"), (w["difference"], "num")]
    if report.baseline is None:
        columns = columns[:2]
    main, further = metric_keys(report)
    if not main + further:
        return _who(report, w)
    tables = []
    for name, keys in ((w["summary"], main), (w["further_metrics"].format(n=len(further)), further)):
        rows = [_metric_row(report, key, w)[: len(columns)] for key in keys]
        tables.append(table(name, columns, rows, w, "metrics"))
    rest = details(w["further_metrics"].format(n=len(further)), tables[1]) if further else ""
    return _who(report, w) + tables[0] + rest


def _metric_row(report: Report, key: str, w: Words) -> tuple[str, str, str, str]:
    arrow = f' <abbr title="{esc(w["lower_is_better"])}">↓</abbr>' if _is_cost(key) else ""
    model = report.model.metrics.get(key)
    baseline = report.baseline.metrics.get(key) if report.baseline else None
    name = f"{esc(metric_name(w, key))}{arrow}"
    return name, scored(model), scored(baseline), _difference(report, key, model, baseline)


def _is_cost(key: str) -> bool:
    return key in METRICS and not METRICS[key].higher_is_better


def _difference(report: Report, key: str, model: Interval | None, baseline: Interval | None) -> str:
    paired = report.comparison
    if paired is not None and paired.metric == key:
        tail = signed_bracket(paired.difference)
        kind = f" {_KINDS.get(paired.is_better, '')}".rstrip() if excludes_zero(paired.difference) else ""
        ci = f' <span class="ci">{minus(tail)}</span>' if tail else ""
        return f'<span class="v{kind}">{minus(signed(paired.difference.value))}</span>{ci}'
    if model is None or baseline is None:
        return DASH
    return f'<span class="v">{minus(signed(model.value - baseline.value))}</span>'


def _who(report: Report, w: Words) -> str:
    """Which models the two columns and the two colours are."""
    names = [("model", w["model"], report.model)]
    if report.baseline is not None:
        names.append(("baseline", w["baseline"], report.baseline))
    keys = "".join(
        f'<span class="key {kind}"><span class="dot" aria-hidden="true"></span>'
        f"{w['named'].format(role=esc(word), name=label(e.name))}</span>"
        for kind, word, e in names
    )
    return f'<p class="who">{keys}</p>'


def _table_note(report: Report, w: Words) -> str:
    return note(w["metrics_note"]) if report.baseline is not None else ""


def _interval_plot(report: Report, w: Words) -> str:
    rows = [row for key in _ON_ONE_AXIS if (row := _plot_row(report, key, w)) is not None]
    if not rows:
        return ""
    values = "; ".join(_spoken(row, w) for row in rows)
    svg = interval_chart(rows, w["interval_alt"].format(values=values))
    return figure(svg, esc(w["interval_caption"]))


def _plot_row(report: Report, key: str, w: Words) -> IntervalRow | None:
    model = report.model.metrics.get(key)
    baseline = report.baseline.metrics.get(key) if report.baseline else None
    if not any(i is not None and finite(i.value) for i in (model, baseline)):
        return None
    return IntervalRow(metric_name(w, key), model, baseline)


def _spoken(row: IntervalRow, w: Words) -> str:
    """What a screen reader says of one line of the plot."""
    both = ((w["model"], row.model), (w["baseline"], row.baseline))
    said = [f"{word} {number(i.value)} {bracket(i)}".strip() for word, i in both if i is not None]
    return f"{row.label}: {', '.join(said)}"

"""How the training went, of a model that learnt step by step: the learning curves."""

from headstart.evaluation.report.charts import learning_curves
from headstart.evaluation.report.formatting import finite, integer, number
from headstart.evaluation.report.markup import details, esc, facts, figure, note, section, table
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Report
from headstart.predictor import History

__all__ = ["training"]


def training(report: Report, w: Words) -> str:
    """Loss, held-out accuracy and learning rate over the steps; nothing for a model that learns otherwise."""
    history = report.history
    if history is None or not history.stretches:
        return ""
    words = (w["loss"], w["held_out_accuracy"], w["learning_rate"], w["steps_taken"])
    svg = learning_curves(history, words, w["curves_alt"].format(values=_spoken(history, w)))
    summary = facts((term, esc(value)) for term, value in _facts(history, w))
    explained = note(w["training_note"] if history.checks else w["no_held_out"])
    both = (
        f'<div class="pair">{figure(svg, _keys(history, w))}<div>{summary}{explained}{_table(history, w)}</div></div>'
    )
    return section("training", w["training"], both)


def _facts(history: History, w: Words) -> list[tuple[str, str]]:
    losses = f"{number(history.stretches[0].loss)} → {number(history.stretches[-1].loss)}"
    rows = [(w["steps_taken"], integer(history.n_steps)), (w["training_loss"], losses)]
    if history.checks:
        last = history.checks[-1]
        best = min(history.checks, key=lambda check: check.loss if finite(check.loss) else float("inf"))
        rows += [
            (w["held_out_accuracy"], w["at_step"].format(value=number(last.accuracy), step=integer(last.step))),
            (w["lowest_held_out"], w["at_step"].format(value=number(best.loss), step=integer(best.step))),
        ]
    return [*rows, (w["seconds"], f"{history.seconds:,.1f}")]


def _keys(history: History, w: Words) -> str:
    """Which line is which."""
    names = [("baseline", w["training_loss"]), *([("model", w["held_out"])] if history.checks else [])]
    keys = (
        f'<span class="key {kind}"><span class="dot" aria-hidden="true"></span>{esc(n)}</span>' for kind, n in names
    )
    return f'<span class="who">{"".join(keys)}</span>'


def _table(history: History, w: Words) -> str:
    """All checks, in a fold."""
    if not history.checks:
        return ""
    columns = [(w["step"], ""), (w["held_out_loss"], "num"), (w["held_out_accuracy"], "num")]
    rows = ((integer(check.step), number(check.loss), number(check.accuracy)) for check in history.checks)
    name = w["checks"].format(n=integer(len(history.checks)))
    return details(name, table(name, columns, rows, w))


def _spoken(history: History, w: Words) -> str:
    return "; ".join(f"{term}: {value}" for term, value in _facts(history, w))

"""What was done to the rows, why these parts, and how to measure it again."""

from headstart.evaluation.report.formatting import integer
from headstart.evaluation.report.markup import bullets, esc, facts, label, minus, note, section, table, user
from headstart.evaluation.report.sentences import said
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Report
from headstart.types import Step

__all__ = ["method", "steps", "why"]


def steps(report: Report, w: Words) -> str:
    """Each step with the rows before and after: nothing happens to rows in silence."""
    if not report.steps:
        return section("steps", w["steps"], note(w["no_steps"]))
    columns = [
        (w["step_data"], ""),
        (w["action"], "words"),
        (w["before"], "num"),
        (w["after"], "num"),
        (w["change"], "num"),
    ]
    return section("steps", w["steps"], table(w["steps"], columns, (_step(step, w) for step in report.steps), w))


def _step(step: Step, w: Words) -> tuple[str, ...]:
    change = step.n_after - step.n_before
    shown = minus(f"{change:+,}") if change else "0"
    data = w.get(f"role.{step.data}", step.data)
    return user(data), user(said(step.action, w)), integer(step.n_before), integer(step.n_after), shown


def why(report: Report, w: Words) -> str:
    """Encoder, head and strategy, and the reasons for the first two."""
    parts = facts((w[key], label(getattr(report, key))) for key in ("encoder", "head", "strategy"))
    reasons = bullets((user(said(reason, w)) for reason in report.reasons), "reasons")
    return section("why", w["why"], parts, reasons or note(w["no_reasons"]))


def method(report: Report, w: Words) -> str:
    """Protocol, the command to repeat the run, seed, seconds, versions."""
    protocol = f'<p dir="auto">{esc(said(report.protocol, w))}</p>'
    command = f'<h3>{esc(w["repeat"])}</h3><pre tabindex="0" lang=""><code>{esc(report.command)}</code></pre>'
    seconds = " · ".join(
        f"{label(w.get(f'seconds.{part}', part))} {value:,.1f}" for part, value in report.seconds.items()
    )
    versions = " · ".join(f"{label(name)} {label(version)}" for name, version in report.versions.items())
    rows = [
        (w["seed"], esc(report.seed)),
        (w["seconds"], seconds),
        (w["versions"], versions),
    ]
    return section("method", w["method"], protocol, command, facts((t, html) for t, html in rows if html))

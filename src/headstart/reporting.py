"""From estimates to the report: figures, comparison with the baseline, audits, and how it was done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from headstart import data
from headstart.evaluation.compare import compare
from headstart.evaluation.labels import unknown_labels
from headstart.evaluation.metrics import evaluate
from headstart.evaluation.results import Evaluation, Report
from headstart.measure import Estimate
from headstart.predictor import Predictor
from headstart.types import Audit, Dataset, Finding, Step
from headstart.versions import versions

__all__ = ["Role", "facts_for_card", "report_on_bundle", "report_on_run"]

_METRIC = "accuracy"
_CARD_METRICS = ("accuracy", "macro_f1", "mcc")


@dataclass(frozen=True, slots=True)
class Role:
    """A data set of the run with its history."""

    dataset: Dataset
    steps: tuple[Step, ...]
    audit: Callable[..., Audit]


def report_on_run(
    predictor: Predictor,
    roles: Mapping[str, Role],
    own: Estimate,
    baseline: tuple[str, Estimate] | None,
    augment: str | None = None,
    **about: Any,
) -> Report:
    """The report of a run. baseline: its name and its estimate on the same rows, None when the model is the
    baseline itself. augment: what the training rows were augmented with, for the model's name. about: command,
    seconds and seed, as in `Report`.
    """
    classes = tuple(str(c) for c in predictor.classes)
    model_name = f"{predictor.name} with {augment}" if augment else predictor.name
    title = f"{_short(roles['train'].dataset.origin)}: {len(classes)} classes"
    report = _report(predictor, own, title=title, name=model_name)
    report = replace(
        report,
        audits=_audits(roles, predictor),
        steps=tuple(step for role in roles.values() for step in role.steps),
        **about,
    )
    if baseline is None:
        return replace(report, reasons=(*report.reasons, "The model is the from-scratch baseline itself."))
    name, base = baseline
    return replace(
        report,
        baseline=_evaluation(name, classes, base),
        comparison=compare(
            model_name,
            own.rows.labels or (),
            own.probabilities,
            name,
            base.probabilities,
            classes,
            metric=_METRIC,
        ),
    )


def report_on_bundle(predictor: Predictor, loaded: data.LoadedData, command: str) -> Report:
    """The report of a predictor on labelled rows that it may or may not have seen; no baseline, no fit."""
    rows = loaded.dataset
    found = predictor.predict(rows.texts)
    estimate = Estimate(rows, found.probabilities, f"{rows.n:,} rows of {rows.origin}")
    audit = data.audit(loaded, truncated=found.truncated)
    return replace(
        _report(predictor, estimate, title=f"{_short(rows.origin)}: {predictor.name}"),
        command=command,
        audits=(replace(audit, findings=(*_unknown_labels(predictor, rows), *audit.findings)),),
        steps=loaded.steps,
    )


def facts_for_card(report: Report | None, command: str) -> dict[str, str]:
    """What the bundle's card says of the run."""
    if report is None:
        return {"command": f"`{command}`"}
    figures = {key: report.model.metrics[key] for key in _CARD_METRICS if key in report.model.metrics}
    scores = ", ".join(f"{k} {v.value:.3f} [{v.low:.3f}, {v.high:.3f}]" for k, v in figures.items())
    verdict = {"transfer": report.comparison.sentence} if report.comparison is not None else {}
    return {
        "measured": f"{scores} on {report.protocol}",
        **verdict,
        "command": f"`{command}`",
        "seed": str(report.seed),
    }


def _short(origin: str) -> str:
    """`newsdesk/train.csv` of a longer path: many a file is called train.csv."""
    return "/".join(Path(origin).parts[-2:])


def _report(predictor: Predictor, own: Estimate, *, title: str, name: str | None = None) -> Report:
    """What any report says of a predictor and its figures."""
    return Report(
        title=title,
        command="",
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
        encoder=predictor.encoder_name,
        head=predictor.head_name,
        strategy=predictor.strategy,
        reasons=predictor.reasons,
        protocol=own.protocol,
        model=_evaluation(name or predictor.name, tuple(str(c) for c in predictor.classes), own),
        baseline=None,
        comparison=None,
        audits=(),
        steps=(),
        versions=versions(),
        history=predictor.history,
    )


def _evaluation(name: str, classes: tuple[str, ...], estimate: Estimate) -> Evaluation:
    rows = estimate.rows
    return evaluate(name, classes, rows.labels or (), estimate.probabilities, texts=rows.texts, lines=rows.lines)


def _audits(roles: Mapping[str, Role], predictor: Predictor) -> tuple[Audit, ...]:
    train = roles["train"].dataset
    audits = []
    for name, role in roles.items():
        others = (train,) if name == "test" else ()
        audit = role.audit(others=others, truncated=predictor.truncated(role.dataset.texts))
        unknown = _unknown_labels(predictor, role.dataset) if name == "test" else ()
        audits.append(replace(audit, findings=(*unknown, *audit.findings)))
    return tuple(audits)


def _unknown_labels(predictor: Predictor, rows: Dataset) -> tuple[Finding, ...]:
    """Labels of the test rows that no training row has: they count as errors, and the report says so."""
    found = unknown_labels(tuple(str(c) for c in predictor.classes), rows.labels or (), rows.lines)
    return (found,) if found is not None else ()

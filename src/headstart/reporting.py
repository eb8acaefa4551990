"""From estimates to the report: figures, comparison with the baseline, audits, and how it was done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from headstart import data
from headstart.encoders import is_pretrained
from headstart.evaluation.compare import compare
from headstart.evaluation.labels import unknown_labels
from headstart.evaluation.metrics import evaluate
from headstart.evaluation.more_labels import forecast
from headstart.evaluation.report.formatting import bracket, number
from headstart.evaluation.results import Evaluation, Report
from headstart.explaining import ClassWords, exact_class_words
from headstart.limits import answering
from headstart.measure import Estimate
from headstart.predictor import Measured, Predictor
from headstart.strategies import uses_of
from headstart.types import Audit, Dataset, Finding, Step
from headstart.versions import versions

__all__ = ["Role", "facts_for_card", "report_on_bundle", "report_on_run"]

_METRIC = "accuracy"
_CARD_METRICS = ("accuracy", "macro_f1", "mcc")
_WORDS_A_CLASS = 12
_FOLD_SHARE = 0.8  # of the rows, that the models of a cross-validation learn from


@dataclass(frozen=True, slots=True)
class Role:
    """A data set of the run with its history. columns: which of its file's were read, by role."""

    dataset: Dataset
    steps: tuple[Step, ...]
    audit: Callable[..., Audit]
    columns: Mapping[str, str] = field(default_factory=dict)


def report_on_run(
    predictor: Predictor,
    roles: Mapping[str, Role],
    own: Estimate,
    baseline: tuple[str, Estimate] | None,
    **about: Any,
) -> Report:
    """The report of a run. baseline: its name and its estimate on the same rows, None when there is none. about:
    command, seconds, seed, and why there is no baseline, as in `Report`.
    """
    classes = tuple(str(c) for c in predictor.classes)
    title = f"{_short(roles['train'].dataset.origin)}: {len(classes)} classes"
    report = _report(predictor, own, title=title)
    limit = predictor.limit()
    report = replace(
        report,
        answering=answering(limit, predictor.classes, own.rows.labels or (), own.probabilities, "test" in roles),
        audits=_audits(roles, predictor),
        steps=tuple(step for role in roles.values() for step in role.steps),
        more_labels=forecast(predictor, roles["train"].dataset)[0] if own.rows.n else None,
        **about,
    )
    if baseline is None:
        return report
    name, base = baseline
    return replace(
        report,
        baseline=_evaluation(name, classes, base),
        comparison=compare(
            report.model.name,
            own.rows.labels or (),
            own.probabilities,
            name,
            base.probabilities,
            classes,
            metric=_METRIC,
            transfers=_transfers(predictor, roles),
        ),
    )


def _transfers(predictor: Predictor, roles: Mapping[str, Role]) -> bool:
    """Whether it knows more than its labelled rows say: from other texts, or from what the names of classes mean."""
    beside = {"source", "unlabelled"} & roles.keys() & uses_of(predictor.strategy)
    climbed = predictor.strategy in ("few_labels", "zero_shot") and predictor.encoder_name != "tfidf"
    return bool(beside) or climbed or is_pretrained(predictor.encoder_name)


def report_on_bundle(
    predictor: Predictor, loaded: data.LoadedData, command: str, max_error: float | str | None = None
) -> Report:
    """The report of a predictor on labelled rows that it may or may not have seen; no baseline, no fit.

    max_error: another rate of errors than the predictor's. Raises ConfigError where it cannot be asked.
    """
    rows, limit = loaded.dataset, predictor.limit(max_error)
    found = predictor.predict(rows.texts)
    estimate = Estimate(rows, found.probabilities, f"{rows.n:,} rows of {rows.origin}")
    audit = data.audit(loaded, role="test", truncated=found.truncated, unfamiliar=predictor.unfamiliar(rows.texts))
    return replace(
        _report(predictor, estimate, title=f"{_short(rows.origin)}: {predictor.name}"),
        command=command,
        answering=answering(limit, predictor.classes, rows.labels or (), found.probabilities),
        audits=(replace(audit, findings=(*_unknown_labels(predictor, rows), *audit.findings)),),
        steps=loaded.steps,
    )


def facts_for_card(report: Report | None, command: str) -> dict[str, str]:
    """What the bundle's card says of the run."""
    if report is None:
        return {"command": f"`{command}`"}
    figures = {key: report.model.metrics[key] for key in _CARD_METRICS if key in report.model.metrics}
    scores = ", ".join(f"{key} {number(found.value)} {bracket(found)}".rstrip() for key, found in figures.items())
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


def _report(predictor: Predictor, own: Estimate, *, title: str) -> Report:
    """What any report says of a predictor and its figures."""
    return Report(
        title=title,
        command="",
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
        encoder=predictor.encoder_name,
        head=predictor.head_name,
        strategy=predictor.strategy,
        reasons=(*predictor.reasons, *predictor.examples),
        protocol=own.protocol,
        model=_evaluation(predictor.described, tuple(str(c) for c in predictor.classes), own),
        baseline=None,
        comparison=None,
        audits=(),
        steps=(),
        versions=versions(),
        history=predictor.history,
        class_words=_class_words(predictor),
    )


def _class_words(predictor: Predictor) -> tuple[ClassWords, ...]:
    """The words that speak most for each class, where the model's weights say all of it."""
    found = exact_class_words(predictor, n=_WORDS_A_CLASS) or ()
    return found if all(each.method == "exact" for each in found) else ()


def _evaluation(name: str, classes: tuple[str, ...], estimate: Estimate) -> Evaluation:
    rows = estimate.rows
    return evaluate(name, classes, rows.labels or (), estimate.probabilities, texts=rows.texts, lines=rows.lines)


def _audits(roles: Mapping[str, Role], predictor: Predictor) -> tuple[Audit, ...]:
    learnt = [roles[name].dataset for name in ("train", "source") if name in roles]
    audits = []
    for name, role in roles.items():
        texts, is_test = role.dataset.texts, name == "test"
        others, strange = (learnt, predictor.unfamiliar(texts)) if is_test else ((), None)
        audit = role.audit(role=name, others=others, truncated=predictor.truncated(texts), unfamiliar=strange)
        unknown = _unknown_labels(predictor, role.dataset) if is_test else ()
        audits.append(replace(audit, findings=(*unknown, *audit.findings)))
    return tuple(audits)


def measured(predictor: Predictor, own: Estimate, n_train: int, *, tested: bool) -> Measured | None:
    """The accuracy of an estimate; None where no row was checked. tested: on other rows than the n_train it learnt
    from.
    """
    if not own.rows.n:
        return None
    right = np.array(predictor.classes, dtype=object).astype(str)[own.probabilities.argmax(axis=1)] == own.rows.labels
    return Measured(float(np.mean(right)), own.rows.n, n_train if tested else round(_FOLD_SHARE * n_train))


def _unknown_labels(predictor: Predictor, rows: Dataset) -> tuple[Finding, ...]:
    """Labels of the test rows that no training row has: they count as errors, and the report says so."""
    found = unknown_labels(tuple(str(c) for c in predictor.classes), rows.labels or (), rows.lines)
    return (found,) if found is not None else ()

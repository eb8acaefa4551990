"""The main job: read, audit, fit, measure beside the baseline, report, save. What `headstart fit` does."""

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from headstart import data
from headstart.bundle import save_bundle
from headstart.classifier import TextClassifier
from headstart.config import RunConfig
from headstart.errors import ConfigError
from headstart.evaluation.compare import compare
from headstart.evaluation.labels import unknown_labels
from headstart.evaluation.metrics import evaluate
from headstart.evaluation.report import render_html
from headstart.evaluation.results import Comparison, Evaluation, Report
from headstart.measure import Estimate, cross_validate, on_test
from headstart.predictor import Predictor
from headstart.types import Audit, Dataset, Finding, Step
from headstart.versions import versions

__all__ = ["Outcome", "Role", "repeat_command", "report_on_bundle", "run"]

BASELINE = ("tfidf", "svm")  # from scratch: what anyone gets without transfer, in seconds
_METRIC = "accuracy"


@dataclass(frozen=True, slots=True)
class Role:
    """A data set of the run with its history."""

    dataset: Dataset
    steps: tuple[Step, ...]
    audit: Callable[..., Audit]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run leaves. report is None when no row could be checked (no --test, two rows a class)."""

    config: RunConfig
    model: TextClassifier
    n_train: int
    seconds: dict[str, float]
    report: Report | None
    report_file: Path | None
    bundle: Path | None


@dataclass(slots=True)
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


def run(
    config: RunConfig, *, command: str = "", save: bool = True, say: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Do the whole job. `say` takes one line at the start of each stage. Raises HeadstartError."""
    clock = _Clock()
    place = _bundle_place(config) if save else None
    _check_report_place(config)
    with clock("read"):
        say(f"reading {config.train}")
        roles = _read(config)
    train = roles["train"].dataset
    with clock("fit"):
        say(f"fitting on {train.n:,} rows")
        model = _fit(config, roles, train)
    say(f"measuring {model.predictor_.name}")
    with clock("evaluate"):
        estimates = _measure(config, roles, model)
    report = _report(config, command, roles, model, estimates, clock.seconds) if estimates else None
    bundle = None
    if place is not None:
        with clock("save"):
            say(f"saving {place}")
            bundle = save_bundle(
                model.predictor_, place, reference=_reference(roles), facts=_facts(report, command)
            )
    file = Path(config.report) if config.report and report is not None else None
    if file is not None and report is not None:
        file.write_text(render_html(report), encoding="utf-8")
    return Outcome(config, model, train.n, clock.seconds, report, file, bundle)


def _read(config: RunConfig) -> dict[str, Role]:
    """The data sets by role; the training data shortened by --shots and --limit."""
    roles = {"train": _load(config, "train", labelled=True)}
    data.check_trainable(roles["train"].dataset)
    if config.shots is not None:
        roles["train"] = _shortened(roles["train"], data.sample_per_class, config.shots, config.seed)
    if config.limit is not None:
        roles["train"] = _shortened(roles["train"], data.limit_rows, config.limit, config.seed)
        data.check_trainable(roles["train"].dataset)
    for role, labelled in (("test", True), ("source", None), ("unlabelled", False)):
        if getattr(config, role) is not None:
            roles[role] = _load(config, role, labelled=labelled)
    return roles


def _load(config: RunConfig, role: str, *, labelled: bool | None) -> Role:
    loaded = data.read_dataset(
        getattr(config, role),
        columns=data.Columns(config.text, config.label, config.domain, config.title),
        encoding=config.encoding,
        labelled=labelled,
        skip_bad_rows=config.skip_bad_rows,
        strip_labels=config.strip_labels,
        max_text_chars=config.max_text_chars,
        role=role,
    )

    def audit(**more: Any) -> Audit:
        return data.audit(loaded, **more)

    return Role(loaded.dataset, loaded.steps, audit)


def _shortened(role: Role, draw: Callable[..., tuple[Dataset, Step]], n: int, seed: int) -> Role:
    dataset, step = draw(role.dataset, n, seed)

    def audit(**more: Any) -> Audit:
        return data.audit(dataset, **more)

    return Role(dataset, (*role.steps, step), audit)


def _fit(config: RunConfig, roles: dict[str, Role], rows: Dataset) -> TextClassifier:
    model = TextClassifier(
        config.encoder, config.strategy, config.head, settings=config.settings, random_state=config.seed
    )
    extra = {role: roles[role].dataset for role in ("source", "unlabelled") if role in roles}
    return model.fit(rows.texts, rows.labels or (), **extra)


def _fit_baseline(config: RunConfig, rows: Dataset) -> TextClassifier:
    encoder, head = BASELINE
    return TextClassifier(encoder, "linear_probe", head, random_state=config.seed).fit(
        rows.texts, rows.labels or ()
    )


def _measure(
    config: RunConfig, roles: dict[str, Role], model: TextClassifier
) -> tuple[Estimate, Estimate | None] | None:
    """The model's and the baseline's estimates, on the same rows; None where there is none to make."""
    train, alone = roles["train"].dataset, _is_baseline(config, model)
    if "test" in roles:
        test = roles["test"].dataset
        return on_test(model, test), None if alone else on_test(_fit_baseline(config, train), test)
    own = cross_validate(lambda rows: _fit(config, roles, rows), train, config.seed)
    if own is None:
        return None
    return own, None if alone else cross_validate(
        lambda rows: _fit_baseline(config, rows), train, config.seed
    )


def _report(
    config: RunConfig,
    command: str,
    roles: dict[str, Role],
    model: TextClassifier,
    estimates: tuple[Estimate, Estimate | None],
    seconds: dict[str, float],
) -> Report:
    own, base = estimates
    predictor = model.predictor_
    classes = tuple(str(c) for c in predictor.classes)
    comparison: Comparison | None = None
    baseline: Evaluation | None = None
    if base is not None:
        name = " + ".join(BASELINE)
        baseline = _evaluation(name, classes, base)
        labels = own.rows.labels or ()
        comparison = compare(
            predictor.name, labels, own.probabilities, name, base.probabilities, classes, metric=_METRIC
        )
    return Report(
        title=f"{Path(config.train.partition('?')[0]).name}: {len(classes)} classes",
        command=command,
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
        encoder=predictor.encoder_name,
        head=predictor.head_name,
        strategy=predictor.strategy,
        reasons=(*predictor.reasons, *(() if base else ("The model is the from-scratch baseline itself.",))),
        protocol=own.protocol,
        model=_evaluation(predictor.name, classes, own),
        baseline=baseline,
        comparison=comparison,
        audits=_audits(roles, model),
        steps=tuple(step for role in roles.values() for step in role.steps),
        seconds=dict(seconds),
        versions=versions(),
        seed=config.seed,
    )


def _is_baseline(config: RunConfig, model: TextClassifier) -> bool:
    parts = (model.predictor_.encoder_name, model.predictor_.head_name)
    return parts == BASELINE and not config.settings and config.source is None and config.unlabelled is None


def _evaluation(name: str, classes: tuple[str, ...], estimate: Estimate) -> Evaluation:
    rows = estimate.rows
    return evaluate(
        name, classes, rows.labels or (), estimate.probabilities, texts=rows.texts, lines=rows.lines
    )


def _audits(roles: dict[str, Role], model: TextClassifier) -> tuple[Audit, ...]:
    train = roles["train"].dataset
    audits = []
    for name, role in roles.items():
        others = (train,) if name == "test" else ()
        truncated = model.predictor_.encoder.truncated(role.dataset.texts)
        audit = role.audit(others=others, truncated=truncated)
        unknown = _unknown_labels(model.predictor_, role.dataset) if name == "test" else ()
        audits.append(replace(audit, findings=(*unknown, *audit.findings)))
    return tuple(audits)


def _unknown_labels(predictor: Predictor, rows: Dataset) -> tuple[Finding, ...]:
    """Labels of the test rows that no training row has: they count as errors, and the report says so."""
    found = unknown_labels(tuple(str(c) for c in predictor.classes), rows.labels or (), rows.lines)
    return (found,) if found is not None else ()


def _reference(roles: dict[str, Role]) -> dict[str, Any]:
    """The training distribution: what drift is measured against."""
    audit = roles["train"].audit()
    return {
        "n": audit.n,
        "classes": dict(audit.classes),
        "languages": dict(audit.languages),
        "characters": dict(audit.characters),
    }


def _facts(report: Report | None, command: str) -> dict[str, str]:
    if report is None:
        return {"command": f"`{command}`"}
    figures = {k: v for k, v in report.model.metrics.items() if k in ("accuracy", "macro_f1", "mcc")}
    scores = ", ".join(f"{k} {v.value:.3f} [{v.low:.3f}, {v.high:.3f}]" for k, v in figures.items())
    verdict = {"transfer": report.comparison.sentence} if report.comparison is not None else {}
    return {
        "measured": f"{scores} on {report.protocol}",
        **verdict,
        "command": f"`{command}`",
        "seed": str(report.seed),
    }


def _bundle_place(config: RunConfig) -> Path:
    """--out, or bundles/NAME with a number where that is taken: without --out nothing is ever overwritten."""
    if config.out is not None:
        return Path(config.out)
    path = Path(config.train.partition("?")[0])
    stem = path.name.partition(".")[0] or "model"
    name = path.absolute().parent.name if stem in {"train", "training", "data", "-"} else stem
    base = Path("bundles") / (name or "model")
    numbers = (base.with_name(f"{base.name}-{i}") for i in range(2, 1_000_000))
    return base if not base.exists() else next(p for p in numbers if not p.exists())


def _check_report_place(config: RunConfig) -> None:
    if config.report is not None and not Path(config.report).absolute().parent.is_dir():
        raise ConfigError(
            f"--report {config.report}: there is no folder {Path(config.report).parent}. Create it first."
        )


def repeat_command(argv: list[str]) -> str:
    """The command line to repeat a run, quoted for a shell."""
    return shlex.join(["headstart", *argv])


def report_on_bundle(predictor: Predictor, loaded: data.LoadedData, command: str) -> Report:
    """The report of a predictor on labelled rows that it may or may not have seen; no baseline, no fit."""
    rows = loaded.dataset
    found = predictor.predict(rows.texts)
    classes = tuple(str(c) for c in predictor.classes)
    estimate = Estimate(rows, found.probabilities, f"{rows.n:,} rows of {rows.origin}")
    audit = data.audit(loaded, truncated=found.truncated)
    return Report(
        title=f"{Path(rows.origin).name}: {predictor.name}",
        command=command,
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
        encoder=predictor.encoder_name,
        head=predictor.head_name,
        strategy=predictor.strategy,
        reasons=predictor.reasons,
        protocol=estimate.protocol,
        model=_evaluation(predictor.name, classes, estimate),
        baseline=None,
        comparison=None,
        audits=(replace(audit, findings=(*_unknown_labels(predictor, rows), *audit.findings)),),
        steps=loaded.steps,
        versions=versions(),
    )

"""The main job: read, audit, fit, measure beside the baseline, report, save. What `headstart fit` does."""

import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from headstart import registry
from headstart.augment import Augmenter
from headstart.bundle import check_place, save_bundle
from headstart.classifier import TextClassifier
from headstart.config import RunConfig, check_page
from headstart.encoders._terms import fewest_texts
from headstart.evaluation.report import render_html
from headstart.evaluation.results import Report
from headstart.few_labels.names import read_label_names
from headstart.held_out import GoesOn, without
from headstart.labels import LEAST_ROWS
from headstart.limits import with_limit
from headstart.measure import Estimate, cross_validate, on_test
from headstart.pacing import time_for_more
from headstart.reporting import Role, facts_for_card, measured, report_on_run
from headstart.roles import cleaner_of, read_roles
from headstart.types import Dataset

__all__ = ["Outcome", "repeat_command", "run"]

BASELINE = ("tfidf", "svm")  # from scratch: what anyone gets without transfer, in seconds


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
    began: float = field(default_factory=time.perf_counter)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


def run(
    config: RunConfig,
    *,
    command: str = "",
    save: bool = True,
    checkpoint: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Do the whole job. `say` takes one line at the start of each stage. checkpoint: where the fit keeps its state,
    and goes on from what is there; removed when the bundle is saved. Raises HeadstartError.
    """
    from headstart.finetuning.checkpoint import discard

    clock = _Clock()
    place = _bundle_place(config) if save else None
    if place is not None:
        check_place(place)  # now, not after an hour of work
    check_page("--report", config.report)
    if config.augment:
        Augmenter.from_spec(config.augment)  # a mistake in it, now
    if config.label_names is not None:
        read_label_names(Path(config.label_names))  # likewise
    with clock("read"):
        say(f"reading {config.train or config.label_names}")
        roles, drawn = read_roles(config)
    train = roles["train"].dataset
    with clock("fit"):
        model = _fit(config, roles, train, checkpoint, say)
        model.predictor_ = replace(model.predictor_, columns=roles["train"].columns)
    say(f"measuring {model.predictor_.name}")
    until = None if config.budget_s is None else clock.began + config.budget_s
    with clock("evaluate"):
        estimates = _measure(config, roles, drawn, model, until)
        if estimates and train.n:
            known = measured(model.predictor_, estimates[0], train.n, tested="test" in roles)
            model.predictor_ = replace(model.predictor_, measured=known)
        if config.max_error is not None:
            _limit(config, roles, drawn, model, estimates, until)
    report = _report(config, command, roles, model, estimates, clock.seconds) if estimates else None
    bundle = None
    if place is not None:
        with clock("save"):
            say(f"saving {place}")
            facts = facts_for_card(report, command)
            bundle = save_bundle(model.predictor_, place, reference=_reference(roles), facts=facts)
    if checkpoint is not None and bundle is not None:
        discard(checkpoint)
    file = Path(config.report) if config.report and report is not None else None
    if file is not None and report is not None:
        file.write_text(render_html(report, language=config.language), encoding="utf-8")
    return Outcome(config, model, train.n, clock.seconds, report, file, bundle)


def _fit(
    config: RunConfig, roles: dict[str, Role], rows: Dataset, checkpoint: Path | None, say: Callable[[str], None]
) -> TextClassifier:
    """Says first what the strategy makes of the budget; where `auto` chooses it, that is known afterwards."""
    is_chosen = config.strategy != "auto"
    if is_chosen:
        _warn_of_budget(config, config.strategy, say)
    say(f"fitting on {rows.n:,} rows" if rows.n else "fitting without labelled rows")
    model = TextClassifier(
        config.encoder,
        config.strategy,
        config.head,
        clean=cleaner_of(config).text_spec,
        augment=config.augment,
        settings=config.settings,
        random_state=config.seed,
    )
    model = _fitted(model, config, roles, rows, checkpoint)
    if not is_chosen:
        _warn_of_budget(config, model.predictor_.strategy, say)
    return model


def _part_fit(
    config: RunConfig, roles: dict[str, Role], drawn: Dataset, whole: TextClassifier
) -> Callable[[Dataset], TextClassifier]:
    """A fit as that of the whole, on a part of the drawn rows, beside nothing that has the text of another one."""
    clean = cleaner_of(config).text.clean_all
    texts = set(clean(drawn.texts))
    beside = {
        name: replace(role, dataset=replace(role.dataset, texts=clean(role.dataset.texts)))
        for name, role in roles.items()
        if name in ("source", "unlabelled")
    }

    def fit(rows: Dataset) -> TextClassifier:
        others = tuple(texts - set(clean(rows.texts)))
        apart = {name: replace(role, dataset=without(role.dataset, others)) for name, role in beside.items()}
        return _fitted(whole.for_part(), config, {**roles, **apart}, rows)

    return fit


def _fitted(
    model: TextClassifier, config: RunConfig, roles: dict[str, Role], rows: Dataset, checkpoint: Path | None = None
) -> TextClassifier:
    source, unlabelled = (roles[role].dataset if role in roles else None for role in ("source", "unlabelled"))
    names = None if config.label_names is None else read_label_names(Path(config.label_names))
    gone = _classes_of_rows(roles["train"].dataset) - {*(rows.labels or ())}  # that a part of the rows does not have
    return model.fit(
        rows.texts,
        rows.labels or (),
        source=source,
        unlabelled=unlabelled,
        label_names=None if names is None else {label: name for label, name in names.items() if label not in gone},
        budget_s=config.budget_s,
        checkpoint=checkpoint,
    )


def _fit_baseline(config: RunConfig, rows: Dataset, n_whole: int | None = None) -> TextClassifier:
    """On these rows, but for a class of one row, which names alone can tell; n_whole: of which they are a part."""
    encoder, head = BASELINE
    own = _classes_of_rows(rows)
    rows = rows.take([i for i, label in enumerate(rows.labels or ()) if label in own])
    clean, settings = cleaner_of(config).text_spec, {"encoder.min_df": fewest_texts(n_whole or rows.n)}
    model = TextClassifier(encoder, "linear_probe", head, clean=clean, settings=settings, random_state=config.seed)
    return model.fit(rows.texts, rows.labels or ())


def _classes_of_rows(rows: Dataset) -> set[str]:
    """The classes with two rows or more; others are known by their names."""
    return {label for label, n in Counter(rows.labels or ()).items() if n >= LEAST_ROWS}


def _measure(
    config: RunConfig, roles: dict[str, Role], drawn: Dataset, model: TextClassifier, until: float | None
) -> tuple[Estimate, Estimate | None] | None:
    """The model's and the baseline's estimates, on the same rows; None where there is none to make. Without test rows
    on those of one fold at least, and of as many as there is time for.
    """
    train = roles["train"].dataset
    alone = len(_classes_of_rows(train)) < 2 or _is_baseline(config, model)  # there is nothing to compare with
    if "test" in roles:
        test = roles["test"].dataset
        base = None if alone else on_test(_fit_baseline(config, train), test, model.classes_)
        return on_test(model, test, model.classes_), base
    if not train.n:
        return None
    checked = partial(_cross_validated, config, drawn, model)
    own = checked(_part_fit(config, roles, drawn, model), time_for_more(until))
    if own is None:
        return None
    baseline = partial(_fit_baseline, config, n_whole=train.n)
    return own, None if alone else checked(baseline, lambda n: n < own.rows.n)


def _cross_validated(
    config: RunConfig,
    drawn: Dataset,
    model: TextClassifier,
    fit: Callable[[Dataset], TextClassifier],
    goes_on: GoesOn,
) -> Estimate | None:
    """Training rows by models, made by `fit`, that have not seen them: with the classes of `model`, which was made of
    all, and on fewer of them where that took long. drawn: the rows before they were cleaned; rules that judge
    labels choose what is learnt from, never what is checked.
    """
    cleaner = cleaner_of(config)
    rows = cleaner.judging(False).clean(drawn).dataset  # cleaned, so that texts which are equal then stay together
    is_slow = model.predictor_.is_slow
    return cross_validate(
        lambda fold: fit(cleaner.learnable(fold)), rows, model.classes_, config.seed, is_slow=is_slow, goes_on=goes_on
    )


def _limit(
    config: RunConfig,
    roles: dict[str, Role],
    drawn: Dataset,
    model: TextClassifier,
    estimates: Any,
    until: float | None,
) -> None:
    checked = estimates and estimates[0]
    if "test" in roles:  # they have no part in setting it
        fit = _part_fit(config, roles, drawn, model)
        checked = _cross_validated(config, drawn, model, fit, time_for_more(until))
    model.predictor_ = with_limit(model.predictor_, checked, config.max_error or "")


def _report(
    config: RunConfig,
    command: str,
    roles: dict[str, Role],
    model: TextClassifier,
    estimates: tuple[Estimate, Estimate | None],
    seconds: dict[str, float],
) -> Report:
    own, base = estimates
    baseline = (" + ".join(BASELINE), base) if base is not None else None
    about = {"command": command, "seconds": dict(seconds), "seed": config.seed}
    alone = "baseline" if _is_baseline(config, model) else "rows"
    return report_on_run(model.predictor_, roles, own, baseline, alone=alone, **about)


def _warn_of_budget(config: RunConfig, strategy: str, say: Callable[[str], None]) -> None:
    kind = registry.load("strategy", strategy)
    if config.budget is not None and not any(getattr(kind, name, False) for name in ("is_long_work", "uses_budget")):
        say(f"--budget {config.budget} changes nothing of the model: {strategy} takes no notice of it")


def _is_baseline(config: RunConfig, model: TextClassifier) -> bool:
    parts = (model.predictor_.encoder_name, model.predictor_.head_name)
    more = (config.source, config.unlabelled, config.label_names, config.augment)
    return parts == BASELINE and not config.settings and all(each is None for each in more)


def _reference(roles: dict[str, Role]) -> dict[str, Any]:
    """The training distribution: what drift is measured against."""
    audit = roles["train"].audit(role="train")
    return {
        "n": audit.n,
        "classes": dict(audit.classes),
        "languages": dict(audit.languages),
        "characters": dict(audit.characters),
    }


def _bundle_place(config: RunConfig) -> Path:
    """--out, or bundles/NAME with a number where that is taken: without --out nothing is ever overwritten."""
    if config.out is not None:
        return Path(config.out)
    path = Path((config.train or config.label_names or "").partition("?")[0])
    stem = path.name.partition(".")[0] or "model"
    name = path.absolute().parent.name if stem in {"train", "training", "data", "-"} else stem
    base = Path("bundles") / (name or "model")
    numbers = (base.with_name(f"{base.name}-{i}") for i in range(2, 1_000_000))
    return base if not base.exists() else next(p for p in numbers if not p.exists())


def repeat_command(argv: list[str]) -> str:
    """The command line to repeat a run, quoted for a shell."""
    return shlex.join(["headstart", *argv])

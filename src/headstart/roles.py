"""What a run reads: its data sets by role, shortened and cleaned as it asks for, with an account of each step."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from headstart import data
from headstart.cleaning import Cleaner
from headstart.config import RunConfig
from headstart.few_labels.names import read_label_names
from headstart.reporting import Role
from headstart.types import Audit, Dataset, Step

__all__ = ["cleaner_of", "read_roles"]


def read_roles(config: RunConfig) -> tuple[dict[str, Role], Dataset]:
    """The data sets by role, the training data shortened by --shots and --limit and then cleaned; and the training
    data before it was cleaned.
    """
    cleaner = cleaner_of(config)  # a mistake in the rules, now
    roles = {"train": _load(config, "train", labelled=True) if config.train is not None else _no_rows(config)}
    names = () if config.label_names is None else read_label_names(Path(config.label_names))
    check = partial(data.check_trainable, names=names)
    if config.train is not None:
        check(roles["train"].dataset)
    if config.shots is not None:
        roles["train"] = _shortened(roles["train"], data.sample_per_class, config.shots, config.seed)
    if config.limit is not None:
        roles["train"] = _shortened(roles["train"], data.limit_rows, config.limit, config.seed)
        check(roles["train"].dataset)
    for role, labelled in (("test", True), ("source", None), ("unlabelled", False)):
        if getattr(config, role) is not None:
            roles[role] = _load(config, role, labelled=labelled)
    if "test" in roles:
        train = roles["train"].dataset
        data.check_known_labels(roles["test"].dataset, (*(train.labels or ()), *names), train.origin)
    drawn = roles["train"].dataset
    if config.clean and config.train is not None:
        roles["train"] = _clean_train(cleaner, roles["train"], is_checked="test" not in roles)
        check(roles["train"].dataset)
    if "test" in roles and cleaner.text_spec:
        learnt = [text for role in ("train", "source") if role in roles for text in roles[role].dataset.texts]
        roles["test"] = _with_overlap(cleaner, roles["test"], Dataset(tuple(learnt)))
    return roles, drawn


def _no_rows(config: RunConfig) -> Role:
    """In place of labelled rows: the file of names."""
    nothing = Dataset((), (), origin=str(config.label_names))
    step = Step("train", "no labelled rows: the classes are known by their names", 0, 0)
    return Role(nothing, (step,), lambda **more: data.audit(nothing, **more))


def _load(config: RunConfig, role: str, *, labelled: bool | None) -> Role:
    loaded = data.read_dataset(
        getattr(config, role),
        columns=data.Columns(config.text, config.label, config.domain, config.title, or_usual=role != "train"),
        encoding=config.encoding,
        labelled=labelled,
        skip_bad_rows=config.skip_bad_rows,
        strip_labels=config.strip_labels,
        max_text_chars=config.max_text_chars,
        role=role,
    )

    def audit(**more: Any) -> Audit:
        return data.audit(loaded, **more)

    return Role(loaded.dataset, loaded.steps, audit, loaded.roles.names())


def _shortened(role: Role, draw: Callable[..., tuple[Dataset, Step]], n: int, seed: int) -> Role:
    dataset, step = draw(role.dataset, n, seed)

    def audit(**more: Any) -> Audit:
        return data.audit(dataset, **more)

    return Role(dataset, (*role.steps, step), audit, role.columns)


def cleaner_of(config: RunConfig) -> Cleaner:
    """Rules without effect when there are none. What a rule marks is left out: it was asked for."""
    return Cleaner.from_spec(config.clean, drop_marked=True, seed=config.seed) if config.clean else Cleaner()


def _clean_train(cleaner: Cleaner, role: Role, *, is_checked: bool) -> Role:
    """The training rows that the rules leave, their texts as they were: the classifier cleans them itself."""
    cleaned = cleaner.clean(role.dataset, role="train")
    left = role.dataset.take(cleaned.kept)
    steps = [*role.steps, *cleaned.steps]
    judging = ", ".join(name for name, _ in cleaner.judging(True).rows)
    if judging and is_checked:
        inside = f"cross-validation: {judging} inside each fold, so that no checked row is chosen by its label"
        steps.append(Step("train", inside, left.n, left.n))

    def audit(**more: Any) -> Audit:
        return data.audit(left, **more)

    return Role(left, tuple(steps), audit, role.columns)


def _with_overlap(cleaner: Cleaner, test: Role, train: Dataset) -> Role:
    """Says which test texts are training texts only once both are cleaned; the audit counts them as they are."""
    plain = data.overlap(train, test.dataset).n
    first, second = (replace(rows, texts=cleaner.text.clean_all(rows.texts)) for rows in (train, test.dataset))
    n = data.overlap(first, second).n
    if n == plain:
        return test
    action = f"{n:,} test texts are in the training data once both are cleaned, {plain:,} as they are: none left out"
    return replace(test, steps=(*test.steps, Step("test", action, test.dataset.n, test.dataset.n)))

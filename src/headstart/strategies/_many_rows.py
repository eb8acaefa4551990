"""Many labelled rows: counted words and frozen features, and fine-tuning, which stays if held-out rows are better off
with it. It is tried as long as a budget has time for; without one, where it takes no more than minutes.

Shape letter: k classes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from math import inf
from time import monotonic
from typing import Any

import numpy as np

from headstart.errors import MissingExtra
from headstart.few_labels.reading import tunable
from headstart.functional.probability import log_losses
from headstart.held_out import Predict, by_others, in_columns, part_of
from headstart.predictor import Predictor
from headstart.strategies.contrastive import Contrastive
from headstart.strategies.finetune import Finetune
from headstart.strategies.pooled import Pooled
from headstart.types import Ints, Task

__all__ = ["pooled_or_tuned"]

_SHARE = 0.6  # of a budget, for fine-tuning, however much of it is left: a run that goes on has to be the same one
_LEAST_S = 10.0  # of fine-tuning: in less it gets no further than where it begins
_SECONDS = 150.0  # of fine-tuning without a budget, at the rate of the last rung of few_labels, not by a clock
_READINGS = 3.0  # that an epoch takes
_MOST_EPOCHS, _LEAST_EPOCHS = 3.0, 0.15
_LEAST_ROWS = 2_000  # learnt from, each as often as it is: with fewer it is left alone
_FITTED = 2  # numbers that `finetune` fits to these rows, each of which flatters it by 1 / their number (Akaike 1974)
_UNLIKELY = 1e-9  # the least probability: a class that a part of the rows does not have has none


def pooled_or_tuned(
    task: Task, encoder: str | None, obstacle: str, encoder_settings: Mapping[str, Any] | None = None
) -> Predictor:
    """`pooled`; or `finetune` in three fifths of task.budget_s, if all else is done in the rest; or without a budget in
    so many epochs as take minutes. Both are compared on the rows that `finetune` holds out, from which another `pooled`
    has not learnt either.

    encoder: the transformer that is read and learns; None where `obstacle`, a sentence, says why there is none. Raises
    what `pooled` and `finetune` raise.
    """
    begun, budget_s = monotonic(), task.budget_s
    frozen = Pooled(encoder or "auto", encoder_settings=encoder_settings)
    pooled = frozen.fit(task)
    if encoder is None:
        return pooled if budget_s is None else _with(pooled, f"No fine-tuning; {obstacle}")
    if find_spec("torch") is None:
        return _with(pooled, f"No fine-tuning. {MissingExtra('It', 'torch', 'train')}")
    share = None if budget_s is None else _SHARE * budget_s
    of_tuned = tunable(encoder_settings or {})
    settings = _of_minutes(task, Contrastive(encoder, encoder_settings=of_tuned)) if share is None else {}
    if settings is None:
        return _with(pooled, "No fine-tuning: it takes many minutes, which --budget 10m would allow.")
    found = None
    if share is None or share >= _LEAST_S:
        until = inf if budget_s is None else begun + (1 - _SHARE) * budget_s
        finetune = Finetune(encoder, encoder_settings=of_tuned, strategy_settings=settings)
        found = _tuned(replace(task, budget_s=share), finetune, frozen, pooled, until)
    if found is None:
        return _with(pooled, f"No fine-tuning: the budget of {budget_s:,.0f} s is too short.")
    is_tuned = found.strategy == "finetune"
    return replace(found, for_parts={f"strategy.{name}": value for name, value in settings.items() if is_tuned})


def _of_minutes(task: Task, contrastive: Contrastive) -> dict[str, Any] | None:
    """The settings of fine-tuning without a budget; None where it has too few epochs in that time."""
    with contrastive.support(task) as (support, _):
        epochs = min(_MOST_EPOCHS, _SECONDS / (_READINGS * support.reading_s()))
    if epochs < max(_LEAST_EPOCHS, _LEAST_ROWS / len(task.texts)):
        return None
    return {"n_epochs": round(epochs, 2), "runs": 1}


def _tuned(task: Task, finetune: Finetune, frozen: Pooled, pooled: Predictor, until: float) -> Predictor | None:
    """The better of `pooled`, which `frozen` made, and what is tuned; None where it is later than `until` (of
    `monotonic`) before that is begun.
    """
    from headstart.finetuning.distributed import together
    from headstart.finetuning.rows import split_rows

    rows = split_rows(task.texts, task.y, task.random_state)
    y, k = task.y[rows.check], len(task.classes)
    with together() as processes:  # by one clock: who tunes waits for the others

        def is_late() -> bool:
            return processes.agree(until - monotonic()) < 0

        if is_late():
            return None
        before = by_others(_learn_by(frozen, task), task.texts, task.y, rows.learn, rows.check, k)
        if is_late():
            return None
        tuned = finetune.fit(task)
    found = before, tuned.predict_proba([task.texts[row] for row in rows.check])
    right = [100 * float(np.mean(each.argmax(axis=1) == y)) for each in found]
    losses = [log_losses(np.log(np.maximum(each, _UNLIKELY)), y) for each in found]
    is_better = float(losses[0].mean() - losses[1].mean()) > _FITTED / len(y)
    verdict = "fine-tuning was kept" if is_better else "fine-tuning is not better and was left out"
    reason = f"Right of {len(y):,} held-out training rows, in %: pooled {right[0]:.1f}, fine-tuned {right[1]:.1f}"
    return _with(tuned if is_better else pooled, f"{reason}: {verdict}.")


def _learn_by(frozen: Pooled, task: Task) -> Callable[[Ints], Predict]:
    """As `by_others` asks for it. Texts that the whole has read come from the feature cache, if there is one."""

    def learn(rows: Ints) -> Predict:
        pooled = frozen.fit(part_of(task, rows))
        return in_columns(pooled.predict_proba, pooled.classes, task.classes)

    return learn


def _with(predictor: Predictor, reason: str) -> Predictor:
    return replace(predictor, reasons=(*predictor.reasons, reason))

"""Many labelled rows: counted words and frozen features; where there is a budget fine-tuning too, which stays if
held-out rows are clearly better off with it.

Shape letter: k classes.
"""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from time import monotonic

import numpy as np

from headstart.errors import MissingExtra
from headstart.functional.probability import clearly_lower, log_losses
from headstart.held_out import Predict, by_others, in_columns
from headstart.predictor import Predictor
from headstart.strategies.finetune import Finetune
from headstart.strategies.pooled import Pooled
from headstart.types import Ints, Task

__all__ = ["pooled_or_tuned"]

_SHARE = 0.6  # of a budget, for fine-tuning, however much of it is left: a run that goes on has to be the same one
_LEAST_S = 10.0  # of fine-tuning: in less it gets no further than where it begins
_UNLIKELY = 1e-9  # the least probability: a class that a part of the rows does not have has none


def pooled_or_tuned(task: Task, encoder: str | None, obstacle: str) -> Predictor:
    """`pooled`; or `finetune` in three fifths of task.budget_s, if all else is done in the rest. Both are compared on
    the rows that `finetune` holds out, from which another `pooled` has not learnt either.

    encoder: the transformer that learns; None where `obstacle`, a sentence, says why there is none. Raises what
    `pooled` and `finetune` raise.
    """
    begun = monotonic()
    pooled = Pooled().fit(task)
    if encoder is None:
        return pooled if task.budget_s is None else _with(pooled, f"No fine-tuning; {obstacle}")
    if task.budget_s is None:
        return _with(pooled, "No fine-tuning: it takes minutes, which --budget 10m would allow.")
    if find_spec("torch") is None:
        return _with(pooled, f"No fine-tuning. {MissingExtra('It', 'torch', 'train')}")
    found = _tuned(task, encoder, pooled, begun)
    short = f"No fine-tuning: the budget of {task.budget_s:,.0f} s is too short."
    return _with(pooled, short) if found is None else found


def _tuned(task: Task, encoder: str, pooled: Predictor, begun: float) -> Predictor | None:
    """The better of `pooled` and what is tuned; None where there is no time to find out."""
    from headstart.finetuning.distributed import together
    from headstart.finetuning.rows import split_rows

    budget_s = task.budget_s or 0.0
    seconds, until = _SHARE * budget_s, begun + (1 - _SHARE) * budget_s
    if seconds < _LEAST_S:
        return None
    rows = split_rows(task.texts, task.y, task.random_state)
    y, k = task.y[rows.check], len(task.classes)
    with together() as processes:  # by one clock: who tunes waits for the others
        if processes.agree(until - monotonic()) < 0:
            return None
        before = by_others(_learn_pooled(task), task.texts, task.y, rows.learn, rows.check, k)
        if processes.agree(until - monotonic()) < 0:
            return None
        tuned = Finetune(encoder).fit(replace(task, budget_s=seconds))
    found = before, tuned.predict_proba([task.texts[row] for row in rows.check])
    right = [100 * float(np.mean(each.argmax(axis=1) == y)) for each in found]
    losses = [log_losses(np.log(np.maximum(each, _UNLIKELY)), y) for each in found]
    is_better = clearly_lower(losses[1], losses[0])
    verdict = "fine-tuning was kept" if is_better else "fine-tuning is not clearly better and was left out"
    reason = f"Right of {len(y):,} held-out training rows, in %: pooled {right[0]:.1f}, fine-tuned {right[1]:.1f}"
    return _with(tuned if is_better else pooled, f"{reason}: {verdict}.")


def _learn_pooled(task: Task) -> Callable[[Ints], Predict]:
    """As `by_others` asks for it. Texts that the whole has read come from the feature cache, if there is one."""

    def learn(rows: Ints) -> Predict:
        pooled = Pooled().fit(task.part(rows))
        return in_columns(pooled.predict_proba, pooled.classes, task.classes)

    return learn


def _with(predictor: Predictor, reason: str) -> Predictor:
    return replace(predictor, reasons=(*predictor.reasons, reason))

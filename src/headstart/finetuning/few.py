"""How sure a network may be that learns from few rows, all of them: asked of a network that learns from two thirds."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from headstart.data.folding import n_different
from headstart.data.splits import folds
from headstart.finetuning.averaging import assign, copies
from headstart.finetuning.rows import Rows, decide
from headstart.finetuning.run import Run
from headstart.functional.probability import fit_scale

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["TRIAL_SHARE", "few_rows_scale", "thirds"]

_LEAST_ROWS = 20  # fewer cannot tell
_N_FOLDS = 3  # one of them asks
TRIAL_SHARE = 0.4  # of a budget: two thirds of the rows first, then all


def thirds(texts: Sequence[str], y: "Ints", random_state: int) -> "tuple[Ints, Ints]":
    """Two thirds of n rows to learn from and the others to ask, none of fewer than 20 different texts; equal texts stay
    together.
    """
    if n_different(texts) < _LEAST_ROWS:
        return np.arange(len(y)), np.arange(0)
    return folds(y, _N_FOLDS, random_state, texts=texts)[0]


def few_rows_scale(make_run: Callable[[Rows], Run], texts: Sequence[str], y: "Ints", random_state: int = 0) -> float:
    """The factor of the logits that calibrates a run over all n rows, where n is too small to hold some out of it.

    make_run(rows) is such a run over these rows, of one network. It learns from two thirds, is asked for the others,
    and has its weights back afterwards. Of fewer than 20 different texts nothing is asked, and the factor is 1.
    """
    learn, asked = thirds(texts, y, random_state)
    if not len(asked):
        return 1.0
    run = make_run(Rows(learn, np.arange(0)))
    if run.ends_at is not None:
        now = run.clock()
        run.ends_at = now + TRIAL_SHARE * (run.ends_at - now)
    learning = [p for p in run.network.parameters() if p.requires_grad]
    start = copies(learning)
    for _ in run.steps():
        pass
    scale = fit_scale(decide(run.network, run.inputs, asked, run.settings), y[asked])
    assign(learning, start)
    return scale

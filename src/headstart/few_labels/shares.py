"""The rung about shares: unlabelled texts may have more of one class than the labelled rows do, who were picked.

Shape letters: k classes.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headstart.few_labels.ladder import Pool, Rung
from headstart.functional.label_shift import Shift, label_shift
from headstart.functional.probability import softmax

if TYPE_CHECKING:
    from headstart.few_labels.experts import Parts
    from headstart.types import Floats

__all__ = ["shares_rung"]

_SURE = 0.01  # the p value under which the shares are others
_STRENGTH = 0.1  # of the labelled rows' shares
_MOST_TOLD = 3


def shares_rung(pool: Pool, parts: "Parts", classes: Sequence[str]) -> tuple[Rung, "Floats"]:
    """What the pool's rows without label say of the shares, and what is added to decision values (k,) for it: zeros
    where answers to them do not differ from the answers to held-out rows by more than chance.

    No held-out row is asked: they have the shares that the labelled rows have. Nor is a tuned expert; shares are those
    of the texts, whoever tells them.
    """
    began, n = time.perf_counter(), len(parts.y)
    models = range(len(parts.pairs))  # those that have answered the held-out rows, not the one that knows all
    new = np.mean([softmax(pool.partial(i)[n:]) for i in models], axis=0)
    found = label_shift(softmax(pool.held_out), parts.asked, new, _STRENGTH, parts.n_rounds)
    is_sure = found.p_value < _SURE
    what = f"+ class shares of the {len(new):,} unlabelled texts"
    why = f"p = {found.p_value:.2g} if they were those of the labelled rows"
    told = f"{_changes(found, classes)}; {why}" if is_sure else why
    rung = Rung(what, 0.0, 0.0, 1.0, 0, "kept" if is_sure else "left out", told, time.perf_counter() - began)
    return rung, np.log(found.shares / found.before) if is_sure else np.zeros(parts.k)


def _changes(found: Shift, classes: Sequence[str]) -> str:
    """`spam 50 to 17 %`, the largest ones."""
    by_size = np.argsort(-np.abs(found.shares - found.before), kind="stable")[:_MOST_TOLD]
    return ", ".join(f"{classes[i]} {100 * found.before[i]:.0f} to {100 * found.shares[i]:.0f} %" for i in by_size)

"""Trials of settings: networks that learn from some training rows, judged by others.

Shape letters: n rows, m held-out rows.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from headstart.data.folding import digests
from headstart.data.splits import folds
from headstart.finetuning.checking import answer
from headstart.finetuning.distributed import current
from headstart.finetuning.inputs import Inputs
from headstart.finetuning.network import Network
from headstart.finetuning.rows import Rows, decide
from headstart.finetuning.run import Run
from headstart.finetuning.settings import Settings

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["Attempt", "Begin", "Look", "Start", "attempts", "hold_out"]

_LEAST_FOLDS, _ENOUGH, _MOST = 4, 400, 1000  # held-out rows: draws until there are enough, the most of one draw
_PARTS = 4  # a draw's run is looked at after each quarter

Look = Callable[[int, float, float], None]  # (number of the look, share of the trial done, log loss): may raise
Attempt = Callable[[Settings, Look], "tuple[Floats, float]"]  # log losses (m,) of held-out rows, their accuracy
# A network that has learnt nothing yet, what it reads, and the number of its frozen layers
Start = Callable[[Settings], AbstractContextManager[tuple[Network, Inputs, int]]]
Begin = Callable[[Run], None]  # called before the first step


def hold_out(texts: Sequence[str], y: "Ints", random_state: int) -> list[Rows]:
    """Draws of rows to learn from and rows to check on, the others: a quarter, 1,000 at most; where that is fewer than
    400, as many draws as make 400, up to four. No row is checked on twice, equal texts stay together.

    Raises ConfigError where there are fewer than two different texts.
    """
    n_different = len(np.unique(digests(texts)))
    n_folds = min(max(_LEAST_FOLDS, math.ceil(len(y) / _MOST)), n_different)
    n_draws = min(n_folds, _LEAST_FOLDS, math.ceil(_ENOUGH * n_folds / len(y)))
    return [Rows(learn, check) for learn, check in folds(y, n_folds, random_state, texts=texts)[:n_draws]]


def attempts(start: Start, begin: Begin, draws: Sequence[Rows], y: "Ints", random_state: int) -> Attempt:
    """Settings -> what each draw's held-out rows say of a network that has learnt from its other rows.

    The logits of a draw are calibrated on its held-out rows: a trial is not judged by how sure it is. At each quarter
    of a draw but the last, `look` is told how the trial goes.
    """

    def attempt(settings: Settings, look: Look) -> "tuple[Floats, float]":
        found = []
        for number, draw in enumerate(draws):
            with start(settings) as (network, inputs, _):
                run = Run(network, inputs, y, replace(draw, check=draw.check[:0]), settings, random_state)
                begin(run)
                for part in _parts(run):
                    now = answer(part, decide(network, inputs, draw.check, settings), y[draw.check])
                    done = number * _PARTS + part
                    if done < _PARTS * len(draws):
                        look(done, done / (_PARTS * len(draws)), current().agree(now.check.loss))
            found.append(now)
        n_right = sum(one.check.accuracy * len(one.losses) for one in found)
        losses = np.concatenate([one.losses for one in found])
        return losses, n_right / len(losses)

    return attempt


def _parts(run: Run) -> Iterator[int]:
    """1 to _PARTS, each when that many quarters of the run's steps are taken; of a short run not all, but the last."""
    n_steps, done = run.n_steps(), 0
    for step in run.steps():
        part = step.number * _PARTS // n_steps
        if part > done and part < _PARTS:
            yield part
        done = part
    yield _PARTS

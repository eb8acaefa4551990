"""How many rows a run reads without learning from them, where its time is limited: it has to be left most of it.

Shape letter: n rows.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from headstart.finetuning.distributed import current
from headstart.finetuning.inputs import Inputs
from headstart.finetuning.network import Network
from headstart.finetuning.rows import Rows, features_of
from headstart.finetuning.settings import Settings
from headstart.functional.resampling import stratified_sample

if TYPE_CHECKING:
    from headstart.finetuning.checkpoint import Checkpoint
    from headstart.types import Ints

__all__ = ["affordable", "within"]

# Of the time that is left. Without a bound, 1,500 rows to begin from and two looks at 692 others took half of a
# twentieth of Trainer's time on sst2, on a core without bfloat16 (docs/log.md)
_PROBE_SHARE, _CHECK_SHARE = 0.08, 0.04
_LEAST = 50  # rows, of either
_FIRST, _TIMED = 8, 64  # rows that are read to find out; the first are slower
_DECIDED = "rows_read"  # beside a checkpoint's state


def within(
    network: Network,
    inputs: Inputs,
    y: "Ints",
    rows: Rows,
    settings: Settings,
    random_state: int,
    ends_at: float | None,
    place: "Checkpoint | None",
) -> tuple[Rows, Settings]:
    """The rows and settings of a run that ends in time: as given, or with fewer rows that check, drawn class by class,
    and fewer that the last layer begins from.

    y (n,): of all rows. place: a run that goes on reads what it read before.
    """
    if ends_at is None:
        return rows, settings

    def decide() -> list[int]:
        found = affordable(network, inputs, rows, settings, ends_at - time.monotonic())
        return [int(current().agree(n)) for n in found]

    n_probe, n_check = decide() if place is None else place.decided(_DECIDED, decide)
    check = rows.check
    if n_check < len(check):
        check = check[stratified_sample(y[check], n_check, np.random.default_rng(random_state))]
    return Rows(rows.learn, check), replace(settings, probe_rows=n_probe)


def affordable(
    network: Network,
    inputs: Inputs,
    rows: Rows,
    settings: Settings,
    left_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[int, int]:
    """How many rows the last layer may begin from, and how many may check: reading the first takes at most 8 % of the
    `left_s` seconds, the others, each time that they are asked, 4 %. No more than the settings and `rows` have, and no
    fewer than 50. Reads some rows to find out.
    """
    n_probe, n_check = settings.probe_rows, len(rows.check)
    if n_probe <= _LEAST and n_check <= _LEAST:
        return n_probe, n_check
    spread = rows.learn[:: max(1, len(rows.learn) // _TIMED)][:_TIMED]
    features_of(network, inputs, spread[:_FIRST], settings)
    begun = clock()
    features_of(network, inputs, spread, settings)
    a_token = (clock() - begun) / max(int(inputs.lengths[spread].sum()), 1)
    a_row = max(a_token * float(inputs.lengths[rows.learn].mean()), 1e-9)

    def at_most(n: int, share: float) -> int:
        return min(n, max(_LEAST, int(share * left_s / a_row)))

    return at_most(n_probe, _PROBE_SHARE), at_most(n_check, _CHECK_SHARE)

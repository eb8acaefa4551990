"""Which rows a run learns from, which check it, and what a network decides of rows.

Shape letters: n rows, k classes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from headstart.data.splits import folds_at_most
from headstart.finetuning.distributed import current
from headstart.finetuning.inputs import Inputs, tokens_to_read
from headstart.finetuning.network import Network, in_precision
from headstart.finetuning.settings import Settings
from headstart.text.batching import token_budget_batches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from headstart.types import Floats, Ints

__all__ = ["Rows", "decide", "features_of", "shuffled", "split_rows"]

_LEAST_ROWS = 400  # with fewer, all learn: no tenth of them could tell two runs apart
_CHECK_SHARE, _MOST_CHECKED = 0.1, 1000
_BLUR = 0.25  # of a text's length, at most, by which its place among longer and shorter ones is at random


@dataclass(frozen=True, slots=True)
class Rows:
    """Row numbers to learn from, and to check on (none where there are too few)."""

    learn: "Ints"
    check: "Ints"


def split_rows(texts: "Sequence[str]", y: "Ints", random_state: int) -> Rows:
    """A tenth of the rows, 1,000 at most, are spared for checking; equal texts stay together: of fewer than ten
    different texts one is spared, none of one.
    """
    n = len(y)
    most = max(round(1 / _CHECK_SHARE), round(n / _MOST_CHECKED))
    cut = folds_at_most(y, most, random_state, texts) if n >= _LEAST_ROWS else []
    return Rows(*cut[0]) if cut else Rows(np.arange(n), np.arange(0))


def shuffled(rows: "Ints", lengths: "Ints", rng: np.random.Generator) -> "Ints":
    """These rows in an order that is random, but with texts of like length near each other: padding is not learnt from.

    lengths (n,) tokens of all rows. Batches cut from random texts of a sentence each are half padding.
    """
    order = rng.permutation(rows)
    return order[np.argsort(lengths[order] * rng.uniform(1, 1 + _BLUR, len(order)), kind="stable")]


def decide(network: Network, inputs: Inputs, rows: "Ints", settings: Settings) -> "Floats":
    """Logits (n, k) float64 of these rows, nothing dropped. Processes that learn together share the work."""
    return _read(network, inputs, rows, settings, network.decide, network.last.out_features)


def features_of(network: Network, inputs: Inputs, rows: "Ints", settings: Settings) -> "Floats":
    """What the last layer reads of these rows: (n, d) float64, nothing dropped. Shared as in `decide`."""
    return _read(network, inputs, rows, settings, lambda features: features, network.last.in_features)


def _read(
    network: Network,
    inputs: Inputs,
    rows: "Ints",
    settings: Settings,
    finish: "Callable[[torch.Tensor], torch.Tensor]",
    width: int,
) -> "Floats":
    """(n, width): finish(features (B, d)) -> (B, width), batch after batch."""
    was = network.training
    network.eval()
    found, most = np.zeros((len(rows), width)), tokens_to_read(settings.batch_tokens, network.last.weight.device)
    try:
        with torch.inference_mode(), in_precision(settings.precision, network.body):
            for batch in current().share(token_budget_batches(inputs.lengths[rows].tolist(), most)):
                found[batch] = finish(inputs.features(rows[batch])).float().cpu().numpy()
    finally:
        network.train(was)
    return current().add_up(found)

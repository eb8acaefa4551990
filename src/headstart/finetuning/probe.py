"""Where the last linear layer begins: at what it would be if nothing below it learnt.

Shape letters: n rows, d features, k classes.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch

from headstart.finetuning.distributed import current
from headstart.finetuning.inputs import Inputs
from headstart.finetuning.network import Network
from headstart.finetuning.rows import Rows, features_of
from headstart.finetuning.settings import Settings
from headstart.functional.resampling import stratified_sample
from headstart.heads.logistic import Logistic
from headstart.labels import LEAST_ROWS

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["begin_at_probe"]

_C = 10.0  # weak: what it says of these rows is only the beginning


def begin_at_probe(
    network: Network, inputs: Inputs, y: "Ints", rows: Rows, settings: Settings, random_state: int
) -> list[str]:
    """Give the last layer the weights of a logistic regression on the features that the network has now, of at most
    `settings.probe_rows` of the rows that learn, drawn class by class; 0 leaves it alone. Returns what the report says.

    A class with a single row is left at zero; with fewer than two other classes nothing changes. Source: Kumar et al.,
    ICLR 2022, "Fine-tuning can distort pretrained features and underperform out-of-distribution" (LP-FT): until a last
    layer fits, its gradients pull the features at random. Departure: a part of the rows is enough to begin with.
    """
    if not settings.probe_rows:
        return []
    learn = rows.learn
    drawn = learn[stratified_sample(y[learn], settings.probe_rows, np.random.default_rng(random_state))]
    known = np.flatnonzero(np.bincount(y[drawn], minlength=network.last.out_features) >= LEAST_ROWS)
    drawn = drawn[np.isin(y[drawn], known)]
    if len(known) < 2:
        return []
    features = features_of(network, inputs, drawn, settings).astype(np.float32)
    head = Logistic(_C, None, random_state=random_state).fit(features, np.searchsorted(known, y[drawn]))
    with torch.no_grad():
        for parameter, values in zip((network.last.weight, network.last.bias), _weights(head), strict=True):
            parameter[known] = torch.from_numpy(values).to(parameter)
    current().start_equal(network.last)
    return [f"The last layer began at a logistic regression on the features of {len(drawn):,} rows."]


def _weights(head: Logistic) -> tuple["np.ndarray", "np.ndarray"]:
    """(k, d), (k,)."""
    arrays = head.get_state().arrays
    return np.asarray(arrays["coef"]), np.asarray(arrays["intercept"])

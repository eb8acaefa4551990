"""Contrastive tuning: texts of one class come together, those of different classes go apart. All pairs in one pass.

Shape letters: n rows, B rows of a batch, d features.
"""

from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from headstart.finetuning.groups import make_optimiser
from headstart.finetuning.inputs import Inputs
from headstart.finetuning.network import Network, in_precision
from headstart.finetuning.settings import Settings
from headstart.functional.schedules import make_schedule
from headstart.text.batching import token_budget_batches
from headstart.training import StepReport, optimise

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["Loss", "contrast", "features_of", "n_steps_of", "pair_loss", "supervised_contrast"]

_ALIKE = 4  # rows of a class in a batch
_CHUNK_TOKENS = 512  # of one pass through the model: a few rows, most of them in passes with little padding

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # features (B, d) and codes (B,) -> scalar


def supervised_contrast(features: torch.Tensor, y: torch.Tensor, temperature: float) -> torch.Tensor:
    """The mean over rows of minus the mean log-probability of a row's own class among all other rows.

    features (B, d), of any length: cosines count. y (B,) codes. A row without another one of its class is no anchor,
    though others are compared with it; without any anchor the loss is 0.

    Source: Khosla et al., NeurIPS 2020, equation 2 (L_out). Departure: each row is one view.
    """
    unit = functional.normalize(features.float(), dim=1)
    itself = torch.eye(len(y), dtype=torch.bool, device=y.device)
    alike = (y[:, None] == y) & ~itself
    n_alike = alike.sum(dim=1)
    anchors = n_alike > 0
    if not anchors.any():
        return unit.sum() * 0.0
    log_share = (unit @ unit.T / temperature).masked_fill(itself, -torch.inf).log_softmax(dim=1)
    of_anchor = log_share.masked_fill(~alike, 0.0).sum(dim=1)[anchors] / n_alike[anchors]
    return -of_anchor.mean()


def pair_loss(features: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The mean squared distance of cosines from 1 (pairs of one class) and from 0 (all other pairs), half and half.

    features (B, d), of any length; y (B,) codes. A kind of pair that the batch does not have counts as 0.

    Source: the loss of SetFit (Tunstall et al. 2022, section 3.1). Departure: all pairs of the batch take part, not a
    sample, and both kinds weigh the same, which SetFit gets by drawing as many of each.
    """
    unit = functional.normalize(features.float(), dim=1)
    cosines = unit @ unit.T
    itself = torch.eye(len(y), dtype=torch.bool, device=y.device)
    alike = y[:, None] == y
    total = unit.sum() * 0.0
    for errors in ((cosines - 1.0)[alike & ~itself], cosines[~alike]):
        if len(errors):
            total = total + errors.square().mean() / 2
    return total


def features_of(inputs: Inputs, rows: "Ints") -> torch.Tensor:
    """(B, d) of these rows, with their gradient where one is asked for; texts of like length pass together."""
    cut = token_budget_batches(inputs.lengths[rows].tolist(), _CHUNK_TOKENS)
    features = torch.cat([inputs.features(rows[part]) for part in cut])
    return features[torch.from_numpy(np.argsort(np.concatenate(cut))).to(features.device)]


def contrast(
    network: Network, loss: Loss, inputs: Inputs, y: "Ints", rows: "Ints", settings: Settings, random_state: int
) -> Iterator[StepReport]:
    """Tune what is open in the body on these rows, a step a batch; the last layer takes no part.

    y (n,) codes of all rows of the inputs. The body is in evaluation mode when the steps are over.
    """
    device = network.last.weight.device
    codes = torch.from_numpy(y.astype(np.int64)).to(device)
    n_steps = n_steps_of(inputs, y, rows, settings)

    def of_batch(batch: "Ints") -> torch.Tensor:
        with in_precision(settings.precision, network.body):
            features = features_of(inputs, batch)
        return loss(features, codes[torch.from_numpy(batch).to(device)])

    network.train()
    yield from optimise(
        islice(_batches(inputs, y, rows, settings, random_state), n_steps),
        of_batch,
        make_optimiser(network, settings),
        schedule=make_schedule(settings.schedule, n_steps, int(settings.warmup * n_steps)),
        max_norm=settings.max_norm,
        random_state=random_state,
    )
    network.eval()


def n_steps_of(inputs: Inputs, y: "Ints", rows: "Ints", settings: Settings) -> int:
    """Steps that `contrast` takes."""
    return max(1, round(settings.n_epochs * len(_deal(rows, y, inputs.lengths, settings))))


def _batches(inputs: Inputs, y: "Ints", rows: "Ints", settings: Settings, random_state: int) -> Iterator["Ints"]:
    """Batches without end: each epoch's depend on its number alone."""
    for epoch in count():
        shuffled = np.random.default_rng((random_state, epoch)).permutation(rows)
        yield from _deal(shuffled, y, inputs.lengths, settings)


def _deal(rows: "Ints", y: "Ints", lengths: "Ints", settings: Settings) -> "list[Ints]":
    """The rows in as few batches as the settings allow, dealt like cards: each class in proportion in each. Where a
    batch would have fewer than four rows of a class, on average, see `_some_classes_each`.
    """
    n_tokens, most, of_tokens = int(lengths[rows].sum()), settings.batch_rows, settings.batch_tokens
    n_batches = min(max(-(-len(rows) // most), -(-n_tokens // of_tokens)), len(rows))
    by_class = rows[np.argsort(y[rows], kind="stable")]
    classes = np.split(by_class, np.flatnonzero(np.diff(y[by_class])) + 1)
    if n_batches == 1 or len(rows) >= _ALIKE * len(classes) * n_batches or most < 2 * _ALIKE:
        return [by_class[number::n_batches] for number in range(n_batches)]
    return _some_classes_each(rows, classes, max(-(-len(rows) // (most - 2 * _ALIKE + 2)), -(-n_tokens // of_tokens)))


def _some_classes_each(rows: "Ints", classes: "list[Ints]", n_batches: int) -> "list[Ints]":
    """About so many batches, each with four to seven rows of some of the classes (all, of a smaller one): a row alone
    of its class teaches nothing. As the rows come, so do the classes.
    """
    groups = [group for own in classes for group in np.array_split(own, max(1, len(own) // _ALIKE))]
    place = {int(row): at for at, row in enumerate(rows)}
    groups.sort(key=lambda group: place[int(group[0])])
    sizes = np.array([len(group) for group in groups])
    batch = (np.cumsum(sizes) - sizes) * n_batches // len(rows)
    return [np.concatenate([groups[at] for at in np.flatnonzero(batch == number)]) for number in np.unique(batch)]

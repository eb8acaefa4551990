"""Learning a network from scratch: which rows check it, how long it learns, how sure it may be.

Shape letters: n rows, d dimensions of a word vector, f features, k classes, m rows of the table, E epochs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import nn

from headstart.encoders._ragged import Ragged
from headstart.encoders._torch_networks import Network
from headstart.errors import DataError
from headstart.functional.probability import fit_scale, log_losses
from headstart.functional.resampling import stratified_folds
from headstart.functional.schedules import warmup_decay
from headstart.progress import track
from headstart.text.batching import token_budget_batches
from headstart.training import optimise, patience_is_over, random_stream

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["Examples", "Learnt", "Recipe", "learn"]

_FEW = 20  # rows; fewer cannot tell one epoch from another
_CROSS = 400  # rows; up to here every row checks once, in three folds
_MANY = 2000  # rows; above, a tenth is spared for checking, and the network does not learn again on all
_PATIENCE = 4  # epochs
_WARMUP = 0.1  # of the steps
_END = 0.1  # of the learning rate, at the last epoch
_MAX_NORM = 1.0  # of the gradient
_BATCH_TOKENS = 4096  # bounds the memory of a batch of long texts


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network learns; the settings of `_network.py` that have these names."""

    make_body: Callable[[int], nn.Module]  # d -> body
    frozen: bool
    n_epochs: int
    learning_rate: float
    batch_rows: int
    dropout: float
    word_dropout: float
    weight_decay: float
    class_weight: str | None
    random_state: int


class Examples(NamedTuple):
    """What a network learns from: rows of words with their classes."""

    table: "Floats"  # (m, d) word vectors; row 0 is zero and means no word, row 1 an unknown word
    words: Ragged  # n rows of numbers of the table
    y: "Ints"  # (n,)
    copy_of: "Ints"  # (n,) the row that this one is a copy of; its own number for an original


class Learnt(NamedTuple):
    """A network that has learnt, as arrays, and what the rows that checked it say."""

    table: "Floats"  # (m, d)
    body: "dict[str, Floats]"
    coef: "Floats"  # (k, f)
    intercept: "Floats"  # (k,)
    scale: float  # factor of the logits that calibrates them
    facts: dict[str, Any]


class _Check(NamedTuple):
    rows: "Ints"
    logits: "Floats"  # (E, rows, k) after each epoch
    losses: "Floats"  # (E,) mean log loss of the calibrated logits
    best: Network  # after the best epoch


def learn(examples: Examples, recipe: Recipe) -> Learnt:
    """Learn the classes. Copies learn where their original learns, and never check.

    The rows that check choose the number of epochs by their log loss after calibration by one factor (without
    it, training would stop when the network becomes too sure, which is earlier than where it ranks the classes
    best), and they give that factor:

    - of up to 400 originals each checks once, in three folds; then all learn for the best number of epochs. Fewer
      than 20 cannot tell one epoch from another: these learn for the epochs of the recipe;
    - of up to 2,000 a fifth checks until no epoch is better; then all learn for the best number of epochs;
    - of more a tenth checks likewise, and the weights of the best epoch are kept.

    Raises DataError where all rows read the same.
    """
    originals = np.flatnonzero(examples.copy_of == np.arange(len(examples.y)))
    if (n := len(originals)) < 2:
        raise DataError(f"All {len(examples.y)} labelled texts read the same: there is nothing to tell classes by.")
    cross = n <= _CROSS
    rng = np.random.default_rng(recipe.random_state)
    fold_of = np.empty(len(examples.y), np.int64)
    n_folds = min(3, n) if cross else 5 if n <= _MANY else 10
    fold_of[originals] = stratified_folds(examples.y[originals], n_folds, rng)
    fold_of = fold_of[examples.copy_of]
    patience = recipe.n_epochs if cross else _PATIENCE
    checks = [
        _check(examples, recipe, np.flatnonzero(fold_of != fold), originals[fold_of[originals] == fold], patience)
        for fold in range(n_folds if cross else 1)
    ]
    rows = np.concatenate([check.rows for check in checks])
    losses = sum(check.losses * len(check.rows) for check in checks) / len(rows)
    n_epochs = recipe.n_epochs if n < _FEW else int(np.argmin(losses)) + 1
    network = checks[0].best if n > _MANY else _after(examples, recipe, n_epochs)
    logits = np.concatenate([check.logits[n_epochs - 1] for check in checks])
    facts = {
        "n_epochs": n_epochs,
        "n_held_out": len(rows),
        "held_out_accuracy": float(np.mean(logits.argmax(axis=1) == examples.y[rows])),
    }
    return _as_arrays(network, fit_scale(logits, examples.y[rows]), facts)


def _check(examples: Examples, recipe: Recipe, rows: "Ints", held_out: "Ints", patience: int) -> _Check:
    """Learn from `rows` and decide `held_out` after each epoch, until `patience` epochs brought nothing."""
    logits: list[Floats] = []
    losses: list[float] = []
    y = examples.y[held_out]
    best: dict[str, torch.Tensor] = {}
    for network in _epochs(examples, recipe, rows):
        logits.append(_decide(network, examples.words, held_out))
        losses.append(float(log_losses(logits[-1] * fit_scale(logits[-1], y), y).mean()))
        if losses[-1] == min(losses):
            best = {name: value.clone() for name, value in network.state_dict().items()}
        if patience_is_over(losses, patience):
            break
    network.load_state_dict(best)
    return _Check(held_out, np.stack(logits), np.array(losses), network)


def _after(examples: Examples, recipe: Recipe, n_epochs: int) -> Network:
    """The network after so many epochs on all rows."""
    *_, network = islice(_epochs(examples, recipe, np.arange(len(examples.y))), n_epochs)
    return network


def _epochs(examples: Examples, recipe: Recipe, rows: "Ints") -> Iterator[Network]:
    """A new network after each epoch of learning from `rows`: the same object, ready to be asked."""
    k = int(examples.y.max()) + 1
    with random_stream(torch.Generator().manual_seed(recipe.random_state)):
        network = Network(
            torch.from_numpy(examples.table.copy()),
            recipe.make_body,
            k,
            frozen=recipe.frozen,
            dropout=recipe.dropout,
            word_dropout=recipe.word_dropout,
        )
    weights = None
    if recipe.class_weight == "balanced":
        counts = np.bincount(examples.y[rows], minlength=k)
        weights = torch.from_numpy((len(rows) / (k * np.maximum(counts, 1))).astype(np.float32))
    y = torch.from_numpy(examples.y.astype(np.int64))

    def loss(batch: "Ints") -> torch.Tensor:
        logits = network(*_tensors(examples.words, batch))
        return nn.functional.cross_entropy(logits, y[batch], weights)

    # longer texts make smaller batches; shorter ones count as if they had this length, and stay shuffled
    lengths = np.maximum(examples.words.lengths, _BATCH_TOKENS // recipe.batch_rows)
    n_batches = len(token_budget_batches(lengths[rows].tolist(), _BATCH_TOKENS))
    n_steps = recipe.n_epochs * n_batches
    rng = np.random.default_rng(recipe.random_state)

    def batches() -> Iterator["Ints"]:
        for _ in range(recipe.n_epochs):
            order = rng.permutation(rows)
            cut = token_budget_batches(lengths[order].tolist(), _BATCH_TOKENS)
            yield from (order[cut[i]] for i in rng.permutation(n_batches))

    steps = optimise(
        batches(),
        loss,
        _optimiser(network, recipe),
        schedule=warmup_decay(n_steps, int(_WARMUP * n_steps), _END),
        max_norm=_MAX_NORM,
        random_state=recipe.random_state,
    )
    for step in track(steps, "learning", n_steps):
        if step.number % n_batches == 0:
            yield network.eval()
            network.train()


def _optimiser(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW; weight decay would draw word vectors to zero, away from where they began."""
    words = [p for p in network.embedding.parameters() if p.requires_grad]
    others = [*network.body.parameters(), *network.last.parameters()]
    groups = [{"params": others}, *([{"params": words, "weight_decay": 0.0}] if words else [])]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)


def _decide(network: Network, words: Ragged, rows: "Ints") -> "Floats":
    """Logits (rows, k) float64."""
    logits = np.empty((len(rows), network.last.out_features))
    with torch.inference_mode():
        for batch in token_budget_batches(words.lengths[rows].tolist(), _BATCH_TOKENS):
            logits[batch] = network(*_tensors(words, rows[batch])).numpy()
    return logits


def _tensors(words: Ragged, rows: "Ints") -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(words.padded(rows)), torch.from_numpy(words.lengths[rows])


def _as_arrays(network: Network, scale: float, facts: dict[str, Any]) -> Learnt:
    def array(tensor: torch.Tensor) -> "Floats":
        values: Floats = tensor.detach().numpy().copy()
        return values

    body = {name: array(value) for name, value in network.body.state_dict().items()}
    last = network.last
    return Learnt(array(network.embedding.weight), body, array(last.weight), array(last.bias), scale, facts)

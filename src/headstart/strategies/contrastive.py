"""Contrastive tuning for 8 to 64 rows a class: the encoder learns to bring rows of one class together, all pairs of
rows at once; then a logistic head learns from its features.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from headstart.checks import check_choice, check_flag, check_number
from headstart.data.splits import folds_at_most
from headstart.encoders.transformer import Transformer
from headstart.errors import ConfigError
from headstart.finetuning.settings import Settings
from headstart.labels import LEAST_ROWS
from headstart.predictor import Predictor
from headstart.strategies._finetuning import FineTuning, Work, ends_by
from headstart.types import Ints, Task

if TYPE_CHECKING:
    from headstart.finetuning.contrast import Loss
    from headstart.finetuning.support import Support

__all__ = ["Contrastive"]

_LOSSES = ("supervised", "pairs")
_MANY = 2000  # rows: the answers of one half are enough
_STEPS_OF_MANY = 100  # more teach a network its rows, not their classes (docs/log.md)
_WITHOUT_EFFECT = (
    "reinit_layers", "l1", "l2_sp", "label_smoothing", "class_weight", "dropout", "head_learning_rate", "average",
    "patience", "checks_per_epoch", "log_to", "least_steps", "probe_rows", "checkpoint_every_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _ContrastiveSettings(Settings):
    """loss: "supervised" (contrastive, Khosla et al. 2020, with `temperature`) or "pairs" (SetFit's cosines).
    guard: tune on each half of the rows first (one half of more than 2,000), to see on the other whether tuning helps;
    as much time again (half as much).
    """

    loss: str = "supervised"
    temperature: float = 0.1
    guard: bool = True

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        check_choice("loss", self.loss, _LOSSES, part="strategy")
        check_number("temperature", self.temperature, above=True, part="strategy")
        check_flag("guard", self.guard, part="strategy")
        if self.top_layers == 0:
            raise ConfigError("strategy.top_layers is 0: nothing would be tuned. The strategy linear_probe does that.")

    @classmethod
    def build(cls, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> Self:
        """As others, but for knobs of a head that learns with the body. Raises ConfigError for these."""
        built, usual = super(_ContrastiveSettings, cls).build(defaults, given), Settings()
        for name in _WITHOUT_EFFECT:
            if name in given and getattr(built, name) != getattr(usual, name):
                raise ConfigError(
                    f"The strategy contrastive makes no use of strategy.{name}: its loss is that of pairs of rows, "
                    "and no rows are held out. Leave it out, or take full_finetune or partial_finetune."
                )
        return built


class Contrastive(FineTuning):
    """Batches are the whole support set, or, past `batch_rows` rows or `batch_tokens` tokens, parts of it with each
    class in proportion. More than 2,000 rows are learnt from in about 100 steps, an epoch at least, unless `n_epochs`
    is given. Knobs: `loss`, `temperature`, `guard`, and those of `headstart.finetuning.settings.Settings` that are
    about the body: the head is logistic regression.

    Before, the same is done on each half of the rows (from four rows a class on; on one half of more than 2,000). If
    the other half's log loss, once calibrated, is clearly lower with the frozen encoder (by more than a standard error
    of the paired difference), the frozen encoder stays. The answers of the halves calibrate the probabilities too.

    Sources: Khosla et al., NeurIPS 2020; Tunstall et al. 2022 (SetFit), which trains on sampled pairs of texts.
    """

    is_long_work: ClassVar[bool] = False
    uses_budget: ClassVar[bool] = True  # for as many steps as there is time for
    has_search: ClassVar[bool] = False
    settings_type: ClassVar[type[Settings]] = _ContrastiveSettings
    defaults: ClassVar[Mapping[str, Any]] = {
        "n_epochs": 3,  # a few long steps on all pairs; nothing dropped (docs/log.md)
        "learning_rate": 4e-4,
        "model_dropout": 0.0,
        "batch_rows": 128,
        "batch_tokens": 8192,
        "warmup": 0.2,
    }

    @contextmanager
    def support(self, task: Task) -> "Iterator[tuple[Support, Work]]":
        """The rows of a task and a network that is about to be tuned on them, for others to do so."""
        settings = _ContrastiveSettings.build(self.defaults, self.strategy_settings)
        work = self._work(task, settings)
        with self._support(work, settings) as (support, _):
            yield support, work

    @staticmethod
    def halves(task: Task, rare: float = 0.0) -> Sequence[tuple[Ints, Ints]]:
        """Halves of the rows, equal texts in one, each to learn from once; none where classes of which one of them has
        too few rows make up more than `rare` of all rows.
        """
        halves, k = folds_at_most(task.y, 2, task.random_state, task.texts), len(task.classes)
        if not halves:
            return []
        least = np.min([np.bincount(task.y[rows], minlength=k) for rows, _ in halves], axis=0)
        n_rare = int(np.bincount(task.y, minlength=k)[least < LEAST_ROWS].sum())
        return halves if n_rare <= rare * len(task.y) else []

    @staticmethod
    def tuned(support: "Support", work: Work) -> Transformer:
        """The encoder with the weights that it has now in `support`."""
        from headstart.finetuning.tuned import Tuned

        return Tuned(work.encoder, support.network.body)

    @contextmanager
    def _support(self, work: Work, settings: _ContrastiveSettings) -> "Iterator[tuple[Support, str | None]]":
        from headstart.finetuning.support import Support

        with self._ready(work, settings) as (network, inputs, _):
            network.last.requires_grad_(False)  # the head is another one
            y, seed = np.asarray(work.task.y), work.task.random_state
            yield Support(network, inputs, y, _loss(settings), settings, seed), inputs.note

    def _fit(self, work: Work, settings: Settings) -> Predictor:
        if not isinstance(settings, _ContrastiveSettings):
            raise TypeError(f"settings of type {type(settings).__name__}")
        task, encoder, ends_at = work.task, work.encoder, ends_by(work.task)
        halves = self.halves(task) if settings.guard else ()
        with self._support(work, settings) as (support, note):
            if len(task.y) > _MANY:
                halves = halves[:1]
                support = support if "n_epochs" in self.strategy_settings else support.in_steps(_STEPS_OF_MANY)
            learnt = support.learn(halves, ends_at)
            kept = self.tuned(support, work) if learnt.is_tuned else encoder
        reasons = (*learnt.reasons, *filter(None, [note]))
        return Predictor(kept, learnt.head, task.classes, encoder.model, "logistic", self._name(), reasons)


def _loss(settings: _ContrastiveSettings) -> "Loss":
    from headstart.finetuning.contrast import pair_loss, supervised_contrast

    return pair_loss if settings.loss == "pairs" else partial(supervised_contrast, temperature=settings.temperature)

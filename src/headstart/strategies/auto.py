"""Decides by itself: which strategy, by the number of labelled rows and by what else is given."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from headstart.encoders import component_of, pretrained_for
from headstart.predictor import Predictor
from headstart.strategies._many_rows import pooled_or_tuned
from headstart.strategies.few_labels import FewLabels
from headstart.strategies.linear_probe import LinearProbe
from headstart.strategies.zero_shot import ZeroShot
from headstart.types import Task

__all__ = ["Auto"]

_FEW = 2_000
_WITHOUT_AUGMENT = (
    "New rows of --augment are learnt from by linear_probe, which was taken for them. Without --augment auto takes "
    "few_labels for so few rows: compare the two."
)


class Auto:
    """No labelled rows: `zero_shot`. Up to 2,000: `few_labels`. More: `pooled`, or `finetune` where that takes minutes,
    or no longer than a budget, and held-out rows are better off with it. A transformer that is named is the encoder of
    these. With augmentations, another encoder, a head or its settings: `linear_probe`, which chooses what is left open.
    """

    uses: ClassVar[frozenset[str]] = frozenset({"source", "unlabelled", "label_names", "augment"})

    def __init__(
        self,
        encoder: str = "auto",
        head: str = "auto",
        *,
        encoder_settings: Mapping[str, Any] | None = None,
        head_settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.encoder, self.head = encoder, head
        self.encoder_settings, self.head_settings = dict(encoder_settings or {}), dict(head_settings or {})

    def fit(self, task: Task) -> Predictor:
        """By the strategy that fits. Raises what that one raises."""
        given = {"encoder_settings": self.encoder_settings, "head_settings": self.head_settings}
        if not task.texts:
            return ZeroShot(self.encoder, self.head, **given).fit(task)
        is_open, are_few = self._is_open(), len(task.texts) <= _FEW
        if task.augment or not is_open:
            made = LinearProbe(self.encoder, self.head, **given).fit(task)
            return replace(made, reasons=(*made.reasons, _WITHOUT_AUGMENT)) if is_open and are_few else made
        if are_few:
            return FewLabels(self.encoder, encoder_settings=self.encoder_settings).fit(task)
        encoder, obstacle = pretrained_for(task.texts) if self.encoder == "auto" else (self.encoder, "")
        return pooled_or_tuned(task, encoder, obstacle, self.encoder_settings)

    def _is_open(self) -> bool:
        """Whether no part was asked for but a transformer, which all of these strategies can transfer from."""
        if self.head != "auto" or self.head_settings:
            return False
        if self.encoder == "auto":
            return not self.encoder_settings  # which of them an encoder has depends on the choice
        return component_of(self.encoder) == "transformer"

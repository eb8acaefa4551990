"""Decides by itself: which strategy, by the number of labelled rows and by what else is given."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from headstart.few_labels.reading import transferable
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
    or no longer than a budget, and held-out rows are better off with it. With augmentations, an encoder, a head
    or settings: `linear_probe`, which chooses what is left open.
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
        if self.encoder == "auto" and not task.texts:
            return ZeroShot("auto", self.head, **self._settings()).fit(task)
        if self._is_open(task):
            return (
                FewLabels().fit(task) if len(task.texts) <= _FEW else pooled_or_tuned(task, *transferable(task.texts))
            )
        made = LinearProbe(self.encoder, self.head, **self._settings()).fit(task)
        if task.augment and len(task.texts) <= _FEW and self._is_open(replace(task, augment=None)):
            return replace(made, reasons=(*made.reasons, _WITHOUT_AUGMENT))
        return made

    def _settings(self) -> dict[str, Any]:
        return {"encoder_settings": self.encoder_settings, "head_settings": self.head_settings}

    def _is_open(self, task: Task) -> bool:
        """Whether nothing was asked that `few_labels` and `pooled` cannot do."""
        asked = (self.encoder != "auto", self.head != "auto", self.encoder_settings, self.head_settings)
        return not (any(asked) or task.augment)

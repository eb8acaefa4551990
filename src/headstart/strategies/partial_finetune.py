"""Partial fine-tuning: the top layers learn; what the frozen ones below make of each text is computed once."""

from collections.abc import Mapping
from typing import Any, ClassVar

from headstart.strategies._finetuning import FineTuning

__all__ = ["PartialFinetune"]


class PartialFinetune(FineTuning):
    """The highest `top_layers` layers and the linear layer learn (Lee, Tang and Lin 2019: a quarter of the layers
    gives nine tenths of the gain). Knobs: `headstart.finetuning.settings.Settings`.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"n_epochs": 3, "learning_rate": 3e-4, "top_layers": 2}

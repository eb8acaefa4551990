"""Full fine-tuning: every layer of a pre-trained transformer learns, with a linear layer on top."""

from collections.abc import Mapping
from typing import Any, ClassVar

from headstart.strategies._finetuning import FineTuning

__all__ = ["FullFinetune"]


class FullFinetune(FineTuning):
    """The classic way (Devlin et al., NAACL 2019, section 4.1). Knobs: `headstart.finetuning.settings.Settings`."""

    defaults: ClassVar[Mapping[str, Any]] = {"n_epochs": 3, "learning_rate": 2e-4}

"""Gradual unfreezing: the top layer learns first, then one more layer a stage, downwards, lower ones more slowly."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from headstart.strategies._finetuning import FineTuning

if TYPE_CHECKING:
    from headstart.finetuning.run import Run

__all__ = ["GradualUnfreeze"]


class GradualUnfreeze(FineTuning):
    """The steps are shared out equally to as many stages as layers learn (`top_layers`; None = all): in stage s the
    highest s layers learn. Each layer learns at `layer_decay` times the rate of the layer above it. What the layers
    that never learn make of each text is computed once. Knobs: `headstart.finetuning.settings.Settings`.

    Source: Howard and Ruder, ACL 2018, sections 3.2 and 3.3. Departures: one schedule over the whole run, not one an
    epoch, so that the number of epochs stays that of other strategies and the layers opened late, the most general
    ones, learn least; a rate that falls by a fifth a layer, for transformers, where their LSTM's fell by 2.6.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"n_epochs": 3, "learning_rate": 3e-4, "top_layers": 3, "layer_decay": 0.8}

    def _begin(self, run: "Run") -> None:
        from headstart.finetuning.thawing import Thawing

        run.inputs = Thawing(run)

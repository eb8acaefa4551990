"""A transformer that was fine-tuned, as an encoder and a head like any other."""

import copy
from typing import TYPE_CHECKING, Any

from headstart.encoders.transformer import Transformer
from headstart.finetuning.network import Network
from headstart.heads.logistic import Logistic

if TYPE_CHECKING:
    from headstart.encoders._torch import PooledModel

__all__ = ["Tuned", "last_layer"]


class Tuned(Transformer):
    """The encoder `base` with other weights. Its features are what the network's last layer reads; they have learnt
    from labels, and are too good for those rows.
    """

    supervised = True

    def __init__(self, base: Transformer, body: "PooledModel") -> None:
        vars(self).update(vars(base))  # all settings, what `fit` found, the tokeniser that is loaded
        self.cache = False  # vectors of other weights would be found there
        self.module = body.eval()

    def whole_model(self) -> "PooledModel":
        """A copy of the model, in float32 on the CPU."""
        model: PooledModel = copy.deepcopy(self.module).cpu()
        return model


def last_layer(network: Network, scale: float, facts: dict[str, Any]) -> Logistic:
    """The network's last layer as a fitted head, its logits times `scale`."""
    weight, bias = (p.detach().cpu().numpy() for p in (network.last.weight, network.last.bias))
    return Logistic.from_weights(weight, bias, scale, facts)

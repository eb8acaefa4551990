"""A transformer that was fine-tuned, as an encoder and a head like any other."""

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.encoders.transformer import Transformer
from headstart.finetuning.network import Network
from headstart.heads.logistic import Logistic
from headstart.types import State

if TYPE_CHECKING:
    from headstart.encoders._torch import PooledModel
    from headstart.types import Floats

__all__ = ["Tuned", "last_layer"]


class Tuned(Transformer):
    """The encoder `base` with other weights. Its features are what the network's last layer reads."""

    def __init__(self, base: Transformer, body: "PooledModel") -> None:
        super().__init__(
            base.model,
            pooling=base.pooling,
            max_tokens=base.max_tokens,
            precision=base.precision,
            batch_tokens=base.batch_tokens,
            cache=False,  # vectors of other weights would be found there
            long_texts=base.long_texts,
            max_windows=base.max_windows,
        )
        self.folder_, self.recipe_ = base.folder_, base.recipe_
        self.module = body.eval()

    def whole_model(self) -> "PooledModel":
        """The tuned model in float32 on the CPU."""
        model: PooledModel = copy.deepcopy(self.module).cpu()
        return model


def last_layer(network: Network, scale: float, facts: dict[str, Any]) -> Logistic:
    """The network's last layer as a fitted head, its logits times `scale`."""
    weight, bias = (p.detach().cpu().numpy() for p in (network.last.weight, network.last.bias))
    arrays: dict[str, Floats] = {
        "coef": np.ascontiguousarray(weight * scale, np.float32),
        "intercept": np.ascontiguousarray(bias * scale, np.float64),
    }
    params = {"C": None, "class_weight": None, "random_state": 0}
    return Logistic.from_state(State({"params": params, "chosen": {"scale": scale, **facts}}, arrays))

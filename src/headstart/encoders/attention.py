"""A bidirectional LSTM with self-attention, learnt from the labels: weighs the words. Needs torch to learn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.encoders import _numpy_networks
from headstart.encoders._network import NetworkEncoder

if TYPE_CHECKING:
    from torch import nn

    from headstart.types import Floats, Ints

__all__ = ["Attention"]


@dataclass(eq=False, kw_only=True)
class Attention(NetworkEncoder):
    """Weighted means of the LSTM's states, one a hop: f = hops * 2 * units.

    Further settings are those of `NetworkEncoder` (encoders/_network.py). Source: Lin et al., ICLR 2017, "A
    structured self-attentive sentence embedding". Departures: one linear layer reads the means, not two; dropout
    stands in for the penalty that keeps hops apart.
    """

    units: int = 100  # of each direction
    hops: int = 4
    attention_units: int = 64

    _sizes = ("units", "hops", "attention_units")

    def _body(self, d: int) -> "nn.Module":
        from headstart.encoders._torch_networks import AttentionBody

        return AttentionBody(d, self.units, self.hops, self.attention_units)

    def _features(self, arrays: "Mapping[str, Floats]", embedded: "Floats", lengths: "Ints") -> "Floats":
        return _numpy_networks.attention(arrays, embedded, lengths)

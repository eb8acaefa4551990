"""A bidirectional GRU over word vectors, learnt from the labels: a lighter `bilstm`. Needs torch to learn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.encoders import _numpy_networks
from headstart.encoders._network import NetworkEncoder

if TYPE_CHECKING:
    from torch import nn

    from headstart.types import Floats, Ints

__all__ = ["GRU"]


@dataclass(eq=False, kw_only=True)
class GRU(NetworkEncoder):
    """The largest value of each unit over the words, in both directions: f = 2 * units.

    Further settings are those of `NetworkEncoder` (encoders/_network.py). Source: Cho et al., EMNLP 2014.
    Departure: the form of the gates that torch computes, with the reset after the product.
    """

    units: int = 100  # of each direction

    _sizes = ("units",)

    def _body(self, d: int) -> "nn.Module":
        from headstart.encoders._torch_networks import RecurrentBody

        return RecurrentBody(d, self.units, "gru")

    def _features(self, arrays: "Mapping[str, Floats]", embedded: "Floats", lengths: "Ints") -> "Floats":
        return _numpy_networks.recurrent(arrays, embedded, lengths, "gru")

"""A bidirectional LSTM over word vectors, learnt from the labels: reads words in order. Needs torch to learn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.encoders import _numpy_networks
from headstart.encoders._network import NetworkEncoder

if TYPE_CHECKING:
    from torch import nn

    from headstart.types import Floats, Ints

__all__ = ["BiLSTM"]


@dataclass(eq=False, kw_only=True)
class BiLSTM(NetworkEncoder):
    """The largest value of each unit over the words, in both directions: f = 2 * units.

    Further settings are those of `NetworkEncoder` (encoders/_network.py). Sources: Graves and Schmidhuber 2005
    (bidirectional LSTM); Conneau et al., EMNLP 2017, section 3.2.2 (largest value over the words).
    """

    units: int = 100  # of each direction

    _sizes = ("units",)

    def _body(self, d: int) -> "nn.Module":
        from headstart.encoders._torch_networks import RecurrentBody

        return RecurrentBody(d, self.units, "lstm")

    def _features(self, arrays: "Mapping[str, Floats]", embedded: "Floats", lengths: "Ints") -> "Floats":
        return _numpy_networks.recurrent(arrays, embedded, lengths, "lstm")

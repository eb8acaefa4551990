"""A convolutional network over word vectors, learnt from the labels: finds telling phrases. Needs torch to learn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.checks import check_whole
from headstart.encoders import _numpy_networks
from headstart.encoders._network import NetworkEncoder
from headstart.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

    from headstart.types import Floats, Ints

__all__ = ["TextCNN"]


@dataclass(eq=False, kw_only=True)
class TextCNN(NetworkEncoder):
    """Filters over windows of words, the largest value of each: f = filters * len(widths).

    Further settings are those of `NetworkEncoder` (encoders/_network.py). Source: Kim, EMNLP 2014. Departures: a
    window around every word, also at the ends; dropout of words and word vectors too; AdamW with weight decay
    in place of Adadelta with a bound on the last layer's weights.
    """

    filters: int = 100  # of each width
    widths: Sequence[int] = (1, 2, 3)  # in words

    _sizes = ("filters",)

    def _check(self, texts: Sequence[str], y: "Ints | None") -> "Ints":
        if not isinstance(self.widths, list | tuple) or not self.widths:
            raise ConfigError(f"encoder.widths must be a list such as [1, 2, 3]. Got {self.widths!r} instead.")
        for width in self.widths:
            check_whole("widths", width)
        return super()._check(texts, y)

    def _body(self, d: int) -> "nn.Module":
        from headstart.encoders._torch_networks import ConvolutionBody

        return ConvolutionBody(d, self.widths, self.filters)

    def _features(self, arrays: "Mapping[str, Floats]", embedded: "Floats", lengths: "Ints") -> "Floats":
        return _numpy_networks.convolution(arrays, embedded, lengths, self.widths)

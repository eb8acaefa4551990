"""When two texts are the same text: after NFKC, casefold and collapsed white space.

Texts are compared by 8-byte BLAKE2 digests, so that a million rows take 8 MB and no second copy of the texts.
Two different texts among a million share a digest with probability 3e-8.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headstart.text.normalise import nfkc

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["digests", "distinct_rows", "fold", "n_different"]

_DIGEST_BYTES = 8
_LEAST_OF_CLASS = 2


def fold(text: str) -> str:
    """The text without differences of width and compatibility forms (NFKC), case, and white space."""
    return " ".join(nfkc(text).casefold().split())


def digests(texts: Iterable[str]) -> NDArray[np.uint64]:
    """(n,) one number a text, equal for texts that are equal when folded."""
    joined = bytearray()
    for text in texts:
        joined += blake2b(fold(text).encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
    return np.frombuffer(bytes(joined), dtype=np.uint64)


def distinct_rows(texts: Sequence[str], y: "Ints") -> NDArray[np.int64]:
    """Sorted numbers of the n rows without copies: each text once with each class y (n,) that it has; of a class with
    fewer than two texts all rows, since who learns needs two.
    """
    codes = digests(texts)
    _, first = np.unique(np.rec.fromarrays([codes, y]), return_index=True)
    alone = np.flatnonzero(np.bincount(y[first]) < _LEAST_OF_CLASS)
    return np.union1d(first, np.flatnonzero(np.isin(y, alone)))


def n_different(texts: Iterable[str]) -> int:
    """How many texts are left where equal ones count once."""
    return len(np.unique(digests(texts)))

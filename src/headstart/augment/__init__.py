"""Augmentation: new training texts made from labelled ones.

A spec is a list of augmentations, `synonym:0.2,swap,mask:models/bert,copies:2`. Each part is
`NAME[:SHARE][:REST]`: SHARE, a number from 0 (not included) to 1, is the share of words (of characters for `noise`)
that change; REST is what the augmentation needs: a file for `synonym` and `insert`, a model for `mask`,
`module:function` for `back_translation`. `copies:N` makes every augmentation write N texts of each row; the default
is 1. Commas separate parts, so a path with a comma in it must be renamed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from zlib import crc32

import numpy as np

from headstart import registry
from headstart.data.folding import digests
from headstart.errors import ConfigError
from headstart.types import Augmentation

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["Augmented", "Augmenter", "Count"]

_COPIES = "copies"


@dataclass(frozen=True, slots=True)
class Count:
    """What one augmentation was asked for, and what became of it: all but n_new sum to what was left out."""

    n_asked: int
    n_new: int
    n_none: int  # rows of which it could make nothing
    n_empty: int  # results without text
    n_equal: int  # results equal (case, width and white space apart) to a given text or to another result


@dataclass(frozen=True, slots=True)
class Augmented:
    """New texts (m,) beside the n given ones; the given ones stay as they are and are not repeated here.

    y (m,): the class codes of their rows. origins (m,): the rows that they were made from. names (m,): the part of
    the spec that made each. families (n,): given rows with one number share words through their new texts, so that
    they, and what was made of them, must not be split between learning and checking. notes: sentences for the user.
    """

    texts: tuple[str, ...]
    y: "Ints"
    origins: "Ints"
    names: tuple[str, ...]
    families: "Ints"
    counts: Mapping[str, Count]
    notes: tuple[str, ...] = ()

    @property
    def groups(self) -> "Ints":
        """(n + m,) family of the given texts, then of the new ones: what `Encoder.fit` takes."""
        groups: Ints = np.concatenate([self.families, self.families[self.origins]])
        return groups


class Augmenter:
    """Augmentations by their part of the spec, and how many texts each makes of a row.

    >>> augmenter = Augmenter.from_spec("rotation")
    >>> augmenter.augment(["Cold soup. Rude staff."], np.array([1]), seed=0).texts
    ('Rude staff. Cold soup.',)
    """

    def __init__(self, augmentations: Mapping[str, Augmentation], copies: int = 1) -> None:
        self.augmentations, self.copies = dict(augmentations), copies

    @classmethod
    def from_spec(cls, spec: str) -> Self:
        """From `synonym:0.2,swap,copies:2`. Raises UnknownComponent, ConfigError."""
        made: dict[str, Augmentation] = {}
        copies: int | None = None
        for name, argument in registry.parse_spec(spec):
            label = name if argument is None else f"{name}:{argument}"
            if label in made or (name == _COPIES and copies is not None):
                raise ConfigError(f"Augmentation {spec!r} names {label!r} twice. For more texts a row, use copies:N.")
            if name == _COPIES:
                copies = _number_of_copies(argument)
            else:
                made[label] = registry.load("augmentation", name)(argument)
        if not made:
            known = ", ".join(registry.names("augmentation"))
            raise ConfigError(f"Augmentation {spec!r} names no augmentation. Known: {known}.")
        return cls(made, copies or 1)

    def augment(
        self, texts: Sequence[str], y: "Ints | Sequence[int]", seed: int, unlabelled: Sequence[str] = ()
    ) -> Augmented:
        """New texts from texts (n,) with class codes y (n,); the same seed gives the same texts.

        Row i's randomness comes from the seed, the augmentation, the copy and i. `unlabelled` only helps
        augmentations that learn words. A result without text, or equal to a given text or to an earlier result, is
        dropped and counted. Raises ConfigError, DataError, MissingExtra, EncoderUnavailable, as the parts do.
        """
        y = np.asarray(y, dtype=np.int64)
        seen = set(digests(texts).tolist())
        found: list[tuple[str, int, str]] = []  # text, origin, name
        counts, notes, families = {}, list[str](), np.arange(len(texts))
        for name, augmentation in self.augmentations.items():
            augmentation.fit(texts, y, unlabelled)
            results: list[tuple[int, str | None]] = []
            for copy in range(self.copies):
                rngs = [np.random.default_rng((seed, crc32(name.encode()), copy, i)) for i in range(len(texts))]
                results += enumerate(augmentation.augment(texts, y, rngs))
            new, counts[name] = _sifted(results, seen)
            found += [(text, origin, name) for origin, text in new]
            notes += getattr(augmentation, "notes_", ())
            families = getattr(augmentation, "families_", families)
        origins = np.array([origin for _, origin, _ in found], dtype=np.int64)
        new_texts, names = tuple(text for text, _, _ in found), tuple(name for _, _, name in found)
        return Augmented(new_texts, y[origins], origins, names, families, counts, tuple(dict.fromkeys(notes)))


def _sifted(results: Sequence[tuple[int, str | None]], seen: set[Any]) -> tuple[list[tuple[int, str]], Count]:
    """The results that are new texts, which join `seen`, and a count of all."""
    texts = [(origin, text) for origin, text in results if text is not None]
    filled = [(origin, text) for origin, text in texts if text.strip()]
    kept = []
    for (origin, text), digest in zip(filled, digests(text for _, text in filled).tolist(), strict=True):
        if digest not in seen:
            seen.add(digest)
            kept.append((origin, text))
    n, n_texts, n_filled, n_kept = map(len, (results, texts, filled, kept))
    return kept, Count(n, n_kept, n - n_texts, n_texts - n_filled, n_filled - n_kept)


def _number_of_copies(argument: str | None) -> int:
    if argument is None or not argument.isdecimal() or int(argument) < 1:
        raise ConfigError(f"copies:{argument or ''} must be a whole number from 1 on, such as copies:2.")
    return int(argument)

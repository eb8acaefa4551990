"""Texts through a function of yours, such as a translation there and back: `back_translation:module:function`.

The function takes a list of texts and returns a list of as many, None where it has none. It is imported by name from
the places where Python finds modules (PYTHONPATH, the environment); nothing is downloaded.
"""

import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

from headstart.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from headstart.types import Ints

__all__ = ["BackTranslation"]

Rewrite = Callable[[list[str]], Sequence[str | None]]


class BackTranslation:
    """A text through the user's function; whatever rewrites a text and keeps its class will do.

    Source: Sennrich et al. 2016; Xie et al. 2020 (as augmentation of classification). The function decides about
    randomness: with `copies:2` and the same answer twice, the second is dropped as equal, and counted.
    """

    def __init__(self, argument: str | None = None) -> None:
        module, _, function = (argument or "").rpartition(":")
        if not module or not function:
            got = "back_translation" if argument is None else f"back_translation:{argument}"
            raise ConfigError(f"Augmentation {got} names no function: expected back_translation:module:function.")
        self.module, self.function = module, function
        self._rewrite: Rewrite | None = None

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Import the function. Raises ConfigError where there is none of that name."""
        if self._rewrite is not None:
            return self
        try:
            found = getattr(importlib.import_module(self.module), self.function, None)
        except ImportError as error:
            raise ConfigError(
                f"Augmentation back_translation: module {self.module!r} cannot be imported ({error}). "
                "Put its folder on PYTHONPATH, or install it."
            ) from error
        if not callable(found):
            what = "is not there" if found is None else f"is no function but a {type(found).__name__}"
            raise ConfigError(f"Augmentation back_translation: {self.function!r} in {self.module!r} {what}.")
        self._rewrite = found
        return self

    def augment(self, texts: Sequence[str], y: "Ints", rngs: "Sequence[np.random.Generator]") -> list[str | None]:
        """The function's answer, as it is. Raises ConfigError when it fails, or answers with something else."""
        if self._rewrite is None:
            raise ConfigError("Augmentation back_translation: call fit(texts, y) first.")
        place = f"Augmentation back_translation: {self.module}:{self.function}"
        try:
            answer = list(self._rewrite(list(texts)))
        except Exception as error:  # the function is the user's: it may raise anything
            raise ConfigError(f"{place} failed on {len(texts):,} texts: {type(error).__name__}: {error}") from error
        wrong = [value for value in answer if not isinstance(value, str | None)]
        if len(answer) != len(texts) or wrong:
            got = f"{len(answer):,} values" + (f", one of them a {type(wrong[0]).__name__}" if wrong else "")
            raise ConfigError(f"{place} got {len(texts):,} texts and gave {got}; expected a text or None for each.")
        return answer

"""What the augmentations share: their arguments, words and sentences of Chinese and English texts."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headstart.errors import ConfigError
from headstart.text.language import language_of
from headstart.text.segment import segment

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "DEFAULT_SHARE",
    "chosen",
    "gap",
    "is_chinese",
    "only_share",
    "pieces",
    "refuse_argument",
    "share_and_rest",
    "units",
    "word_places",
]

DEFAULT_SHARE = 0.1  # Wei and Zou 2019, section 3.4
_WORD = re.compile(r"([^\W_]+(?:['\u2019][^\W_]+)*)")
_SENTENCE_END = re.compile(r"(?<=[。！？!?…])(?![。！？!?…”’」』）)\"'])(\s*)|(?<=\.)(\s+)|(\s*\n\s*)")
_CLAUSE_END = re.compile(r"\s*[,，、;；:：]\s*")
_FINAL = re.compile(r"[\s.。!！?？…]*$")


def share_and_rest(name: str, argument: str | None, default: float = DEFAULT_SHARE) -> tuple[float, str | None]:
    """`0.2:file` -> (0.2, "file"), `file` -> (default, "file"). Raises ConfigError for a share outside of 0 to 1."""
    first, _, rest = (argument or "").partition(":")
    try:
        share = float(first)
    except ValueError:
        return default, argument
    if not 0 < share <= 1:
        raise ConfigError(
            f"Augmentation {name}:{argument}: the share is {first}, expected a number above 0, up to 1, "
            f"such as {name}:0.1."
        )
    return share, rest or None


def only_share(name: str, argument: str | None, default: float = DEFAULT_SHARE) -> float:
    """The share of an augmentation that takes nothing else. Raises ConfigError."""
    share, rest = share_and_rest(name, argument, default)
    if rest is not None:
        raise ConfigError(
            f"Augmentation {name}:{argument}: {rest!r} is no share; expected a number such as {name}:0.1."
        )
    return share


def refuse_argument(name: str, argument: str | None) -> None:
    """Raises ConfigError for an argument to an augmentation that takes none."""
    if argument is not None:
        raise ConfigError(f"Augmentation {name!r} takes no argument. Got {argument!r}.")


def pieces(text: str) -> list[str]:
    """Words and what stands between them; together they are the text. Chinese words by segmentation."""
    if language_of(text) in ("zh", "mixed"):
        return segment(text)
    return [piece for piece in _WORD.split(text) if piece]


def word_places(parts: Sequence[str]) -> list[int]:
    """The indices of the pieces that are words (of letters or digits)."""
    return [i for i, piece in enumerate(parts) if piece[0].isalnum()]


def chosen(places: Sequence[int], share: float, rng: "np.random.Generator", of: int | None = None) -> list[int]:
    """max(1, int(share * of)) of the places, drawn without repetition, in their order. of: the number of places
    by default; all places where there are no more, none of none.
    """
    n = min(len(places), max(1, int(share * (len(places) if of is None else of))))
    if not n:
        return []
    return sorted(rng.choice(places, size=n, replace=False).tolist())


def is_chinese(text: str) -> bool:
    """Whether the letters of the text are Chinese characters, most of them."""
    return language_of(text) == "zh"


def gap(first: str, second: str) -> str:
    """What stands between two parts of a text: nothing between Chinese ones, else a space."""
    return "" if is_chinese(first) and is_chinese(second) else " "


def units(text: str) -> tuple[list[str], list[str]]:
    """Sentences, or the clauses of a text of one sentence, and the separators after each.

    A sentence holds its end mark; commas between clauses are separators, and so is the end mark of the last clause,
    so that the separators stay where they are when the units move.
    """
    text = text.strip()
    found, separators = _split(text, _SENTENCE_END)
    if len(found) > 1:
        return found, separators
    end = _FINAL.search(text)
    start = end.start() if end else len(text)
    found, separators = _split(text[:start], _CLAUSE_END)
    if not found:
        return [text], [""]
    return found, [*separators[:-1], separators[-1] + text[start:]]


def _split(text: str, pattern: re.Pattern[str]) -> tuple[list[str], list[str]]:
    """Parts that are not empty, each with the separators after it; together they are the text.

    Separators before the first part belong to it.
    """
    found: list[str] = []
    separators: list[str] = []
    start = 0
    for match in [*pattern.finditer(text), None]:
        end, after = match.span() if match else (len(text), len(text))
        if end > start:
            found.append(text[start:end])
            separators.append(text[end:after])
        elif found:
            separators[-1] += text[end:after]
        else:
            continue
        start = after
    return found, separators

"""Taking pieces out of a text, with one space where words would otherwise grow together."""

from collections.abc import Collection, Iterable
from re import Match

from headstart.errors import ConfigError

__all__ = ["choice", "drop_or_mask", "replace", "replace_spans"]

_CLOSING = tuple("\n,.;:!?)]}%，。；：！？）】》〉」』、…’”")
_OPENING = tuple("\n([{（【《〈「『‘“，。；：！？、")


def choice(rule: str, argument: str, allowed: Collection[str]) -> str:
    """The argument, if it is allowed. Raises ConfigError."""
    if argument not in allowed:
        raise ConfigError(f"Cleaning rule {rule!r}: unknown argument {argument!r}. Known: {', '.join(allowed)}.")
    return argument


def drop_or_mask(rule: str, argument: str, word: str) -> str:
    """What stands for a match: nothing for `drop`, `word` for `mask`. Raises ConfigError."""
    return {"drop": "", "mask": word}[choice(rule, argument, ("drop", "mask"))]


def replace(text: str, matches: Iterable[Match[str]], word: str = "") -> str:
    """The text with `word` in the place of each match."""
    return replace_spans(text, ((match.start(), match.end(), word) for match in matches))


def replace_spans(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """The text with a word in the place of each span (start, end, word); spans in order, not overlapping.

    What is left on the two sides, and the word, are set off by one space; by none beside a line's end, inside of
    brackets, and before punctuation.
    """
    pieces: list[str] = []
    end = 0
    for start, after, word in spans:
        pieces += (text[end:start], word)
        end = after
    if not pieces:
        return text
    pieces.append(text[end:])
    joined: list[str] = []
    for i, piece in enumerate(pieces):
        stripped = piece.lstrip(" ") if i else piece
        stripped = stripped.rstrip(" ") if i < len(pieces) - 1 else stripped
        if stripped:
            if joined and not joined[-1].endswith(_OPENING) and not stripped.startswith(_CLOSING):
                joined.append(" ")
            joined.append(stripped)
    return "".join(joined)

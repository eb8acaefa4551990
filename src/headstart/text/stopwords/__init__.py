"""Stop words of Headstart, English and Chinese (simplified and traditional): one word a line, `#` begins a comment.

Written for classification: words that turn or weigh a statement are not among them (not, no, never, n't, but, very,
too, only, 不, 没, 别, 但, 很, 太, 最), nor question words, which tell questions apart.
"""

from functools import lru_cache
from pathlib import Path

__all__ = ["built_in", "parse"]


@lru_cache(maxsize=1)
def built_in() -> frozenset[str]:
    """The words of both lists."""
    folder = Path(__file__).parent
    return frozenset(word for name in ("en", "zh") for word in parse((folder / f"{name}.txt").read_text("utf-8")))


def parse(text: str) -> list[str]:
    """The words of a list, in order: one a line; empty lines and lines that begin with `#` are none."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]

"""Traditional Chinese characters to simplified ones, by OpenCC's phrase tables (extra `zh`).

Characters are converted, words are not: 軟體 becomes 软体 and not 软件. Latin text and numbers stay as they are.
"""

from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from headstart.errors import MissingExtra

__all__ = ["Simplified"]


class Simplified:
    """OpenCC's conversion `t2s`. Raises MissingExtra where the package opencc is not installed."""

    def __init__(self) -> None:
        if find_spec("opencc") is None:
            raise MissingExtra("Cleaning rule 'simplified'", "opencc", "zh")

    def __call__(self, text: str) -> str:
        """The text in simplified characters."""
        if text.isascii():
            return text
        simplified: str = _converter().convert(text)
        return simplified


@lru_cache(maxsize=1)
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")

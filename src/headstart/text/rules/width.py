"""Full-width letters, digits and signs to half-width (ＯＫ１２３ to OK123); `unicode` does that and more.

`width` or `width:half` takes all of them, Chinese commas and question marks (，？！：；（）) and the wide space
included; `width:letters` takes letters and digits alone, so that Chinese keeps its punctuation.
"""

import re

from headstart.text.rules._replace import choice

__all__ = ["Width"]

_TO_ASCII = 0xFEE0
_ALL = {wide: wide - _TO_ASCII for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_TABLES = {"half": _ALL, "letters": {wide: half for wide, half in _ALL.items() if chr(half).isalnum()}}
_WIDE = {
    "half": re.compile("[\u3000\uff01-\uff5e]"),
    "letters": re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"),
}


class Width:
    """The block "Halfwidth and Fullwidth Forms" (U+FF01 to U+FF5E) and U+3000 to ASCII."""

    def __init__(self, argument: str = "half") -> None:
        which = choice("width", argument, _TABLES)
        self._table, self._wide = _TABLES[which], _WIDE[which]

    def __call__(self, text: str) -> str:
        """The text in half-width; every other character as it was."""
        if text.isascii() or not self._wide.search(text):
            return text
        return text.translate(self._table)

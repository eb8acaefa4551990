"""Telephone and other long numbers out (7 digits and more), or `numbers:mask` for the word `number` in their place.

Digits may stand in groups (`+86 138-1234-5678`), and an X may end them (identity cards). Prices, years, dates and
decimals have fewer digits, or commas and points, and stay: they mean something.
"""

import re

from headstart.text.rules._replace import drop_or_mask, replace

__all__ = ["Numbers"]

_NUMBER = re.compile(
    r"""(?<![\d.,:/]) (?<!\d[ -])
        (?! (?:19|20)\d\d-(?:\d\d?-\d\d?|(?:19|20)\d\d)(?!\d) )  # a date, a span of years
        (?: \+ | \(0\d{2,3}\)[ -]? )?
        \d(?:[ -]?\d){6,}+ (?![.,:/]\d)
        (?: [Xx](?!\w) )?""",
    re.VERBOSE,
)
_WORD = "number"


class Numbers:
    """`numbers` or `numbers:drop` removes them, `numbers:mask` writes the word `number`."""

    def __init__(self, argument: str = "drop") -> None:
        self._word = drop_or_mask("numbers", argument, _WORD)

    def __call__(self, text: str) -> str:
        """The text without long numbers."""
        return replace(text, _NUMBER.finditer(text), self._word)

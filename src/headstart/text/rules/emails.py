"""E-mail addresses out, or `emails:mask` for the word `email` in their place.

An address is written in ASCII, so Chinese text may stand on both sides without a space.
"""

import re

from headstart.text.rules._replace import drop_or_mask, replace

__all__ = ["Emails"]

_EMAIL = re.compile(
    r"""(?:\bmailto:)?
        (?<![a-z0-9._%+-]) [a-z0-9_%+-][a-z0-9._%+-]{0,63}
        @ (?:[a-z0-9-]{1,63}\.){1,8} [a-z]{2,24} (?![a-z0-9@])""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_WORD = "email"


class Emails:
    """`emails` or `emails:drop` removes them, `emails:mask` writes the word `email`."""

    def __init__(self, argument: str = "drop") -> None:
        self._word = drop_or_mask("emails", argument, _WORD)

    def __call__(self, text: str) -> str:
        """The text without e-mail addresses."""
        return replace(text, _EMAIL.finditer(text), self._word) if "@" in text else text

"""Long repetitions cut: a character that stands there more than 3 times stands there 3 times (sooooo, 哈哈哈哈, !!!!!).

`repeats:2` keeps 2, and so on. Digits stay, since 10000 is not 1000, and so does white space. An accented letter, an
emoji with its style and a flag count as one character.
"""

import re

from headstart.errors import ConfigError

__all__ = ["Repeats"]

_SIGN = "(?:[\U0001f1e6-\U0001f1ff]{2}|[^\\s\\d])[\u0300-\u036f\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]{0,2}"


class Repeats:
    """argument: how many are kept, 1 to 99."""

    def __init__(self, argument: str = "3") -> None:
        if not (argument.isdecimal() and argument.isascii() and len(argument) < 3 and int(argument)):
            raise ConfigError(f"Cleaning rule 'repeats': how many to keep is a number from 1 to 99. Got {argument!r}.")
        self._n = int(argument)
        self._run = re.compile(rf"({_SIGN})\1{{{self._n},}}")

    def __call__(self, text: str) -> str:
        """The text without long repetitions."""
        return self._run.sub(lambda run: run.group(1) * self._n, text)

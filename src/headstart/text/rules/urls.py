"""Web addresses out, or `urls:mask` for the word `url` in their place.

An address begins with `http://`, `https://`, `ftp://` or `www.`, or is a known domain with a path (`t.cn/A6xyz`); a
bare name such as `Amazon.com` is a word of its sentence and stays. It ends at the first character that is not ASCII, so
that Chinese text may follow without a space, and before the punctuation of the sentence around it.
"""

import re

from headstart.text.rules._replace import drop_or_mask, replace_spans

__all__ = ["Urls"]

_DOMAINS = "com|cn|net|org|io|co|me|tv|cc|ly|gl|gd|be|uk|hk|tw|jp|de|fr|edu|gov|info|app|dev|xyz|top|shop"
_URL = re.compile(
    rf"""(?: (?:https?|ftp)://
           | (?<![a-z0-9])www\.(?=[a-z0-9])
           | (?<![a-z0-9@._-])(?:[a-z0-9-]{{1,63}}\.){{1,4}}(?:{_DOMAINS})/(?=[a-z0-9~_%-])
         )
         [a-z0-9\-._~:/?\#@!$&'()*+,;=%]++""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_WORD = "url"


class Urls:
    """`urls` or `urls:drop` removes them, `urls:mask` writes the word `url`."""

    def __init__(self, argument: str = "drop") -> None:
        self._word = drop_or_mask("urls", argument, _WORD)

    def __call__(self, text: str) -> str:
        """The text without addresses."""
        if "." not in text and "://" not in text:
            return text
        return replace_spans(text, ((m.start(), _end(m), self._word) for m in _URL.finditer(text)))


def _end(url: re.Match[str]) -> int:
    """Where the address ends: before the sentence's punctuation, and before a bracket that it did not open."""
    address, end = url.group(), url.end()
    unopened = address.count(")") - address.count("(")
    for sign in reversed(address):
        if sign == ")" and unopened > 0:
            unopened -= 1
        elif sign not in ".,;:!?'*":
            break
        end -= 1
    return end

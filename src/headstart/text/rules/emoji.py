"""Emoji out (`emoji` or `emoji:drop`), or as their names: `emoji:name` in English, `emoji:name_zh` in Chinese
(Unicode CLDR's, by the package `emoji`). `emoji:keep` says that they stay.

Signs that are text unless a variation selector follows them (©, ™, ↔, ▪ and the like) stay. A family, a flag or a
keycap is one emoji with one name. Emoji that are newer than the installed package stay.
"""

import re
from functools import lru_cache

from headstart.text.rules._replace import choice, replace_spans

__all__ = ["Emoji"]

_LANGUAGES = {"name": "en", "name_zh": "zh"}
_STYLES = "\ufe0e\ufe0f\U0001f3fb-\U0001f3ff"
# What could be one emoji; the package knows which are. It has none with more than 3 joiners, and reads a chain of
# joiners in time that grows with its square, so that it gets one candidate at a time.
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff"
    "\u2300-\u23ff\u24c2\u25a0-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_CANDIDATE = re.compile(
    f"""(?: [\U0001f1e6-\U0001f1ff]{{2}}
          | [0-9\\#*]\ufe0f?\u20e3
          | \U0001f3f4[\U000e0020-\U000e007e]{{1,8}}\U000e007f
          | {_PICTURE}[{_STYLES}]{{0,2}}(?:\u200d{_PICTURE}[{_STYLES}]{{0,2}}){{0,4}}
        ) [\u200d\ufe0e\ufe0f]*+""",
    re.VERBOSE,
)
_TEXT_BY_DEFAULT = re.compile("[\u00a9-\u22ff\u24c2\u25a0-\u25ff\u3030-\u3299]")


class Emoji:
    """Each emoji as its name set off by spaces, or gone."""

    def __init__(self, argument: str = "drop") -> None:
        self._what = choice("emoji", argument, ("drop", "keep", "name", "name_zh"))

    def __call__(self, text: str) -> str:
        """The text with emoji dropped or named."""
        if self._what == "keep" or text.isascii():
            return text
        language = _LANGUAGES.get(self._what)
        return replace_spans(
            text,
            (
                (found.start() + start, found.start() + end, name if language else "")
                for found in _CANDIDATE.finditer(text)
                for start, end, name in _emoji_in(found.group(), language or "en")
            ),
        )


@lru_cache(maxsize=4096)
def _emoji_in(candidate: str, language: str) -> tuple[tuple[int, int, str], ...]:
    """(start, end, name) of each emoji; what joins or styles it belongs to it."""
    import emoji

    if _TEXT_BY_DEFAULT.fullmatch(candidate):
        return ()
    found = emoji.emoji_list(candidate)
    starts = [one["match_start"] for one in found]
    ends = [*starts[1:], len(candidate)] if found else []
    names = (emoji.demojize(one["emoji"], language=language, delimiters=("", "")) for one in found)
    return tuple((a, b, name.replace("_", " ")) for a, b, name in zip(starts, ends, names, strict=True))

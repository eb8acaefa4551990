"""The script a text is written in, as a stand-in for its language.

>>> language_of("这家餐厅的味道很好")
'zh'
>>> language_shares(["很好", "Good food", "12345"])
{'zh': 0.3333333333333333, 'en': 0.3333333333333333, 'mixed': 0.0, 'other': 0.3333333333333333}
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["language_of", "language_shares", "unfamiliar"]

_LEAST_KNOWN = 0.01  # of the texts, from which their script was learnt from

_HAN_SET = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LATIN_SET = "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a"
_HAN = re.compile(f"[{_HAN_SET}]+")
_LATIN = re.compile(f"[{_LATIN_SET}]+")
_OTHER = re.compile(rf"[^\W\d_{_HAN_SET}{_LATIN_SET}]+")  # letters of every other script
_ASCII_LETTER = re.compile("[A-Za-z]")

_LETTERS_A_HAN = 3  # a Chinese word has about 1.6 characters, an English one about 4.7 letters
_CLEAR = 0.8  # share of the weight from which a text counts as one script


def language_of(text: str) -> str:
    """`"zh"`, `"en"`, `"mixed"` or `"other"`, by counting the characters of each script.

    "zh": Han characters; "en": Latin script; "mixed": both, each more than a fifth (one Han character weighs
    as much as three letters); "other": no letters at all, or more than a fifth in a third script (kana,
    hangul, Cyrillic, ...).

    It cannot tell English from French or Vietnamese, Chinese from Japanese written without kana, nor
    simplified from traditional characters: it looks at scripts, not at words.
    """
    if text.isascii():
        return "en" if _ASCII_LETTER.search(text) else "other"
    han = _count(_HAN, text) * _LETTERS_A_HAN
    latin = _count(_LATIN, text)
    other = _count(_OTHER, text) * _LETTERS_A_HAN  # kana and hangul are syllables too
    total = han + latin + other
    if total == 0 or other > (1 - _CLEAR) * total:
        return "other"
    if han >= _CLEAR * (han + latin):
        return "zh"
    return "en" if latin >= _CLEAR * (han + latin) else "mixed"


def language_shares(texts: Iterable[str]) -> dict[str, float]:
    """The share of the texts in each of "zh", "en", "mixed" and "other"; all 0 when there are no texts."""
    counts = Counter(map(language_of, texts))
    n = max(counts.total(), 1)
    return {language: counts[language] / n for language in ("zh", "en", "mixed", "other")}


def unfamiliar(texts: Sequence[str], known: Mapping[str, float]) -> list[bool]:
    """For each text whether it is in a script that hardly any of the texts have whose `language_shares` are `known`.

    Never of a text without letters, nor of a "mixed" one; none where nothing is known.

    >>> unfamiliar(["很好", "Good food", "12345"], {"en": 0.98, "other": 0.02})
    [True, False, False]
    """
    seen = {language for language, share in known.items() if share >= _LEAST_KNOWN}
    if "mixed" in seen:
        seen |= {"zh", "en"}
    if not seen:
        return [False] * len(texts)
    return [
        (language := language_of(text)) not in {*seen, "mixed"} and (language != "other" or bool(_OTHER.search(text)))
        for text in texts
    ]


def _count(script: re.Pattern[str], text: str) -> int:
    return sum(map(len, script.findall(text)))

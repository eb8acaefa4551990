"""Invisible characters out: control, zero-width and direction characters, byte order marks, soft hyphens, stray
variation selectors. Line ends of every kind become a plain one.

Windows punctuation that was read as Latin-1 (I, U+0092, m) is what it was meant to be (I’m), as in HTML.

What makes one sign of several stays: the joiner inside of an emoji, a variation selector behind a character, the tags
of a flag. Joiners between letters (Persian, Indic scripts) go: they change the look and not the word.
"""

import re

__all__ = ["Control"]

_ASCII_CONTROLS = bytes([*range(9), *range(11, 32), 127])
_WINDOWS = {point: bytes([point]).decode("cp1252", "ignore") for point in range(0x80, 0xA0)}
_FROM_WINDOWS = re.compile("[\x80-\x9f]")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\u2028\u2029]")
_HIDDEN = (
    "\x00-\x08\x0e-\x1f\x7f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ufdd0-\ufdef\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
)
_ANY = re.compile(f"[{_HIDDEN}\x0b-\x0d\x80-\x9f\u200d\u2028\u2029\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_INVISIBLE = re.compile(
    "(\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)"  # the flag of a region: kept
    f"|[{_HIDDEN}]"
)
_STRAY_SELECTOR = re.compile(
    "(?:(?<=[\\s\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef])|\\A)[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
_STRAY_JOINER = re.compile(f"(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])")


class Control:
    """Removes Unicode's Cc (but tab and line end), the format characters (Cf) that hide in texts, and blank fillers.

    C1 controls are read as Windows-1252 (HTML Living Standard, "Numeric character reference end state"); the five
    that it does not define go.
    """

    def __call__(self, text: str) -> str:
        """The text without invisible characters."""
        if text.isascii():
            if len(text.encode().translate(None, _ASCII_CONTROLS)) == len(text):
                return text
        elif not _ANY.search(text):
            return text
        if _FROM_WINDOWS.search(text):
            text = text.translate(_WINDOWS)
        text = _INVISIBLE.sub(r"\1", _LINE_END.sub("\n", text))
        return _STRAY_JOINER.sub("", _STRAY_SELECTOR.sub("", text))

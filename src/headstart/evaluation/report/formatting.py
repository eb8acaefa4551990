"""How a figure and a text are written for a reader, on a page and in a terminal alike."""

import math
import re
import unicodedata
from collections.abc import Iterable

from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Answered, ClassScores, Comparison, Interval, Report

__all__ = [
    "CLASSES_SHOWN",
    "DASH",
    "HEADLINE_METRICS",
    "answered_figures",
    "bracket",
    "compared",
    "excludes_zero",
    "finite",
    "integer",
    "metric_keys",
    "number",
    "shorten",
    "signed",
    "signed_bracket",
    "visible",
    "weakest_first",
]

CLASSES_SHOWN = 20  # more than this and tables are cut, matrices become pictures
DASH = "–"  # stands for a figure that is not there
HEADLINE_METRICS = ("accuracy", "macro_f1", "mcc")

_MAIN_METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "mcc", "log_loss", "roc_auc", "ece")
_BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # could reorder what stands after them
_UNSAFE = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff{_BIDI_CONTROLS}]")


def finite(value: float | None) -> bool:
    """True for a figure that can be shown."""
    return value is not None and math.isfinite(value)


def weakest_first(scores: Iterable[ClassScores]) -> tuple[ClassScores, ...]:
    """By F1; those without a figure last."""
    return tuple(sorted(scores, key=lambda c: c.f1.value if finite(c.f1.value) else math.inf))


def number(value: float | None) -> str:
    """Three decimals, `0.913`; a dash for None, nan and inf; never `-0.000`."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{round(float(value), 3) + 0.0:.3f}"


def signed(value: float | None) -> str:
    """Three decimals with a sign, `+0.052`; nothing changes: `0.000`."""
    text = number(value)
    return text if text in (DASH, "0.000") or text.startswith("-") else f"+{text}"


def bracket(interval: Interval) -> str:
    """`[0.895, 0.929]`, or nothing where no interval was computed."""
    if not (finite(interval.low) and finite(interval.high)):
        return ""
    return f"[{number(interval.low)}, {number(interval.high)}]"


def signed_bracket(interval: Interval) -> str:
    """`[+0.031, +0.073]`, or nothing where no interval was computed."""
    if not (finite(interval.low) and finite(interval.high)):
        return ""
    return f"[{signed(interval.low)}, {signed(interval.high)}]"


def excludes_zero(interval: Interval) -> bool:
    """True when the whole interval lies on one side of zero."""
    low, high = interval.low, interval.high
    return low is not None and high is not None and (low > 0 or high < 0)


def integer(value: int) -> str:
    """`12,345`."""
    return f"{value:,}"


def metric_keys(report: Report) -> tuple[list[str], list[str]]:
    """The metrics to show first, and the further ones that model or baseline has.

    First come the well-known ones in their order, and whichever one the comparison was made in.
    """
    evaluations = [report.model, *([report.baseline] if report.baseline is not None else [])]
    present = list(dict.fromkeys(key for e in evaluations for key in e.metrics))
    main = [key for key in _MAIN_METRICS if key in present]
    if report.comparison is not None and report.comparison.metric in set(present) - set(main):
        main.append(report.comparison.metric)
    return main, [key for key in present if key not in main]


def compared(found: Comparison, w: Words) -> str:
    """What a comparison found, in the reader's language where it says so in it."""
    return found.translated.get(w["language"], found.sentence)


def answered_figures(measured: Answered, w: Words) -> list[tuple[str, str]]:
    """How a limit of errors did: names and figures."""

    def shown(interval: Interval | None) -> str:
        return w["none_answered"] if interval is None else f"{number(interval.value)} {bracket(interval)}".rstrip()

    return [
        (w["answered"], shown(measured.coverage)),
        (w["answered_error"], shown(measured.error)),
        (w["sets_without"], shown(measured.sets_without)),
        (w["set_size"], f"{measured.set_size:.2f}"),
    ]


def visible(text: str) -> str:
    """`text` with everything that could break a page, a terminal or the reading order made visible.

    NUL and other C0 controls become their pictures (␀), further controls and direction overrides ⟨U+202E⟩,
    lone surrogates U+FFFD. Line ends and tabs stay; left-to-right and right-to-left marks stay too, because
    honest Arabic and Hebrew texts need them.
    """
    return _UNSAFE.sub(_picture, str(text).replace("\r\n", "\n"))


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"⟨U+{code:04X}⟩"


def shorten(text: str, limit: int) -> str:
    """The first `limit` characters and an ellipsis, never cut inside an accent or a joined emoji."""
    if len(text) <= limit:
        return text
    end = limit
    while end > 1 and (_joins(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return f"{text[:end].rstrip()}…"


def _joins(character: str) -> bool:
    """True for a character that belongs to the one before it."""
    return (
        unicodedata.combining(character) > 0
        or character in "\u200d\ufe0e\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )

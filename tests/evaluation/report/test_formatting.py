"""Laws of how figures and texts are written."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.evaluation.report.formatting import number, shorten, signed, visible, weakest_first
from headstart.evaluation.results import ClassScores, Interval


@pytest.mark.parametrize(
    ("value", "plain", "with_sign"),
    [
        (0.9126, "0.913", "+0.913"),
        (-0.0001, "0.000", "0.000"),
        (0.0001, "0.000", "0.000"),
        (-0.25, "-0.250", "-0.250"),
        (float("nan"), "–", "–"),
        (float("inf"), "–", "–"),
        (None, "–", "–"),
    ],
)
def test_figures_by_hand(value: float | None, plain: str, with_sign: str) -> None:
    """Three decimals, no negative zero, a dash for what is not a figure."""
    assert (plain, with_sign) == (number(value), signed(value))


@given(st.text(max_size=50))
def test_visible_leaves_nothing_dangerous_and_changes_nothing_else(text: str) -> None:
    """Only tabs and line ends remain of the control characters; a second pass changes nothing."""
    shown = visible(text)
    assert all(c in "\t\n" or unicodedata.category(c) not in ("Cc", "Cs") for c in shown)
    assert shown == visible(shown)
    if text.isprintable():
        assert text == shown


def test_honest_direction_marks_stay() -> None:
    """RLM and LRM belong to Hebrew and Arabic texts; overrides do not."""
    assert visible("שלום\u200f \u202ex") == "שלום\u200f ⟨U+202E⟩x"


@given(st.text(max_size=60), st.integers(1, 40))
def test_shorten_gives_a_beginning(text: str, limit: int) -> None:
    """A short text is itself; a long one is cut to at most `limit` characters and an ellipsis."""
    short = shorten(text, limit)
    if len(text) <= limit:
        assert text == short
    else:
        assert short.endswith("…")
        assert text.startswith(short[:-1])
        assert len(short) <= limit + 1


def test_shorten_keeps_joined_characters_together() -> None:
    """A family emoji (five code points) and an accented letter are not cut in the middle."""
    assert shorten("ab👩\u200d👩\u200d👧cd", 5) == "ab…"
    assert shorten("abe\u0301xyz", 3) == "ab…"


def test_the_weakest_classes_have_figures() -> None:
    """A class without a row has no F1, which is not the lowest one."""
    scores = [
        ClassScores(name, *[Interval(f1)] * 3, 0) for name, f1 in (("none", math.nan), ("good", 0.9), ("bad", 0.0))
    ]
    assert [each.name for each in weakest_first(scores)] == ["bad", "good", "none"]

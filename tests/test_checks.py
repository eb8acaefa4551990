"""Checks of settings: the message names part and setting, what is allowed, what was got."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.checks import check_choice, check_class_weight, check_flag, check_number, check_whole, with_none
from headstart.errors import ConfigError


@given(st.floats() | st.integers(-5, 5), st.booleans(), st.booleans())
def test_numbers_of_an_interval(value: float, above: bool, below: bool) -> None:
    """Numbers inside pass, the two limits as was said, and nothing else."""
    inside = (value > 0 if above else value >= 0) and (value < 2 if below else value <= 2)
    try:
        check_number("x", value, 0, 2, above=above, below=below)
    except ConfigError as error:
        assert not inside
        words = f"a number {'above' if above else 'from'} 0 to {'below ' if below else ''}2"
        assert str(error) == f"encoder.x must be {words}. Got {value!r} instead."  # noqa: PT017 - inside or not
    else:
        assert inside


@pytest.mark.parametrize(
    ("check", "arguments", "expected"),
    [
        (check_number, ("x", None), "encoder.x must be a number from 0 on"),
        (check_number, ("x", float("inf")), "encoder.x must be a number from 0 on"),
        (check_number, ("x", True), "encoder.x must be a number from 0 on"),
        (check_whole, ("x", 1.0), "encoder.x must be a whole number from 1 on"),
        (check_whole, ("x", True), "encoder.x must be a whole number from 1 on"),
        (check_choice, ("x", "c", ("a", "b")), "encoder.x must be one of a, b"),
        (check_flag, ("x", 1), "encoder.x must be true or false"),
    ],
)
def test_what_is_refused(check: Any, arguments: tuple[Any, ...], expected: str) -> None:
    """The part is the encoder unless another is named."""
    with pytest.raises(ConfigError) as error:
        check(*arguments)
    assert str(error.value) == f"{expected}. Got {arguments[1]!r} instead."
    with pytest.raises(ConfigError, match=r"^strategy\.x must be "):
        check(*arguments, part="strategy")


def test_left_out() -> None:
    """None passes where it may, and the message says so."""
    check_number("x", None, optional=True)
    check_whole("x", None, optional=True)
    check_choice("x", None, ("a", "b"), optional=True)
    for check in (check_number, check_whole, partial(check_choice, allowed=("a", "b"))):
        with pytest.raises(ConfigError, match=", or left out"):
            check("x", -1, optional=True)


def test_a_word_beside_numbers() -> None:
    """It passes, no other does, and the message names it; None is what `--set` makes of the word none."""
    check_number("x", "auto", high=1, word="auto")
    check_number("x", 0.5, high=1, word="auto")
    check_number("x", None, word="none")
    for value, word in (("none", "auto"), (None, "auto"), (2, "auto"), (-1, "none"), ("auto", "none")):
        with pytest.raises(ConfigError, match=f"^encoder.x must be a number from 0 to 1, or {word}. Got {value!r}"):
            check_number("x", value, high=1, word=word)


def test_class_weights() -> None:
    """Two values, in whatever part."""
    check_class_weight(None)
    check_class_weight("balanced")
    with pytest.raises(ConfigError, match=r"^strategy.class_weight must be balanced, or left out. Got 'auto' instead"):
        check_class_weight("auto", part="strategy")


def test_none_as_a_word() -> None:
    """Where the default is a word, and nowhere else."""

    @dataclass
    class Kind:
        way: str = "auto"
        number: int = 3
        layers: int | None = None
        part: str | None = None

    given = {"way": None, "number": None, "layers": None, "part": None, "unknown": None}
    assert with_none(given, Kind) == {**given, "way": "none"}
    assert with_none({"way": "fast", "number": 2}, Kind) == {"way": "fast", "number": 2}

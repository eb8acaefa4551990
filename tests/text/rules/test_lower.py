"""Lower case."""

from hypothesis import given
from hypothesis import strategies as st

from headstart.text.rules.lower import Lower


@given(st.text())
def test_no_capital_is_left(text: str) -> None:
    """No character has another lower case, and letters without case stay."""
    lowered = Lower()(text)
    assert all(sign.lower() == sign for sign in lowered)
    assert Lower()("中文 123") == "中文 123"

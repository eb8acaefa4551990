"""Repeats: runs are cut, and nothing else."""

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from headstart.text.rules.repeats import Repeats


@given(st.text(alphabet="ab哈!。05 \n😂", max_size=60), st.integers(1, 5))
def test_runs_are_cut(text: str, n: int) -> None:
    """Each run of one character has at most n of them; digits and white space keep their runs."""
    runs = [(sign, len(list(run))) for sign, run in groupby(text)]
    expected = "".join(sign * (k if sign in "05 \n" else min(k, n)) for sign, k in runs)
    assert Repeats(str(n))(text) == expected

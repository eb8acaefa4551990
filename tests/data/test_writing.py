"""Names of new columns."""

from hypothesis import given
from hypothesis import strategies as st

from headstart.data.writing import free_names

NAMES = st.lists(st.sampled_from(["a", "a_", "a__", "b", "b_"]), max_size=5)


@given(NAMES, NAMES)
def test_new_columns_write_over_nothing(names: list[str], present: list[str]) -> None:
    """Each name with as few underscores as can be: no column is there yet, and no two new ones are the same."""
    free = free_names(names, present)
    assert len({*free, *present}) == len(free) + len(set(present))
    for i, (name, found) in enumerate(zip(names, free, strict=True)):
        assert found == name + "_" * (len(found) - len(name))
        assert len(found) == len(name) or found[:-1] in {*present, *free[:i]}

"""Progress: silent by default, shown where a caller asks for it."""

from collections.abc import Callable

import pytest

from headstart.progress import shown, track


class Bar:
    """Notes what it is told."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self.told: list[object] = []

    def __call__(self, what: str, total: int) -> Callable[[int, int, str], None]:
        """What a bar is made with."""
        self.told.append((what, total))
        return lambda *words: self.told.append(words)


def test_items_pass_through_unchanged() -> None:
    """`track` yields what it is given, in order, lazily, shown or not."""
    assert list(track(iter("abc"), "letters", 3)) == ["a", "b", "c"]
    with shown(Bar()):
        assert list(track([], "nothing", 0)) == []
        assert next(track(iter(range(10**12)), "many", 10**12)) == 0


def test_progress_is_told_after_each_item() -> None:
    """The name and total first; then, when an item is done, its size."""
    bar = Bar()
    with shown(bar):
        items = track(["a", "bcd"], "texts", 4, len)
        assert bar.told == []
        next(items)
        assert bar.told == [("texts", 4)]
        assert list(items) == ["bcd"]
    assert bar.told == [("texts", 4), (1, 4, ""), (3, 4, "")]


def test_the_block_ends_with_an_error_too() -> None:
    """After the block, however it ends, progress is silent again; blocks nest."""
    outer, inner = Bar(), Bar()
    with shown(outer):
        with pytest.raises(ValueError, match="stop"), shown(inner):
            raise ValueError("stop")
        list(track("a", "x", 1))
    list(track("b", "y", 1))
    assert inner.told == []
    assert outer.told == [("x", 1), (1, 1, "")]


def test_work_that_goes_on_changes_and_speaks() -> None:
    """What was done before comes first; a total may change on the way; each item may leave a note."""
    bar, totals = Bar(), iter([9, 9, 9, 5])
    with shown(bar):
        assert list(track("ab", "steps", lambda: next(totals), done=3, note=str.upper)) == ["a", "b"]
    assert bar.told == [("steps", 9), (3, 9, ""), (1, 9, "A"), (1, 5, "B")]

"""Progress: silent by default, shown where a caller asks for it."""

from collections.abc import Callable

import pytest

from headstart.progress import shown, track


class Bar:
    """Notes what it is told."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self.told: list[object] = []

    def __call__(self, what: str, total: int) -> Callable[[int], None]:
        """What a bar is made with."""
        self.told.append((what, total))
        return self.told.append


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
    assert bar.told == [("texts", 4), 1, 3]


def test_the_block_ends_with_an_error_too() -> None:
    """After the block, however it ends, progress is silent again; blocks nest."""
    outer, inner = Bar(), Bar()
    with shown(outer):
        with pytest.raises(ValueError, match="stop"), shown(inner):
            raise ValueError("stop")
        list(track("a", "x", 1))
    list(track("b", "y", 1))
    assert inner.told == []
    assert outer.told == [("x", 1), 1]

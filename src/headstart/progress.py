"""Progress of long work, without the worker knowing how it is shown.

Workers call `track(...)`; it is silent unless a caller (the command line) is inside `shown(factory)`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

__all__ = ["Advance", "Factory", "shown", "track"]

T = TypeVar("T")
Advance = Callable[[int, int, str], None]  # (done since the last call, total as it is known now, note)
Factory = Callable[[str, int], Advance]  # (what, total) -> advance


def _silent(what: str, total: int) -> Advance:
    return lambda by, total, note: None


_factory: ContextVar[Factory] = ContextVar("progress_factory", default=_silent)


def track(
    items: Iterable[T],
    what: str,
    total: int | Callable[[], int],
    size: Callable[[T], int] = lambda _: 1,
    *,
    done: int = 0,
    note: Callable[[T], str] = lambda _: "",
) -> Iterator[T]:
    """Yield the items; after each, report `size(item)` of `total` done, and what `note(item)` says of the state.

    total: a function where it may change on the way. done: how much was done before the first item.
    """
    now = total if callable(total) else lambda: total
    advance = _factory.get()(what, now())
    if done:
        advance(done, now(), "")
    for item in items:
        yield item
        advance(size(item), now(), note(item))


@contextmanager
def shown(factory: Factory) -> Iterator[None]:
    """Within this block, progress goes to `factory(what, total)`, which returns `advance(by, total, note)`."""
    token = _factory.set(factory)
    try:
        yield
    finally:
        _factory.reset(token)

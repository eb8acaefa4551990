"""Progress of long work, without the worker knowing how it is shown.

Workers call `track(...)`; it is silent unless a caller (the command line) is inside `shown(factory)`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

__all__ = ["shown", "track"]

T = TypeVar("T")
Factory = Callable[[str, int], Callable[[int], None]]  # (what, total) -> advance(by)


def _silent(what: str, total: int) -> Callable[[int], None]:
    return lambda by: None


_factory: ContextVar[Factory] = ContextVar("progress_factory", default=_silent)


def track(items: Iterable[T], what: str, total: int, size: Callable[[T], int] = lambda _: 1) -> Iterator[T]:
    """Yield the items; after each, report `size(item)` of `total` done."""
    advance = _factory.get()(what, total)
    for item in items:
        yield item
        advance(size(item))


@contextmanager
def shown(factory: Factory) -> Iterator[None]:
    """Within this block, progress goes to `factory(what, total)`, which returns `advance(by)`."""
    token = _factory.set(factory)
    try:
        yield
    finally:
        _factory.reset(token)

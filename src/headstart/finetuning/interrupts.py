"""Ctrl-C between two steps, not within one. Needs no torch."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["held_interrupts"]


@contextmanager
def held_interrupts(wanted: bool) -> Iterator[Callable[[], bool]]:
    """Within the block Ctrl-C only makes the function that is given return True; a second one interrupts at once.

    A step that is broken off in the middle leaves weights that belong to no step. Outside of the main thread, where
    Python delivers no Ctrl-C, nothing changes.
    """
    asked = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    if not wanted or threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)

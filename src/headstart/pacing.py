"""Whether a budget has time for one more piece of work like the last."""

import time
from collections.abc import Callable

from headstart.held_out import GoesOn, always

__all__ = ["time_for_more"]


def time_for_more(until: float | None, clock: Callable[[], float] = time.perf_counter) -> GoesOn:
    """True while one more piece, as long as the longest since this call, ends before `until` on the clock; None = no
    end. Of several processes the first one's clock counts: all go on, or none.
    """
    if until is None:
        return always
    from headstart.finetuning.distributed import together

    last, longest = clock(), 0.0

    def goes_on(_: int) -> bool:
        nonlocal last, longest
        now = clock()
        last, longest = now, max(longest, now - last)
        with together() as processes:
            return processes.agree(until - now - longest) >= 0

    return goes_on

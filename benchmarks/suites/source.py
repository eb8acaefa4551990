"""Few labels and a related domain: what labelled source rows add, on the same supports.

HEADSTART_SOURCE_PAIRS limits the suite to some targets (`cr;books`).
"""

import os
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import Goal, Result, Setup, commit, cpus, kept, kept_in, table
from benchmarks.fewshot_figures import CHINESE

__all__ = ["TITLE", "run", "tables"]

TITLE = "Few labels and a related domain: source rows"
_PAIRS = (  # (target, source): a data set, or a domain of amazon_multidomain
    ("books", "electronics"), ("kitchen", "books"), ("cr", "sst2"), ("sst2", "cr"), ("sms_spam", "enron_spam1"),
    ("chnsenticorp", "waimai_10k"), ("waimai_10k", "online_shopping_10cats"),
)  # fmt: skip
_DOMAINS = "amazon_multidomain"
_SHOTS, _SEEDS, _SOURCE_ROWS, _TEST_ROWS = 8, 3, 1_500, 500
_ALONE, _BOTH, _NAMELESS, _NAMELESS_BOTH = "auto", "auto, source", "no names", "no names, source"
_PROBE, _SOURCE = "linear_probe, source", "source alone"
_WAYS = (_ALONE, _BOTH, _NAMELESS, _NAMELESS_BOTH, _PROBE, _SOURCE)


def run(setup: Setup) -> Result:
    """All ways on one support after another; texts are encoded once, and kept."""
    os.environ["HEADSTART_CACHE"] = str(Path(tempfile.gettempdir()) / "headstart-fewshot-features")
    asked = os.environ.get("HEADSTART_SOURCE_PAIRS", "cr" if setup.quick else "")
    pairs = [pair for pair in _PAIRS if not asked or pair[0] in asked.split(";")]
    place, cells = kept_in("source", setup.quick, commit()), []
    for target, source in pairs:
        found = kept(place, f"{target}-{source}", partial(_measured, setup, target, source))
        cells += found
        print(f"{target} <- {source}: " + ", ".join(f"{way} {_told(found, target, way)}" for way in _WAYS), flush=True)
    figures = {"cells": cells, "shots": _SHOTS, "test_rows": _TEST_ROWS, "source_rows": _SOURCE_ROWS, "threads": cpus()}
    return Result(figures, _goals(cells, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """One line a target."""
    cells = figures["cells"]
    pairs = dict.fromkeys((cell["data"], cell["source"]) for cell in cells)
    lines = [[f"{target} ← {source}", *(_told(cells, target, way) for way in _WAYS)] for target, source in pairs]
    means = [f"{100 * statistics.mean(_mean(cells, target, way) for target, _ in pairs):.1f}" for way in _WAYS]
    took = {way: statistics.median(c["wall_s"] for c in cells if c["way"] == way) for way in _WAYS}
    return [
        *table(["target ← source", *_WAYS], [*lines, ["mean", *means]]),
        "",
        f"Accuracy in per cent on at most {figures['test_rows']:,} test rows of the target; {figures['shots']} "
        f"labelled rows a class of it, at most {figures['source_rows']:,} of the source; means over {_SEEDS} supports. "
        "No names: `few_labels` with `strategy.names=none`, as where labels are no words. linear_probe: encoder and "
        "head chosen by itself, source rows joined to the target's where that is better. Source alone: frozen MiniLM "
        "(Chinese: words) with a logistic head, no row of the target.",
        "Median wall seconds of a fit, its texts encoded before: "
        f"{', '.join(f'{way} {seconds:.1f}' for way, seconds in took.items())}.",
    ]


def _measured(setup: Setup, target: str, source: str) -> list[dict[str, Any]]:
    from headstart import TextClassifier
    from headstart.data.splits import limit_rows, sample_per_class

    pool, test = _rows(setup, target, "train"), limit_rows(_rows(setup, target, "test"), _TEST_ROWS, 0)[0]
    more = limit_rows(_rows(setup, source, "train"), _SOURCE_ROWS, 1)[0]
    nameless = {"strategy.names": "none"}
    ways: dict[str, tuple[Any, bool]] = {
        _ALONE: (TextClassifier(random_state=0), False),
        _BOTH: (TextClassifier(random_state=0), True),
        _NAMELESS: (TextClassifier(strategy="few_labels", settings=nameless, random_state=0), False),
        _NAMELESS_BOTH: (TextClassifier(strategy="few_labels", settings=nameless, random_state=0), True),
        _PROBE: (TextClassifier(strategy="linear_probe", random_state=0), True),
    }
    encoder = "tfidf" if target in CHINESE else "minilm"
    alone = TextClassifier(encoder, "linear_probe", "logistic", random_state=0)
    cells = []
    for seed in range(_SEEDS):
        support = sample_per_class(pool, _SHOTS, seed)[0]
        for way, (model, with_source) in [*ways.items(), (_SOURCE, (alone, False))]:
            rows = more if way == _SOURCE else support
            wall, cpu = time.perf_counter(), time.process_time()
            model.fit(rows.texts, rows.labels, **({"source": more} if with_source else {}))
            cost = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
            score = float(np.mean(model.predict(test.texts) == np.asarray(test.labels)))
            found = {"way": way, "score": score, **cost, "commit": commit()}
            cells.append({"data": target, "source": source, "seed": seed, **found})
    return cells


def _rows(setup: Setup, name: str, part: str) -> Any:
    """Those of a data set, or of a domain."""
    from headstart.data import read_dataset

    if (setup.data / name).is_dir():
        return read_dataset(setup.file(name, part), skip_bad_rows=True).dataset
    data = read_dataset(setup.file(_DOMAINS, part)).dataset
    return data.take([row for row, domain in enumerate(data.domains or ()) if domain == name])


def _mean(cells: list[dict[str, Any]], target: str, way: str) -> float:
    return statistics.mean(c["score"] for c in cells if (c["data"], c["way"]) == (target, way))


def _told(cells: list[dict[str, Any]], target: str, way: str) -> str:
    return f"{100 * _mean(cells, target, way):.1f}"


def _goals(cells: list[dict[str, Any]], judged: bool) -> list[Goal]:
    targets = list(dict.fromkeys(cell["data"] for cell in cells))

    def gains(way: str, less: str) -> list[float]:
        return [_mean(cells, target, way) - _mean(cells, target, less) for target in targets]

    return [
        Goal("source rows, mean gain", round(statistics.mean(gains(_BOTH, _ALONE)), 4), ">=", 0.0, judged),
        Goal("source rows, worst gain", round(min(gains(_BOTH, _ALONE)), 4), ">=", -0.01, judged),
        Goal(
            "without names, mean gain", round(statistics.mean(gains(_NAMELESS_BOTH, _NAMELESS)), 4), ">=", 0.0, judged
        ),
        Goal("auto less linear_probe, mean", round(statistics.mean(gains(_BOTH, _PROBE)), 4), ">=", 0.0, judged),
        Goal("auto less the source alone, mean", round(statistics.mean(gains(_BOTH, _SOURCE)), 4), ">=", 0.0, judged),
    ]

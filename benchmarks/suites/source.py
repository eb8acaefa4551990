"""A related domain: what labelled source rows add to few labels, and to some thousand, on the same supports.

HEADSTART_SOURCE_PAIRS limits the suite to some targets (`cr;books`), HEADSTART_SOURCE_ROWS to few or to many (`many`).
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

TITLE = "A related domain: source rows"
_PAIRS = (  # (target, source): a data set, or a domain of amazon_multidomain
    ("books", "electronics"), ("kitchen", "books"), ("cr", "sst2"), ("sst2", "cr"), ("sms_spam", "enron_spam1"),
    ("chnsenticorp", "waimai_10k"), ("waimai_10k", "online_shopping_10cats"),
)  # fmt: skip
_MANY_PAIRS = (
    ("sst2", "cr"), ("books", "electronics"), ("waimai_10k", "online_shopping_10cats"), ("chnsenticorp", "waimai_10k"),
)  # fmt: skip
_DOMAINS = "amazon_multidomain"
_SHOTS, _SEEDS, _SOURCE_ROWS, _TEST_ROWS = 8, 3, 1_500, 500
_MANY, _MANY_SEEDS, _MANY_TEST_ROWS = 3_000, 2, 1_500
_ALONE, _BOTH, _NAMELESS, _NAMELESS_BOTH = "auto", "auto, source", "no names", "no names, source"
_PROBE, _SOURCE = "linear_probe, source", "source alone"
_WAYS = (_ALONE, _BOTH, _NAMELESS, _NAMELESS_BOTH, _PROBE, _SOURCE)
_POOLED, _POOLED_BOTH = "pooled", "pooled, source"
_WAYS_OF_MANY = (_POOLED, _POOLED_BOTH, _PROBE)


def run(setup: Setup) -> Result:
    """All ways on one support after another; texts are encoded once, and kept."""
    os.environ["HEADSTART_CACHE"] = str(Path(tempfile.gettempdir()) / "headstart-fewshot-features")
    asked = os.environ.get("HEADSTART_SOURCE_PAIRS", "cr" if setup.quick else "")
    rows = os.environ.get("HEADSTART_SOURCE_ROWS", "few" if setup.quick else "")
    place, found = kept_in("source", setup.quick, commit()), dict[str, list[dict[str, Any]]]()
    for what, pairs, measured in (("few", _PAIRS, _measured), ("many", _MANY_PAIRS, _measured_many)):
        found[what] = []
        for target, source in pairs if rows in {"", what} else ():
            if not asked or target in asked.split(";"):
                cells = kept(place, f"{what}-{target}-{source}", partial(measured, setup, target, source))
                found[what] += cells
                told = (f"{way} {_told(cells, target, way)}" for way in dict.fromkeys(cell["way"] for cell in cells))
                print(f"{target} <- {source}: {', '.join(told)}", flush=True)
    figures = {"cells": found["few"], "many": found["many"], "shots": _SHOTS, "test_rows": _TEST_ROWS}
    figures |= {"source_rows": _SOURCE_ROWS, "threads": cpus()}
    return Result(figures, _goals(figures, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """One line a target: with few labels, and with some thousand."""
    few, many = figures["cells"], figures["many"]
    parts = [_with_few(figures) if few else [], _with_many(many) if many else []]
    return [line for part in parts if part for line in ("", *part)][1:]


def _with_few(figures: dict[str, Any]) -> list[str]:
    cells = figures["cells"]
    took = {way: statistics.median(c["wall_s"] for c in cells if c["way"] == way) for way in _WAYS}
    return [
        *_table(cells, _WAYS),
        "",
        f"Accuracy in per cent on at most {figures['test_rows']:,} test rows of the target; {figures['shots']} "
        f"labelled rows a class of it, at most {figures['source_rows']:,} of the source; means over {_SEEDS} supports. "
        "No names: `few_labels` with `strategy.names=none`, as where labels are no words. linear_probe: encoder and "
        "head chosen by itself, source rows joined to the target's where that is better. Source alone: frozen MiniLM "
        "(Chinese: words) with a logistic head, no row of the target.",
        "Median wall seconds of a fit, its texts encoded before: "
        f"{', '.join(f'{way} {seconds:.1f}' for way, seconds in took.items())}.",
    ]


def _with_many(cells: list[dict[str, Any]]) -> list[str]:
    return [
        *_table(cells, _WAYS_OF_MANY),
        "",
        f"With {_MANY:,} labelled rows of the target, on at most {_MANY_TEST_ROWS:,} test rows; means over "
        f"{_MANY_SEEDS} draws. pooled: what `auto` does there, but for fine-tuning.",
    ]


def _table(cells: list[dict[str, Any]], ways: tuple[str, ...]) -> list[str]:
    pairs = dict.fromkeys((cell["data"], cell["source"]) for cell in cells)
    lines = [[f"{target} ← {source}", *(_told(cells, target, way) for way in ways)] for target, source in pairs]
    means = [f"{100 * statistics.mean(_mean(cells, target, way) for target, _ in pairs):.1f}" for way in ways]
    return table(["target ← source", *ways], [*lines, ["mean", *means]])


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
        about = {"data": target, "source": source, "seed": seed}
        support = sample_per_class(pool, _SHOTS, seed)[0]
        for way, (model, with_source) in ways.items():
            cells.append({**about, "way": way, **_fitted(model, support, more if with_source else None, test)})
        cells.append({**about, "way": _SOURCE, **_fitted(alone, more, None, test)})
    return cells


def _measured_many(setup: Setup, target: str, source: str) -> list[dict[str, Any]]:
    from headstart import TextClassifier
    from headstart.data.splits import limit_rows

    pool, test = _rows(setup, target, "train"), limit_rows(_rows(setup, target, "test"), _MANY_TEST_ROWS, 0)[0]
    more = limit_rows(_rows(setup, source, "train"), _SOURCE_ROWS, 1)[0]
    ways = {_POOLED: ("pooled", None), _POOLED_BOTH: ("pooled", more), _PROBE: ("linear_probe", more)}
    cells = []
    for seed in range(_MANY_SEEDS):
        rows = limit_rows(pool, _MANY, seed)[0]
        for way, (strategy, with_source) in ways.items():
            model = TextClassifier(strategy=strategy, random_state=0)
            about = {"data": target, "source": source, "seed": seed, "way": way}
            cells.append({**about, **_fitted(model, rows, with_source, test)})
    return cells


def _fitted(model: Any, rows: Any, source: Any, test: Any) -> dict[str, Any]:
    """Its accuracy on the test rows, and what the fit took."""
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(rows.texts, rows.labels, **({} if source is None else {"source": source}))
    cost = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    score = float(np.mean(model.predict(test.texts) == np.asarray(test.labels)))
    return {"score": score, **cost, "commit": commit()}


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


def _goals(figures: dict[str, Any], judged: bool) -> list[Goal]:
    few, many = figures["cells"], figures["many"]

    def gains(cells: list[dict[str, Any]], way: str, less: str) -> list[float]:
        targets = dict.fromkeys(cell["data"] for cell in cells)
        return [_mean(cells, target, way) - _mean(cells, target, less) for target in targets]

    def mean(cells: list[dict[str, Any]], way: str, less: str) -> float:
        return round(statistics.mean(gains(cells, way, less)), 4)

    of_few = (
        [
            ("source rows, mean gain", mean(few, _BOTH, _ALONE), 0.0),
            ("source rows, worst gain", round(min(gains(few, _BOTH, _ALONE)), 4), -0.01),
            ("without names, mean gain", mean(few, _NAMELESS_BOTH, _NAMELESS), 0.0),
            ("auto less linear_probe, mean", mean(few, _BOTH, _PROBE), 0.0),
            ("auto less the source alone, mean", mean(few, _BOTH, _SOURCE), 0.0),
        ]
        if few
        else []
    )
    rows = f"{_MANY:,} rows"
    of_many = (
        [
            (f"{rows}: source rows, mean gain", mean(many, _POOLED_BOTH, _POOLED), 0.0),
            (f"{rows}: source rows, worst gain", round(min(gains(many, _POOLED_BOTH, _POOLED)), 4), -0.01),
            (f"{rows}: pooled less linear_probe, mean", mean(many, _POOLED_BOTH, _PROBE), 0.0),
        ]
        if many
        else []
    )
    return [Goal(what, got, ">=", bound, judged) for what, got, bound in (*of_few, *of_many)]

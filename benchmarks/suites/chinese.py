"""Chinese texts and few labels: what `fit` does by itself, with the packaged encoder that reads Chinese, and without.

No unlabelled texts; test rows of at most 500. HEADSTART_CHINESE_DATA limits the suite to some sets
(`waimai_10k;tnews_few`), HEADSTART_CHINESE_SHOTS to some labels a class (`8`).
"""

import os
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import Goal, Result, Setup, commit, cpus, kept, kept_in, table
from benchmarks.fewshot_figures import CHINESE
from benchmarks.suites.setfit import support

__all__ = ["TITLE", "run", "tables"]

TITLE = "Chinese and few labels"
_SHOTS, _ONLY_EIGHT = (8, 16), ("csldcp_few",)  # 67 classes
_SEEDS, _TEST_ROWS = 2, 500
_OURS, _WORDS = "auto", "words alone"
_WAYS = {
    "tfidf + logistic": ("tfidf", "linear_probe", "logistic"),
    "e5 + logistic": ("e5", "linear_probe", "logistic"),
    _WORDS: ("tfidf", "few_labels", "auto"),
    _OURS: ("auto", "auto", "auto"),
}


def run(setup: Setup) -> Result:
    """The same supports and test rows for each way."""
    os.environ["HEADSTART_CACHE"] = str(Path(tempfile.gettempdir()) / "headstart-fewshot-features")
    names = os.environ.get("HEADSTART_CHINESE_DATA", "waimai_10k" if setup.quick else ";".join(CHINESE)).split(";")
    asked = os.environ.get("HEADSTART_CHINESE_SHOTS", "8" if setup.quick else "8;16").split(";")
    place, rows = kept_in("chinese", setup.quick, commit()), []
    for name in names:
        for shots in (shots for shots in _SHOTS if str(shots) in asked and not (shots > 8 and name in _ONLY_EIGHT)):
            rows.append(kept(place, f"{name}@{shots}", partial(_row, setup, name, shots)))
            print(rows[-1], flush=True)
    return Result({"rows": rows, "test_rows": _TEST_ROWS}, _goals(rows, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """A line a data set and number of labels."""
    rows = figures["rows"]
    asked = sorted({row["shots"] for row in rows})
    means = [_line_of_means([row for row in rows if row["shots"] == shots], shots) for shots in asked]
    lines = [
        [
            f"{row['data']}, {row['shots']} a class",
            str(row["classes"]),
            *(f"{_mean(row, way):.1f}" for way in _WAYS),
            " / ".join(f"{np.mean(row['seconds'][way]):.0f}" for way in _WAYS),
        ]
        for row in rows
    ]
    threads, commits = (", ".join(sorted({str(row[name]) for row in rows})) for name in ("threads", "commit"))
    return [
        *table(["", "classes", *_WAYS, "CPU seconds"], [*lines, *means]),
        "",
        f"Accuracy in per cent, means over {_SEEDS} supports; at most {_TEST_ROWS} test rows, no unlabelled texts. "
        "auto reads Chinese by e5 and words; words alone, counted and known ones for opinions: `--encoder tfidf "
        "--strategy few_labels`, or auto where e5 is not at hand. CPU "
        f"seconds of the fits; labelled texts are encoded in them, once: what an earlier row has read is kept. Cores: "
        f"{threads}. Measured at {commits}.",
    ]


def _line_of_means(rows: list[dict[str, Any]], shots: int) -> list[str]:
    means = (f"{np.mean([_mean(row, way) for row in rows]):.1f}" for way in _WAYS)
    return [f"mean of {len(rows)} sets, {shots} a class", "", *means, ""]


def _mean(row: dict[str, Any], way: str) -> float:
    return float(100 * np.mean(row["scores"][way]))


def _goals(rows: list[dict[str, Any]], judged: bool) -> list[Goal]:
    gains = [_mean(row, _OURS) - _mean(row, _WORDS) for row in rows]
    return [
        Goal("auto less words alone, mean", round(float(np.mean(gains)), 2), ">=", 0.0, judged),
        Goal("auto less words alone, worst set", round(min(gains), 2), ">=", -1.0, judged),
    ]


def _row(setup: Setup, name: str, shots: int) -> dict[str, Any]:
    from headstart import TextClassifier
    from headstart.data import read_dataset
    from headstart.data.splits import limit_rows

    pool = read_dataset(setup.file(name, "train")).dataset
    test, _ = limit_rows(read_dataset(setup.file(name, "test")).dataset, _TEST_ROWS, 0)
    labels = np.asarray(test.labels)
    scores: dict[str, list[float]] = {way: [] for way in _WAYS}
    seconds: dict[str, list[float]] = {way: [] for way in _WAYS}
    for seed in range(_SEEDS):
        drawn = support(pool, shots, seed)
        for way, (encoder, strategy, head) in _WAYS.items():
            began = time.process_time()
            model = TextClassifier(encoder, strategy, head, random_state=0).fit(drawn.texts, drawn.labels)
            seconds[way].append(round(time.process_time() - began, 1))
            scores[way].append(float(np.mean(model.predict(test.texts) == labels)))
    found = {"data": name, "shots": shots, "classes": len(np.unique(labels)), "scores": scores, "seconds": seconds}
    return {**found, "threads": cpus(), "commit": commit()}

"""More than 2,000 rows: what `fit` does by itself, beside the best head on words and on MiniLM's last layer.

5,000 training rows where there are as many, one draw; at most 1,000 test rows. HEADSTART_POOLED_DATA limits the suite
to some sets (`cr;trec6`).
"""

import os
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import Goal, Result, Setup, commit, cpus, kept, kept_in, table

__all__ = ["TITLE", "run", "tables"]

TITLE = "More than 2,000 rows: auto beside words and frozen features"
_SETS = ("cr", "sst5", "sst2", "emotion", "trec6", "subj", "hate_davidson", "amazon_counterfactual_en", "ag_news")
_ROWS, _TEST_ROWS = 5_000, 1_000
_WAYS = {
    "tfidf": ("tfidf", "linear_probe"),
    "minilm": ("minilm", "linear_probe"),
    "pooled": ("auto", "pooled"),
    "auto": ("auto", "auto"),
}
_MCC = "amazon_counterfactual_en"


def run(setup: Setup) -> Result:
    """One fit of each way on the same rows; texts are encoded before, so that seconds are those of learning."""
    os.environ["HEADSTART_CACHE"] = str(Path(tempfile.gettempdir()) / "headstart-fewshot-features")
    asked = os.environ.get("HEADSTART_POOLED_DATA", "cr" if setup.quick else "")
    place, rows = kept_in("pooled", setup.quick, commit()), []
    for name in asked.split(";") if asked else _SETS:
        rows.append(kept(place, name, partial(_row, setup, name)))
        print(rows[-1], flush=True)
    figures = {"rows": rows, "train_rows": _ROWS, "test_rows": _TEST_ROWS}
    return Result(figures, _goals(rows, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """One line a data set."""
    head = ["", "rows", *_WAYS, "auto less the better", "95 %", "auto took", "CPU seconds"]
    rows = figures["rows"]
    threads, commits = (", ".join(sorted({str(row[name]) for row in rows})) for name in ("threads", "commit"))
    return [
        *table(head, [_line(row) for row in rows]),
        "",
        f"Accuracy ({_MCC}: MCC) in per cent; 95 %: paired bootstrap over the test rows, against the better of the two "
        "by test rows, which nobody can know beforehand. tfidf and minilm: `linear_probe`, whose head is the best of "
        "svm, logistic and kernel_ridge by held-out rows. pooled: both, on four layers. auto: fine-tuned where that "
        f"is better on held-out rows. CPU seconds of the four fits, their texts encoded before. Threads: {threads}. "
        f"Measured at {commits}.",
    ]


def _line(row: dict[str, Any]) -> list[str]:
    return [
        row["data"],
        f"{row['n']:,}",
        *(f"{100 * row[way]:.1f}" for way in _WAYS),
        f"{100 * _gain(row, 'auto'):+.1f}",
        f"[{100 * row['low']:.1f}, {100 * row['high']:.1f}]",
        row["model"],
        " / ".join(f"{row['seconds'][way]:.0f}" for way in _WAYS),
    ]


def _gain(row: dict[str, Any], way: str) -> float:
    """How much better than the better of words and MiniLM, by test rows."""
    return float(row[way] - max(row["tfidf"], row["minilm"]))


def _goals(rows: list[dict[str, Any]], judged: bool) -> list[Goal]:
    goals = []
    for way, least in (("pooled", 0.01), ("auto", 0.02)):
        gains, what = [_gain(row, way) for row in rows], f"{way} less the better of words and minilm"
        goals.append(Goal(f"{what}, mean", round(float(np.mean(gains)), 4), ">=", least, judged))
        goals.append(Goal(f"{what}, worst set", round(min(gains), 4), ">=", -0.01, judged))
    return goals


def _row(setup: Setup, name: str) -> dict[str, Any]:
    from headstart import TextClassifier
    from headstart.data import read_dataset
    from headstart.data.splits import limit_rows

    train, _ = limit_rows(read_dataset(setup.file(name, "train")).dataset, _ROWS, 0)
    test, _ = limit_rows(read_dataset(setup.file(name, "test")).dataset, _TEST_ROWS, 0)
    labels, found, seconds, model = np.asarray(test.labels), {}, {}, None
    for way, (encoder, strategy) in _WAYS.items():
        for part in (train, test):
            _encoded(encoder, way, part.texts)
        began = time.process_time()
        model = TextClassifier(encoder, strategy, random_state=0).fit(train.texts, train.labels)
        seconds[way] = time.process_time() - began
        found[way] = model.predict(test.texts)
    scores = {way: _score(name, labels, values) for way, values in found.items()}
    better = max(("tfidf", "minilm"), key=scores.__getitem__)
    low, high = _interval(name, labels, found["auto"], found[better])
    took = model.predictor_.strategy if model is not None else ""
    cost = {"seconds": seconds, "low": low, "high": high, "model": took}
    return {"data": name, "n": train.n, **scores, **cost, "threads": cpus(), "commit": commit()}


def _encoded(encoder: str, way: str, texts: Any) -> None:
    """Vectors of the texts go into the cache."""
    from headstart.encoders import make_encoder

    if encoder != "tfidf":
        settings = {"layers": [3, 4, 5, 6]} if way in {"pooled", "auto"} else {}
        make_encoder("minilm", **settings).fit([]).encode(texts)


def _score(name: str, labels: Any, found: Any) -> float:
    from sklearn.metrics import matthews_corrcoef

    return float(matthews_corrcoef(labels, found) if name == _MCC else np.mean(labels == found))


def _interval(name: str, labels: Any, ours: Any, theirs: Any) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    gaps = []
    for _ in range(1_000):
        rows = rng.integers(len(labels), size=len(labels))
        gaps.append(_score(name, labels[rows], ours[rows]) - _score(name, labels[rows], theirs[rows]))
    return float(np.quantile(gaps, 0.025)), float(np.quantile(gaps, 0.975))

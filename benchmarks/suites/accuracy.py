"""Quality: the real command line on public data sets, a frozen encoder and a linear head."""

import gzip
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import Goal, Result, Setup, headstart, table

__all__ = ["TITLE", "run", "tables"]

TITLE = "Accuracy: `headstart fit --strategy linear_probe`"
_QUICK_ROWS = 500


@dataclass(frozen=True, slots=True)
class _Row:
    data: str
    encoder: str
    metric: str
    goal: float


_ROWS = (
    _Row("ag_news", "minilm", "accuracy", 0.878),
    _Row("sst2", "minilm", "macro_f1", 0.80),
    _Row("trec6", "minilm", "accuracy", 0.91),
    _Row("thucnews_title", "tfidf", "accuracy", 0.865),
    _Row("chnsenticorp", "tfidf", "accuracy", 0.92),
    _Row("20newsgroups", "tfidf", "accuracy", 0.855),
    _Row("imdb", "tfidf", "accuracy", 0.905),
)


def run(setup: Setup) -> Result:
    """Fit and measure each row in a process of its own; under --quick on 500 rows, which judge no goal."""
    for row in _ROWS:  # all data before any work
        setup.file(row.data, "train"), setup.file(row.data, "test")
    rows, goals = [], []
    for row in _ROWS:
        print(f"{row.data} with {row.encoder} ...", flush=True)
        found = _fit(row, setup)
        got = found["metrics"][row.metric]["value"]
        rows.append(found)
        goals.append(Goal(f"{row.data}, {row.encoder}: {row.metric}", got, ">=", row.goal, not setup.quick))
    return Result({"rows": rows}, goals)


def tables(figures: dict[str, Any]) -> list[str]:
    """One line a data set."""
    head = ["data", "encoder + head", "train", "test", "of them in train", "accuracy", "macro F1"]
    head += ["macro F1 minus TF-IDF's", "fit", "whole command", "peak"]
    lines = [
        [
            f"[{row['data']}](recipes/{row['data']}-{row['encoder']}.toml)",
            f"{row['encoder']} + {row['head']}",
            f"{row['n_train']:,}",
            f"{row['n_test']:,}",
            f"{row['share_of_test_in_train']:.1%}",
            _interval(row["metrics"]["accuracy"]),
            _interval(row["metrics"]["macro_f1"]),
            _interval(row["transfer"], "+") if row["transfer"] else "",
            f"{row['fit_s']:.1f} s",
            f"{row['wall_s']:.1f} s",
            f"{row['peak_rss_mib']:,.0f} MiB",
        ]
        for row in figures["rows"]
    ]
    return [
        *table(head, lines),
        "",
        "Figures with their 95 % intervals. *Of them in train*: test texts that are in the training file too",
        "(equal but for case, width and white space). The published splits are kept as they are: where the",
        "share is high, the score is too good for new texts. *Minus TF-IDF's*: the paired difference to",
        "TF-IDF with a linear SVM on the same rows, empty where that is the model itself. *Whole command*",
        "also reads, fits that baseline, and measures both. The exact command of each row is in",
        "`benchmarks/results/accuracy.json`; its recipe repeats it.",
    ]


def _fit(row: _Row, setup: Setup) -> dict[str, Any]:
    train, test = setup.file(row.data, "train"), setup.file(row.data, "test")
    with tempfile.TemporaryDirectory() as folder:
        more = []
        if setup.quick:
            test, more = _shortened(test, Path(folder)), ["--limit", str(_QUICK_ROWS)]
        arguments = ["fit", str(train), "--test", str(test), "--encoder", row.encoder]
        arguments += ["--strategy", "linear_probe", "--seed", "0", "--json", "--no-bundle", *more]
        done = headstart(*arguments)
        share = _share_of_test_in_train(train, test)
    payload = json.loads(done.stdout)
    report = payload["report"]
    return {
        "data": row.data,
        "encoder": row.encoder,
        "head": payload["head"],
        "command": report["command"],
        "n_train": payload["n_train"],
        "n_test": payload["test"]["n"],
        "share_of_test_in_train": share,
        "metrics": {name: report["model"]["metrics"][name] for name in ("accuracy", "macro_f1", "mcc")},
        "transfer": report["comparison"] and report["comparison"]["difference"],
        "fit_s": payload["fit_seconds"],
        "wall_s": round(done.wall_s, 3),
        "cpu_s": round(done.cpu_s, 3),
        "peak_rss_mib": round(done.peak_rss_mib, 1),
    }


def _share_of_test_in_train(train: Path, test: Path) -> float:
    from headstart.data import overlap, read_dataset

    rows = read_dataset(test).dataset
    return round(overlap(read_dataset(train).dataset, rows).n / rows.n, 4)


def _shortened(file: Path, folder: Path) -> Path:
    """Every i-th row, so that all classes are met whatever the order of the file."""
    with gzip.open(file, "rt", encoding="utf-8") as rows:
        lines = rows.readlines()
    short = folder / "test.jsonl"
    short.write_text("".join(lines[:: max(1, len(lines) // _QUICK_ROWS)]), encoding="utf-8")
    return short


def _interval(figure: dict[str, Any], sign: str = "") -> str:
    return f"{figure['value']:{sign}.3f} [{figure['low']:{sign}.3f}, {figure['high']:{sign}.3f}]"

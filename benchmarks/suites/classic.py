"""The classic toolbox: every family of encoders under a logistic regression and a linear SVM."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.common import Goal, Result, Setup, commit, cpus, kept, kept_in, run_checked, table

__all__ = ["TITLE", "run", "tables"]

TITLE = "The classic toolbox: encoders under logistic and svm"
_ENGLISH = ("ag_news", "20newsgroups", "sst2", "trec6", "bbc_news")
_CHINESE = ("thucnews_title", "chnsenticorp", "waimai_10k")
_ENCODERS = (
    "bow", "tfidf", "lsa", "lda", "word2vec", "static", "tfidf+select:20000", "tfidf+pca:200", "tfidf+lda_projection",
)  # fmt: skip
_NETWORKS = ("textcnn", "bilstm", "gru", "attention")
_BESIDE = ("tfidf", "word2vec")  # on the same few rows
_SLOW = {(data, network) for data in ("20newsgroups", "bbc_news") for network in ("bilstm", "gru", "attention")}
_ALSO = {"imdb": ("tfidf",), "cnews_mini": ("tfidf",)}  # for the best of them, by svm alone: long texts, many rows
_VECTORS = {True: "en_word2vec_googlenews_top1000_300d.npz", False: "zh_char_tencent_200d.npz"}
_GOALS = {"20newsgroups": 0.86, "imdb": 0.905, "chnsenticorp": 0.925, "thucnews_title": 0.87, "cnews_mini": 0.97}
_QUICK_ROWS, _FEW_ROWS = 300, 1000  # a network takes many minutes on all rows of long texts


def run(setup: Setup) -> Result:
    """Each cell in a process of its own, one a core at a time, each with one thread."""
    few = _QUICK_ROWS if setup.quick else _FEW_ROWS
    every = _QUICK_ROWS if setup.quick else 0
    whole = [(data, encoder, every) for data in (*_ENGLISH, *_CHINESE) for encoder in _ENCODERS]
    whole += [(data, encoder, every) for data, encoders in _ALSO.items() for encoder in encoders]
    small = [(data, encoder, few) for data in (*_ENGLISH, *_CHINESE) for encoder in (*_BESIDE, *_NETWORKS)]
    small = [cell for cell in small if cell[:2] not in _SLOW]
    for data, _, _ in whole:
        setup.file(data, "train"), setup.file(data, "test")
    with ThreadPoolExecutor(cpus()) as pool:
        rows = list(pool.map(lambda cell: _cell(*cell, setup), [*whole, *small]))
    rows, few_rows = rows[: len(whole)], rows[len(whole) :]
    best = {data: max(_accuracies(rows, data).values()) for data in _GOALS}
    goals = [Goal(f"{d}: best classic accuracy", best[d], ">=", b, not setup.quick) for d, b in _GOALS.items()]
    return Result({"rows": rows, "few_rows": few_rows}, goals)


def tables(figures: dict[str, Any]) -> list[str]:
    """Accuracy by encoder and data set, and cost; then the networks on few rows."""
    rows, few = figures["rows"], figures["few_rows"]
    return [
        "Accuracy on the test rows, logistic / svm; the best of a column in bold.",
        "",
        *_grid(rows, _pair),
        "",
        "Cost: CPU seconds of encoding train and test rows + of fitting the dearer head; peak memory of the process.",
        "",
        *_grid(rows, _cost),
        "",
        "Default settings everywhere, seed 0, all training rows, one process and one thread a cell. *static*: the",
        "small files of word vectors that were at hand (1,000 English words, Chinese characters), not full ones.",
        "imdb, cnews_mini: the best classic one alone. MiniLM: see the accuracy section.",
        "chnsenticorp: 27.6 % of its test texts are in its training file too, as published.",
        "",
        f"Networks from scratch, and two of the above beside them, on {few[0]['n_train']:,} training rows and",
        f"{few[0]['n_test']:,} test rows (fewer where a set has fewer). A network's features are those of its last",
        "hidden layer; `--head auto` takes its own last layer instead of these two heads. Blank: not measured, these",
        "read long texts word by word, ten minutes to half an hour a cell.",
        "",
        *_grid(few, _pair),
        "",
        *_grid(few, _cost),
        "",
        f"Measured at commits {', '.join(sorted({str(row['commit']) for row in (*rows, *few)}))}.",
    ]


def _grid(rows: Sequence[Mapping[str, Any]], cell: Callable[..., str]) -> list[str]:
    """A line an encoder, a column a data set."""
    sets = list(dict.fromkeys(row["data"] for row in rows))
    encoders = list(dict.fromkeys(row["encoder"] for row in rows))
    found = {(row["encoder"], row["data"]): row for row in rows}
    return table(["encoder", *sets], [[e, *(cell(found.get((e, d)), rows) for d in sets)] for e in encoders])


def _cell(data: str, encoder: str, limit: int, setup: Setup) -> dict[str, Any]:
    """The figures of both heads on one encoder's features, kept for a suite that is broken off."""
    place = kept_in("classic", setup.quick, commit())
    name = f"{data}-{encoder.replace(':', '_')}-{limit}"
    return dict(kept(place, name, lambda: _cell_now(data, encoder, limit, setup)))


def _cell_now(data: str, encoder: str, limit: int, setup: Setup) -> dict[str, Any]:
    name = f"static:{setup.data / 'vectors' / _VECTORS[data not in _CHINESE]}" if encoder == "static" else encoder
    train, test = setup.file(data, "train"), setup.file(data, "test")
    heads = ("svm",) if data in _ALSO else ("logistic", "svm")
    env = {**os.environ, "HEADSTART_CACHE": "off", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.classic_cell", name, str(train), str(test), str(limit), *heads]
    done = run_checked(command, env)
    row = {
        "data": data,
        "encoder": encoder,
        **json.loads(done.stdout.splitlines()[-1]),
        "wall_s": round(done.wall_s, 2),
        "cpu_s": round(done.cpu_s, 2),
        "peak_rss_mib": round(done.peak_rss_mib, 1),
        "commit": commit(),
    }
    print(f"{data:15} {encoder:22} {_pair(row, [row])} {_cost(row)}", flush=True)
    return row


def _accuracies(rows: Sequence[Mapping[str, Any]], data: str) -> dict[tuple[str, str], float]:
    """Accuracy by (encoder, head) of the cells of one data set."""
    return {
        (row["encoder"], head): scores["accuracy"]
        for row in rows
        for head, scores in row["heads"].items()
        if row["data"] == data
    }


def _pair(row: Mapping[str, Any] | None, rows: Sequence[Mapping[str, Any]]) -> str:
    if row is None:
        return ""
    best = max(_accuracies(rows, row["data"]).values(), default=2.0)
    figures = [scores["accuracy"] for scores in row["heads"].values()]
    return " / ".join(f"**{a:.3f}**" if a == best else f"{a:.3f}" for a in figures)


def _cost(row: Mapping[str, Any] | None, _: Any = None) -> str:
    if row is None:
        return ""
    fit = max(scores["fit_cpu_s"] for scores in row["heads"].values())
    return f"{row['encode_cpu_s']:.0f} + {fit:.0f} s, {row['peak_rss_mib']:,.0f} MiB"

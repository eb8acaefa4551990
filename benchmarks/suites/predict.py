"""Streaming prediction: rows a second and peak memory of `headstart predict` at two sizes of file."""

import csv
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.common import BenchmarkError, Goal, Result, Setup, headstart, table

if TYPE_CHECKING:
    from headstart import Dataset

__all__ = ["TITLE", "run", "tables"]

TITLE = "Prediction of large files: `headstart predict`"
_DATA = "thucnews_title"
_SIZES = (100_000, 1_000_000)
_QUICK_SIZES = (10_000, 100_000)
_PEAK_RATIO = 1.2  # the larger file's peak memory over the smaller one's
_TOPICS = {"体育": "球队比赛进球冠军教练", "财经": "股市银行利率基金上涨", "科技": "手机芯片网络软件发布"}


def run(setup: Setup) -> Result:
    """Fit TF-IDF once, then predict files of two lengths, each in a process of its own."""
    from headstart import TextClassifier

    train, texts, origin = _data(setup)
    print("fitting ...", flush=True)
    model = TextClassifier("tfidf", "linear_probe", random_state=0).fit(train.texts, train.labels or ())
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        bundle = model.save(Path(folder) / "bundle")
        for n in _QUICK_SIZES if setup.quick else _SIZES:
            print(f"predicting {n:,} rows ...", flush=True)
            rows.append(_predict(bundle, texts, n, Path(folder)))
    ratio = rows[1]["peak_rss_mib"] / rows[0]["peak_rss_mib"]
    what = f"peak memory at {rows[1]['n']:,} rows over that at {rows[0]['n']:,}"
    figures = {"texts": origin, "peak_ratio": ratio, "rows": rows}
    return Result(figures, [Goal(what, ratio, "<=", _PEAK_RATIO, not setup.quick)])


def tables(figures: dict[str, Any]) -> list[str]:
    """One line a size."""
    lines = [
        [
            f"{row['n']:,}",
            f"{row['input_mib']:,.1f} MiB",
            f"{row['wall_s']:.1f} s",
            f"{row['cpu_s']:.1f} s",
            f"{row['rows_per_s']:,.0f}",
            f"{row['peak_rss_mib']:,.0f} MiB",
        ]
        for row in figures["rows"]
    ]
    return [
        *table(["rows", "csv", "wall", "CPU", "rows/s", "peak"], lines),
        "",
        "tfidf + linear head, csv to csv, whole command (start and loading included). "
        f"Texts: {figures['texts']}, drawn with repetition (seed 0), each with",
        "its number at the end so that no two are equal.",
    ]


def _data(setup: Setup) -> tuple["Dataset", Sequence[str], str]:
    """The training rows, the texts to draw from, and where they come from."""
    from headstart import Dataset, read_dataset

    try:
        train, test = setup.file(_DATA, "train"), setup.file(_DATA, "test")
    except BenchmarkError as error:
        print(f"{error}\nGoing on with made-up texts.", flush=True)
    else:
        texts = read_dataset(test, labelled=False).dataset.texts
        return read_dataset(train).dataset, texts, f"test texts of {_DATA}"
    draw = random.Random(0)
    labels = tuple(_TOPICS) * 3000
    made_up = tuple("".join(draw.choices(_TOPICS[label], k=19)) for label in labels)
    return Dataset(made_up, labels), made_up, "made up (no data set)"


def _predict(bundle: Path, texts: Sequence[str], n: int, folder: Path) -> dict[str, Any]:
    source, target = folder / "texts.csv", folder / "predicted.csv"
    draw = random.Random(0)
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text"])
        writer.writerows([f"{draw.choice(texts)} {number}"] for number in range(n))
    done = headstart("predict", str(bundle), str(source), "--out", str(target), "--json")
    with target.open(encoding="utf-8", newline="") as file:
        written = sum(1 for _ in csv.DictReader(file))
    if written != n:
        raise BenchmarkError(f"headstart predict wrote {written:,} rows of {n:,}.")
    return {
        "n": n,
        "input_mib": source.stat().st_size / 2**20,
        "wall_s": done.wall_s,
        "cpu_s": done.cpu_s,
        "rows_per_s": n / done.wall_s,
        "peak_rss_mib": done.peak_rss_mib,
    }

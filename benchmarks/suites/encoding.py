"""Speed of a frozen MiniLM: Headstart against `SentenceTransformer.encode` on the same files and threads."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.common import Goal, Result, Setup, cpus, table
from benchmarks.peers import sentence_transformers_encode

__all__ = ["TITLE", "run", "tables"]

TITLE = "Encoding: MiniLM against sentence-transformers"
_PEER = "sentence-transformers"
_COSINE = {"torch.float32": 0.999, "torch.bfloat16": 0.99}  # goal on the worst text, by type of number
Encode = Callable[[Sequence[str]], Any]


def run(setup: Setup) -> Result:
    """Each repetition runs all three in another order; models are loaded and warm before the first."""
    import numpy as np
    import torch

    from headstart.data import read_dataset

    os.environ["HEADSTART_CACHE"] = "off"
    torch.set_num_threads(cpus())
    texts = read_dataset(setup.file("ag_news", "test"), labelled=False).dataset.texts
    texts, repetitions = (texts[:2000], 5) if setup.quick else (texts, 3)
    contenders, numbers = _contenders()
    vectors = {name: np.asarray(encode(texts[:64])) for name, encode in contenders.items()}  # warm
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for repetition in range(repetitions):
        names = list(contenders)
        for name in names[repetition % len(names) :] + names[: repetition % len(names)]:
            vectors[name], cost = _timed(contenders[name], texts)
            runs[name].append(cost)
            print(f"repetition {repetition + 1}, {name}: {cost['wall_s']:.2f} s", flush=True)
    rows = [_row(name, numbers[name], runs, len(texts), vectors) for name in contenders]
    figures = {
        "n_texts": len(texts),
        "n_distinct": len(set(texts)),
        "threads": torch.get_num_threads(),
        "repetitions": repetitions,
        "rows": rows,
    }
    return Result(figures, _goals(rows, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """One line a contender."""
    head = ["", "numbers", "wall", "CPU", "texts/s", "times the peer's (range)", "cosine min", "cosine mean"]
    lines = [
        [
            row["name"],
            row["numbers"],
            f"{row['wall_s']:.2f} s",
            f"{row['cpu_s']:.2f} s",
            f"{row['texts_per_s']:,.0f}",
            f"{row['ratio']:.2f} ({row['ratio_min']:.2f} to {row['ratio_max']:.2f})" if row["ratio"] else "",
            f"{row['cosine_min']:.5f}" if row["ratio"] else "",
            f"{row['cosine_mean']:.6f}" if row["ratio"] else "",
        ]
        for row in figures["rows"]
    ]
    return [
        *table(head, lines),
        "",
        f"{figures['n_texts']:,} test texts of ag_news ({figures['n_distinct']:,} distinct), "
        f"{figures['threads']} threads, medians of {figures['repetitions']} interleaved repetitions",
        "in one process, loading excluded, feature cache off.",
        "Headstart encodes a repeated text once. Cosine: to the peer's vector of the same text.",
    ]


def _contenders() -> tuple[dict[str, Encode], dict[str, str]]:
    """Name -> encode, and name -> type of number and device. All read the same folder of model files."""
    from headstart.encoders import make_encoder

    contenders: dict[str, Encode] = {}
    numbers: dict[str, str] = {}
    for precision in ("auto", "fp32"):
        encoder: Any = make_encoder("minilm", precision=precision, cache=False).fit([])
        name = f"headstart, precision {precision}"
        contenders[name] = encoder.encode
        numbers[name] = f"{encoder.dtype} on {encoder.device}"  # what `auto` became has no public name
    contenders[_PEER], numbers[_PEER] = sentence_transformers_encode.load(encoder.folder_)
    return contenders, numbers


def _timed(encode: Encode, texts: Sequence[str]) -> tuple[Any, dict[str, float]]:
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = encode(texts)
    return vectors, {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def _row(
    name: str, numbers: str, runs: dict[str, list[dict[str, float]]], n: int, vectors: dict[str, Any]
) -> dict[str, Any]:
    walls = [run["wall_s"] for run in runs[name]]
    row = {
        "name": name,
        "numbers": numbers,
        "wall_s": statistics.median(walls),
        "cpu_s": statistics.median(run["cpu_s"] for run in runs[name]),
        "texts_per_s": n / statistics.median(walls),
        "runs": runs[name],
        "ratio": None,
    }
    if name != _PEER:
        peer = [run["wall_s"] for run in runs[_PEER]]
        pairs = [theirs / own for own, theirs in zip(walls, peer, strict=True)]
        cosine = _cosines(vectors[name], vectors[_PEER])
        row |= {
            "ratio": statistics.median(peer) / row["wall_s"],
            "ratio_min": min(pairs),
            "ratio_max": max(pairs),
        }
        row |= {"cosine_min": float(cosine.min()), "cosine_mean": float(cosine.mean())}
    return row


def _cosines(a: Any, b: Any) -> Any:
    """(n,) cosine of the angle between row i of a and row i of b, in float64."""
    import numpy as np

    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def _goals(rows: list[dict[str, Any]], judged: bool) -> list[Goal]:
    auto, fp32 = rows[0], rows[1]
    return [
        Goal("precision auto: texts/s, times the peer's", auto["ratio"], ">=", 2.0, judged),
        *(
            Goal(
                f"{row['name']} ({row['numbers']}): lowest cosine",
                row["cosine_min"],
                ">=",
                _COSINE[kind],
                judged,
            )
            for row in (auto, fp32)
            for kind in [row["numbers"].split()[0]]
        ),
    ]

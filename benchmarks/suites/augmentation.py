"""Does augmentation help with 16 rows a class? Every augmentation against none, on the same rows and test rows."""

import gzip
import json
import multiprocessing
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from benchmarks.common import BenchmarkError, Result, Setup, commit, kept, kept_in, table

__all__ = ["TITLE", "run", "tables"]

TITLE = "Augmentation: 16 rows a class, with and without new rows"
_DATA = {"trec6": "en", "sst2": "en", "ag_news": "en", "waimai_10k": "zh", "thucnews_title": "zh"}
_TOGETHER = "synonym,swap,delete,insert"  # Easy Data Augmentation
_ALL = ("synonym", "vectors", "rotation", "splice", "swap", "delete", "insert", "typo", "noise", _TOGETHER)
# tfidf has the head logistic, the network its own; a network takes ten seconds a fit, so not all four together
_PARTS = {"tfidf": _ALL, "textcnn": _ALL[:-1]}
_QUICK_PARTS = ("synonym", "splice")
_SHOTS, _SEEDS, _QUICK_SEEDS, _MAX_TEST, _PROCESSES = 16, 10, 2, 1000, 2
_N_BOOTSTRAP = 10_000


@dataclass(frozen=True, slots=True)
class _Job:
    """One draw of rows: all augmentations, for one encoder."""

    data: str
    train: Path
    test: Path
    synonyms: Path
    encoder: str
    seed: int
    quick: bool
    commit: str | None


def run(setup: Setup) -> Result:
    """A process a CPU, two at most, one thread each; under --quick two seeds of two sets, and two augmentations."""
    names = list(_DATA)[2:4] if setup.quick else list(_DATA)
    files = {name: (setup.file(name, "train"), setup.file(name, "test")) for name in names}
    seeds = range(_QUICK_SEEDS if setup.quick else _SEEDS)
    os.environ |= {"HEADSTART_CACHE": "off", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        synonyms = {language: write(setup.data / "lexicon", Path(folder)) for language, write in _WRITERS.items()}
        jobs = [
            _Job(name, *files[name], synonyms[_DATA[name]], encoder, seed, setup.quick, commit())
            for seed in seeds
            for encoder in reversed(_PARTS)
            for name in names
        ]
        rows = []
        with multiprocessing.get_context("spawn").Pool(_PROCESSES) as pool:
            for i, found in enumerate(pool.imap_unordered(_measure, jobs), 1):
                rows += found
                print(f"{i} of {len(jobs)}: {found[0]['data']}, {found[0]['encoder']}", flush=True)
    rows.sort(key=lambda row: (row["encoder"], row["data"], row["seed"], row["augmentation"]))
    figures = {
        "shots": _SHOTS,
        "seeds": len(seeds),
        "max_test": _MAX_TEST,
        "left_out": "mask: no masked language model is at hand. back_translation: no translator is at hand.",
        "effects": _effects(rows),
        "rows": rows,
    }
    return Result(figures)


def tables(figures: dict[str, Any]) -> list[str]:
    """One table an encoder: a line an augmentation, a column a data set."""
    lines = []
    for encoder in _PARTS:
        effects = [effect for effect in figures["effects"] if effect["encoder"] == encoder]
        names = sorted({name for effect in effects for name in effect["by_data"]}, key=list(_DATA).index)
        none = {name: _mean(figures["rows"], encoder, name) for name in names}
        rows = [
            ["none: accuracy", f"{sum(none.values()) / len(none):.1f}", *(f"{none[name]:.1f}" for name in names), ""]
        ]
        rows += [
            [
                effect["augmentation"],
                _interval(effect["all"]),
                *(_interval(effect["by_data"][name]) for name in names),
                f"{effect['n_new_a_row']:.2f}",
            ]
            for effect in effects
        ]
        lines += [f"Encoder {encoder}:", "", *table([encoder, "mean effect", *names, "new rows a row"], rows), ""]
    return [
        *lines,
        f"Accuracy in points on the same at most {figures['max_test']:,} test rows, minus that without augmentation",
        f"on the same {figures['shots']} rows a class; {figures['seeds']} draws a data set. One new text a row, each",
        "augmentation at its default share. tfidf with the head logistic, which chooses its settings on the rows",
        "themselves and takes its last weights from all; textcnn with its own last layer. Brackets: 95 % interval,",
        "bootstrap over the draws within each data set. Mean and interval weigh the data sets alike: they speak of",
        f"these data sets, not of all. *{_TOGETHER}*: all four, so four new texts a row.",
        f"Synonyms: WordNet and HIT Cilin, as files. Not measured: {figures['left_out']}",
        f"Measured at commits {', '.join(sorted({str(row['commit']) for row in figures['rows']}))}.",
    ]


def _measure(job: _Job) -> list[dict[str, Any]]:
    """Accuracy by augmentation, "none" the first, on one draw of rows; kept, should the suite be interrupted."""
    import torch

    torch.set_num_threads(1)
    place = kept_in("augmentation", job.quick, job.commit)
    return [
        kept(place, f"{job.data}-{job.encoder}-{job.seed}-{name}", partial(_measure_now, job, name))
        for name in ("none", *(_QUICK_PARTS if job.quick else _PARTS[job.encoder]))
    ]


def _measure_now(job: _Job, name: str) -> dict[str, Any]:
    import numpy as np

    from headstart.augment import Augmenter
    from headstart.data import sample_per_class

    train, test = _rows(job.train), _rows(job.test)
    drawn = sample_per_class(train, _SHOTS, job.seed)[0]
    classes, y = np.unique(drawn.labels, return_inverse=True)
    test = test.take(np.random.default_rng(0).permutation(test.n)[:_MAX_TEST].tolist())  # the same for all
    truth = np.array([list(classes).index(label) for label in test.labels or ()])
    spec = re.sub(r"\bsynonym\b", f"synonym:{job.synonyms}", name)
    new = Augmenter.from_spec(spec).augment(drawn.texts, y, job.seed) if name != "none" else None
    right = _answers(job, drawn.texts, y, new, test.texts) == truth
    row = {"encoder": job.encoder, "data": job.data, "seed": job.seed, "augmentation": name, "commit": job.commit}
    return {**row, "accuracy": float(right.mean()), "n": drawn.n, "n_new": len(new.texts) if new else 0}


def _answers(job: _Job, texts: Sequence[str], y: Any, new: Any, unseen: Sequence[str]) -> Any:
    """Codes of unseen texts by encoder and head as `linear_probe` fits them, without its estimate of the gain."""
    import numpy as np

    from headstart.encoders import make_encoder
    from headstart.heads import make_head

    encoder: Any = make_encoder(job.encoder, **({"random_state": job.seed} if job.encoder == "textcnn" else {}))
    all_y = y if new is None else np.concatenate([y, new.y])
    if new is None:
        encoder.fit(texts, y)
    else:
        encoder.fit([*texts, *new.texts], all_y, new.groups)
    if hasattr(encoder, "own_head"):
        head = encoder.own_head()[1]
    else:
        head = make_head("logistic", random_state=job.seed).fit(encoder.encode(texts), y)
        if new is not None:
            head.refit(encoder.encode([*texts, *new.texts]), all_y)
    return head.predict_proba(encoder.encode(unseen)).argmax(axis=1)


@lru_cache(maxsize=2)
def _rows(path: Path) -> Any:
    from headstart.data import read_dataset

    return read_dataset(path).dataset


def _effects(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """By encoder and augmentation: the mean effect in points with its interval, over all and by data set."""
    import numpy as np

    cells: dict[tuple[str, str], dict[str, dict[int, dict[str, Any]]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        cells[row["encoder"], row["augmentation"]][row["data"]][row["seed"]] = row
    effects = []
    for (encoder, name), by_data in cells.items():
        if name == "none":
            continue
        none = cells[encoder, "none"]
        points = {
            data: np.array([100 * (row["accuracy"] - none[data][seed]["accuracy"]) for seed, row in by_seed.items()])
            for data, by_seed in by_data.items()
        }
        rng = np.random.default_rng(0)
        draws = {data: rng.choice(p, (_N_BOOTSTRAP, len(p))).mean(axis=1) for data, p in points.items()}
        every = [row for by_seed in by_data.values() for row in by_seed.values()]
        effects.append(
            {
                "encoder": encoder,
                "augmentation": name,
                "all": _summary(np.mean([p.mean() for p in points.values()]), np.mean(list(draws.values()), axis=0)),
                "by_data": {data: _summary(p.mean(), draws[data]) for data, p in points.items()},
                "n_new_a_row": sum(row["n_new"] for row in every) / sum(row["n"] for row in every),
            }
        )
    return effects


def _summary(value: Any, draws: Any) -> dict[str, float]:
    import numpy as np

    low, high = np.quantile(draws, (0.025, 0.975))
    return {"value": round(float(value), 3), "low": round(float(low), 3), "high": round(float(high), 3)}


def _interval(figure: dict[str, float]) -> str:
    return f"{figure['value']:+.1f} [{figure['low']:+.1f}, {figure['high']:+.1f}]"


def _mean(rows: Sequence[dict[str, Any]], encoder: str, data: str) -> float:
    chosen = [r["accuracy"] for r in rows if (r["encoder"], r["data"], r["augmentation"]) == (encoder, data, "none")]
    return 100 * sum(chosen) / len(chosen)


def _write_english(lexicon: Path, folder: Path) -> Path:
    """WordNet's synonym sets, a group a line, words apart by tabs: some are of several words."""
    groups = (json.loads(line)["lemmas"] for line in _lines(lexicon / "wordnet_en.jsonl.gz"))
    return _written(folder / "en.txt", ("\t".join(group) for group in groups if len(group) > 1))


def _write_chinese(lexicon: Path, folder: Path) -> Path:
    """HIT Cilin as it is, unpacked."""
    return _written(folder / "zh.txt", (line.rstrip("\n") for line in _lines(lexicon / "cilin_hit_extended.txt.gz")))


_WRITERS = {"en": _write_english, "zh": _write_chinese}


def _lines(path: Path) -> Iterator[str]:
    if not path.is_file():
        raise BenchmarkError(f"There is no {path}. The suite needs WordNet and HIT Cilin in DATA/lexicon.")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from lines


def _written(path: Path, lines: Iterator[str]) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path

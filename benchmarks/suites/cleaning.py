"""Cleaning: planted mistakes that the row rules have to find, and what `headstart clean` costs."""

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.common import Goal, Result, Setup, headstart, table

if TYPE_CHECKING:
    from headstart import Dataset

__all__ = ["TITLE", "run", "tables"]

TITLE = "Cleaning: planted mistakes, and `headstart clean`"

_FLIPPED = ("ag_news", "sst2", "thucnews_title", "trec6")  # the goal is on the first
_FLIPS = 0.05  # share of the labels
_TOP = 0.07  # share of the rows, ranked
_LEAST_RECALL = 0.70
_SEEDS = (1, 2, 3)
_COPIED = ("ag_news", "chnsenticorp")
_N_ROWS, _N_COPIES, _LEAST_CHARS = 5000, 1000, 100
_EDITS = 0.03  # a character
_LEAST_PAIRS = 0.95
_N_OVERLAP = 200
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_TIMED = "imdb"


def run(setup: Setup) -> Result:
    """All four parts; under --quick one seed and a tenth of the rows, which judge no goal."""
    for name in dict.fromkeys((*_FLIPPED, *_COPIED, _TIMED)):  # all data before any work
        setup.file(name, "train")
    flips = [_flips(name, seed, setup) for name in _FLIPPED for seed in (_SEEDS[:1] if setup.quick else _SEEDS)]
    copies = [_copies(name, setup) for name in _COPIED]
    overlaps = [_overlap(name, setup) for name in _COPIED]
    figures = {"flips": flips, "copies": copies, "overlaps": overlaps, "command": _timed(setup)}
    return Result(figures, [*_goals(flips, copies, not setup.quick), *_exact(overlaps)])


def tables(figures: dict[str, Any]) -> list[str]:
    """A table a part, each with what was planted."""
    flips = [
        [
            row["data"],
            str(row["seed"]),
            f"{row['n']:,}",
            f"{row['in_top']:.1%}",
            f"{row['n_found']:,}",
            f"{row['recall']:.1%}",
            f"{row['precision']:.1%}",
            f"{row['wall_s']:.0f} s",
        ]
        for row in figures["flips"]
    ]
    copies = [
        [row["data"], f"{row['n']:,}", f"{row['n_before']:,}", f"{row['recall']:.1%}", f"{row['precision']:.1%}"]
        for row in figures["copies"]
    ]
    overlaps = [
        [
            row["data"],
            str(row["planted"]),
            str(row["before"]),
            str(row["reported"]),
            str(row["reported_after_cleaning"]),
        ]
        for row in figures["overlaps"]
    ]
    cost = figures["command"]
    return [
        f"**Label mistakes.** {_FLIPS:.0%} of the labels were flipped at random. *In the top*: share of the flips",
        f"among the {_TOP:.0%} of the rows that `label_mistakes` ranks first; *rows found*, *recall*, *precision*:",
        "of all that it marks. Labels that were wrong before count against the precision.",
        "",
        *table(["data", "seed", "rows", "in the top", "rows found", "recall", "precision", "time"], flips),
        "",
        f"**Near-duplicates.** Copies of {_N_COPIES:,} texts of {_LEAST_CHARS} characters or more, {_EDITS:.0%} of the",
        "characters replaced, inserted or deleted, were put among the other rows. *Removed before*: rows that a",
        "comparison of all pairs found to be near-duplicates in the data as published (similarity 0.9, whatever",
        "their labels).",
        "",
        *table(["data", "rows", "removed before", "recall", "precision"], copies),
        "",
        "**Overlap of train and test.** Test rows copied into train with other case, width and white space.",
        "",
        *table(["data", "planted", "in the data before", "reported", "reported once cleaned"], overlaps),
        "",
        "**Cost** of `headstart clean` with default rules on "
        f"{cost['data']}, {cost['n']:,} rows, {cost['output_mib']:.0f} MiB: "
        f"{cost['wall_s']:.1f} s ({cost['cpu_s']:.1f} s CPU), peak {cost['peak_rss_mib']:,.0f} MiB, "
        f"{cost['n_left']:,} rows left.",
    ]


def _goals(flips: Sequence[dict[str, Any]], copies: Sequence[dict[str, Any]], judged: bool) -> list[Goal]:
    first = [row for row in flips if row["data"] == _FLIPPED[0]]
    goals = [
        Goal(
            f"{row['data']}, seed {row['seed']}: flips in the top {_TOP:.0%}",
            row["in_top"],
            ">=",
            _LEAST_RECALL,
            judged,
        )
        for row in first
    ]
    for row in copies:
        goals += [
            Goal(f"{row['data']}: {what} of planted near-duplicates", row[what], ">=", _LEAST_PAIRS, judged)
            for what in ("recall", "precision")
        ]
    return goals


def _exact(overlaps: Sequence[dict[str, Any]]) -> list[Goal]:
    return [
        Goal(f"{row['data']}: overlap {what.replace('_', ' ')}", row[what], "==", row["before"] + row["planted"])
        for row in overlaps
        for what in ("reported", "reported_after_cleaning")
    ]


def _read(setup: Setup, name: str, part: str = "train") -> "Dataset":
    from headstart import read_dataset

    rows = read_dataset(setup.file(name, part)).dataset
    return rows.take(range(0, rows.n, 10)) if setup.quick else rows


def _flips(name: str, seed: int, setup: Setup) -> dict[str, Any]:
    from dataclasses import replace

    import numpy as np

    from headstart.cleaning.rows.label_mistakes import LabelMistakes

    print(f"label mistakes in {name}, seed {seed} ...", flush=True)
    rows, rng = _read(setup, name), np.random.default_rng(seed)
    labels = list(rows.labels or ())
    classes = sorted(set(labels))
    flipped = set(rng.permutation(rows.n)[: round(_FLIPS * rows.n)].tolist())
    for i in sorted(flipped):
        labels[i] = str(rng.choice([name for name in classes if name != labels[i]]))
    start = time.perf_counter()
    found = [hit.row for hit in LabelMistakes().find(replace(rows, labels=tuple(labels)))]
    seconds = time.perf_counter() - start
    n_right = len(flipped.intersection(found))
    return {
        "data": name,
        "seed": seed,
        "n": rows.n,
        "n_flipped": len(flipped),
        "in_top": len(flipped.intersection(found[: int(_TOP * rows.n)])) / len(flipped),
        "n_found": len(found),
        "recall": n_right / len(flipped),
        "precision": n_right / len(found),
        "wall_s": round(seconds, 1),
    }


def _copies(name: str, setup: Setup) -> dict[str, Any]:
    import numpy as np

    from headstart import Dataset
    from headstart.cleaning.rows.near_duplicates import NearDuplicates

    print(f"near-duplicates in {name} ...", flush=True)
    rows, rng = _read(setup, name), np.random.default_rng(0)
    rows = rows.take(np.sort(rng.permutation(rows.n)[:_N_ROWS]).tolist())
    clean = _without_near(rows)
    long = [i for i, text in enumerate(clean.texts) if len(text) >= _LEAST_CHARS]
    originals = rng.permutation(long)[: _N_COPIES // (10 if setup.quick else 1)].tolist()
    alphabet = sorted({character for text in clean.texts for character in text})
    texts = [*clean.texts, *(_edited(clean.texts[i], alphabet, rng) for i in originals)]
    labels = [*(clean.labels or ()), *((clean.labels or ())[i] for i in originals)]
    order = rng.permutation(len(texts)).tolist()
    place = {old: new for new, old in enumerate(order)}
    planted = {frozenset((place[i], place[clean.n + k])) for k, i in enumerate(originals)}
    mixed = Dataset(tuple(texts[i] for i in order), tuple(labels[i] for i in order))
    found = {frozenset((i, j)) for i, j, _ in NearDuplicates().pairs(mixed)}
    return {
        "data": name,
        "n": mixed.n,
        "n_before": rows.n - clean.n,
        "n_planted": len(planted),
        "n_found": len(found),
        "recall": len(found & planted) / len(planted),
        "precision": len(found & planted) / len(found),
    }


def _without_near(rows: "Dataset") -> "Dataset":
    """The rows without any that an earlier one resembles: all pairs compared, whatever their labels."""
    import numpy as np
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist

    from headstart.data.folding import fold

    texts = [fold(text) for text in rows.texts]
    kept = []
    for start in range(0, rows.n, 250):
        part = texts[start : start + 250]
        near = cdist(
            part, texts, scorer=Levenshtein.normalized_similarity, score_cutoff=0.9, dtype=np.float32, workers=1
        )
        kept += [start + i for i in range(len(part)) if not near[i, : start + i].any()]
    return rows.take(kept)


def _edited(text: str, alphabet: Sequence[str], rng: Any) -> str:
    """The text with three random edits for each 100 characters."""
    characters = list(text)
    for _ in range(round(_EDITS * len(text))):
        kind, at, new = int(rng.integers(3)), int(rng.integers(len(characters))), alphabet[rng.integers(len(alphabet))]
        characters[at : at + (kind != 1)] = [] if kind == 0 else [new]
    return "".join(characters)


def _overlap(name: str, setup: Setup) -> dict[str, Any]:
    from dataclasses import replace

    import numpy as np

    from headstart import Dataset
    from headstart.cleaning import Cleaner
    from headstart.data import overlap
    from headstart.data.folding import fold

    print(f"overlap in {name} ...", flush=True)
    train, test, rng = _read(setup, name), _read(setup, name, "test"), np.random.default_rng(0)
    known = {fold(text) for text in train.texts}
    folded = [fold(text) for text in test.texts]
    free = [i for i, text in enumerate(folded) if text not in known and folded.count(text) == 1]
    chosen = rng.permutation(free)[: _N_OVERLAP // (10 if setup.quick else 1)].tolist()
    copies = [_disguised(test.texts[i], k) for k, i in enumerate(chosen)]
    planted = Dataset((*train.texts, *copies), origin="train")
    cleaner = Cleaner.from_spec("default").text
    cleaned = [replace(rows, texts=cleaner.clean_all(rows.texts)) for rows in (planted, test)]
    return {
        "data": name,
        "planted": len(chosen),
        "before": overlap(train, test).n,
        "reported": overlap(planted, test).n,
        "reported_after_cleaning": overlap(*cleaned).n,
    }


def _disguised(text: str, k: int) -> str:
    """Another case, another width, or other white space, in turn."""
    if k % 3 == 0:
        return "".join(c.swapcase() if c.isascii() else c for c in text)
    if k % 3 == 1:
        return text.translate(_FULL_WIDTH)
    return "  " + "\t ".join(text.split()) + "\u3000\n"


def _timed(setup: Setup) -> dict[str, Any]:
    print(f"headstart clean {_TIMED} ...", flush=True)
    source = setup.file(_TIMED, "train")
    with tempfile.TemporaryDirectory() as folder:
        done = headstart("clean", str(source), "--out", str(Path(folder) / "clean.jsonl"), "--json")
        written = (Path(folder) / "clean.jsonl").stat().st_size
    found = json.loads(done.stdout)
    return {
        "data": _TIMED,
        "n": found["n"],
        "n_left": found["n_left"],
        "output_mib": written / 2**20,
        "wall_s": done.wall_s,
        "cpu_s": done.cpu_s,
        "peak_rss_mib": done.peak_rss_mib,
        "effects": {effect["rule"]: effect["n_changed"] + effect["n_removed"] for effect in found["effects"]},
    }

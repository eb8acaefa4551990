"""Does a limit of errors keep what it says? Label sets, thresholds and calibration on new rows, asked for 5 %.

The size 1,500 was added after test rows had been seen at 64 a class and 1,000, to find out why label sets miss less
than asked at 1,000; emotion and sst5 were left out of it. No setting was changed by it, and the goals
stayed as they were. How folds leave out rare terms, and how heads read held-out rows of counted terms, was changed
later, and chosen on training rows alone.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import Any

from benchmarks.common import Goal, Result, Setup, commit, kept, kept_in, table

__all__ = ["TITLE", "run", "tables"]

TITLE = "Abstaining: asked for 5 % errors, measured on test rows"

CELLS = (
    ("ag_news", "minilm"), ("sst2", "minilm"), ("sst5", "minilm"), ("trec6", "minilm"), ("cr", "minilm"),
    ("subj", "minilm"), ("emotion", "minilm"), ("amazon_counterfactual_en", "minilm"), ("trec6", "tfidf"),
    ("waimai_10k", "tfidf"), ("online_shopping_10cats", "tfidf"), ("thucnews_title", "tfidf"),
)  # fmt: skip
QUICK_CELLS = (("trec6", "tfidf"), ("waimai_10k", "tfidf"))
SIZES = {"64 a class": 64, "1,000": 1_000, "1,500": 1_500}
HARD = ("sst5", "emotion")  # no text is answered at 5 %: left out with 1,500 rows, whose fits take longest
FEWEST = "64 a class"  # where the threshold's figures are luck, and not judged
SEEDS = 5
POOL_ROWS, TEST_ROWS = 3_000, 1_000  # training rows to draw from; encoded once
RATE = 0.05
LOW, HIGH = 0.03, 0.07  # what 5 % may be measured as
FEWEST_SETS = 10
DOUBT = 0.1  # of a promise
ECE = 0.03  # or half of what it was


def run(setup: Setup) -> Result:
    """Fit on rows that a seed draws, set the limits on these rows alone, and measure on test rows."""
    cells = QUICK_CELLS if setup.quick else CELLS
    for name, _ in cells:  # all data before any work
        setup.file(name, "train"), setup.file(name, "test")
    place, runs = kept_in("abstain", setup.quick, commit()), []
    with _features_kept():
        for name, encoder in cells:
            for size in list(SIZES)[: 2 if name in HARD else 3]:
                print(f"{name} with {encoder}, {size} ...", flush=True)
                runs += kept(place, f"{name}-{encoder}-{SIZES[size]}", partial(_runs, setup, name, encoder, size))
    rows = [_summary(list(group)) for _, group in groupby(runs, key=lambda r: (r["data"], r["encoder"], r["size"]))]
    figures = {
        "asked": {"rate": RATE, "seeds": SEEDS, "pool_rows": POOL_ROWS, "test_rows": TEST_ROWS},
        "rows": rows,
        "runs": runs,
    }
    return Result(figures, _goals(rows, runs, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """One line a data set, encoder and number of rows."""
    head = ["data, encoder, rows", "error of all", "sets without the truth", "labels a set", "expected: answered"]
    head += ["error of these", "promised: answered", "error of these", "ECE raw", "ECE"]
    lines = [
        [
            f"{row['data']}, {row['encoder']}, {row['size']}",
            f"{row['error']:.1%}",
            f"{row['sets_without']:.1%}",
            f"{row['set_size']:.2f}",
            f"{row['expected']['coverage']:.0%}",
            _share(row["expected"]["error"]),
            f"{row['promised']['coverage']:.0%}",
            _share(row["promised"]["error"]),
            f"{row['ece_raw']:.3f}",
            f"{row['ece']:.3f}",
        ]
        for row in figures["rows"]
    ]
    asked = figures["asked"]
    return [
        *table(head, lines),
        "",
        f'`TextClassifier(encoder, "linear_probe", max_error=...)`, means over {asked["seeds"]} seeds that draw the',
        f"training rows from {asked['pool_rows']:,}; at most {asked['test_rows']:,} test rows. *Sets*: the labels that",
        "cannot be excluded at 5 %. Of the two guarantees theirs is met from both sides, because a quantile cuts",
        "them (the most likely label is always in, so that a model which errs less than 5 % stays below).",
        "*Expected* (`0.05:expected`): the threshold whose estimate is 5 %, errors pooled over the seeds. *Promised*",
        "(`0.05`): at most 5 % with 90 % confidence; it measures below 5 %, answers less, and with few rows nothing.",
        "A dash: no text was answered. *ECE*: 15 bins of equal mass, debiased; *raw*: without the factor that heads",
        "fit. 64 rows of each class are not drawn like the test rows where classes differ in size, which no guarantee",
        "allows for. Folds of 1,000 rows leave out rare terms as `tfidf` does with all of them; but `minilm` tries",
        "more heads from 1,000 rows on, and its folds of 800 do not: where that makes them worse, the limits come out",
        "stricter than asked. Settings were chosen on training rows.",
    ]


@contextmanager
def _features_kept() -> Iterator[None]:
    """Each text is encoded once for all fits: in the folder that HEADSTART_CACHE names, else in a temporary one."""
    if os.environ.get("HEADSTART_CACHE", "off") != "off":
        yield
        return
    was = os.environ.get("HEADSTART_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HEADSTART_CACHE"] = folder
        try:
            yield
        finally:
            os.environ.pop("HEADSTART_CACHE") if was is None else os.environ.update(HEADSTART_CACHE=was)


def _runs(setup: Setup, name: str, encoder: str, size: str) -> list[dict[str, Any]]:
    """All seeds of one cell."""
    from headstart.data import limit_rows, read_dataset, sample_per_class

    pool, _ = limit_rows(read_dataset(setup.file(name, "train")).dataset, POOL_ROWS, 0)
    test, _ = limit_rows(read_dataset(setup.file(name, "test"), role="test").dataset, TEST_ROWS, 0)
    draw = sample_per_class if size.endswith("a class") else limit_rows
    same = {"data": name, "encoder": encoder, "size": size}
    return [{**same, "seed": seed, **_run(encoder, draw(pool, SIZES[size], seed)[0], test)} for seed in range(SEEDS)]


def _run(encoder: str, train: Any, test: Any) -> dict[str, Any]:
    """One fit with its limits, on test rows."""
    import numpy as np

    from headstart import TextClassifier
    from headstart.evaluation.labels import encode_true
    from headstart.functional.calibration import calibration_error
    from headstart.functional.probability import softmax

    predictor = TextClassifier(encoder, "linear_probe", max_error=RATE).fit(train.texts, train.labels).predictor_
    p = predictor.predict_proba(test.texts)
    _, y = encode_true(predictor.classes, test.labels)
    raw = softmax(np.log(np.maximum(p, 1e-300)) / predictor.head.chosen_["scale"])  # type: ignore[attr-defined] # all have
    right = p.argmax(axis=1) == y
    found: dict[str, Any] = {"head": predictor.head_name, "n_train": train.n, "error": float(1 - right.mean())}
    found["ece_raw"] = calibration_error(raw.max(axis=1), right, debiased=True)
    found["ece"] = calibration_error(p.max(axis=1), right, debiased=True)
    for kind, asked in (("promised", RATE), ("expected", f"{RATE}:expected")):
        limit = predictor.required_limit(asked)
        answered = ~limit.abstained(p)
        found[kind] = {"answered": int(answered.sum()), "wrong": int((~right)[answered].sum()), "n": len(y)}
    sets = limit.sets(p)
    found["sets_without"] = float(1 - sets[np.arange(len(y)), y].mean())
    found["set_size"] = float(sets.sum(axis=1).mean())
    return found


def _summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over the seeds; errors among the answered are pooled."""
    same = {key: runs[0][key] for key in ("data", "encoder", "size")}
    means = {key: _mean([r[key] for r in runs]) for key in ("error", "sets_without", "set_size", "ece_raw", "ece")}
    return {**same, **means, **{kind: _pooled([r[kind] for r in runs]) for kind in ("promised", "expected")}}


def _pooled(parts: Sequence[dict[str, int]]) -> dict[str, float | None]:
    answered, wrong = (sum(part[key] for part in parts) for key in ("answered", "wrong"))
    return {"coverage": answered / sum(part["n"] for part in parts), "error": wrong / answered if answered else None}


def _goals(rows: Sequence[dict[str, Any]], runs: Sequence[dict[str, Any]], judged: bool) -> list[Goal]:
    goals = []
    for size in SIZES:
        part = [row for row in rows if row["size"] == size]
        sets = sum(LOW <= row["sets_without"] <= HIGH for row in part)
        goals.append(Goal(f"{size} rows: of {len(part)}, sets that miss 3-7 %", sets, ">=", FEWEST_SETS, judged))
        ece = sum(row["ece"] <= max(ECE, row["ece_raw"] / 2) for row in part)
        what = f"{size} rows: of {len(part)}, ECE at most 0.03 or half of raw"
        goals.append(Goal(what, ece, ">=", len(part), judged))
        needed = [row for row in part if row["error"] > RATE and row["expected"]["coverage"]]
        if size != FEWEST:
            within = sum(LOW <= row["expected"]["error"] <= HIGH for row in needed)
            what = f"{size} rows: of {len(needed)} with a threshold, errors 3-7 % where 5 % are expected"
            goals.append(Goal(what, within, ">=", len(needed), judged))
    broken = [r["promised"]["wrong"] > RATE * r["promised"]["answered"] for r in runs]
    goals.append(Goal("share of fits whose promise does not hold on the test rows", _mean(broken), "<=", DOUBT, judged))
    return goals


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"

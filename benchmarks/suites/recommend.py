"""Does `headstart recommend` rank encoders as their test accuracy does? Its estimates against fits on all rows."""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from benchmarks.common import Goal, Result, Setup, commit, kept, kept_in, table

__all__ = ["TITLE", "run", "tables"]

TITLE = "Recommendation: the estimate from a sample against the accuracy of the fit"

DATA = ("ag_news", "20newsgroups", "sst2", "trec6", "thucnews_title", "chnsenticorp", "waimai_10k", "bbc_news")
ENCODERS = (
    "bow", "tfidf", "tfidf:char", "lsa", "word2vec", "minilm", "tfidf+select:2000", "tfidf+minilm",
)  # fmt: skip
QUICK_DATA = ("sst2", "trec6", "waimai_10k")
TRAIN_ROWS, TEST_ROWS = 2_000, 800
QUICK_ROWS = 600
# what each estimator is called here -> the cell's figure
ESTIMATORS = {
    "expected accuracy (the ranking)": "expected",
    "cross-validation on the sample": "sample",
    "ridge leave-one-out": "ridge",
    "LogME": "log_evidence",
    "H-score, shrunk, / (k - 1)": "h_score",
}
GOAL = 0.90
SECONDS = 10.0
LEAST_ENCODERS = 4  # of a data set, for a correlation within it


def run(setup: Setup) -> Result:
    """Measure each encoder on each data set: `measure_candidate` on a sample, then a fit on all rows and the test."""
    from headstart.encoders import make_encoder

    names = QUICK_DATA if setup.quick else DATA
    for name in names:  # all data before any work
        setup.file(name, "train"), setup.file(name, "test")
    cells: list[dict[str, Any]] = []
    missing: list[dict[str, str]] = []
    was = os.environ.get("HEADSTART_CACHE")
    make_encoder("minilm").fit([]).encode(["loads the libraries"])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HEADSTART_CACHE"] = folder  # each text is encoded once for all fits; estimates do not read it
        try:
            for name in names:
                for cell in _kept_cells(setup, name):
                    (missing if "problem" in cell else cells).append(cell)
        finally:
            os.environ.pop("HEADSTART_CACHE") if was is None else os.environ.update(HEADSTART_CACHE=was)
    figures = {
        "rows": {"train": TRAIN_ROWS, "test": TEST_ROWS, "quick": QUICK_ROWS if setup.quick else None},
        "cells": cells,
        "missing": missing,
        "estimators": {what: _agreement(cells, key) for what, key in ESTIMATORS.items()},
        "seconds": _spread([cell["seconds"] for cell in cells]),
        "interval_holds": sum(cell["low"] <= cell["accuracy"] <= cell["high"] for cell in cells) / max(1, len(cells)),
    }
    return Result(figures, _goals(figures, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """Agreement of each estimator, then the cells."""
    head = ["estimator", "r, all cells", "r, within a data set", "rho, within", "regret@1, points"]
    agreement = [
        [what, *(_number(found[key]) for key in ("pooled", "within", "spearman")), _number(100 * found["regret"], 2)]
        for what, found in figures["estimators"].items()
    ]
    cells = [
        [
            f"{cell['data']}, {cell['encoder']}",
            f"{cell['expected']:.3f} [{cell['low']:.3f}, {cell['high']:.3f}]",
            f"{cell['accuracy']:.3f}",
            f"{cell['seconds']:.1f} s",
            f"{cell['expected_fit_s']:.0f} s",
            f"{cell['fit_s']:.0f} s",
        ]
        for cell in figures["cells"]
    ]
    seconds = figures["seconds"]
    lines = [
        *table(head, agreement),
        "",
        f"Pearson's r and Spearman's rho with the test accuracy of {len(cells)} fits by `linear_probe`; *within*: the",
        "mean over the data sets. Regret: the accuracy that the first of the ranking gives away. An encoder is judged",
        f"in {seconds['median']:.1f} s (median; worst {seconds['worst']:.1f} s; libraries were loaded before).",
        f"The 95 % interval holds the test accuracy in {figures['interval_holds']:.0%} of the cells, whose test rows",
        "have an error of their own. The sizes of the samples were chosen on these data sets, by the time that they",
        "take; no other setting was: the power law of the error is taken as measured.",
        f"Measured at commits {', '.join(sorted({str(cell['commit']) for cell in figures['cells']}))}.",
        "",
        *table(["data, encoder", "expected", "test accuracy", "judged in", "fit, expected", "fit"], cells),
    ]
    absent = sorted({f"{cell['encoder']}: {cell['problem']}" for cell in figures["missing"]})
    return [*lines, *(["", "Not measured:", *(f"- {line}" for line in absent)] if absent else [])]


def _kept_cells(setup: Setup, name: str) -> list[dict[str, Any]]:
    """The cells of one data set; kept until the next commit, should the suite be interrupted."""
    place = kept_in("recommend", setup.quick, commit())
    return list(kept(place, name, lambda: [{**cell, "commit": commit()} for cell in _cells(setup, name)]))


def _cells(setup: Setup, name: str) -> list[dict[str, Any]]:
    """Estimates and fits of all encoders on one data set."""
    import numpy as np

    from headstart.data import limit_rows, read_dataset
    from headstart.recommend import draw_sample

    n_train, n_test = (QUICK_ROWS, QUICK_ROWS) if setup.quick else (TRAIN_ROWS, TEST_ROWS)
    train, _ = limit_rows(read_dataset(setup.file(name, "train")).dataset, n_train, 0)
    test, _ = limit_rows(read_dataset(setup.file(name, "test"), role="test").dataset, n_test, 0)
    _, y = np.unique(np.array(train.labels), return_inverse=True)
    # a quick run has fewer rows than a sample: draw less, so that there is something to extrapolate to
    effort = 0.25 if setup.quick else 1.0
    sample = draw_sample(train.texts, y, effort=effort, random_state=0)
    cells = []
    for encoder in (*ENCODERS, *_static(setup, name)):
        print(f"{name} with {encoder} ...", flush=True)
        cells.append({"data": name, "encoder": encoder, **_cell(encoder, sample, effort, train, test)})
    return cells


def _static(setup: Setup, name: str) -> list[str]:
    """Static vectors of the data set's language, where the folder has them."""
    part = "zh_char" if name in ("thucnews_title", "chnsenticorp", "waimai_10k") else "en_word2vec"
    return [f"static:{path}" for path in sorted((setup.data / "vectors").glob(f"{part}_*.npz"))]


def _cell(encoder: str, sample: Any, effort: float, train: Any, test: Any) -> dict[str, Any]:
    from headstart import TextClassifier
    from headstart.errors import HeadstartError
    from headstart.recommend import measure_candidate

    found = measure_candidate(encoder, sample, effort=effort)
    if found.expected is None or found.curve is None:
        return {"problem": str(found.problem)}
    start = time.perf_counter()
    try:
        model = TextClassifier(encoder, "linear_probe").fit(train.texts, train.labels)
    except HeadstartError as error:
        return {"problem": str(error)}
    fit_s = time.perf_counter() - start
    k = len(set(train.labels))
    return {
        "k": k,
        "accuracy": float(model.score(test.texts, test.labels)),
        "head": model.predictor_.head_name,
        "expected": found.expected.value,
        "low": found.expected.low,
        "high": found.expected.high,
        "curve": asdict(found.curve),
        "sample": found.curve.accuracies[-1],
        # an encoder that learns from labels has no leave-one-out figure: its held-out rows stand in
        "ridge": found.ridge_accuracy if found.ridge_accuracy is not None else found.curve.accuracies[-1],
        "log_evidence": found.log_evidence,
        "h_score": (found.h_score or 0.0) / (k - 1),
        "h_score_layers": found.h_score_layers,
        "seconds": found.measured_s,
        "expected_fit_s": found.fit_s,
        "fit_s": fit_s,
        "notes": found.notes,
    }


def _agreement(cells: Sequence[dict[str, Any]], key: str) -> dict[str, float | None]:
    """Pooled and mean within-set correlations of a figure with the test accuracy, and the mean regret."""
    from scipy.stats import pearsonr, spearmanr

    sets = [list(group) for _, group in groupby(cells, key=lambda cell: cell["data"])]
    sets = [group for group in sets if len(group) >= LEAST_ENCODERS]

    def mean_of(measure: Callable[[list[float], list[float]], float]) -> float | None:
        found = [measure([c[key] for c in group], [c["accuracy"] for c in group]) for group in sets]
        return sum(found) / len(found) if found else None

    def regret(scores: list[float], accuracies: list[float]) -> float:
        return max(accuracies) - accuracies[scores.index(max(scores))]

    return {
        "pooled": float(pearsonr([c[key] for c in cells], [c["accuracy"] for c in cells])[0]) if sets else None,
        "within": mean_of(lambda a, b: float(pearsonr(a, b)[0])),
        "spearman": mean_of(lambda a, b: float(spearmanr(a, b)[0])),
        "regret": mean_of(regret),
    }


def _goals(figures: dict[str, Any], judged: bool) -> list[Goal]:
    found = figures["estimators"]["expected accuracy (the ranking)"]
    return [
        Goal("r of the expected with the test accuracy, all cells", found["pooled"] or 0.0, ">=", GOAL, judged),
        Goal("r within a data set, mean", found["within"] or 0.0, ">=", GOAL, judged),
        Goal("seconds to judge an encoder, median", figures["seconds"]["median"], "<=", SECONDS, judged),
        Goal("seconds to judge an encoder, worst", figures["seconds"]["worst"], "<=", SECONDS, judged),
    ]


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds) or [0.0]
    return {"median": ordered[len(ordered) // 2], "worst": ordered[-1]}


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"

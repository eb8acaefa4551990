"""Few labels: what `fit` does by itself against the two simple baselines and SetFit, on the same supports.

Track T0: weights, label names (the labels themselves), k labels a class, unlabelled training texts; never test texts.
HEADSTART_FEWSHOT_DATA limits the suite to some sets (`cr;trec6`), HEADSTART_FEWSHOT_SHOTS to some labels (`8;16`).
HEADSTART_PEERS_PYTHON names the interpreter that has setfit; without it SetFit's cells are those that
`benchmarks setfit` has kept, if any.
"""

import os
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import Result, Setup, commit, cpus, kept, kept_in
from benchmarks.fewshot_figures import (
    AUTO,
    BASELINES,
    CHINESE,
    COSINE,
    FIVE,
    LABELS_ONLY,
    MCC,
    SHOTS,
    TEN,
    THOUSAND,
    ZERO,
    goals,
    mean,
    percent,
    tables,
    undecided,
)
from benchmarks.suites import setfit

__all__ = ["TITLE", "run", "tables"]

TITLE = "Few labels: auto against frozen features, words and SetFit"
_ENGLISH = (
    *FIVE, "trec6", "subj", "sst2", "hate_davidson", "sms_spam", "tweeteval_sentiment", "amazon_multidomain",
    "enron_spam1", "bbc_news", "20newsgroups", "imdb", "clinc150",
)  # fmt: skip
_SHOTS_OF = {"clinc150": SHOTS[:1]}  # 151 classes: eight of each are 1,208 rows
_LONG = ("enron_spam1", "bbc_news", "20newsgroups", "imdb", "cnews_mini")  # a third of the texts
_SEEDS, _FEWER = 10, 5  # supports of eight labels a class, and of 16 of the five sets; of others, and of more labels
_MOST_SEEDS = 20  # where those do not tell whether auto is more than a point below: draws may differ by ten points
_SEEDS_OF_THOUSAND = 3  # drawn as they come; long texts once
_TEST_ROWS, _UNLABELLED = 1_000, 1_000


def run(setup: Setup) -> Result:
    """All supports of a data set, one after another; texts are encoded once, and kept."""
    os.environ["HEADSTART_CACHE"] = str(Path(tempfile.gettempdir()) / "headstart-fewshot-features")
    asked = os.environ.get("HEADSTART_FEWSHOT_DATA", "cr" if setup.quick else "")
    names = tuple(asked.split(";")) if asked else (*_ENGLISH, *CHINESE)
    place, cells = kept_in("fewshot", setup.quick, commit()), []
    for name in names:
        found = _cells(setup, name, place)
        cells += found
        if found:
            print(f"{name}: {_line(found)}", flush=True)
    figures = {"cells": cells, "test_rows": _TEST_ROWS, "unlabelled": _UNLABELLED, "threads": cpus()}
    return Result(figures, goals(cells, not setup.quick))


def _cells(setup: Setup, name: str, place: Path) -> list[dict[str, Any]]:
    """Those of a data set, kept apart by the number of labels."""
    from headstart import Dataset
    from headstart.data import read_dataset
    from headstart.data.splits import limit_rows

    share = 3 if name in _LONG else 1
    read = partial(read_dataset, skip_bad_rows=True)  # enron_spam1 has rows without a text
    pool = read(setup.file(name, "dev" if name == "tweeteval_sentiment" else "train")).dataset
    test, _ = limit_rows(read(setup.file(name, "test")).dataset, _TEST_ROWS // share, 0)
    apart = setup.data / name / "unlabeled.jsonl.gz"  # some sets have texts that nobody labelled
    texts = read_dataset(apart, labelled=False).dataset if apart.is_file() else pool
    drawn, _ = limit_rows(texts, _UNLABELLED // share, 1)
    least = min(np.unique(np.array(pool.labels), return_counts=True)[1])
    enough = {THOUSAND: pool.n > 2 * THOUSAND}
    some = _SHOTS_OF.get(name, (*SHOTS, THOUSAND))[: 1 if setup.quick else None]
    asked = [0, *(s for s in (*some, *([10] if name in TEN else [])) if enough.get(s, s <= least))]
    if only := os.environ.get("HEADSTART_FEWSHOT_SHOTS"):
        asked = [shots for shots in asked if str(shots) in only.split(";")]
    cells = []
    for shots in asked:
        make = partial(_measured, setup, name, shots, pool, Dataset(drawn.texts), test)
        cells += kept(place, f"{name}@{shots}", make)
    return cells


def _measured(setup: Setup, name: str, shots: int, pool: Any, unlabelled: Any, test: Any) -> list[dict[str, Any]]:
    """With so many labels a class (none; 1,000 in all)."""
    cells: list[dict[str, Any]] = []

    def add(seed: int, found: Sequence[dict[str, Any]]) -> None:
        cells.extend({"data": name, "shots": shots, "seed": seed, **cell, "commit": commit()} for cell in found)

    if not shots:
        add(0, _without_labels(pool, unlabelled, test, name))
    for seed in range(_MOST_SEEDS if shots else 0):
        if seed >= _least_seeds(name, shots) and (shots == THOUSAND or not undecided(cells, name, shots)):
            break
        add(seed, _ways(name, setfit.support(pool, shots, seed), unlabelled, test))
        if name in FIVE and (theirs := _peer(setup, name, shots, seed, test)):
            add(seed, [theirs])
    return cells


def _least_seeds(name: str, shots: int) -> int:
    if shots == THOUSAND:
        return 1 if name in _LONG else _SEEDS_OF_THOUSAND
    return _SEEDS if shots == SHOTS[0] or (name in FIVE and shots < SHOTS[2]) else _FEWER


def _ways(name: str, support: Any, unlabelled: Any, test: Any) -> list[dict[str, Any]]:
    from headstart import TextClassifier

    seen: dict[str, Any] = {"random_state": 0}
    ways = {BASELINES[0]: TextClassifier("tfidf", "linear_probe", "logistic", **seen), AUTO: TextClassifier(**seen)}
    if name in FIVE or name in TEN:
        ways[LABELS_ONLY] = TextClassifier(**seen)
    if name in _ENGLISH:
        ways[BASELINES[1]] = TextClassifier("minilm", "linear_probe", "logistic", **seen)
    cells = []
    for way, model in ways.items():
        wall, cpu = time.perf_counter(), time.process_time()
        model.fit(support.texts, support.labels, **({"unlabelled": unlabelled} if way == AUTO else {}))
        cost = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        cells.append({"way": way, **_told(name, model, test), **cost})
    return cells


def _told(name: str, model: Any, test: Any) -> dict[str, float]:
    """The score on test rows, and how far probabilities are from what they say (ECE, debiased)."""
    from headstart.functional.calibration import calibration_error

    chances = model.predict_proba(test.texts)
    found = model.classes_[chances.argmax(axis=1)]
    error = calibration_error(chances.max(axis=1), found == np.asarray(test.labels), debiased=True)
    return {"score": _score(name, test.labels, found), "ece": error}


def _without_labels(pool: Any, unlabelled: Any, test: Any, name: str) -> list[dict[str, Any]]:
    """Macro-F1 of the labels as names, by `zero_shot`, in English by cosine alone too; none where labels are no words,
    and none of other Chinese sets than opinions.
    """
    from headstart import TextClassifier
    from headstart.encoders import make_encoder
    from headstart.few_labels.names import are_words

    labels = sorted(set(pool.labels))
    if not are_words(labels) or (name in CHINESE and "positive" not in labels):
        return []
    found = {}
    if name in _ENGLISH:
        encoder = make_encoder("minilm").fit([])
        nearest = (encoder.encode(test.texts) @ encoder.encode(labels).T).argmax(axis=1)
        found[COSINE] = np.array(labels)[nearest]
    model = TextClassifier(random_state=0).fit([], [], label_names={n: n for n in labels}, unlabelled=unlabelled)
    found[ZERO] = model.predict(test.texts)
    return [
        {"way": way, "score": _macro_f1(test.labels, values), "accuracy": float(np.mean(values == test.labels))}
        for way, values in found.items()
    ]


def _peer(setup: Setup, name: str, shots: int, seed: int, test: Any) -> dict[str, Any] | None:
    """SetFit on this support: kept by an earlier try, or made now where an interpreter for it is named."""
    request = setfit.request(setup, name, shots, seed)
    found = setfit.peer(request, shots, make="HEADSTART_PEERS_PYTHON" in os.environ)
    if found is None or "found" not in found:
        return None
    cost = {"wall_s": found["wall_s"], "cpu_s": found["cpu_s"]}
    return {"way": "setfit", "score": _score(name, test.labels, np.array(found["found"])), **cost}


def _score(name: str, labels: Sequence[str], found: Any) -> float:
    from sklearn.metrics import matthews_corrcoef

    values = np.asarray(labels)
    return float(matthews_corrcoef(values, found) if name == MCC else np.mean(values == found))


def _macro_f1(labels: Sequence[str], found: Any) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(labels, found, average="macro", labels=sorted(set(labels)), zero_division=0))


def _line(cells: list[dict[str, Any]]) -> str:
    ways = dict.fromkeys(c["way"] for c in cells)
    parts = [
        f"{way} " + "/".join(percent(mean(cells, cells[0]["data"], shots, way)) for shots in (0, *SHOTS))
        for way in ways
    ]
    return ", ".join(parts)

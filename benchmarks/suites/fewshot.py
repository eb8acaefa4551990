"""Few labels: what `fit` does by itself against the two simple baselines and SetFit, on the same supports.

Track T0: weights, label names (the labels themselves), k labels a class, unlabelled training texts; never test texts.
HEADSTART_FEWSHOT_DATA limits the suite to some sets (`cr;trec6`), HEADSTART_FEWSHOT_SHOTS to some labels (`8;16`).
HEADSTART_PEERS_PYTHON names the interpreter that has setfit; without it SetFit's cells are those that
`benchmarks setfit` has kept, if any.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import Goal, Result, Setup, commit, cpus, kept, kept_in, table
from benchmarks.suites import setfit

__all__ = ["TITLE", "run", "tables"]

TITLE = "Few labels: auto against frozen features, words and SetFit"
FIVE = ("cr", "sst5", "emotion", "ag_news", "amazon_counterfactual_en")
_ENGLISH = (
    *FIVE, "trec6", "subj", "sst2", "hate_davidson", "sms_spam", "tweeteval_sentiment", "amazon_multidomain",
    "enron_spam1", "bbc_news", "20newsgroups", "imdb",
)  # fmt: skip
_CHINESE = (
    "eprstmt_few", "tnews_few", "csldcp_few", "waimai_10k", "thucnews_title", "online_shopping_10cats", "chnsenticorp",
    "cnews_mini",
)  # fmt: skip
_LONG = ("enron_spam1", "bbc_news", "20newsgroups", "imdb", "cnews_mini")  # a third of the texts
_SHOTS, _SEEDS, _SEEDS_OF_FIVE = (8, 16, 64), range(5), range(10)
_THOUSAND, _SEEDS_OF_THOUSAND = 1_000, range(3)  # rows in all, drawn as they come; long texts once
_TEST_ROWS, _UNLABELLED = 1_000, 1_000
_TEN = {"ag_news": "40 labels in all", "imdb": "20 labels in all"}  # 10 a class
_MCC = "amazon_counterfactual_en"
_BASELINES = ("tfidf + logistic", "minilm + logistic")
_AUTO, _LABELS_ONLY, _ZERO, _COSINE = "auto", "auto, no unlabelled texts", "zero-shot", "cosine to the names"
_WORSE = 0.01


def run(setup: Setup) -> Result:
    """All supports of a data set, one after another; texts are encoded once, and kept."""
    os.environ["HEADSTART_CACHE"] = str(Path(tempfile.gettempdir()) / "headstart-fewshot-features")
    asked = os.environ.get("HEADSTART_FEWSHOT_DATA", "cr" if setup.quick else "")
    names = tuple(asked.split(";")) if asked else (*_ENGLISH, *_CHINESE)
    place, cells = kept_in("fewshot", setup.quick, commit()), []
    for name in names:
        found = _cells(setup, name, place)
        cells += found
        if found:
            print(f"{name}: {_line(found)}", flush=True)
    figures = {"cells": cells, "test_rows": _TEST_ROWS, "unlabelled": _UNLABELLED, "threads": cpus()}
    return Result(figures, _goals(cells, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """The five sets beside SetFit, all sets, and no labels."""
    cells = figures["cells"]
    lines = []
    for shots in _SHOTS:
        for name in (n for n in FIVE if any(c["data"] == n for c in cells)):
            row = [_mean(cells, name, shots, way, shared=True) for way in (*_BASELINES, "setfit", _LABELS_ONLY, _AUTO)]
            seeds = sum(c["way"] == "setfit" for c in cells if (c["data"], c["shots"]) == (name, shots))
            lines.append([f"{name}, {shots} a class", str(seeds or len(_SEEDS_OF_FIVE)), *map(_percent, row)])
    for name, told in _TEN.items():
        ten = [_mean(cells, name, 10, way) for way in (*_BASELINES, "setfit", _LABELS_ONLY, _AUTO)]
        if any(ten):
            seeds = len({c["seed"] for c in cells if (c["data"], c["shots"]) == (name, 10)})
            lines.append([f"{name}, {told}", str(seeds), *map(_percent, ten)])
    head = ["", "seeds", *_BASELINES, "SetFit", _LABELS_ONLY, _AUTO]
    every = [
        [f"{name} (zh)" if name in _CHINESE else name, *_all_of(cells, name)]
        for name in dict.fromkeys(c["data"] for c in cells)
    ]
    asked = (*map(str, _SHOTS), f"{_THOUSAND:,} in all")
    more = ["", *(f"{rows}: {way}" for rows in asked for way in ("better baseline", _AUTO)), _COSINE, _ZERO]
    return [
        *table(head, lines),
        "",
        f"Accuracy ({_MCC}: MCC) in per cent, at most {figures['test_rows']:,} test rows; where SetFit was run, all "
        "columns are means over its seeds.",
        f"Unlabelled: at most {figures['unlabelled']:,} training texts without their labels; names: the labels "
        "themselves.",
        "",
        *table(more, every),
        "",
        "The better of the two baselines by its mean over the seeds, which nobody can know beforehand. Chinese: words, "
        "known words for opinions, and directions of words in the unlabelled texts (lsa); no encoder at hand reads it. "
        "Zero-shot: macro-F1.",
        "",
        f"{_AUTO} less the better baseline, mean over the sets (95 %, paired bootstrap): {_gains(cells)}. "
        f"Zero-shot macro-F1, mean over the English sets with names: {_percent(_mean_of(cells, _ZERO))} "
        f"(cosine {_percent(_mean_of(cells, _COSINE))}).",
        f"Median wall seconds of a fit, its texts having been encoded before (but for SetFit): {_costs(cells)}. "
        "Reading a thousand texts of 50 tokens takes MiniLM about 15 s on this machine, once.",
        f"Cells were measured at {', '.join(sorted({c['commit'] for c in cells}))}.",
    ]


def _gains(cells: list[dict[str, Any]]) -> str:
    names = dict.fromkeys(c["data"] for c in cells)
    told = {**{shots: f"at {shots} a class" for shots in _SHOTS}, _THOUSAND: f"with {_THOUSAND:,} rows"}
    found = {shots: [pairs for name in names if (pairs := _pairs(cells, name, shots))] for shots in told}
    return ", ".join(f"{_with_interval(found[shots])} {told[shots]}" for shots in told if found[shots])


def _pairs(cells: list[dict[str, Any]], name: str, shots: int) -> list[float]:
    """What auto adds to the better baseline on each support."""
    own = [c for c in cells if (c["data"], c["shots"]) == (name, shots)]
    best = max(_BASELINES, key=lambda way: _mean(cells, name, shots, way) or 0.0)
    ours, theirs = ({c["seed"]: c["score"] for c in own if c["way"] == way} for way in (_AUTO, best))
    return [ours[seed] - theirs[seed] for seed in ours if seed in theirs]


def _with_interval(gains: list[list[float]]) -> str:
    """Mean over sets of the means over supports, in points, with a 95 % interval: the supports of each set are drawn
    anew 2,000 times, both ways on the same ones (paired bootstrap).
    """
    rng = np.random.default_rng(0)
    drawn = [np.asarray(each)[rng.integers(len(each), size=(2_000, len(each)))].mean(axis=1) for each in gains]
    low, high = 100 * np.quantile(np.mean(drawn, axis=0), (0.025, 0.975))
    return f"{100 * statistics.mean(map(statistics.mean, gains)):+.1f} [{low:.1f}, {high:.1f}]"


def _gap(cells: list[dict[str, Any]], name: str, shots: int) -> float | None:
    """What auto adds to the better baseline."""
    ours, theirs = _mean(cells, name, shots, _AUTO), _better(cells, name, shots)
    return None if ours is None or theirs is None else ours - theirs


def _mean_of(cells: list[dict[str, Any]], way: str) -> float | None:
    """Over the sets that an encoder reads the names of."""
    read = {c["data"] for c in cells if c["way"] == _COSINE}
    found = [c["score"] for c in cells if c["way"] == way and c["data"] in read]
    return statistics.mean(found) if found else None


def _costs(cells: list[dict[str, Any]]) -> str:
    ways = (*_BASELINES, _LABELS_ONLY, _AUTO, "setfit")
    found = {way: [c["wall_s"] for c in cells if c["way"] == way] for way in ways}
    return ", ".join(f"{way} {statistics.median(values):.1f}" for way, values in found.items() if values)


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
    asked = [*_SHOTS[: 1 if setup.quick else 3], *([10] if name in _TEN else [])]
    asked = [0, *(s for s in asked if s <= least), *([_THOUSAND] if pool.n > 2 * _THOUSAND and not setup.quick else [])]
    if only := os.environ.get("HEADSTART_FEWSHOT_SHOTS"):
        asked = [shots for shots in asked if str(shots) in only.split(";")]
    cells = []
    for shots in asked:
        make = partial(_measured, setup, name, shots, pool, Dataset(drawn.texts), test)
        cells += [{"data": name, "shots": shots, **cell} for cell in kept(place, f"{name}@{shots}", make)]
    return cells


def _measured(setup: Setup, name: str, shots: int, pool: Any, unlabelled: Any, test: Any) -> list[dict[str, Any]]:
    """With so many labels a class (none; 1,000 in all)."""
    from headstart.data.splits import limit_rows, sample_per_class

    cells: list[dict[str, Any]] = []
    if not shots:
        cells += [{"seed": 0, **cell} for cell in _without_labels(pool, unlabelled, test, name)]
    elif shots == _THOUSAND:
        for seed in _SEEDS_OF_THOUSAND[: 1 if name in _LONG else None]:
            support, _ = limit_rows(pool, _THOUSAND, 2 + seed)
            cells += [{"seed": seed, **cell} for cell in _ways(name, support, unlabelled, test)]
    else:
        for seed in _SEEDS_OF_FIVE if name in FIVE else _SEEDS:
            support, _ = sample_per_class(pool, shots, seed)
            cells += [{"seed": seed, **cell} for cell in _ways(name, support, unlabelled, test)]
            if name in FIVE and (theirs := _peer(setup, name, shots, seed, test)):
                cells.append({"seed": seed, **theirs})
    return [{**cell, "commit": commit()} for cell in cells]


def _ways(name: str, support: Any, unlabelled: Any, test: Any) -> list[dict[str, Any]]:
    from headstart import TextClassifier

    seen: dict[str, Any] = {"random_state": 0}
    ways = {_BASELINES[0]: TextClassifier("tfidf", "linear_probe", "logistic", **seen), _AUTO: TextClassifier(**seen)}
    if name in FIVE or name in _TEN:
        ways[_LABELS_ONLY] = TextClassifier(**seen)
    if name in _ENGLISH:
        ways[_BASELINES[1]] = TextClassifier("minilm", "linear_probe", "logistic", **seen)
    cells = []
    for way, model in ways.items():
        wall, cpu = time.perf_counter(), time.process_time()
        model.fit(support.texts, support.labels, **({"unlabelled": unlabelled} if way == _AUTO else {}))
        cost = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        cells.append({"way": way, "score": _score(name, test.labels, model.predict(test.texts)), **cost})
    return cells


def _without_labels(pool: Any, unlabelled: Any, test: Any, name: str) -> list[dict[str, Any]]:
    """Macro-F1 of the labels as names, by `zero_shot`, in English by cosine alone too; none where labels are no words,
    and none of other Chinese sets than opinions.
    """
    from headstart import TextClassifier
    from headstart.encoders import make_encoder
    from headstart.few_labels.names import are_words

    labels = sorted(set(pool.labels))
    if not are_words(labels) or (name in _CHINESE and "positive" not in labels):
        return []
    found = {}
    if name in _ENGLISH:
        encoder = make_encoder("minilm").fit([])
        nearest = (encoder.encode(test.texts) @ encoder.encode(labels).T).argmax(axis=1)
        found[_COSINE] = np.array(labels)[nearest]
    model = TextClassifier(random_state=0).fit([], [], label_names={n: n for n in labels}, unlabelled=unlabelled)
    found[_ZERO] = model.predict(test.texts)
    return [
        {"way": way, "score": _macro_f1(test.labels, values), "accuracy": float(np.mean(values == test.labels))}
        for way, values in found.items()
    ]


def _peer(setup: Setup, name: str, shots: int, seed: int, test: Any) -> dict[str, Any] | None:
    """SetFit on this support: kept by an earlier try, or made now where an interpreter for it is named."""
    request = setfit.request(setup, name, shots, seed)
    found = setfit.peer(request, make="HEADSTART_PEERS_PYTHON" in os.environ)
    if found is None or "found" not in found:
        return None
    cost = {"wall_s": found["wall_s"], "cpu_s": found["cpu_s"]}
    return {"way": "setfit", "score": _score(name, test.labels, np.array(found["found"])), **cost}


def _score(name: str, labels: Sequence[str], found: Any) -> float:
    from sklearn.metrics import matthews_corrcoef

    values = np.asarray(labels)
    return float(matthews_corrcoef(values, found) if name == _MCC else np.mean(values == found))


def _macro_f1(labels: Sequence[str], found: Any) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(labels, found, average="macro", labels=sorted(set(labels)), zero_division=0))


def _mean(cells: list[dict[str, Any]], name: str, shots: int, way: str, *, shared: bool = False) -> float | None:
    """Over the seeds; shared: over those that SetFit was run with, where it was."""
    own = [c for c in cells if (c["data"], c["shots"]) == (name, shots)]
    theirs = {c["seed"] for c in own if c["way"] == "setfit"}
    found = [c["score"] for c in own if c["way"] == way and (not shared or not theirs or c["seed"] in theirs)]
    return statistics.mean(found) if found else None


def _better(cells: list[dict[str, Any]], name: str, shots: int) -> float | None:
    found = [score for way in _BASELINES if (score := _mean(cells, name, shots, way)) is not None]
    return max(found) if found else None


def _all_of(cells: list[dict[str, Any]], name: str) -> list[str]:
    pairs = [(_better(cells, name, shots), _mean(cells, name, shots, _AUTO)) for shots in (*_SHOTS, _THOUSAND)]
    none = [_mean(cells, name, 0, way) for way in (_COSINE, _ZERO)]
    return [_percent(value) for value in (*(value for pair in pairs for value in pair), *none)]


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _line(cells: list[dict[str, Any]]) -> str:
    ways = dict.fromkeys(c["way"] for c in cells)
    parts = [
        f"{way} " + "/".join(_percent(_mean(cells, cells[0]["data"], shots, way)) for shots in (0, *_SHOTS))
        for way in ways
    ]
    return ", ".join(parts)


def _goals(cells: list[dict[str, Any]], judged: bool) -> list[Goal]:
    goals = []
    for shots in _SHOTS:
        ours = [_mean(cells, name, shots, _AUTO) for name in FIVE]
        if all(value is not None for value in ours):
            bound = {8: 0.52}.get(shots)
            if bound:
                mean = statistics.mean(v for v in ours if v is not None)
                goals.append(Goal(f"{shots} a class: auto, mean of the five", round(mean, 4), ">=", bound, judged))
        pairs = [[_mean(cells, n, shots, way, shared=True) for way in (_AUTO, "setfit")] for n in FIVE]
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        if len(both) == len(FIVE):
            gain = round(statistics.mean(a - b for a, b in both), 4)
            bound = 0.03 if shots == 8 else 0.0
            goals.append(Goal(f"{shots} a class: auto less SetFit, mean of the five", gain, ">=", bound, judged))
    if found := [c["accuracy"] for c in cells if c["data"] == "ag_news" and c["way"] == _ZERO]:
        goals.append(Goal("zero-shot accuracy on ag_news", round(found[0], 4), ">=", 0.77, judged))
    if (forty := _mean(cells, "ag_news", 10, _AUTO)) is not None:
        goals.append(Goal("ag_news with 40 labels in all", round(forty, 4), ">=", 0.83, judged))
    names = dict.fromkeys(c["data"] for c in cells)
    gaps = [gap for name in names for shots in _SHOTS if (gap := _gap(cells, name, shots)) is not None]
    if gaps:
        share = round(sum(gap < -_WORSE for gap in gaps) / len(gaps), 4)
        what = f"cells of {len(gaps)} in which auto is more than a point below the better baseline"
        goals.append(Goal(what, share, "<=", 0.02, judged))
    return goals

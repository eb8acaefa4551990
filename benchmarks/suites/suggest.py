"""Do suggested rows teach more than rows by lot? And does the forecast of what more labels buy hold?"""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks.auto_forecasts import auto_forecasts
from benchmarks.common import BenchmarkError, Goal, Result, Setup, commit, kept, kept_in, table

__all__ = ["TITLE", "run", "tables"]

TITLE = "Labelling: suggested rows against rows by lot, and the forecast of what more labels buy"

# The settings of `labelling.picking` and `evaluation.more_labels` were chosen on training rows of the first four
CHOSEN_ON = ("trec6", "ag_news", "sst2", "emotion")
SHOWN = ("cr", "subj", "sms_spam", "hate_davidson", "thucnews_title", "waimai_10k")
CHINESE = ("thucnews_title", "waimai_10k")  # with tfidf; the others with frozen minilm
POOL_ROWS, TEST_ROWS, CHARACTERS = 3_000, 1_200, 1_000
START, ROUNDS, BATCH, SEEDS = 8, 5, 20, 5
SHOTS, FURTHER, CURVE_SEEDS = (8, 16, 32), (50, 200, 500), 8
GAIN, COVERED = 0.0, (0.90, 1.00)


class _Data(NamedTuple):
    """Pool and test rows with their features."""

    texts: tuple[str, ...]
    x: Any
    y: Any
    x_test: Any
    y_test: Any


def run(setup: Setup) -> Result:
    """On each set: five rounds of 20 rows by each way, and forecasts from 8, 16 and 32 rows a class."""
    names = (*CHOSEN_ON[:1], *SHOWN[:1]) if setup.quick else (*CHOSEN_ON, *SHOWN)
    names = tuple(name for name in names if _there(setup, name))
    if len(names) < 2:
        raise BenchmarkError("suggest needs at least two of its data sets: " + ", ".join((*CHOSEN_ON, *SHOWN)))
    place = kept_in("suggest", setup.quick, commit())
    sets = [dict(kept(place, name, lambda name=name: _measure(setup, name))) for name in names]
    shown = [each for each in sets if each["data"] in SHOWN]
    cells = [cell for each in shown for cell in each["forecasts"]]
    by_auto = auto_forecasts(setup, CHOSEN_ON)
    figures = {
        "sets": sets,
        "gain": _interval(shown),
        "gain_all": _interval(sets),
        "forecast": {str(n): found for n in FURTHER if (found := _coverage([c for c in cells if c["more"] == n]))},
        "auto": {
            "chosen": _coverage([c for c in by_auto if c["chosen"]]),
            "others": _coverage([c for c in by_auto if not c["chosen"]]),
        },
    }
    return Result(figures, _goals(figures, not setup.quick))


def tables(figures: dict[str, Any]) -> list[str]:
    """Gains by set and round, then the forecasts."""
    gains = [
        [
            each["data"] + ("" if each["data"] in SHOWN else " (settings chosen on its training rows)"),
            f"{_mean(each['random'], 0):.1%}",
            f"{_mean(each['random'], ROUNDS):.1%}",
            *(f"{100 * (_mean(each['suggested'], r) - _mean(each['random'], r)):+.1f}" for r in range(1, ROUNDS + 1)),
            _bracketed(_interval([each])),
            f"{each['pick_s']:.1f} s",
        ]
        for each in figures["sets"]
    ]
    head = ["data", "start", "by lot, +100", *(f"+{BATCH * r}" for r in range(1, ROUNDS + 1)), "mean gain", "a choice"]
    told = {
        **{f"a probe, {n} more": found for n, found in figures["forecast"].items()},
        "auto, sets that its slope was chosen on": figures["auto"]["chosen"],
        "auto, other sets": figures["auto"]["others"],
    }
    forecasts = [
        [
            what,
            f"{found['covered']:.1%}",
            str(found["n"]),
            *(f"{found[key]:{form}}" for key, form in (("error", ".3f"), ("excess", "+.3f"), ("width", ".3f"))),
        ]
        for what, found in told.items()
        if found
    ]
    return [
        f"**Suggested rows.** {START} rows a class by lot, then {ROUNDS} rounds of {BATCH} rows of a pool of "
        f"{POOL_ROWS:,}, the head",
        f"fitted again after each; test accuracy of suggested rows less that of rows by lot, in points, {SEEDS} seeds",
        "(the same start for both). *Mean gain*: over the rounds, with a 95 % interval by bootstrap over seeds (and",
        "sets). Frozen minilm and logistic, tfidf and svm for Chinese (C = 1). Sets that no setting was chosen on: "
        f"{_bracketed(figures['gain'])};",
        f"all sets: {_bracketed(figures['gain_all'])}.",
        "",
        *table(head, gains),
        "",
        f"**What more labels buy.** Forecast from {', '.join(map(str, SHOTS))} rows a class by lot ({CURVE_SEEDS} "
        "seeds each), against the test accuracy of",
        "the head fitted with so many more rows by lot. *Covered*: share of the truths inside the 95 % interval, on",
        "sets that no setting was chosen on. *Error*: mean distance of forecast and truth; *excess*: mean of forecast",
        "less truth. For `auto`: from 8 rows a class to 16 and 64, and from 16 to 64, against the suite `fewshot`, the",
        "accuracy now being known.",
        "",
        *table(["forecast", "covered", "forecasts", "error", "excess", "interval, mean width"], forecasts),
    ]


def _there(setup: Setup, name: str) -> bool:
    return all((setup.data / name / f"{part}.jsonl.gz").is_file() for part in ("train", "test"))


def _measure(setup: Setup, name: str) -> dict[str, Any]:
    print(f"{name} ...", flush=True)
    data = _read(setup, name)
    seeds, curve_seeds = (1, 1) if setup.quick else (SEEDS, CURVE_SEEDS)
    start = time.perf_counter()
    suggested = [_learn(data, seed, by_lot=False) for seed in range(seeds)]
    spent = time.perf_counter() - start
    by_lot = [_learn(data, seed, by_lot=True) for seed in range(seeds)]
    forecasts = [found for shots in SHOTS for seed in range(curve_seeds) for found in _forecasts(data, shots, seed)]
    return {
        "data": name,
        "k": int(data.y.max()) + 1,
        "suggested": suggested,
        "random": by_lot,
        "pick_s": spent / (seeds * ROUNDS),
        "forecasts": forecasts,
    }


def _read(setup: Setup, name: str) -> _Data:
    """At most 3,000 training and 1,200 test rows, as features."""
    import numpy as np

    from headstart.data import limit_rows, read_dataset
    from headstart.encoders import make_encoder

    train, _ = limit_rows(read_dataset(setup.file(name, "train")).dataset, POOL_ROWS, 0)
    test, _ = limit_rows(read_dataset(setup.file(name, "test"), role="test").dataset, TEST_ROWS, 0)
    texts, unseen = (tuple(text[:CHARACTERS] for text in part.texts) for part in (train, test))
    encoder = make_encoder("tfidf") if name in CHINESE else make_encoder("minilm", max_tokens=64)
    encoder.fit(texts)
    classes, y = np.unique(np.array(train.labels), return_inverse=True)
    codes = {label: code for code, label in enumerate(classes.tolist())}
    y_test = np.array([codes.get(label, -1) for label in test.labels or ()])
    return _Data(texts, encoder.encode(texts), y, encoder.encode(unseen), y_test)


def _head(data: _Data, rows: Any) -> Any:
    """The head that linear_probe takes for such features, of fixed strength, on these rows; and their classes."""
    import numpy as np

    from headstart.heads import head_for, make_head

    classes, y = np.unique(data.y[rows], return_inverse=True)
    return make_head(head_for(data.x), C=1.0).fit(data.x[rows], y), classes


def _accuracy(data: _Data, rows: Any) -> float:
    """Test accuracy of a head that learnt from these rows."""
    import numpy as np

    counts = np.bincount(data.y[rows])
    usable = rows[counts[data.y[rows]] >= 2]  # a head needs two rows of a class
    head, classes = _head(data, usable)
    return float(np.mean(classes[head.predict_proba(data.x_test).argmax(axis=1)] == data.y_test))


def _learn(data: _Data, seed: int, *, by_lot: bool) -> list[float]:
    """Test accuracy at the start and after each round."""
    import numpy as np

    rng = np.random.default_rng(seed)
    known = [rng.permutation(np.flatnonzero(data.y == code))[:START] for code in range(int(data.y.max()) + 1)]
    rows = np.concatenate(known)
    accuracies = [_accuracy(data, rows)]
    for _ in range(ROUNDS):
        free = np.setdiff1d(np.arange(len(data.y)), rows)
        new = rng.permutation(free)[:BATCH] if by_lot else free[_suggested(data, rows, free, seed)]
        rows = np.concatenate([rows, new])
        accuracies.append(_accuracy(data, rows))
    return accuracies


def _suggested(data: _Data, rows: Any, free: Any, seed: int) -> Any:
    """What `headstart suggest` would choose, from features that are there already."""
    from headstart import Dataset
    from headstart.labelling import suggest
    from headstart.predictor import Predictor

    head, classes = _head(data, rows)
    place = {text: i for i, text in enumerate(data.texts)}
    predictor = Predictor(_Known(data, place), head, tuple(classes.tolist()), "known", "logistic", "linear_probe")
    pool = Dataset(tuple(data.texts[i] for i in free))
    known = Dataset(tuple(data.texts[i] for i in rows))
    return [each.row for each in suggest(predictor, pool, BATCH, labelled=known, random_state=seed).rows]


class _Known:
    """An encoder that looks features up."""

    pretrained = True

    def __init__(self, data: _Data, place: dict[str, int]) -> None:
        self.data, self.place = data, place

    def encode(self, texts: Sequence[str]) -> Any:
        return self.data.x[[self.place[text] for text in texts]]


def _forecasts(data: _Data, shots: int, seed: int) -> list[dict[str, Any]]:
    """Forecasts from `shots` rows a class (by lot, not of each class as many), and the truths."""
    import numpy as np

    from headstart.evaluation.more_labels import more_labels

    n = shots * (int(data.y.max()) + 1)
    order = np.random.default_rng([shots, seed]).permutation(len(data.y))
    found = more_labels(data.x[order[:n]], data.y[order[:n]], extra=FURTHER) if n + max(FURTHER) <= len(order) else None
    if found is None:
        return []
    return [
        {
            "shots": shots,
            "more": more,
            "forecast": expected.value,
            "low": expected.low,
            "high": expected.high,
            "truth": _accuracy(data, order[: n + more]),
        }
        for more, expected in found.more.items()
    ]


def _interval(sets: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Mean gain over sets, seeds and rounds, with its 95 % interval by paired bootstrap over seeds within sets."""
    import numpy as np

    gains = [np.array(each["suggested"])[:, 1:].mean(1) - np.array(each["random"])[:, 1:].mean(1) for each in sets]
    rng = np.random.default_rng(0)
    drawn = [[g[rng.integers(len(g), size=len(g))].mean() for g in gains] for _ in range(2_000)]
    low, high = np.quantile(np.mean(drawn, axis=1), [0.025, 0.975]) if gains else (0.0, 0.0)
    value = float(np.mean([g.mean() for g in gains])) if gains else 0.0
    return {"value": value, "low": float(low), "high": float(high)}


def _coverage(cells: Sequence[dict[str, Any]]) -> dict[str, float]:
    """How often the interval of a forecast holds the truth; nothing of no forecasts."""
    n = len(cells)
    if not n:
        return {}
    return {
        "n": n,
        "covered": sum(cell["low"] <= cell["truth"] <= cell["high"] for cell in cells) / n,
        "error": sum(abs(cell["forecast"] - cell["truth"]) for cell in cells) / n,
        "excess": sum(cell["forecast"] - cell["truth"] for cell in cells) / n,
        "width": sum(cell["high"] - cell["low"] for cell in cells) / n,
    }


def _goals(figures: dict[str, Any], judged: bool) -> list[Goal]:
    low, high = COVERED
    goals = [
        Goal("gain on sets that no setting was chosen on, low end of 95 %", figures["gain"]["low"], ">=", GAIN, judged)
    ]
    for more, found in figures["forecast"].items():
        goals.append(Goal(f"truths inside the 95 % interval, {more} more rows", found["covered"], ">=", low, judged))
        goals.append(Goal(f"truths inside the 95 % interval, {more} more rows", found["covered"], "<=", high, judged))
    if found := figures["auto"]["others"]:
        goals.append(Goal("truths inside the 95 % interval, auto", found["covered"], ">=", low, judged))
    return goals


def _mean(runs: Sequence[Sequence[float]], at: int) -> float:
    return sum(run[at] for run in runs) / len(runs)


def _bracketed(found: dict[str, float]) -> str:
    value, low, high = (100 * found[key] for key in ("value", "low", "high"))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"

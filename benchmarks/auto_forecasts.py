"""The forecast of what more labels buy, for the classifiers that `auto` makes: their figures are those of `fewshot`."""

import json
from dataclasses import replace
from typing import Any

from benchmarks.common import RESULTS, Setup
from benchmarks.fewshot_figures import AUTO, MCC, SHOTS, mean

__all__ = ["auto_forecasts"]

_SEEDS, _TEST_ROWS = 4, 1_000


def auto_forecasts(setup: Setup, chosen_on: tuple[str, ...]) -> list[dict[str, Any]]:
    """From 8 rows a class to 16 and 64, and from 16 to 64; the accuracy now and the truth are means over supports of
    the suite's test rows. Nothing where the suite has not run. chosen_on: sets that settings were chosen on.
    """
    path = RESULTS / "fewshot.json"
    if not path.is_file():
        return []
    cells = json.loads(path.read_text(encoding="utf-8"))["figures"]["cells"]
    names = [name for name in dict.fromkeys(c["data"] for c in cells) if name != MCC]
    found = []
    for name in names[: 1 if setup.quick else None]:
        scores = {shots: mean(cells, name, shots, AUTO) for shots in SHOTS}
        if all(score is not None for score in scores.values()):
            found += [{"data": name, "chosen": name in chosen_on, **cell} for cell in _of_set(setup, name, scores)]
    return found


def _of_set(setup: Setup, name: str, scores: dict[int, Any]) -> list[dict[str, Any]]:
    from headstart import TextClassifier
    from headstart.data import read_dataset
    from headstart.data.splits import sample_per_class
    from headstart.evaluation.more_labels import forecast
    from headstart.predictor import Measured

    part = setup.file(name, "dev" if name == "tweeteval_sentiment" else "train")
    pool, cells = read_dataset(part, skip_bad_rows=True).dataset, []
    for shots in SHOTS[:-1]:
        for seed in range(_SEEDS):
            support, _ = sample_per_class(pool, shots, seed)
            words = TextClassifier("tfidf").fit(support.texts, support.labels)  # in place of auto's: its rows count
            known = Measured(scores[shots], _TEST_ROWS, support.n)
            stand_in = replace(words.predictor_, strategy="few_labels", measured=known)
            later = {(more - shots) * len(words.classes_): more for more in SHOTS if more > shots}
            found, why = forecast(stand_in, support, extra=tuple(later))
            assert found is not None, why
            cells += [
                {
                    "shots": shots,
                    "later": later[extra],
                    "forecast": each.value,
                    "low": each.low,
                    "high": each.high,
                    "truth": scores[later[extra]],
                }
                for extra, each in found.more.items()
            ]
    return cells

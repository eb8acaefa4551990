"""One cell of the `finetune` suite, run as a process of its own: a strategy of ours on a data set.

`python -m benchmarks.finetune_cell STRATEGY TRAIN TEST SEED ROWS BUDGET SETTINGS` prints JSON lines as the peer
trainer_peer does. ROWS: at most so many of each file, 0 = all. BUDGET: seconds for the fit, 0 = as many as it takes.
SETTINGS: a JSON object, as TextClassifier takes it.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import cpus, run_checked
from benchmarks.peers.trainer_peer import Clock, peak_rss_mib, read

__all__ = ["asked_of", "main", "measured"]


def main(
    strategy: str,
    train_file: str,
    test_file: str,
    seed: int,
    n_rows: int,
    budget_s: float,
    settings: Mapping[str, Any],
) -> None:
    """Fit once, look at the test rows, print."""
    import torch  # noqa: F401 imports are not on the clock
    import transformers  # noqa: F401 as above

    from headstart import TextClassifier

    train, test = (read(Path(file), n_rows or None) for file in (train_file, test_file))
    model = TextClassifier("minilm", strategy, settings=settings, random_state=seed)
    clock = Clock()
    model.fit(train.texts, train.labels or (), budget_s=budget_s or None)
    with clock as spent:
        peak = peak_rss_mib()
        right = model.predict(test.texts) == [str(label) for label in test.labels or ()]
        print(json.dumps({"share": 1.0, "accuracy": float(right.mean()), **spent}))
    reasons = list(model.predictor_.reasons)
    print(json.dumps({"n_train": train.n, "n_test": test.n, **spent, "peak_rss_mib": peak, "reasons": reasons}))


def measured(
    strategy: str,
    train: Path,
    test: Path,
    *,
    seed: int = 0,
    n_rows: int = 0,
    budget_s: float = 0.0,
    settings: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """What `main` prints in a process of its own, with all threads."""
    words = [strategy, str(train), str(test), str(seed), str(n_rows), str(budget_s), json.dumps(settings or {})]
    return asked_of("finetune_cell", words)


def asked_of(module: str, words: Sequence[str]) -> list[dict[str, Any]]:
    """The JSON lines that a module of the benchmarks prints, run as a process with all threads and no cache."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), str(cpus()))
    env = {**os.environ, **threads, "HEADSTART_CACHE": "off", "TOKENIZERS_PARALLELISM": "false"}
    done = run_checked([sys.executable, "-m", f"benchmarks.{module}", *words], env)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"')]


if __name__ == "__main__":
    strategy, train, test, seed, rows, budget, settings = sys.argv[1:]
    main(strategy, train, test, int(seed), int(rows), float(budget), json.loads(settings))

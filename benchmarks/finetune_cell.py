"""One cell of the `finetune` suite, run as a process of its own: a strategy of ours on a data set.

`python -m benchmarks.finetune_cell STRATEGY TRAIN TEST SEED ROWS BUDGET` prints JSON lines as the peer trainer_peer
does. ROWS: at most so many of each file, 0 = all. BUDGET: seconds for the fit, 0 = as many as it takes.
"""

import json
import sys
from pathlib import Path

from benchmarks.peers.trainer_peer import Clock, peak_rss_mib, read

__all__ = ["main"]


def main(strategy: str, train_file: str, test_file: str, seed: int, n_rows: int, budget_s: float) -> None:
    """Fit once, look at the test rows, print."""
    import torch  # noqa: F401 imports are not on the clock
    import transformers  # noqa: F401 as above

    from headstart import TextClassifier

    train, test = (read(Path(file), n_rows or None) for file in (train_file, test_file))
    model = TextClassifier("minilm", strategy, random_state=seed)
    clock = Clock()
    model.fit(train.texts, train.labels or (), budget_s=budget_s or None)
    with clock as spent:
        peak = peak_rss_mib()
        right = model.predict(test.texts) == [str(label) for label in test.labels or ()]
        print(json.dumps({"share": 1.0, "accuracy": float(right.mean()), **spent}))
    reasons = list(model.predictor_.reasons)
    print(json.dumps({"n_train": train.n, "n_test": test.n, **spent, "peak_rss_mib": peak, "reasons": reasons}))


if __name__ == "__main__":
    strategy, train, test, seed, rows, budget = sys.argv[1:]
    main(strategy, train, test, int(seed), int(rows), float(budget))

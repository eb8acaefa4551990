"""One cell of the `finetune` suite, run as a process of its own: a strategy of ours on a data set.

`python -m benchmarks.finetune_cell STRATEGY TRAIN TEST SEED ROWS LOOKS` prints JSON lines as the peer trainer_peer
does. ROWS: at most so many of each file, 0 = all. LOOKS: how often a run is interrupted to ask the test rows, with
the clock standing still; 0 = only at the end.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.trainer_peer import Clock, peak_rss_mib, read
from headstart.types import Dataset

__all__ = ["main"]


def main(strategy: str, train_file: str, test_file: str, seed: int, n_rows: int, n_looks: int) -> None:
    """Fit once, look at the test rows on the way, print."""
    import torch  # noqa: F401 imports are not on the clock
    import transformers  # noqa: F401 as above

    from headstart import TextClassifier
    from headstart.finetuning.run import Run

    train, test = (read(Path(file), n_rows or None) for file in (train_file, test_file))
    model = TextClassifier("minilm", strategy, random_state=seed)
    clock = Clock()
    if n_looks:
        Run.steps = _watched(Run.steps, clock, train, test, n_looks)  # type: ignore[method-assign] # to look inside
    model.fit(train.texts, train.labels or ())
    with clock as spent:
        peak = peak_rss_mib()
        right = model.predict(test.texts) == [str(label) for label in test.labels or ()]
        print(json.dumps({"share": 1.0, "accuracy": float(right.mean()), **spent}))
    print(json.dumps({"n_train": train.n, "n_test": test.n, **spent, "peak_rss_mib": peak}))


def _watched(steps: Any, clock: Clock, train: Dataset, test: Dataset, n_looks: int) -> Any:
    """`Run.steps` that stops `n_looks` times on its way, to ask the test rows with the weights of the moment."""
    from headstart.encoders import make_encoder
    from headstart.finetuning.inputs import Tokens
    from headstart.finetuning.rows import decide

    codes = {label: code for code, label in enumerate(sorted(set(train.labels or ())))}
    encoder: Any = make_encoder("minilm").fit(train.texts)
    ids = encoder.tokeniser.ids(test.texts)

    def accuracy(run: Any) -> float:
        import numpy as np

        tokens = Tokens(run.network.body, ids, encoder.pad_id)
        found = decide(run.network, tokens, np.arange(test.n), run.settings).argmax(axis=1)
        return float(np.mean(found == [codes.get(label, -1) for label in test.labels or ()]))

    def watched(run: Any) -> Iterator[Any]:
        places = {max(1, round(run.n_steps() * look / (n_looks + 1))) for look in range(1, n_looks + 1)}
        for step in steps(run):
            if step.number in places:
                with clock as spent:
                    share = step.number / run.n_steps()
                    print(json.dumps({"share": share, "accuracy": accuracy(run), **spent}), flush=True)
            yield step

    return watched


def _asked(words: Sequence[str]) -> tuple[str, str, str, int, int, int]:
    strategy, train, test, seed, rows, looks = words
    return strategy, train, test, int(seed), int(rows), int(looks)


if __name__ == "__main__":
    main(*_asked(sys.argv[1:]))

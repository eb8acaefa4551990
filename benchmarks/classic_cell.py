"""One cell of the `classic` suite, run as a process of its own: an encoder on a data set, under both heads.

`python -m benchmarks.classic_cell ENCODER TRAIN TEST ROWS HEAD...` prints a JSON object.
ROWS: at most so many of each, 0 = all.
"""

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from headstart.data import limit_rows, read_dataset
from headstart.encoders import make_encoder
from headstart.heads import make_head
from headstart.types import Dataset

__all__ = ["main"]


def main(encoder_name: str, train_file: str, test_file: str, limit: int, heads: Sequence[str]) -> None:
    """Encode once, fit each head on the same features, count the right answers."""
    import numpy as np

    train, test = (_read(file, limit) for file in (train_file, test_file))
    classes, y = np.unique(np.array(train.labels, dtype=object).astype(str), return_inverse=True)
    start = time.process_time()
    encoder = make_encoder(encoder_name).fit(train.texts, y)
    features, unseen = encoder.encode(train.texts), encoder.encode(test.texts)
    cell: dict[str, Any] = {"d": features.shape[1], "encode_cpu_s": time.process_time() - start, "heads": {}}
    for name in heads:
        start = time.process_time()
        head = make_head(name, random_state=0).fit(features, y)
        fit_s = time.process_time() - start
        predicted = classes[head.predict_proba(unseen).argmax(axis=1)]
        cell["heads"][name] = {"fit_cpu_s": fit_s, **_scores(test.labels or (), predicted)}
    cell |= {"n_train": train.n, "n_test": test.n}
    print(json.dumps(cell))


def _read(file: str, limit: int) -> Dataset:
    dataset = read_dataset(file).dataset
    return limit_rows(dataset, limit, 0)[0] if limit else dataset


def _scores(labels: Sequence[str], predicted: Any) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, f1_score

    return {
        "accuracy": float(accuracy_score(labels, predicted)),
        "macro_f1": float(f1_score(labels, predicted, average="macro")),
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:])

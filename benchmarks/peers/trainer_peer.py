"""transformers' own example recipe: `Trainer` on `AutoModelForSequenceClassification`, all settings as they come.

    python -m benchmarks.peers.trainer_peer MODEL TRAIN TEST [--pad 128] [--batch 8] [--seed 0] [--rows N]

As examples/pytorch/text-classification does it: texts cut at 128 tokens, fp32, 3 epochs, AdamW with learning rate
5e-5 that falls in a line to 0, batches of 8 in random order. Padding to the longest text of a batch, or with --pad to
a fixed length, which is that script's default. Prints a JSON object a line: one at each of `--at` shares of the steps
(test accuracy, seconds of training so far), one when all are taken, and the whole cost. The clock runs from before the
model is loaded and the texts become tokens, imports left out, and stands still while the test rows are asked.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.common import BenchmarkError
from headstart.data import limit_rows, read_dataset
from headstart.types import Dataset

__all__ = ["AT", "Clock", "main", "peak_rss_mib", "read"]

AT = (1 / 20, 1 / 8, 1 / 4, 1 / 2)  # shares of the steps; the end is always looked at
_MAX_TOKENS = 128
_TEST_BATCH = 64


class Clock:
    """Wall and CPU seconds of this process since `start`, without what happens in `paused` time."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        """Seconds so far."""
        return {"wall_s": time.perf_counter() - self._wall, "cpu_s": time.process_time() - self._cpu}

    def __enter__(self) -> dict[str, float]:
        """Stand still within the block; gives what it read when it stopped."""
        self._stopped = self.read()
        return self._stopped

    def __exit__(self, *_: object) -> None:
        self._wall = time.perf_counter() - self._stopped["wall_s"]
        self._cpu = time.process_time() - self._stopped["cpu_s"]


def main(asked: argparse.Namespace) -> None:
    """Train once, look at the test rows on the way, print."""
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        PrinterCallback,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    train, test = read(asked.train, asked.rows), read(asked.test, asked.rows)
    codes = {label: code for code, label in enumerate(sorted(set(train.labels or ())))}
    clock = Clock()
    set_seed(asked.seed)  # of the last layer's first weights; Trainer sets it again for all else
    tokenizer = AutoTokenizer.from_pretrained(asked.model)
    model = AutoModelForSequenceClassification.from_pretrained(asked.model, num_labels=len(codes))
    rows = _tokenised(tokenizer, train, codes, asked.pad)
    with clock:
        unseen = _tokenised(tokenizer, test, codes, None)
        collate = DataCollatorWithPadding(tokenizer)
        batches = _batches(unseen, collate)
    with tempfile.TemporaryDirectory() as folder:
        how = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=asked.batch,
            seed=asked.seed,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            logging_strategy="no",
            dataloader_pin_memory=False,
        )
        watch = _watch(clock, model, batches, asked.at)
        trainer = Trainer(model=model, args=how, train_dataset=rows, data_collator=collate, callbacks=[watch])
        trainer.remove_callback(PrinterCallback)  # which prints what is no JSON
        trainer.train()
    with clock as spent:
        print(json.dumps({"share": 1.0, "accuracy": _accuracy(model, batches), **spent}), flush=True)
    print(json.dumps({"n_train": train.n, "n_test": test.n, **spent, "peak_rss_mib": peak_rss_mib()}), flush=True)


def read(file: Path, n_rows: int | None) -> Dataset:
    """The rows of a file, at most `n_rows` of them by the project's own draw with seed 0."""
    dataset = read_dataset(file).dataset
    return limit_rows(dataset, n_rows, 0)[0] if n_rows else dataset


def peak_rss_mib() -> float:
    """The largest resident memory that this process had."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _tokenised(tokenizer: Any, data: Dataset, codes: dict[str, int], pad: int | None) -> list[dict[str, Any]]:
    padding = {"padding": "max_length", "max_length": pad} if pad else {"max_length": _MAX_TOKENS}
    found = tokenizer(list(data.texts), truncation=True, **padding)
    labels = [codes.get(label, -1) for label in data.labels or ()]
    return [{**{key: found[key][i] for key in found}, "labels": label} for i, label in enumerate(labels)]


def _batches(rows: list[dict[str, Any]], collate: Any) -> list[Any]:
    """The test rows in batches of like length: to ask them costs less so, and it is not on the clock."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]["input_ids"]))
    parts = [order[i : i + _TEST_BATCH] for i in range(0, len(order), _TEST_BATCH)]
    return [collate([rows[i] for i in part]) for part in parts]


def _accuracy(model: Any, batches: Sequence[Any]) -> float:
    import torch

    was = model.training
    model.eval()
    with torch.inference_mode():
        device = model.device
        right = [
            int((model(**{k: v.to(device) for k, v in batch.items()}).logits.argmax(1).cpu() == batch["labels"]).sum())
            for batch in batches
        ]
    model.train(was)
    return sum(right) / sum(len(batch["labels"]) for batch in batches)


def _watch(clock: Clock, model: Any, batches: Sequence[Any], at: Sequence[float]) -> Any:
    """A callback that looks at the test rows when a share of the steps is taken."""
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step in {max(1, round(share * state.max_steps)) for share in at}:
                with clock as spent:
                    share = state.global_step / state.max_steps
                    print(json.dumps({"share": share, "accuracy": _accuracy(model, batches), **spent}), flush=True)

    return Watch()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.trainer_peer", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a model and its tokeniser")
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--pad", type=int, help="pad every text to so many tokens; default: to the batch's longest")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, help="at most so many rows of each file")
    parser.add_argument("--at", type=float, nargs="*", default=AT, help="shares of the steps to look at")
    return parser.parse_args()


if __name__ == "__main__":
    if find_spec("accelerate") is None:
        raise BenchmarkError('Trainer needs accelerate: pip install -e ".[all,peers]"')
    main(_asked())

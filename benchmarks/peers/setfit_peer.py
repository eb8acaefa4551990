"""SetFit on one support set, in a process of its own: `python -m benchmarks.peers.setfit_peer REQUEST.json`.

The request holds `folder` (of the sentence encoder), `texts`, `labels`, `test_texts`, `test_labels`, `seed` and
`n_iterations` (pairs a text: 20 in the paper; null = the package's own default, every pair once). Prints one line of
JSON: accuracy, the labels found, and the wall and CPU seconds of `Trainer.train`, the model being loaded before. All
else as it comes.
"""

import json
import resource
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.common import BenchmarkError

__all__ = ["fit_and_test"]


def fit_and_test(request: dict[str, Any]) -> dict[str, Any]:
    """Accuracy and cost. Raises BenchmarkError without the package."""
    if find_spec("setfit") is None:
        raise BenchmarkError('setfit is not installed: pip install -e ".[all,peers]"')
    import torch
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    from benchmarks.common import cpus

    torch.set_num_threads(cpus())
    model = SetFitModel.from_pretrained(request["folder"])
    with tempfile.TemporaryDirectory() as scratch:
        arguments = TrainingArguments(
            output_dir=scratch,
            num_iterations=request["n_iterations"],
            seed=request["seed"],
            save_strategy="no",
            report_to="none",
            show_progress_bar=False,
        )
        rows = Dataset.from_dict({"text": request["texts"], "label": request["labels"]})
        trainer = Trainer(model=model, args=arguments, train_dataset=rows)
        wall, cpu = time.perf_counter(), time.process_time()
        trainer.train()
        cost = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    found = [str(label) for label in model.predict(request["test_texts"])]
    right = sum(a == b for a, b in zip(found, request["test_labels"], strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"accuracy": right / len(found), **cost, "peak_mib": peak, "found": found}


if __name__ == "__main__":
    print(json.dumps(fit_and_test(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))

"""A bundle goes where torch is not: same labels and probabilities in an environment of base packages."""

import csv
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, BenchmarkError, Goal, Result, Setup, run_checked, table

__all__ = ["TITLE", "run", "tables"]

TITLE = "A MiniLM bundle without torch"
_N_TRAIN, _N_TEST = 400, 500
_DIFFERENCE = 1e-3  # largest allowed between two probabilities


def run(setup: Setup) -> Result:
    """Fit here (torch, fp32), predict there (ONNX), compare. --quick changes nothing: it is small already."""
    from headstart import TextClassifier, read_dataset
    from headstart.data import limit_rows

    os.environ["HEADSTART_CACHE"] = "off"
    train = limit_rows(read_dataset(setup.file("ag_news", "train")).dataset, _N_TRAIN, 0)[0]
    test = limit_rows(read_dataset(setup.file("ag_news", "test")).dataset, _N_TEST, 0)[0]
    settings = {"encoder.precision": "fp32"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("fitting and predicting here ...", flush=True)
        model = TextClassifier("minilm", "linear_probe", settings=settings, random_state=0)
        bundle = model.fit(train.texts, train.labels or ()).save(folder / "bundle")
        here = model.predictor_.predict(test.texts)
        print("making an environment without torch ...", flush=True)
        python, env = _environment(folder / "environment")
        torch_there = run_checked([str(python), "-c", _HAS_TORCH], env).stdout.strip() == "True"
        print("predicting there ...", flush=True)
        labels, probabilities, cost = _predict_there(python, env, bundle, test.texts, model.classes_, folder)
        size = sum(file.stat().st_size for file in (folder / "environment").rglob("*") if file.is_file())
    difference = max(
        abs(a - b)
        for ours, theirs in zip(here.probabilities.tolist(), probabilities, strict=True)
        for a, b in zip(ours, theirs, strict=True)
    )
    n_different = sum(a != b for a, b in zip(map(str, here.labels), labels, strict=True))
    figures = {
        "n_train": train.n,
        "n_test": test.n,
        "torch_importable_there": torch_there,
        "labels_different": n_different,
        "max_probability_difference": difference,
        "predict_wall_s": cost.wall_s,
        "predict_peak_rss_mib": cost.peak_rss_mib,
        "environment_mib": size / 2**20,
    }
    goals = [
        Goal("torch importable in that environment", torch_there, "==", False),
        Goal("labels that differ", n_different, "==", 0),
        Goal("largest difference of a probability", difference, "<=", _DIFFERENCE),
    ]
    return Result(figures, goals)


def tables(figures: dict[str, Any]) -> list[str]:
    """One line a fact."""
    lines = [
        ["torch importable there", "yes" if figures["torch_importable_there"] else "no"],
        [f"labels that differ, of {figures['n_test']:,}", str(figures["labels_different"])],
        ["largest difference of a probability", f"{figures['max_probability_difference']:.1e}"],
        [f"`headstart predict` of {figures['n_test']:,} texts there", f"{figures['predict_wall_s']:.1f} s"],
        ["its peak", f"{figures['predict_peak_rss_mib']:,.0f} MiB"],
        ["size of the environment", f"{figures['environment_mib']:,.0f} MiB"],
    ]
    return [
        *table(["", ""], lines),
        "",
        f"minilm + linear head, fitted on {figures['n_train']:,} rows of ag_news with torch in fp32, saved,",
        "and read by `headstart predict` in a fresh virtual environment: `pip install .` (base packages).",
        "Probabilities are compared as the command prints them, with six decimals.",
    ]


_HAS_TORCH = "from importlib.util import find_spec; print(find_spec('torch') is not None)"


def _environment(place: Path) -> tuple[Path, dict[str, str]]:
    """The interpreter of a fresh environment with the base packages, and variables that do not leak ours."""
    env = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}}
    run_checked([sys.executable, "-m", "venv", str(place)], env)
    python = place / "bin" / "python"
    run_checked([str(python), "-m", "pip", "install", "--quiet", str(ROOT)], env)
    return python, env


def _predict_there(
    python: Path, env: dict[str, str], bundle: Path, texts: tuple[str, ...], classes: Any, folder: Path
) -> tuple[list[str], list[list[float]], Any]:
    source, target = folder / "texts.csv", folder / "predicted.jsonl"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text"])
        writer.writerows([text] for text in texts)
    command = [str(python.with_name("headstart")), "predict", str(bundle), str(source), "--out", str(target)]
    cost = run_checked([*command, "--all-probabilities"], env)
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    if [row["text"] for row in rows] != list(texts):
        raise BenchmarkError("headstart predict did not give the texts back in their order.")
    return [row["predicted"] for row in rows], [[row[f"p_{c}"] for c in classes] for row in rows], cost

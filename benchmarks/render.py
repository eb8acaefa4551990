"""RESULTS.md from results/*.json, and from nothing else."""

import importlib
import json
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS, ROOT, table

__all__ = ["SUITES", "write_results_page"]

SUITES = (  # the order of RESULTS.md
    "accuracy",
    "fewshot",
    "chinese",
    "source",
    "pooled",
    "finetune",
    "memory",
    "setfit",
    "classic",
    "recommend",
    "suggest",
    "abstain",
    "augmentation",
    "cleaning",
    "segmentation",
    "encoding",
    "startup",
    "predict",
    "no_torch",
)

_HEAD = """# Results

Written by `python -m benchmarks render` from `benchmarks/results/*.json`; do not edit. A section names
the command that measured it. Intervals are 95 % bootstrap intervals over the test rows. *Peak* is the largest
resident memory of the process. Times are wall seconds unless a column says otherwise. A goal is a bound set
before the measurement. A plus after the commit: files in `src` differed from it.
"""


def write_results_page(results: Path = RESULTS, page: Path = ROOT / "RESULTS.md") -> Path:
    """Rebuild the page; a suite without a file says so."""
    page.write_text("\n".join([_HEAD, *(_section(name, results) for name in SUITES)]), encoding="utf-8")
    return page


def _section(name: str, results: Path) -> str:
    suite = importlib.import_module(f"benchmarks.suites.{name}")
    file = results / f"{name}.json"
    lines = [f"## {suite.TITLE}", ""]
    if not file.is_file():
        return "\n".join([*lines, f"Not measured yet: `python -m benchmarks {name}`.", ""])
    found = json.loads(file.read_text(encoding="utf-8"))
    lines += [
        f"`{found['command']}`{' (quick: no evidence)' if found['quick'] else ''}",
        "",
        _circumstances(found),
        "",
    ]
    lines += [*suite.tables(found["figures"]), ""]
    if found["goals"]:
        lines += [*table(["goal", "bound", "got", "holds"], [_goal_row(goal) for goal in found["goals"]]), ""]
    return "\n".join(lines)


def _circumstances(found: dict[str, Any]) -> str:
    machine, versions = found["machine"], found["versions"]
    bf16 = f", {', '.join(machine['cpu_bf16'])}" if machine["cpu_bf16"] else ""
    return (
        f"{found['date'][:10]}, commit {found['commit'] or 'unknown'}, "
        f"{machine['cpus']} CPUs ({machine['cpu']}{bf16}), "
        f"{machine['memory_gib']:g} GiB, load before {machine['load_before']:g}; "
        + ", ".join(f"{name} {number}" for name, number in versions.items())
        + "."
    )


def _goal_row(goal: dict[str, Any]) -> list[str]:
    holds = {True: "yes", False: "**no**", None: "not judged"}[goal["holds"]]
    return [goal["what"], f"{goal['sign']} {_short(goal['bound'])}", _short(goal["got"]), holds]


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

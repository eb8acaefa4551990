"""Time to start: `import headstart` and `headstart --help` against a bare interpreter."""

import statistics
import sys
from typing import Any

from benchmarks.common import Goal, Result, Setup, run_checked, table

__all__ = ["TITLE", "run", "tables"]

TITLE = "Start: `import headstart`, `headstart --help`"
_REPETITIONS = 11
_HEAVY = ("torch", "transformers", "sklearn", "scipy", "numpy", "onnxruntime", "pyarrow")
_ARGUMENTS = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import headstart'": ["-c", "import headstart"],
    "headstart --help": ["-m", "headstart", "--help"],
}
_BOUNDS = {"python -c 'import headstart'": 0.3, "headstart --help": 0.7}


def run(setup: Setup) -> Result:
    """Eleven rounds in fresh processes, after one that is not counted (files get into memory)."""
    runs: dict[str, list[float]] = {name: [] for name in _ARGUMENTS}
    for repetition in range(1 + (3 if setup.quick else _REPETITIONS)):
        for name, arguments in _ARGUMENTS.items():
            done = run_checked([sys.executable, *arguments])
            if repetition:
                runs[name].append(done.wall_s)
    rows = [
        {
            "name": name,
            "median_s": statistics.median(walls),
            "min_s": min(walls),
            "max_s": max(walls),
            "runs": walls,
        }
        for name, walls in runs.items()
    ]
    loaded = _heavy_modules()
    goals = [
        Goal(f"`{row['name']}`: median seconds", row["median_s"], "<", _BOUNDS[row["name"]], not setup.quick)
        for row in rows
        if row["name"] in _BOUNDS
    ]
    goals.append(Goal("`import headstart` loads torch", "torch" in loaded, "==", False))
    return Result({"rows": rows, "heavy_modules": loaded}, goals)


def tables(figures: dict[str, Any]) -> list[str]:
    """One line a command."""
    lines = [
        [f"`{row['name']}`", f"{row['median_s']:.3f} s", f"{row['min_s']:.3f} s", f"{row['max_s']:.3f} s"]
        for row in figures["rows"]
    ]
    heavy = ", ".join(figures["heavy_modules"]) or "none of them"
    return [
        *table(["command", "median", "min", "max"], lines),
        "",
        f"{len(figures['rows'][0]['runs'])} interleaved runs in fresh processes, bytecode compiled. "
        f"`headstart --help` is run as `python -m headstart --help`.",
        f"Of {', '.join(_HEAVY)}, `import headstart` loads: {heavy}.",
    ]


def _heavy_modules() -> list[str]:
    code = f"import headstart, sys; print(*[m for m in {_HEAVY!r} if m in sys.modules])"
    return run_checked([sys.executable, "-c", code]).stdout.split()

"""What the suites share: where the data are, the command line under test, goals, the file of figures."""

import json
import operator
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.measured import Measured, measure

__all__ = [
    "BenchmarkError",
    "Goal",
    "Result",
    "Setup",
    "commit",
    "cpus",
    "headstart",
    "kept",
    "kept_in",
    "run_checked",
    "save_result",
    "table",
]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
QUICK = RESULTS / "quick"  # never shown in RESULTS.md
_COMPARE = {">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq}


class BenchmarkError(Exception):
    """A suite cannot run; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the command line of the benchmarks asked for."""

    data: Path
    quick: bool = False

    def file(self, name: str, part: str) -> Path:
        """`DATA/name/part.jsonl.gz`. Raises BenchmarkError when it is not there."""
        path = self.data / name / f"{part}.jsonl.gz"
        if not path.is_file():
            raise BenchmarkError(_no_data(path))
        return path


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound that a figure has to keep; `holds` is None where --quick makes the figure no evidence."""

    what: str
    got: Any
    sign: str
    bound: Any
    judged: bool = True
    holds: bool | None = field(init=False)

    def __post_init__(self) -> None:
        kept = bool(_COMPARE[self.sign](self.got, self.bound)) if self.judged else None
        object.__setattr__(self, "holds", kept)


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of a suite (JSON values) and what was asked of them."""

    figures: Mapping[str, Any]
    goals: Sequence[Goal] = ()


def headstart(*arguments: str) -> Measured:
    """Run this interpreter's `headstart`, feature cache off. Raises BenchmarkError unless it exits 0."""
    command = [sys.executable, "-m", "headstart", *arguments]
    return run_checked(command, {**os.environ, "HEADSTART_CACHE": "off"})


def run_checked(command: Sequence[str], env: Mapping[str, str] | None = None) -> Measured:
    """`measure`, but a command that fails ends the suite with what it said."""
    done = measure(command, env)
    if done.returncode:
        last = (done.stderr or done.stdout).strip()[-2000:]
        raise BenchmarkError(f"exit {done.returncode}: {' '.join(command)}\n{last}")
    return done


def kept_in(suite: str, quick: bool, measured: str | None) -> Path:
    """Where finished cells of a suite wait for the others, should it be interrupted: until the next commit."""
    return Path(tempfile.gettempdir()) / f"headstart-{suite}-{measured}{'-quick' if quick else ''}"


def kept(folder: Path, name: str, make: Callable[[], Any], *, anew: bool = False) -> Any:
    """The JSON values of `make()`, from FOLDER/NAME.json where an earlier try left them; anew: made in any case."""
    path = folder / f"{name}.json"
    if anew or not path.is_file():
        folder.mkdir(exist_ok=True)
        path.write_text(json.dumps(make()), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def save_result(name: str, result: Result, setup: Setup, command: str, load_before: float) -> Path:
    """Write results/NAME.json (results/quick/NAME.json under --quick)."""
    folder = QUICK if setup.quick else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        "suite": name,
        "quick": setup.quick,
        "command": command,
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": {**_machine(), "load_before": round(load_before, 2)},
        "versions": _versions(),
        "goals": [asdict(goal) for goal in result.goals],
        "figures": result.figures,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def cpus() -> int:
    """The CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table; the first column is text, the others stand right."""
    rule = [":--", *["--:"] * (len(head) - 1)]
    return ["| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)]


def _no_data(path: Path) -> str:
    return (
        f"There is no {path}.\n"
        "The benchmarks need public data sets as DATA/NAME/train.jsonl.gz and DATA/NAME/test.jsonl.gz\n"
        '(a JSON object a line, with "text" and "label"); benchmarks/DATA.md says where each is found.\n'
        "Name the folder DATA with --data DIR or the environment variable HEADSTART_DATA.\n"
        "`startup` needs none of them; `predict` makes texts up where there are none."
    )


def _machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    facts: dict[str, Any] = {"system": platform.platform(), "cpus": cpus(), "memory_gib": round(memory, 1)}
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    known = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    facts["cpu"] = known.get("model name") or platform.processor() or platform.machine()
    flags = set(known.get("flags", "").split())
    facts["cpu_bf16"] = sorted(flags & {"avx512_bf16", "amx_bf16"})
    return facts


def _versions() -> dict[str, str]:
    import headstart as package
    from headstart.versions import versions

    found = {**versions(), "headstart": package.__version__}
    with suppress(PackageNotFoundError):
        found["sentence-transformers"] = version("sentence-transformers")
    return found


def commit() -> str | None:
    """The commit that was measured, with a plus where files differ from it; None outside of a checkout."""

    def git(*words: str) -> str | None:
        done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "--short", "HEAD")
    return commit and commit + ("+" if git("status", "--porcelain", "--", "src") else "")

"""Run a command and measure it: wall and CPU seconds and the peak memory of that process alone.

The command is started by a small interpreter (this file run as a script), not by the suite: Linux counts the
memory that the parent held at the start into the child's `ru_maxrss`, so a large parent would hide the child.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Measured", "measure"]

_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere


@dataclass(frozen=True, slots=True)
class Measured:
    """What one process cost, from its start to its end, and what it printed."""

    returncode: int
    wall_s: float
    cpu_s: float
    peak_rss_mib: float
    stdout: str
    stderr: str


def measure(command: Sequence[str], env: Mapping[str, str] | None = None) -> Measured:
    """Run `command` to its end. Its exit code is for the caller to judge."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "cost.json"
        launcher = [sys.executable, "-I", "-S", __file__, str(report), *command]
        done = subprocess.run(launcher, env=env, capture_output=True, text=True, check=False)
        if not report.exists():
            raise OSError(f"{command[0]} did not start: {done.stderr.strip()}")
        return Measured(**json.loads(report.read_text()), stdout=done.stdout, stderr=done.stderr)


def _launch(report: Path, command: list[str]) -> None:
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    cost = {
        "returncode": os.waitstatus_to_exitcode(status),
        "wall_s": time.perf_counter() - start,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_rss_mib": usage.ru_maxrss * _MAXRSS_UNIT / 2**20,
    }
    report.write_text(json.dumps(cost))


if __name__ == "__main__":
    _launch(Path(sys.argv[1]), sys.argv[2:])

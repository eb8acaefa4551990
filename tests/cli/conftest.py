"""The command line in this process: `headstart(...)` gives exit code, stdout and stderr."""

import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from headstart.cli.main import main


class Done(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


Headstart = Callable[..., Done]


@pytest.fixture
def headstart(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Headstart:
    """Run a command line; never raises, whatever the command does."""

    def run(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["headstart", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Done(code, out.decode(), err.decode())

    return run


def write_rows(path: Path, rows: list[tuple[str, str]], header: tuple[str, str] = ("text", "label")) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


REVIEWS = [
    ("the soup was lovely and the staff kind", "good"),
    ("lovely place, we will come back", "good"),
    ("kind people and a lovely view", "good"),
    ("great dinner, lovely wine", "good"),
    ("cold food and a rude waiter", "bad"),
    ("rude, slow, and the food was cold", "bad"),
    ("we waited an hour for cold chips", "bad"),
    ("never again, rude and dirty", "bad"),
]


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """A small file that everything works on."""
    return write_rows(tmp_path / "reviews.csv", REVIEWS)

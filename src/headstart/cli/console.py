"""What all commands share: messages and progress on stderr, JSON on stdout, warnings of the log."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from headstart import progress

__all__ = ["say", "showing_progress", "write_json"]


def say(message: str) -> None:
    """One line of information for the person who waits."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def write_json(value: Any) -> None:
    """One JSON object on stdout, and nothing else."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS) + b"\n")
    sys.stdout.flush()


@contextmanager
def showing_progress() -> Iterator[None]:
    """Progress bars on stderr when a person looks at it, and the log's warnings in one plain form."""
    logging.basicConfig(level=logging.WARNING, format="headstart: %(message)s", stream=sys.stderr)
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    note = TextColumn("{task.fields[note]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), note)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def start(what: str, total: int) -> progress.Advance:
            task = bars.add_task(what, total=total, note="")

            def advance(by: int, total: int, note: str) -> None:
                bars.update(task, advance=by, total=total, note=note)
                if bars.tasks[task].finished:
                    bars.update(task, visible=False)

            return advance

        with progress.shown(start):
            yield

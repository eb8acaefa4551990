"""What all commands share: messages and progress on stderr, JSON on stdout, warnings of the log."""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from headstart import progress

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["languages_line", "say", "showing_progress", "write_json"]

_LANGUAGES = {"zh": "Chinese", "en": "Latin script (English)", "mixed": "mixed", "other": "other"}


def say(message: str) -> None:
    """One line of information for the person who waits."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def write_json(value: Any) -> None:
    """One JSON object on stdout, and nothing else."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS) + b"\n")
    sys.stdout.flush()


def languages_line(shares: Mapping[str, float]) -> str:
    """`Chinese 75.0%, mixed 25.0%`: the shares of `language_shares` that are there, the largest first."""
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{_LANGUAGES[name]} {share:.1%}" for name, share in ordered if share)


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
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars, progress.shown(_starting(bars)):
        yield


def _starting(bars: "Progress") -> progress.Factory:
    """Bars for `track`: one whose total is 0, which is not known, pulses; a finished one is hidden."""

    def start(what: str, total: int) -> progress.Advance:
        task = bars.add_task(what, total=total or None, note="")

        def advance(by: int, total: int, note: str) -> None:
            bars.update(task, advance=by, total=total or None, note=note)
            if bars.tasks[task].finished:
                bars.update(task, visible=False)

        return advance

    return start

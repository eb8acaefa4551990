"""Progress bars, and the line of languages."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from headstart.cli.console import _starting, languages_line
from headstart.progress import shown, track
from headstart.text.language import language_shares


@pytest.fixture
def bars() -> Progress:
    return Progress(console=Console(file=io.StringIO()))


def test_a_bar_of_unknown_length_pulses_to_the_end(bars: Progress) -> None:
    """What is done counts up and the bar stays, chunk after chunk."""
    with shown(_starting(bars)):
        for _ in track("abc", "predicting", 0, lambda _: 4):
            (task,) = bars.tasks
            assert (task.total, task.visible, task.finished) == (None, True, False)
    assert bars.tasks[0].completed == 12


def test_a_finished_bar_is_hidden(bars: Progress) -> None:
    """Where the total is known, and not before it is reached."""
    with shown(_starting(bars)):
        seen = [bars.tasks[0].visible for _ in track("abc", "letters", 3)]
    assert seen == [True, True, True]
    assert not bars.tasks[0].visible


def test_every_language_has_a_name() -> None:
    """The largest share first; those that are not there are left out."""
    assert languages_line({"zh": 0.25, "en": 0.0, "mixed": 0.75, "other": 0.0}) == "mixed 75.0%, Chinese 25.0%"
    assert languages_line(dict.fromkeys(language_shares([]), 0.25)).count("25.0%") == 4

"""Laws of the terminal table."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from headstart.errors import ConfigError
from headstart.evaluation.report import print_report
from headstart.evaluation.report.strings import words
from headstart.evaluation.results import Report
from headstart.types import Step


def printed(report: Report, *, colour: bool = False, width: int = 80, **options: object) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
    )
    print_report(report, console, **options)
    return stream.getvalue()


@pytest.mark.parametrize("sample", ["english", "chinese", "many_classes", "nasty", "bare"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_line_is_wider_than_80_columns(sample: str, language: str, request: pytest.FixtureRequest) -> None:
    """Counted in terminal cells: a Chinese character takes two."""
    text = printed(request.getfixturevalue(sample), language=language, bundle="models/a", page="a.html")
    assert max(map(cell_len, text.splitlines())) <= 80


def test_a_few_classes_fit_on_one_screen(english: Report) -> None:
    """At most 50 lines, with the verdict in the first ten."""
    lines = printed(english, bundle="models/tickets", page="tickets.html").splitlines()
    assert len(lines) <= 50
    assert "The transfer helped" in lines[:10]


def test_all_metrics_with_their_intervals(english: Report) -> None:
    """Each row holds value and interval of both models, and the difference, as in the report."""
    text = printed(english)
    for key, name in (("accuracy", "Accuracy"), ("mcc", "MCC"), ("log_loss", "Log loss"), ("ece", "ECE")):
        row = re.search(rf"^{name} .*$", text, re.MULTILINE).group()
        model, baseline = english.model.metrics[key], english.baseline.metrics[key]
        wanted = [*(model.value, model.low, model.high), *(baseline.value, baseline.low, baseline.high)]
        wanted.append(model.value - baseline.value)
        assert [round(x, 3) for x in wanted] == [float(x) for x in re.findall(r"[-+]?\d\.\d{3}", row)]


def test_warnings_and_errors_but_no_notes(english: Report) -> None:
    """Errors come first; notes are left to the page; more than five are counted."""
    text = printed(english)
    assert text.index("2 equal texts") < text.index("12 rows are exact")
    assert "Class 'praise' has 25 rows" not in text
    crowded = replace(english, audits=english.audits * 4)
    assert words("en")["more_warnings"].format(n=12 - 5) in printed(crowded)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_training_in_two_lines(language: str, learnt: Report) -> None:
    """Steps, seconds and losses; the last check where there was one. Nothing of a model that learnt otherwise."""
    title, text = words(language)["training"], printed(learnt, language=language)
    wanted = [520, 83.2, *(round(learnt.history.stretches[i].loss, 3) for i in (0, -1)), 520, 0.63, 0.844]
    shown = text.split(title)[1].split("\n\n")[0]
    assert [float(x) for x in re.findall(r"\d+\.?\d*", shown)] == wanted
    assert len(shown.strip().splitlines()) <= 3
    without = printed(replace(learnt, history=replace(learnt.history, checks=())), language=language)
    assert "0.844" not in without.split(title)[1].split("\n\n")[0]
    assert title not in printed(replace(learnt, history=None), language=language)


def test_many_classes_are_counted(many_classes: Report) -> None:
    """20 of 150 classes are shown, and the others are not passed over in silence."""
    text = printed(many_classes)
    assert len(re.findall(r"^intent_", text, re.MULTILINE)) == 20
    assert words("en")["more_classes"].format(n=130) in text


def test_paths_can_be_copied(english: Report) -> None:
    """A path longer than the screen is on one line, and missing paths are not mentioned."""
    long = Path("/srv") / ("deep " * 30 + "folder")
    assert str(long) in printed(english, bundle=long)
    assert "tickets.html" not in printed(english, bundle=long)


def test_hostile_texts_send_no_commands_to_the_terminal(nasty: Report) -> None:
    """No escape sequence, no markup, no direction override gets through, with and without colour."""
    assert None is re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", printed(nasty))
    coloured = re.sub(r"\x1b\[[0-9;]*m", "", printed(nasty, colour=True))
    assert "\x1b" not in coloured
    assert printed(nasty) == coloured
    marked = replace(nasty, title="[red]not markup[/red] [/nope]")
    assert "[red]not markup[/red] [/nope]" in printed(marked)


def test_colour_carries_no_meaning_alone(english: Report) -> None:
    """Without colour the same words stand there."""
    assert printed(english) == re.sub(r"\x1b\[[0-9;]*m", "", printed(english, colour=True))
    assert "\x1b" in printed(english, colour=True)


def test_without_a_baseline(english: Report, bare: Report) -> None:
    """It says what cannot be said, and shows one column."""
    text = printed(replace(english, baseline=None, comparison=None))
    assert "was measured alone" in text
    assert "Baseline" not in text
    assert "was measured alone" in printed(bare)


def test_an_unknown_language_is_refused(english: Report) -> None:
    """The message names the language and the choices."""
    with pytest.raises(ConfigError, match="en, zh"):
        printed(english, language="de")


def test_rows_that_went_are_shown_and_why_this_model(english: Report) -> None:
    """Each reason, and each step that changed the number of rows; steps that kept all rows are left to the page."""
    steps = (Step("train", "read from a.csv", 9, 9), Step("train", "duplicates: repeats of a row", 9, 7))
    text = " ".join(printed(replace(english, steps=steps, reasons=("Because it won.",))).split())
    assert "Because it won." in text
    assert "train: duplicates: repeats of a row (9 → 7)" in text
    assert "read from a.csv" not in text


def test_what_was_changed_within_rows_is_shown_too(english: Report) -> None:
    """Though none came or went: then no numbers of rows are."""
    steps = (Step("train", "read from a.csv", 9, 9), Step("train", "spaces stripped in 2 rows", 9, 9, is_told=True))
    text = printed(replace(english, steps=steps))
    assert "train: spaces stripped in 2 rows\n" in text
    assert "read from a.csv" not in text

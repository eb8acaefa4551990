"""What more labels would buy: the line, in terminal and page."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from headstart.evaluation.report import print_report, render_html, report_dict
from headstart.evaluation.report.more_labels import more_labels_line
from headstart.evaluation.report.strings import words
from headstart.evaluation.results import Interval, MoreLabels, Report

FOUND = MoreLabels(80, Interval(0.78, 0.744, 0.818), {50: Interval(0.811, 0.77, 0.85), 1200: Interval(0.86)})


def test_the_line_says_now_and_then():
    assert more_labels_line(FOUND, words("en")) == (
        "Accuracy to expect with all 80 rows: 0.78 [0.74, 0.82]; 50 more labels: about 0.81 [0.77, 0.85]; "
        "1,200 more: about 0.86"
    )
    assert more_labels_line(FOUND, words("zh")) == (
        "预计准确率（全部 80 条标注）：0.78 [0.74, 0.82]；再标注 50 条：约 0.81 [0.77, 0.85]；再标注 1,200 条：约 0.86"
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_terminal_and_page_show_it(english: Report, language: str):
    """With its heading where there is a forecast, and neither where there is none."""
    heading = words(language)["more_labels"]
    for report, expected in ((replace(english, more_labels=FOUND), True), (replace(english, more_labels=None), False)):
        screen = io.StringIO()
        print_report(report, Console(file=screen, width=200), language=language)
        page = render_html(report, language=language)
        assert (heading in screen.getvalue()) is expected
        assert ('<section id="more_labels"' in page) is expected
        assert (more_labels_line(FOUND, words(language)) in page) is expected


def test_json_has_the_figures(english: Report):
    found = report_dict(replace(english, more_labels=FOUND))["more_labels"]
    assert found["more"]["50"] == {"value": 0.811, "low": 0.77, "high": 0.85}

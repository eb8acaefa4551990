"""Laws of the words of each class in a report."""

import io

from rich.console import Console

from headstart.evaluation.report import print_report, render_html
from headstart.evaluation.report.strings import words
from headstart.evaluation.results import Report

from .test_html import Page


def test_the_page_lists_the_words_of_every_class(chinese: Report, many_classes: Report) -> None:
    """Each class is in a table with its words in their order; of many classes the later ones are in a fold."""
    for report in (chinese, many_classes):
        page = Page(render_html(report))
        rows = [row for row in page.tables[words("en")["class_words"]] if len(row) == 2][1:]
        listed = [row for row in rows if row[0] != words("en")["class"]]
        assert [row[0] for row in listed] == [each.name for each in report.class_words]
        assert listed[0][1] == " · ".join(word.text for word in report.class_words[0].words)
        assert "class_words" in page.attributes("id")


def test_no_words_no_section(english: Report) -> None:
    """A model whose weights do not say it has neither the section nor the link to it."""
    assert "class_words" not in render_html(english)


def test_the_terminal_says_the_strongest(chinese: Report, many_classes: Report) -> None:
    """A line a class; of very many classes the page tells."""

    def printed(report: Report) -> str:
        stream = io.StringIO()
        print_report(report, Console(file=stream, width=80), language="zh")
        return stream.getvalue()

    assert "好评：满意, 不 推荐" in printed(chinese)
    assert words("zh")["class_words"] not in printed(many_classes)

"""What further labelled rows would buy: the forecast of the learning curve."""

from headstart.evaluation.report.markup import esc, section
from headstart.evaluation.report.more_labels import more_labels_line
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Report

__all__ = ["more_labels"]


def more_labels(report: Report, w: Words) -> str:
    """One line; nothing where no forecast was made."""
    if report.more_labels is None:
        return ""
    return section("more_labels", w["more_labels"], f"<p>{esc(more_labels_line(report.more_labels, w))}</p>")

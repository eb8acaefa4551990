"""Whether the probabilities mean what they say."""

from headstart.evaluation.report.charts import reliability_chart
from headstart.evaluation.report.formatting import finite, integer, number
from headstart.evaluation.report.markup import figure, note, section, table
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Bin, Report

__all__ = ["calibration"]


def calibration(report: Report, w: Words) -> str:
    """The reliability curve with the number of texts in each bin, and the same as a table."""
    bins = [b for b in report.model.reliability if b.n > 0 and finite(b.confidence) and finite(b.accuracy)]
    if not bins:
        return section("calibration", w["calibration"], note(w["no_calibration"]))
    alt = w["calibration_alt"].format(values="; ".join(_spoken(b, w) for b in bins))
    svg = reliability_chart(bins, (w["confidence"], w["accuracy"], w["count"]), alt)
    columns = [(w["bin"], ""), (w["confidence"], "num"), (w["accuracy"], "num"), (w["count"], "num")]
    rows = ((f"{b.low:.2f}–{b.high:.2f}", number(b.confidence), number(b.accuracy), integer(b.n)) for b in bins)
    words_and_table = f"<div>{note(w['calibration_note'])}{table(w['calibration'], columns, rows, w)}</div>"
    both = f'<div class="pair">{figure(svg, "")}{words_and_table}</div>'
    return section("calibration", w["calibration"], both)


def _spoken(b: Bin, w: Words) -> str:
    return w["calibration_bin"].format(n=integer(b.n), confidence=number(b.confidence), accuracy=number(b.accuracy))

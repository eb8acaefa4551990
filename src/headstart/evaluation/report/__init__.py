"""A report for people (a page, a terminal) and for programs (JSON values)."""

from headstart.evaluation.report.explained import render_explanations
from headstart.evaluation.report.html import render_html
from headstart.evaluation.report.jsonable import report_dict
from headstart.evaluation.report.terminal import print_report

__all__ = ["print_report", "render_explanations", "render_html", "report_dict"]

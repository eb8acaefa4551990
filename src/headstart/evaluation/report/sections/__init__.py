"""The parts of the page in reading order, one file a part: each maps a report to its HTML."""

from collections.abc import Callable, Mapping

from headstart.evaluation.report.sections.answering import answering
from headstart.evaluation.report.sections.calibration import calibration
from headstart.evaluation.report.sections.class_words import class_words
from headstart.evaluation.report.sections.classes import classes
from headstart.evaluation.report.sections.confusion import confusion
from headstart.evaluation.report.sections.data import data
from headstart.evaluation.report.sections.method import method, steps, why
from headstart.evaluation.report.sections.mistakes import mistakes
from headstart.evaluation.report.sections.more_labels import more_labels
from headstart.evaluation.report.sections.summary import summary
from headstart.evaluation.report.sections.training import training
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Report

__all__ = ["SECTIONS", "summary"]

# id (also the name of its title in strings.py, and of a shorter one where there is one) -> the part; one that gives
# nothing is left out
SECTIONS: Mapping[str, Callable[[Report, Words], str]] = {
    "classes": classes,
    "confusion": confusion,
    "calibration": calibration,
    "answering": answering,
    "more_labels": more_labels,
    "mistakes": mistakes,
    "class_words": class_words,
    "data": data,
    "steps": steps,
    "training": training,
    "why": why,
    "method": method,
}

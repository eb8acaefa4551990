"""Which words speak for each class, of a linear model of counted words."""

from collections.abc import Sequence

from headstart.evaluation.report.formatting import CLASSES_SHOWN
from headstart.evaluation.report.markup import details, label, note, section, table, user
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Report
from headstart.explaining.values import ClassWords

__all__ = ["class_words"]


def class_words(report: Report, w: Words) -> str:
    """A row of words a class, the strongest first; of many classes the later ones in a fold."""
    every = report.class_words
    if not every:
        return ""
    title, explained = w["class_words"], note(w["class_words_note"])
    shown, others = every[:CLASSES_SHOWN], every[CLASSES_SHOWN:]
    rest = details(w["other_classes"].format(n=len(others)), _table(others, w)) if others else ""
    return section("class_words", title, _table(shown, w), rest, explained)


def _table(every: Sequence[ClassWords], w: Words) -> str:
    columns = [(w["class"], "name"), (w["speaking_words"], "words")]
    rows = ((label(each.name), " · ".join(user(word.text) for word in each.words)) for each in every)
    return table(w["class_words"], columns, rows, w)

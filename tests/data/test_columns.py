"""Which columns a classifier's new files are read by: those that it learnt from, unless others are asked for."""

import pytest

from headstart.data.columns import Columns, resolve
from headstart.errors import DataError

LEARNT = {"text": "review", "label": "stars", "title": ""}


@pytest.mark.parametrize(
    ("present", "asked", "text", "label"),
    [
        (("text", "review", "label", "stars"), {}, "review", "stars"),  # the usual names are other things here
        (("text", "review", "label", "stars"), {"text": "text", "label": "label"}, "text", "label"),
        (("text", "review", "stars"), {"text": "text"}, "text", "stars"),
        (("text", "label"), {}, "text", "label"),  # another file, with the usual names
        (("Content", "category"), {}, "Content", "category"),
    ],
)
def test_a_classifiers_columns_go_before_the_usual_ones(
    present: tuple[str, ...], asked: dict[str, str], text: str, label: str
) -> None:
    """What is asked for now comes first, then what it learnt from, then the usual names."""
    roles = resolve(Columns.as_fitted(LEARNT, **asked), present, "new.csv", labelled=True)
    assert (roles.text, roles.label, roles.title) == (text, label, None)


def test_another_name_than_the_usual_one_is_noted() -> None:
    """No column is read in silence under another name than its own."""
    roles = resolve(Columns.as_fitted(LEARNT), ("text", "review", "title"), "new.csv", labelled=False)
    assert roles.notes == (
        "column 'review' used as text, as when the classifier learnt",
        "column 'title' is not read: the classifier learnt without a title",
    )
    same = {"text": "text", "label": "label", "title": "title"}
    assert resolve(Columns.as_fitted(same), ("text", "title"), "new.csv", labelled=False).notes == (
        "text = column 'title', a line break, column 'text'",
    )


def test_a_title_that_is_missing_now_is_noted() -> None:
    """Texts without their titles are other texts than those it learnt from."""
    learnt = {"text": "text", "label": "label", "title": "headline"}
    roles = resolve(Columns.as_fitted(learnt), ("text", "title"), "new.csv", labelled=False)
    assert roles.title == "title"
    roles = resolve(Columns.as_fitted(learnt), ("text",), "new.csv", labelled=False)
    assert roles.notes == ("no column 'headline' here, which was the title when the classifier learnt",)


def test_what_is_not_wanted_is_not_read() -> None:
    """An empty name asked for now holds against what it learnt from."""
    learnt = {"text": "text", "label": "label", "title": "headline"}
    columns = Columns.as_fitted(learnt, label="", title="")
    roles = resolve(columns, ("text", "label", "headline"), "new.csv", labelled=None)
    assert (roles.label, roles.title) == (None, None)


def test_a_missing_column_is_named_as_it_was() -> None:
    """The message names the column that it learnt from, and those there are."""
    with pytest.raises(DataError, match=r"no column 'review'.*'body', 'stars'.*--text"):
        resolve(Columns.as_fitted(LEARNT), ("body", "stars"), "new.csv", labelled=False)


def test_the_names_found_are_those_to_be_kept() -> None:
    """`names` of one file, given to `as_fitted`, finds the same columns in it again."""
    present = ("id", "title", "content", "category")
    first = resolve(Columns(), present, "train.csv", labelled=True)
    again = resolve(Columns.as_fitted(first.names()), present, "new.csv", labelled=True)
    assert again.names() == first.names() == {"text": "content", "label": "category", "title": "title"}


def test_the_usual_names_in_another_file() -> None:
    """A file that the names are not of may have the usual ones, which is noted, or has to be changed."""
    columns = Columns("review", "stars", or_usual=True)
    roles = resolve(columns, ("text", "stars", "label"), "other.csv", labelled=True)
    assert (roles.text, roles.label) == ("text", "stars")
    assert roles.notes == ("column 'text' used as text: there is no 'review' here",)
    with pytest.raises(DataError, match=r"other.csv has no column 'stars'.* Rename .* to 'stars' or 'label': --label"):
        resolve(columns, ("text", "kind"), "other.csv", labelled=None)
    with pytest.raises(DataError, match=r"Rename the one with the text in this file to 'text': --text names"):
        resolve(Columns(or_usual=True), ("body", "label"), "other.csv", labelled=None)

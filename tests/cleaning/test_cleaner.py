"""Laws of Cleaner: one list of rules, an account of each row, and a dry run that says the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart import registry
from headstart.cleaning import Cleaner
from headstart.data.folding import fold
from headstart.errors import ConfigError, UnknownComponent
from headstart.text.cleaner import TextCleaner
from headstart.types import Dataset

TEXTS = st.lists(
    st.sampled_from(["good  food", "<b>Good</b> food", "...", "", "bad", "BAD ", "很好", "fine"]), max_size=9
)


def test_a_name_goes_to_its_folder():
    """Text rules and row rules of one list; `default` has both; missing, conflicts and duplicates come first."""
    cleaner = Cleaner.from_spec("near_duplicates:0.95,lower,default,conflicts:majority")
    assert cleaner.rows == (
        ("missing", None),
        ("conflicts", "majority"),
        ("duplicates", None),
        ("near_duplicates", "0.95"),
    )
    assert cleaner.text == TextCleaner.from_spec("default,lower")
    assert TextCleaner.from_spec(cleaner.text_spec or "") == cleaner.text
    assert Cleaner.from_spec("duplicates").text_spec is None


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.data())
def test_every_row_is_accounted_for(texts: list[str], data: st.DataObject):
    """Kept and removed rows are all rows, each once; kept rows are the given ones, cleaned; steps are a chain."""
    labels = tuple(data.draw(st.lists(st.sampled_from("ab"), min_size=len(texts), max_size=len(texts))))
    given_rows = Dataset(tuple(texts), labels, lines=tuple(range(2, len(texts) + 2)))
    cleaner = Cleaner.from_spec("default,conflicts,near_duplicates")
    cleaned = cleaner.clean(given_rows)
    assert sorted([*cleaned.kept, *(flag.row for flag in cleaned.removed)]) == list(range(len(texts)))
    assert cleaned.dataset.texts == tuple(cleaner.text.clean(texts[i]) for i in cleaned.kept)
    assert cleaned.dataset.lines == tuple(i + 2 for i in cleaned.kept)
    sizes = [(step.n_before, step.n_after) for step in cleaned.steps]
    assert [after for _, after in sizes[:-1]] == [before for before, _ in sizes[1:]]
    assert (sizes[0][0], sizes[-1][1]) == (len(texts), cleaned.dataset.n)
    again = cleaner.clean(cleaned.dataset)
    assert again.dataset == cleaned.dataset
    assert len({(fold(t), x) for t, x in zip(again.dataset.texts, again.dataset.labels or (), strict=True)}) == len(
        again.kept
    )


def test_text_rules_are_counted_with_examples():
    """A rule counts each text that it changed once, and shows the first three."""
    effects = Cleaner.from_spec("lower").clean(Dataset(("A", "b", "C", "D", "E"))).effects
    effect = next(e for e in effects if e.rule == "lower")
    assert effect.n_changed == 4
    assert [tuple(example) for example in effect.examples] == [(0, "A", "a"), (2, "C", "c"), (3, "D", "d")]
    assert effect.step("train").action == "cleaning rule lower: 4 texts changed"
    assert effect.step("train").is_told


def test_row_rules_see_cleaned_texts_and_name_given_rows():
    """Equal only once the markup is gone; the index is that of the given data, the line that of the file."""
    data = Dataset(("...", "<b>good</b>", "good"), ("x", "x", "x"), lines=(2, 3, 4), origin="x.csv")
    flags = Cleaner.from_spec("default").clean(data).removed
    assert [(flag.row, flag.rule) for flag in flags] == [(0, "missing"), (2, "duplicates")]
    assert flags[1].reason == "repeats line 3"


def labelled(n: int, wrong: int) -> Dataset:
    words = {"x": "goal match team", "y": "bank share rate"}
    labels = ["xy"[i % 2] for i in range(n)]
    texts = tuple(f"{words[label]} {i}" for i, label in enumerate(labels))
    labels[wrong] = "y" if labels[wrong] == "x" else "x"
    return Dataset(texts, tuple(labels))


def test_marked_rows_stay_unless_asked():
    """label_mistakes marks; with drop_marked the rows go."""
    data = labelled(60, 11)
    marked = Cleaner.from_spec("label_mistakes").clean(data)
    assert marked.dataset == data
    assert marked.removed == ()
    assert marked.flags[0].row == 11
    dropped = Cleaner.from_spec("label_mistakes", drop_marked=True).clean(data)
    assert [flag.row for flag in dropped.removed] == [flag.row for flag in marked.flags]
    assert 11 not in dropped.kept


def test_learnable_keeps_every_class():
    """Rules that judge labels are applied; a class that would be lost keeps its rows."""
    data = Dataset(("a", "a", "b", "c", "d", "e"), ("x", "y", "x", "x", "y", "x"))
    left = Cleaner.from_spec("conflicts,duplicates").learnable(data)
    assert left.labels == ("y", "x", "x", "y", "x")


def test_the_two_halves_of_the_rules():
    """Rules that judge labels, and the others; the text rules are in both."""
    cleaner = Cleaner.from_spec("default,conflicts,label_mistakes")
    assert [name for name, _ in cleaner.judging(True).rows] == ["conflicts", "label_mistakes"]
    assert [name for name, _ in cleaner.judging(False).rows] == ["missing", "duplicates"]
    assert cleaner.judging(True).text == cleaner.judging(False).text == cleaner.text


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ("defualt", UnknownComponent, "Did you mean 'default'"),
        ("near_duplicate", UnknownComponent, "near_duplicates"),
        ("missing:x", ConfigError, "takes no argument"),
        ("conflicts,conflicts:majority", ConfigError, "in two ways"),
        ("", ConfigError, "list of names"),
    ],
)
def test_wrong_specs(spec: str, error: type[Exception], words: str):
    """Said at once, with a way out."""
    with pytest.raises(error, match=words):
        Cleaner.from_spec(spec)


@pytest.mark.parametrize("name", registry.names("row rule"))
def test_rules_keep_the_protocol(name: str):
    """No rows, nothing found; two runs with one seed agree; each row is named once, the surest first."""
    rule = registry.load("row rule", name)()
    data = labelled(60, 7)
    hits = rule.find(data, 1)
    assert list(hits) == list(rule.find(data, 1))
    assert len({hit.row for hit in hits}) == len(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    if not rule.marks:
        assert list(rule.find(Dataset((), ()), 1)) == []
    assert registry.describe("row rule", name)

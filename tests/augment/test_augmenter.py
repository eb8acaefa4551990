"""Augmenter: the spec, seeds, and what becomes of every result."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.augment import Augmenter
from headstart.data.folding import fold
from headstart.errors import ConfigError, UnknownComponent

TEXTS = ["one two three four", "five six seven eight", "nine ten eleven twelve"]
Y = np.array([0, 1, 0])


class Says:
    """Answers the same for all rows, call after call."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = answers

    def fit(self, texts: Sequence[str], y: Any, unlabelled: Sequence[str] = ()) -> Self:
        """Note the texts."""
        self.fitted_on = (list(texts), list(unlabelled))
        return self

    def augment(self, texts: Sequence[str], y: Any, rngs: Any) -> list[str | None]:
        """The answers."""
        return list(self.answers)


def test_every_result_is_kept_or_counted() -> None:
    """None, blank, equal to a given text (folded), equal to an earlier result, new: one of each."""
    texts = ["Ａ  b", "c", "d", "e", "f"]
    augmented = Augmenter({"says": Says(None, " \n", "a B", "new", "NEW ")}).augment(texts, np.arange(5), seed=0)
    assert augmented.texts == ("new",)
    assert augmented.origins.tolist() == [3]
    assert augmented.y.tolist() == [3]
    count = augmented.counts["says"]
    assert (count.n_asked, count.n_none, count.n_empty, count.n_equal, count.n_new) == (5, 1, 1, 2, 1)


def test_one_augmentation_repeats_no_result_of_another() -> None:
    """What the first made is not new any more for the second."""
    both = {"first": Says("x", None, None), "second": Says("X", "y", None)}
    augmented = Augmenter(both).augment(TEXTS, Y, seed=0)
    assert list(zip(augmented.names, augmented.texts, strict=True)) == [("first", "x"), ("second", "y")]
    assert augmented.counts["second"].n_equal == 1


def test_unlabelled_texts_reach_the_augmentation_only() -> None:
    """They help to learn, and nothing is made of them."""
    says = Says("x", None, None)
    augmented = Augmenter({"says": says}).augment(TEXTS, Y, 0, ["more"])
    assert says.fitted_on == (TEXTS, ["more"])
    assert augmented.counts["says"].n_asked == 3


def test_the_spec() -> None:
    """Arguments reach the parts, copies the whole; labels are the parts as written."""
    augmenter = Augmenter.from_spec("swap:0.5, delete ,copies:3")
    assert augmenter.copies == 3
    assert list(augmenter.augmentations) == ["swap:0.5", "delete"]
    assert augmenter.augmentations["swap:0.5"].share == 0.5  # type: ignore[attr-defined] # it has one
    assert Augmenter.from_spec("swap").copies == 1


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("swap,swap", "twice"),
        ("swap,copies:2,copies:3", "twice"),
        ("copies:2", "names no augmentation"),
        ("swap,copies", "whole number"),
        ("swap,copies:0", "whole number"),
        ("swap,copies:two", "copies:two"),
        ("swap:0", "above 0"),
        ("swap:1.5", "above 0"),
        ("swap:nan", "above 0"),
        ("swap:much", "'much' is no share"),
        ("rotation:0.1", "takes no argument"),
        ("mask", "names no model"),
        ("back_translation:module", "names no function"),
        ("", "list of names"),
    ],
)
def test_mistakes_in_the_spec(spec: str, message: str) -> None:
    """Each is a ConfigError that shows what was written."""
    with pytest.raises(ConfigError, match=message):
        Augmenter.from_spec(spec)


def test_an_unknown_name_gets_a_hint() -> None:
    """And the list of those there are."""
    with pytest.raises(UnknownComponent, match="Did you mean 'swap'"):
        Augmenter.from_spec("swop")


def test_seed_copies_and_rows_have_randomness_of_their_own() -> None:
    """Another seed, copy or place gives another text; the same seed the same."""
    augmenter = Augmenter.from_spec("swap:1,copies:2")
    same = ["a b c d e f g h i j k l"]
    first, again, other = (augmenter.augment(same, np.array([0]), seed).texts for seed in (1, 1, 2))
    assert first == again
    assert len(set(first)) == 2
    assert first != other


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=8), st.integers(0, 5), st.data())
def test_laws_on_any_texts(texts: list[str], seed: int, data: st.DataObject) -> None:
    """Labels follow the rows, all results are new, none is blank, and the sums agree, whatever the texts."""
    texts = [text for text in texts if not any(0xD800 <= ord(c) < 0xE000 for c in text)]
    y = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(texts), max_size=len(texts))), dtype=int)
    spec = "swap,delete,insert,rotation,splice,typo,noise,copies:2"
    augmented = Augmenter.from_spec(spec).augment(texts, y, seed)
    folded = [fold(text) for text in augmented.texts]
    assert len(set(folded)) == len(folded)
    assert not set(folded) & {fold(text) for text in texts}
    assert all(text.strip() for text in augmented.texts)
    assert (augmented.y == y[augmented.origins]).all()
    assert sum(count.n_new for count in augmented.counts.values()) == len(augmented.texts)
    assert all(count.n_asked == 2 * len(texts) for count in augmented.counts.values())


def test_families_tie_what_shares_words() -> None:
    """Rows that exchange halves have one family, of one class, of four texts at most; the others are on their own."""
    texts, y = [f"first{i}. second{i}." for i in range(20)], np.arange(20) % 2
    plain = Augmenter.from_spec("swap").augment(texts, y, 0)
    assert plain.families.tolist() == list(range(20))
    spliced = Augmenter.from_spec("splice,swap,copies:5").augment(texts, y, 0)
    assert np.bincount(spliced.families).max() == 4
    for family in np.unique(spliced.families):
        assert len(set(y[spliced.families == family])) == 1
    for text, group in zip(spliced.texts, spliced.groups[20:], strict=True):
        sources = {int(word.strip(".").lstrip("firstecond")) for word in text.split()}
        assert {spliced.families[i] for i in sources} == {group}

"""Suggestions from a real predictor on small files."""

from dataclasses import replace

import pytest

from headstart import TextClassifier
from headstart.errors import ConfigError, DataError
from headstart.labelling import suggest
from headstart.predictor import History, Measured, Predictor
from headstart.types import Dataset

GOOD = ("lovely", "kind", "great", "warm", "bright", "calm")
BAD = ("rude", "cold", "dirty", "slow", "dark", "loud")
THINGS = ("soup", "staff", "room", "garden", "breakfast", "lift", "view", "bar")


def texts_of(words: tuple[str, ...]) -> list[str]:
    return [f"the {thing} was {word} when we came" for word in words for thing in THINGS]


@pytest.fixture(scope="module")
def labelled() -> Dataset:
    good, bad = texts_of(GOOD[:2]), texts_of(BAD[:2])
    return Dataset((*good, *bad), ("good",) * len(good) + ("bad",) * len(bad), origin="train.csv")


@pytest.fixture(scope="module")
def predictor(labelled: Dataset) -> Predictor:
    return TextClassifier("tfidf", "linear_probe").fit(labelled.texts, labelled.labels or ()).predictor_


@pytest.fixture
def pool() -> Dataset:
    texts = texts_of(GOOD) + texts_of(BAD)
    return Dataset(tuple(texts), domains=tuple("ab"[i % 2] for i in range(len(texts))), origin="new.csv")


def test_rows_are_different_new_and_have_a_reason(predictor: Predictor, labelled: Dataset, pool: Dataset):
    """No labelled text, none twice; predicted and probability are the predictor's own."""
    found = suggest(predictor, pool, 6, labelled=labelled)
    texts = [pool.texts[each.row] for each in found.rows]
    assert len(set(texts)) == 6
    assert not set(texts) & set(labelled.texts)
    assert found.n_labelled >= labelled.n
    said = predictor.predict(texts)
    assert [each.predicted for each in found.rows] == said.labels.tolist()
    assert [each.probability for each in found.rows] == pytest.approx(said.probabilities.max(axis=1), abs=1e-5)
    assert all(each.reason.startswith(("between ", "likely ")) for each in found.rows)


def test_every_text_is_accounted_for(predictor: Predictor, labelled: Dataset):
    """Copies by case and by a letter, of each other and of labelled texts, are counted and left out."""
    long = "we stayed for a week in the old house by the river and the owner showed us the whole valley on foot"
    texts = (long, long.upper(), long.replace("valley", "valleys"), labelled.texts[0].title(), "a broken lamp")
    found = suggest(predictor, Dataset(texts), 5, labelled=labelled)
    assert {each.row for each in found.rows} == {0, 4}
    assert (found.n, found.n_copies, found.n_labelled) == (5, 2, 1)
    assert any("2 different texts" in note for note in found.notes)


def test_same_seed_same_rows(predictor: Predictor, labelled: Dataset, pool: Dataset):
    first, second = (suggest(predictor, pool, 8, labelled=labelled, random_state=3) for _ in range(2))
    assert first == second


def test_what_more_labels_buy_needs_the_labelled_rows(predictor: Predictor, labelled: Dataset, pool: Dataset):
    """With them a forecast, without them the reason why there is none."""
    with_rows, without = suggest(predictor, pool, 2, labelled=labelled), suggest(predictor, pool, 2)
    assert with_rows.more_labels is not None
    assert with_rows.more_labels.n == labelled.n
    assert without.more_labels is None
    assert any("--labelled" in note for note in without.notes)


def test_labels_that_the_bundle_does_not_know_are_named(predictor: Predictor, labelled: Dataset, pool: Dataset):
    rows = Dataset(labelled.texts, ("new", *(labelled.labels or ())[1:]))
    assert any("does not know: new" in note for note in suggest(predictor, pool, 2, labelled=rows).notes)


def test_a_classifier_that_has_learnt_its_features_needs_a_measured_accuracy(
    predictor: Predictor, labelled: Dataset, pool: Dataset
):
    """A fine-tuned encoder looks too good on the rows that it learnt from: without a figure the reason is said."""
    tuned = replace(predictor, history=History((), (), 0.0))
    found = suggest(tuned, pool, 2, labelled=labelled)
    assert found.more_labels is None
    assert any("no accuracy was measured" in note for note in found.notes)
    measured = suggest(replace(tuned, measured=Measured(0.7, 1000, labelled.n)), pool, 2, labelled=labelled)
    assert measured.more_labels is not None
    assert measured.more_labels.now.value == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize("n", [0, -3])
def test_a_number_below_one_is_refused(predictor: Predictor, pool: Dataset, n: int):
    with pytest.raises(ConfigError, match="--n"):
        suggest(predictor, pool, n)


def test_only_labelled_texts_leave_nothing(predictor: Predictor, labelled: Dataset):
    with pytest.raises(DataError, match="no text is left"):
        suggest(predictor, Dataset(labelled.texts), 3, labelled=labelled)


def test_a_single_text_is_suggested(predictor: Predictor):
    assert [each.row for each in suggest(predictor, Dataset(("a broken lamp",)), 5).rows] == [0]

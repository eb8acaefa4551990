"""TextClassifier beyond the contract of all classifiers: settings, seeds, what a strategy name leads to."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart import Dataset, TextClassifier, load_bundle
from headstart.encoders._counts import TermCounts
from headstart.errors import ConfigError, DataError, UnknownComponent

TEXTS = ["good film", "fine film", "good soup", "bad film", "poor film", "bad soup"]
LABELS = ["pos"] * 3 + ["neg"] * 3


def test_scalars_of_numpy_are_settings_too() -> None:
    """As a loop over `np.arange` gives them."""
    given = {"encoder.min_df": np.int64(1), "encoder.ngrams": [1, 1], "head.C": np.float32(0.5)}
    predictor = TextClassifier("tfidf", head="svm", settings=given).fit(TEXTS, LABELS).predictor_
    assert predictor.head.get_state().settings["params"]["C"] == 0.5
    assert load_state(predictor)["min_df"] == 1


def test_settings_reach_the_parts() -> None:
    """`encoder.NAME` and `head.NAME` are the constructor arguments of the parts."""
    settings = {"encoder.ngrams": [1, 1], "head.C": 0.25, "head.class_weight": None}
    predictor = TextClassifier("tfidf", head="svm", settings=settings).fit(TEXTS, LABELS).predictor_
    assert predictor.head.get_state().settings["params"]["C"] == 0.25
    vocabulary = load_state(predictor)["vocabulary"]
    assert vocabulary
    assert not [term for term in vocabulary if " " in term]


def load_state(predictor: Any) -> dict[str, Any]:
    return dict(predictor.encoder.get_state(None).settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"C": 1, "head": 2, "head.": 3, "data.x": 4},
            r"'C', 'head', 'head\.', 'data\.x': expected a part",
        ),
        ({"head.Q": 1}, "head.*'Q'|'Q'"),
        ({"encoder.ngram": 1}, "ngram"),
        ({"strategy.x": 1}, r"'auto' has no settings of its own. Got strategy\.x"),
        ({"head.C": "abc"}, "head.C must be a number above 0, or left out. Got 'abc'"),
        ({"head.C": [1]}, r"head.C must be a number above 0, or left out. Got \[1\]"),
        ({"head.random_state": -1}, "head.random_state must be a whole number"),
        ("head.C=1", "settings must be a mapping"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], message: str) -> None:
    """Keys without a part are named all at once; a part refuses what it does not know."""
    with pytest.raises(ConfigError, match=message):
        TextClassifier("tfidf", head="svm", settings=settings).fit(TEXTS, LABELS)


@pytest.mark.parametrize("part", ["encoder", "strategy", "head"])
def test_unknown_parts(part: str) -> None:
    """Each name is checked against its folder."""
    with pytest.raises(UnknownComponent, match=f"Unknown {part} 'nothing_like_it'"):
        TextClassifier("tfidf").set_params(**{part: "nothing_like_it"}).fit(TEXTS, LABELS)


@pytest.mark.parametrize(
    ("head", "settings"),
    [
        ("knn", {"n_neighbors": 2.5}),
        ("knn", {"n_neighbors": "3"}),
        ("kernel_ridge", {"gamma": None}),
        ("kernel_ridge", {"alpha": "x"}),
        ("ridge", {"alpha": {}}),
        ("prototype", {"shrinkage": None}),
        ("prototype", {"shrinkage": "x"}),
        ("logistic", {"random_state": 2.5}),
    ],
)
def test_wrong_settings_of_heads(head: str, settings: dict[str, Any]) -> None:
    """A value of another kind is said in our words."""
    given = {f"head.{name}": value for name, value in settings.items()}
    with pytest.raises(ConfigError, match=next(iter(settings))):
        TextClassifier("tfidf", head=head, settings=given).fit(TEXTS, LABELS)


@pytest.mark.parametrize("name", ["lsa", "lda"])
def test_wrong_seeds_of_encoders(name: str) -> None:
    with pytest.raises(ConfigError, match=r"encoder\.random_state must be a whole number"):
        TextClassifier(name, settings={"encoder.random_state": "abc"}).fit(TEXTS, LABELS)


@pytest.mark.parametrize(("part", "value"), [("encoder", None), ("head", 5), ("strategy", ["auto"])])
def test_parts_are_named(part: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"{part} must be a name"):
        TextClassifier("tfidf").set_params(**{part: value}).fit(TEXTS, LABELS)


def test_no_labels() -> None:
    with pytest.raises(DataError, match=r"one label for each of the 6 texts, got None"):
        TextClassifier("tfidf").fit(TEXTS, None)  # type: ignore[arg-type] # a mistake


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1", True, np.random.RandomState(0)], ids=str)
def test_wrong_seeds(seed: Any) -> None:
    """A seed is a whole number that scikit-learn takes; the message shows what was got."""
    with pytest.raises(ConfigError, match="random_state must be None or an integer from 0 to"):
        TextClassifier("tfidf", random_state=seed).fit(TEXTS, LABELS)


def test_seeds() -> None:
    """None is seed 0, and numpy's integers are integers."""
    expected = TextClassifier("tfidf", random_state=0).fit(TEXTS, LABELS).predict_proba(TEXTS).tobytes()
    for seed in (None, np.int64(0)):
        found = TextClassifier("tfidf", random_state=seed).fit(TEXTS, LABELS)  # type: ignore[arg-type] # numpy's
        assert found.predict_proba(TEXTS).tobytes() == expected


@pytest.mark.parametrize(
    ("encoder", "head", "strategy"),
    [("auto", "auto", "few_labels"), ("tfidf", "auto", "linear_probe"), ("auto", "svm", "linear_probe")],
)
def test_what_auto_means(encoder: str, head: str, strategy: str) -> None:
    """A given encoder of counts, or a given head, is probed as it is; else `auto` decides everything."""
    assert TextClassifier(encoder, head=head).fit(TEXTS, LABELS).predictor_.strategy == strategy


def test_a_label_that_numpy_would_change() -> None:
    """A trailing NUL, which numpy's strings drop, is refused: two labels must not become one."""
    with pytest.raises(DataError, match="NUL"):
        TextClassifier("tfidf").fit(TEXTS, ["a"] * 3 + ["a\0"] * 3)


def test_what_pandas_puts_for_nothing() -> None:
    """Values of the types NA and NaT are missing labels too."""
    for name in ("NAType", "NaTType"):
        missing = type(name, (), {"__repr__": lambda self: "<NA>"})()
        with pytest.raises(DataError, match=r"labels\[5\] is <NA> \(1 in all\)"):
            TextClassifier("tfidf").fit(TEXTS, [*LABELS[:-1], missing])


def test_many_rare_classes_are_listed_five_at_a_time() -> None:
    """The message stays readable however many classes have one row."""
    with pytest.raises(DataError, match=r"Class with a single row: 0, 1, 2, 3, 4 \.\.\.\."):
        TextClassifier("tfidf").fit([f"text {i}" for i in range(9)], list(range(9)))


def test_save_takes_strings_and_gives_the_place(tmp_path: Any) -> None:
    """`save` returns the folder, from which `load_bundle` reads the same answers."""
    model = TextClassifier("tfidf").fit(TEXTS, LABELS)
    folder = model.save(str(tmp_path / "bundle"))
    assert folder == tmp_path / "bundle"
    assert load_bundle(folder).predict(TEXTS).labels.tolist() == model.predict(TEXTS).tolist()


def test_it_declares_that_it_takes_texts() -> None:
    """scikit-learn's tags: one column of strings, a classifier."""
    tags = TextClassifier().__sklearn_tags__()
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.estimator_type == "classifier"


def test_the_docstring_runs() -> None:
    """The example of the class is true."""
    import doctest

    from headstart import classifier

    results = doctest.testmod(classifier)
    assert (results.failed, results.attempted) == (0, 2)


def test_sources_with_labels_of_any_kind() -> None:
    """A source's labels are strings; they match integer classes by their name."""
    source = Dataset(("good soup", "bad soup"), ("1", "0"))
    model = TextClassifier("tfidf").fit(TEXTS, [1] * 3 + [0] * 3, source=source)
    assert any(reason.startswith("2 source rows:") for reason in model.predictor_.reasons)


@pytest.fixture
def vocabularies(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The terms of each encoder of counts that is fitted."""
    found, fit = list[set[str]](), TermCounts._fit_counts

    def noting(encoder: TermCounts, texts: Any) -> Any:
        counts = fit(encoder, texts)
        found.append(set(encoder._vectoriser.vocabulary_))
        return counts

    monkeypatch.setattr(TermCounts, "_fit_counts", noting)
    return found


@pytest.mark.parametrize(("n", "given", "rare"), [(1000, {}, False), (999, {}, True), (1000, {"min_df": 1}, True)])
def test_folds_know_rare_terms_where_the_whole_does(
    vocabularies: list[set[str]], n: int, given: dict[str, int], rare: bool
) -> None:
    """What sets the limit of errors is made as the classifier is: by the number of all rows, not of those of a fold."""
    settings = {"encoder.ngrams": [1, 1], **{f"encoder.{key}": value for key, value in given.items()}}
    labels = ["bad" if i % 3 else "good" for i in range(n)]
    texts = [f"{label} soup w{i}x" for i, label in enumerate(labels)]
    TextClassifier("tfidf", "linear_probe", "prototype", settings=settings, max_error=0.1).fit(texts, labels)
    assert len(vocabularies) == 6
    assert all(({"bad", "good", "soup"} < found) == rare for found in vocabularies)
    assert all({"bad", "good", "soup"} <= found for found in vocabularies)


@pytest.mark.parametrize("encoder", ["tfidf", "tfidf+select:3"])
def test_a_classifier_for_a_part_has_the_same_arguments(encoder: str) -> None:
    """But for the limit of errors, and what the number of rows decided for an encoder that counts."""
    model = TextClassifier(encoder, "linear_probe", "svm", settings={"head.C": 2.0}, max_error=0.3, random_state=4)
    part = model.fit(TEXTS, LABELS).for_part()
    decided = {"encoder.min_df" if encoder == "tfidf" else "encoder.tfidf.min_df": 1}
    expected = {"max_error": None, "settings": {"head.C": 2.0, **decided}}
    assert part.get_params() == {**model.get_params(), **expected}
    assert model.settings == {"head.C": 2.0}
    assert not hasattr(part, "predictor_")
    assert part.fit(TEXTS[1:], LABELS[1:]).predictor_.encoder_name == encoder
    known = TextClassifier("tfidf", settings={"encoder.min_df": 2}).fit(TEXTS, LABELS)
    assert known.for_part().settings == {"encoder.min_df": 2}


@pytest.mark.parametrize(("few", "strategy"), [(30, "few_labels"), (29, "pooled")])
def test_a_part_learns_as_the_number_of_all_rows_says(monkeypatch: pytest.MonkeyPatch, few: int, strategy: str) -> None:
    """Where `auto` takes one strategy for few rows and another for more, a part of them does as all rows do."""
    monkeypatch.setattr("headstart.strategies.auto._FEW", few)
    texts = [f"这家{'很好喜欢' if i % 2 else '太差失望'}第{i}次" for i in range(30)]
    model = TextClassifier().fit(texts, [i % 2 for i in range(30)])
    part = model.for_part().fit(texts[:20], [i % 2 for i in range(20)])
    assert (model.predictor_.strategy, part.predictor_.strategy) == (strategy, strategy)
    assert model.for_part().settings is None


def test_a_part_is_told_of_no_other_encoder_than_the_named_one(tiny_model: Callable[[str], Path]) -> None:
    """Where words do as well alone, how often they have to stand is no setting of the transformer that was named."""
    texts = [f"thing {i} {'alpha' if i % 2 else 'beta'}" for i in range(60)]
    settings = {"encoder.max_tokens": 3}  # which reads none of the words that tell
    model = TextClassifier(str(tiny_model("bert")), "pooled", settings=settings).fit(texts, [i % 2 for i in range(60)])
    assert model.predictor_.encoder_name == "tfidf"
    assert model.for_part().settings == settings
    assert model.for_part().fit(texts[:40], [i % 2 for i in range(40)]).score(texts[40:], [0, 1] * 10) == 1.0


def test_a_part_leaves_out_what_there_was_no_time_for() -> None:
    """Else parts, whose texts have been read before, would be given more than the whole: they have as long."""
    model = TextClassifier("tfidf", "few_labels", settings={"strategy.shares": "none"}).fit(TEXTS, LABELS)
    assert model.for_part().settings == {"strategy.shares": "none"}
    model.predictor_ = replace(model.predictor_, for_parts={"strategy.tuning": "none"})
    assert model.for_part().settings == {"strategy.shares": "none", "strategy.tuning": "none"}
    assert model.settings == {"strategy.shares": "none"}


@pytest.mark.parametrize(("budget_s", "n_checked"), [(None, 30), (1e-6, 6), (600.0, 30)])
def test_a_limit_is_set_from_the_rows_that_there_is_time_to_check(budget_s: float | None, n_checked: int) -> None:
    """A fifth of them in any case."""
    texts = [f"{'good' if i % 2 else 'bad'} {i}" for i in range(30)]
    model = TextClassifier("tfidf", "linear_probe", "ridge", max_error=0.3)
    model.fit(texts, [i % 2 for i in range(30)], budget_s=budget_s)
    assert model.predictor_.abstaining is not None
    assert model.predictor_.abstaining.protocol.startswith(f"{n_checked} training rows: ")


def test_names_of_labels_that_are_numbers() -> None:
    """Their keys may be the labels themselves, or the text of them."""
    for names in ({0: "bad reviews", 1: "good reviews"}, {"0": "bad reviews", "1": "good reviews"}):
        model = TextClassifier("tfidf", "few_labels").fit(
            TEXTS, [int(label == LABELS[0]) for label in LABELS], label_names=names
        )
        assert model.classes_.tolist() == [0, 1]


@pytest.mark.parametrize("names", [["bad", "good"], {"bad": 5, "good": "fine"}, {"bad": [], "good": " "}])
def test_names_that_are_none(names: Any) -> None:
    """Said before any work."""
    with pytest.raises(DataError, match="label names"):
        TextClassifier("tfidf").fit(TEXTS, LABELS, label_names=names)


@pytest.mark.parametrize("role", ["source", "unlabelled"])
def test_what_is_no_text_beside_the_rows(role: str) -> None:
    """As among the rows: which one, and where."""
    others = {role: Dataset(("fine", float("nan")), ("bad", "good"))}  # type: ignore[arg-type] # a mistake
    with pytest.raises(DataError, match=rf"{role}\.texts\[1\]"):
        TextClassifier("tfidf").fit(TEXTS, LABELS, **others)


def test_labels_without_texts() -> None:
    """A generator of texts that is spent is not a wish for zero-shot."""
    names = {"bad": "negative", "good": "positive"}
    with pytest.raises(DataError, match="one label for each of the 0 texts"):
        TextClassifier("tfidf").fit([], LABELS, label_names=names)


def test_integers_that_no_array_holds() -> None:
    """They would become floats, and other labels."""
    with pytest.raises(DataError, match="no 64 bits hold together"):
        TextClassifier("tfidf").fit(TEXTS, [2**63 + 1 if label == LABELS[0] else -1 for label in LABELS])


def test_without_rows_a_setting_is_not_dropped() -> None:
    """Head and settings are handed on: what zero_shot cannot use is an error, as with rows."""
    names = {"bad": "negative", "good": "positive"}
    with pytest.raises(ConfigError, match="linear head of its own"):
        TextClassifier(head="svm").fit([], [], label_names=names)


def test_linear_probe_stays_linear_probe() -> None:
    """With the encoder to be chosen it is another choice, not another strategy."""
    assert TextClassifier(strategy="linear_probe").fit(TEXTS, LABELS).predictor_.strategy == "linear_probe"

"""Laws of every classifier, over all strategies and heads, on tiny texts with classic features.

Strategies that fine-tune need a transformer: their laws are in test_finetuning.py.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

from headstart import Dataset, TextClassifier, registry
from headstart.errors import DataError
from headstart.strategies._finetuning import FineTuning

GOOD = ("good", "fine", "great", "lovely")
BAD = ("bad", "poor", "awful", "dreadful")
THINGS = ("film", "soup", "room", "phone", "book")
TEXTS = [f"a {word} {thing}" for thing in THINGS for words in (GOOD, BAD) for word in words[:3]]
LABELS = [name for _ in THINGS for name in ("pos",) * 3 + ("neg",) * 3]
UNSEEN = ["a lovely good film", "a dreadful bad book", "", "nothing known", "味道很好"]

ALL = {name: registry.load("strategy", name) for name in registry.names("strategy")}
STRATEGIES = [
    name for name, made in ALL.items() if not issubclass(made, FineTuning) and getattr(made, "takes_rows", True)
]


def heads_of(strategy: str) -> list[str]:
    """The heads that a strategy takes."""
    return ["auto"] if getattr(ALL[strategy], "has_own_head", False) else [*registry.names("head"), "auto"]


COMBINATIONS = [
    pytest.param({"strategy": strategy, "head": head}, id=f"{strategy}-{head}")
    for strategy in STRATEGIES
    for head in heads_of(strategy)
]
every_classifier = pytest.mark.parametrize("parts", COMBINATIONS)


def make(parts: dict[str, Any], **more: Any) -> TextClassifier:
    return TextClassifier("tfidf", **{**parts, **more})


@every_classifier
def test_clone_and_parameters(parts: dict[str, Any]) -> None:
    """`clone`, `get_params` and `set_params` carry every argument; the constructor does nothing."""
    model = make(parts, settings={"encoder.ngrams": [1, 1]}, random_state=3)
    copied = clone(model)
    assert copied is not model
    assert copied.get_params() == model.get_params()
    assert TextClassifier().set_params(**model.get_params()).get_params() == model.get_params()
    assert vars(model) == model.get_params()


@every_classifier
def test_fit_returns_itself_and_leaves_its_inputs(parts: dict[str, Any]) -> None:
    """`fit` gives the object back; texts, labels, data sets and parameters are as before."""
    texts, labels = list(TEXTS), np.array(LABELS)
    source = Dataset(("good day", "bad day"), ("pos", "neg"))
    model = make(parts, settings={"encoder.ngrams": [1, 2]})
    before = copy.deepcopy((texts, labels.tolist(), source, model.get_params()))
    assert model.fit(texts, labels, source=source, unlabelled=Dataset(("a day",))) is model
    assert (texts, labels.tolist(), source, model.get_params()) == before


@every_classifier
def test_same_seed_same_result(parts: dict[str, Any]) -> None:
    """Two fits with one seed agree in every bit; fitting the same object again changes nothing."""
    first = make(parts, random_state=1).fit(TEXTS, LABELS)
    expected = first.predict_proba(UNSEEN).tobytes()
    assert make(parts, random_state=1).fit(TEXTS, LABELS).predict_proba(UNSEEN).tobytes() == expected
    assert first.fit(TEXTS, LABELS).predict_proba(UNSEEN).tobytes() == expected


@every_classifier
def test_probabilities(parts: dict[str, Any]) -> None:
    """(n, k), from 0 to 1, rows sum to 1; `predict` is the class of the largest."""
    model = make(parts).fit(TEXTS, LABELS)
    p = model.predict_proba(UNSEEN)
    assert p.shape == (len(UNSEEN), 2)
    assert ((p >= 0) & (p <= 1)).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    assert model.predict(UNSEEN).tolist() == model.classes_[p.argmax(axis=1)].tolist()
    assert model.classes_.tolist() == ["neg", "pos"]


@every_classifier
def test_it_learns(parts: dict[str, Any]) -> None:
    """Words seen with one label only decide a new text, whatever the head."""
    model = make(parts).fit(TEXTS, LABELS)
    assert model.score(TEXTS, LABELS) == 1.0
    assert model.predict(["a good fine train", "a bad poor train"]).tolist() == ["pos", "neg"]


@every_classifier
def test_rows_do_not_influence_each_other(parts: dict[str, Any]) -> None:
    """A text alone, empty, or very long gets the answer that it gets among others."""
    texts = [*UNSEEN, "good " * 20_000, "x" * 50_000]
    model = make(parts).fit(TEXTS, LABELS)
    together = model.predict_proba(texts)
    alone = np.vstack([model.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(alone, together, rtol=1e-5)


@every_classifier
@pytest.mark.parametrize("labels", [("neg", "pos"), (0, 1), (-3, 7), (False, True)], ids=str)
def test_labels_keep_their_kind(parts: dict[str, Any], labels: tuple[Any, Any]) -> None:
    """Strings, integers and booleans come back as such, given as a list, a tuple or an array."""
    own = [labels[name == "pos"] for name in LABELS]
    answers = []
    for given in (
        own,
        tuple(own),
        np.array(own),
        np.array(own, dtype=object),
        [np.array(own)[i] for i in range(30)],
    ):
        model = make(parts).fit(TEXTS, given)
        answers.append(model.predict(TEXTS).tolist())
        assert {type(label) for label in answers[-1]} == {type(labels[0])}
    assert answers == [own] * 5


@every_classifier
def test_texts_in_any_sequence(parts: dict[str, Any]) -> None:
    """List, tuple and arrays of texts are the same texts."""
    expected = make(parts).fit(TEXTS, LABELS).predict_proba(UNSEEN).tobytes()
    for kind in (tuple, np.array, lambda texts: np.array(texts, dtype=object)):
        assert make(parts).fit(kind(TEXTS), LABELS).predict_proba(kind(UNSEEN)).tobytes() == expected


@every_classifier
def test_two_rows_a_class_are_enough(parts: dict[str, Any]) -> None:
    """The least that can be learnt from is learnt from, with and without a source."""
    texts, labels = ["a good film", "a fine film", "a bad film", "a poor film"], ["pos", "pos", "neg", "neg"]
    model = make(parts)
    assert model.fit(texts, labels).predict(["good fine", "bad poor"]).tolist() == ["pos", "neg"]
    model.fit(texts, labels, source=Dataset(tuple(TEXTS), tuple(LABELS)))
    assert model.predict(["a great room"]).tolist() == ["pos"]


@every_classifier
def test_cross_validation_and_search(parts: dict[str, Any]) -> None:
    """scikit-learn's cross-validation, grid search and pipeline drive it like any classifier."""
    assert cross_val_score(make(parts), TEXTS, LABELS, cv=3).mean() == 1.0
    grid = {"encoder": ["tfidf", "bow"], "settings": [None, {"encoder.ngrams": [1, 1]}]}
    search = GridSearchCV(make(parts), grid, cv=2).fit(TEXTS, LABELS)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_score_ == 1.0
    steps = [("upper", FunctionTransformer(_upper)), ("model", make(parts))]
    pipeline = Pipeline(steps).fit(TEXTS, LABELS, model__unlabelled=Dataset(("A DAY",)))
    assert pipeline.predict(["a good good film"]).tolist() == ["pos"]
    heads = [head for head in ("svm", "ridge", parts["head"]) if head in heads_of(parts["strategy"])]
    search = GridSearchCV(Pipeline(steps), {"model__head": heads}, cv=2).fit(TEXTS, LABELS)
    assert search.best_score_ == 1.0


def _upper(texts: Sequence[str]) -> list[str]:
    return [text.upper() for text in texts]


@every_classifier
def test_unfitted(parts: dict[str, Any]) -> None:
    """Before `fit` there is nothing to predict with: scikit-learn's own error."""
    model = make(parts)
    for use in (model.predict, model.predict_proba, model.save):
        with pytest.raises(NotFittedError):
            use("folder")
    check_is_fitted(model.fit(TEXTS, LABELS))


class Recorder(TextClassifier):
    """Notes the data sets that reach `fit`, in a list that survives cloning."""

    seen: list[tuple[int, Dataset | None, Dataset | None]] = []  # noqa: RUF012 - shared on purpose

    def fit(self, texts: Any, labels: Any, **data: Any) -> Any:
        """Note, then fit."""
        self.seen.append((len(texts), data.get("source"), data.get("unlabelled")))
        return super().fit(texts, labels, **data)


@pytest.mark.parametrize("role", ["source", "unlabelled"])
@pytest.mark.parametrize(
    "drive",
    [
        lambda model, data: cross_val_score(model, TEXTS, LABELS, cv=3, params=data),
        lambda model, data: GridSearchCV(model, {"head": ["svm", "ridge"]}, cv=3).fit(TEXTS, LABELS, **data),
    ],
    ids=["cross_val_score", "GridSearchCV"],
)
def test_a_data_set_of_equal_length_arrives_whole(drive: Callable[[Any, Any], object], role: str) -> None:
    """scikit-learn slices fit parameters as long as the texts, in silence: a Dataset is never sliced."""
    labels = tuple(LABELS) if role == "source" else None
    dataset = Dataset(tuple(reversed(TEXTS)), labels)
    assert dataset.n == len(TEXTS)
    Recorder.seen.clear()
    drive(Recorder("tfidf", "linear_probe", "prototype"), {role: dataset})
    sizes = [n for n, _, _ in Recorder.seen]
    assert sizes.count(20) in {3, 6}
    for _, source, unlabelled in Recorder.seen:
        assert (source if role == "source" else unlabelled) is dataset


WRONG: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "bare string": ("a text", [1], {}, "texts must be a sequence of strings, got one str"),
    "None among texts": (["a", None, "b", "c"], [0, 0, 1, 1], {}, r"texts\[1\] is None"),
    "no texts": ([], [], {}, "There are no texts to learn from"),
    "one class": (TEXTS, ["pos"] * 30, {}, r"only one class \(\['pos'\]\); at least two"),
    "a class with one row": (["a", "b", "c"], ["x", "x", "y"], {}, "Class with a single row: y"),
    "float labels": (TEXTS, [0.5, 1.5] * 15, {}, r"labels are floats \(such as 0\.5\): Headstart classifies"),
    "numpy float labels": (TEXTS, np.linspace(0, 1, 30), {}, "labels are floats"),
    "fewer labels": (TEXTS, LABELS[:-1], {}, r"one label for each of the 30 texts, got shape \(29,\)"),
    "label matrix": (TEXTS, [[1, 0]] * 30, {}, r"got shape \(30, 2\)"),
    "bare string of labels": (["a", "b", "c", "d"], "aabb", {}, r"got shape \(\)"),
    "a missing label": (TEXTS, [None, *LABELS[1:]], {}, r"labels\[0\] is None \(1 in all\).*`unlabelled`"),
    "NaN among labels": (TEXTS, [*LABELS[:-1], float("nan")], {}, r"labels\[29\] is nan \(1 in all\)"),
    "mixed labels": (TEXTS, [1, "a"] * 15, {}, "all strings, all integers or all booleans, got int and str"),
    "labels of bytes": (TEXTS, [b"a", b"b"] * 15, {}, "got bytes"),
    "half a character": (TEXTS, ["a", "\ud800"] * 15, {}, r"labels\[1\] holds a lone surrogate"),
    "source as a list": (TEXTS, LABELS, {"source": TEXTS}, "source must be a headstart.Dataset, got list"),
    "unlabelled as a list": (TEXTS, LABELS, {"unlabelled": TEXTS}, "unlabelled must be a headstart.Dataset"),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_wrong_inputs(strategy: str, case: str) -> None:
    """A DataError that names the place, what was got and what is expected; an earlier fit survives it."""
    texts, labels, data, message = WRONG[case]
    model = make({"strategy": strategy, "head": heads_of(strategy)[0]}).fit(TEXTS, LABELS)
    with pytest.raises(DataError, match=message):
        model.fit(texts, labels, **data)
    assert model.predict(["a good film"]).tolist() == ["pos"]

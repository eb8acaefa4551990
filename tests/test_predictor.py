"""The predictor: encoder and head put together, nothing learnt."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from headstart import Predictor, TextClassifier
from headstart.errors import DataError


class Lengths:
    """An encoder whose one feature is the length of the text; it reads three characters."""

    pretrained = True

    def encode(self, texts: Sequence[str]) -> Any:
        """(n, 1)."""
        return np.array([[len(text)] for text in texts], dtype=np.float32)

    def truncated(self, texts: Sequence[str]) -> Any:
        """(n,)."""
        return np.array([len(text) > 3 for text in texts], dtype=bool)


class Longer:
    """A head: the longer the text, the surer of the second class; it refuses an empty matrix."""

    def predict_proba(self, features: Any) -> Any:
        """(n, 2)."""
        assert len(features)
        p = features[:, :1] / (1 + features[:, :1])
        return np.hstack([1 - p, p])


def lengths(*classes: Any) -> Predictor:
    return Predictor(Lengths(), Longer(), classes, "lengths", "longer", "none")  # type: ignore[arg-type] # as far as needed


def test_labels_are_the_likeliest_class() -> None:
    """The label is classes[argmax of the probabilities]; truncated comes from the encoder."""
    found = lengths("short", "long").predict(["", "a", "abcd"])
    assert found.labels.tolist() == ["short", "short", "long"]
    assert found.probabilities.tolist() == [[1, 0], [0.5, 0.5], [pytest.approx(0.2), pytest.approx(0.8)]]
    assert found.truncated.tolist() == [False, False, True]


@pytest.mark.parametrize("classes", [("a", "b"), (0, 1), (False, True)])
def test_labels_have_the_type_of_the_classes(classes: tuple[Any, Any]) -> None:
    """Python values of the class's own type come out of `tolist`."""
    labels = lengths(*classes).predict(["", "abcd"]).labels.tolist()
    assert labels == list(classes)
    assert [type(label) for label in labels] == [type(c) for c in classes]


def test_no_texts() -> None:
    """No rows in, no rows out, with the right number of columns; the head is not asked."""
    found = lengths("a", "b").predict([])
    assert (found.labels.shape, found.probabilities.shape, found.truncated.shape) == ((0,), (0, 2), (0,))
    real = TextClassifier("tfidf").fit(["a b", "a c", "d e", "d f"], [0, 0, 1, 1]).predictor_
    assert real.predict_proba([]).shape == (0, 2)


def test_any_sequence_of_strings() -> None:
    """List, tuple, array and generator give the same answer."""
    texts = ["", "a", "abcd"]
    expected = lengths("a", "b").predict_proba(texts).tolist()
    for given in (tuple(texts), np.array(texts), np.array(texts, dtype=object), (t for t in texts)):
        assert lengths("a", "b").predict_proba(given).tolist() == expected


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one text", "texts must be a sequence of strings, got one str"),
        (3, "texts must be a sequence of strings, got one int"),
        (["a", None], r"texts\[1\] is None \(NoneType\), expected a string"),
        (["a", 1.5], r"texts\[1\] is 1\.5 \(float\), expected a string"),
        (["a", "\ud800"], r"texts\[1\] holds a lone surrogate"),
        ([["a"], ["b"]], r"texts\[0\] is \['a'\] \(list\)"),
    ],
)
def test_what_is_not_a_text(texts: Any, message: str) -> None:
    """The first value that is no text is named with its place."""
    with pytest.raises(DataError, match=message):
        lengths("a", "b").predict_proba(texts)
    with pytest.raises(DataError, match=message):
        lengths("a", "b").predict(texts)


def test_the_name_says_what_it_is_made_of() -> None:
    """`encoder + head`."""
    assert lengths("a", "b").name == "lengths + longer"

"""What of a task a strategy makes no use of, which is told."""

import numpy as np
import pytest

from headstart import Dataset, TextClassifier, registry
from headstart.strategies import unused, uses_of
from headstart.types import Task

GIVEN = {"source", "unlabelled", "label_names", "augment"}
OTHERS = Dataset(("很好", "很差", "不错", "糟糕"), ("good", "bad", "good", "bad"))


@pytest.mark.parametrize("name", registry.names("strategy"))
def test_each_thing_is_used_or_told(name: str) -> None:
    """One sentence on each thing beside the rows that a strategy does not say it can learn from."""
    names = {"x": "b", "y": "d"}
    task = Task(("a",), np.array([0]), ("x", "y"), Dataset(("c",)), Dataset(("c",)), names, "swap")
    assert uses_of(name) <= GIVEN
    assert len(unused(name, task)) == len(GIVEN - uses_of(name))
    assert unused(name, Task(("a",), np.array([0]), ("x", "y"))) == []


def test_what_is_not_used_is_told_and_not_learnt_from() -> None:
    """Label names and augmentations in the sentences; a source in another language, in what the model knows."""
    texts, labels = ("good film", "bad film", "good book", "bad book") * 2, ("good", "bad") * 4
    probe = TextClassifier("tfidf", "linear_probe").fit(texts, labels, label_names={"good": "a", "bad": "b"})
    assert "Label names are not used by linear_probe." in probe.predictor_.reasons
    learnt, few = (
        TextClassifier("tfidf", strategy, augment="swap").fit(texts, labels, source=OTHERS).predictor_
        for strategy in ("linear_probe", "few_labels")
    )
    assert (learnt.described, few.described) == (f"{learnt.name} with swap", few.name)
    assert "Augmentations are not used by few_labels." in few.reasons
    zero = TextClassifier(strategy="zero_shot", encoder="tfidf")
    names = {"positive": "positive", "negative": "negative"}
    zero.fit([], [], label_names=names, source=OTHERS, unlabelled=Dataset(("a good film", "a bad film", "a film")))
    assert "Source rows are not used by zero_shot." in zero.predictor_.reasons
    assert zero.predictor_.languages["zh"] == 0.0
    assert learnt.languages["zh"] > 0.0

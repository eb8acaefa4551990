"""When words are added to a network's answer, and with which factors."""

import numpy as np
import pytest

pytestmark = pytest.mark.torch
pytest.importorskip("torch")

from headstart.finetuning.words import Mixture, Words, mix  # noqa: E402 - needs torch
from headstart.functional.probability import fit_scale, softmax  # noqa: E402 - as above


def views(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decision values of two models that each know a part of what decides between three classes, and the classes."""
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(n, 3)), rng.normal(size=(n, 3))
    p = softmax(2 * one + other)
    return one, other, np.array([rng.choice(3, p=row) for row in p])


def test_words_that_know_something_are_added() -> None:
    """With the factors that drew the classes; the accuracies are those of the sums."""
    network, words, y = views(5000)
    found = mix(network, words, y)
    assert found.network == pytest.approx(2, rel=0.1)
    assert found.words == pytest.approx(1, rel=0.1)
    assert found.accuracy == np.mean((found.network * network + found.words * words).argmax(axis=1) == y)
    assert found.alone == np.mean(network.argmax(axis=1) == y)
    assert found.accuracy > found.alone
    assert "5,000 held-out rows" in found.reason("tfidf")


@pytest.mark.parametrize("n", [29, 400])
def test_words_stay_out(n: int) -> None:
    """Where they say nothing that the network does not; where there are too few rows to tell, whatever they say."""
    network, words, y = views(n)
    others = words if n < 30 else np.random.default_rng(1).normal(size=words.shape)
    found = mix(network, others, y)
    assert found.words == 0
    assert found.network > 0
    assert "stay out" in found.reason("tfidf")


def test_without_words_and_rows() -> None:
    network, _, y = views(100)
    assert mix(network, None, y).words == 0
    assert Mixture().network == 1


def test_a_network_of_a_part_is_less_sure_than_the_very_one() -> None:
    """Targets are smoothed by the rows of a class where the network stands for another one, else by all rows."""
    network, _, y = views(40)
    very, part = mix(network, None, y), mix(network, None, y, of_part=True)
    assert very.network == fit_scale(network, y, per_class=False)
    assert part.network == fit_scale(network, y) < very.network


def test_words_decide_by_counts() -> None:
    """What they say of a text does not depend on how often it is repeated in itself."""
    texts = [f"{word} thing {i % 7}" for i, word in enumerate(["soup", "screen"] * 40)]
    found = Words.learn("bow", texts, np.arange(80) % 2, 2, 0)
    assert found is not None
    said = found.decide(["soup", "screen", "soup soup soup", "never seen"])
    assert said.argmax(axis=1)[:3].tolist() == [0, 1, 0]
    np.testing.assert_allclose(said[2], said[0], rtol=1e-5)
    assert np.isfinite(said).all()


def test_words_know_the_classes_that_have_two_rows() -> None:
    """They never point to another one; where only one class has two rows there are no words."""
    texts, y = [f"{word} thing {i % 7}" for i, word in enumerate(["soup", "screen"] * 40)], 1 + np.arange(80) % 2
    found = Words.learn("bow", [*texts, "train"], np.append(y, 0), 4, 0)
    assert found is not None
    said = found.decide(["soup", "screen", "train", "never seen"])
    assert said.shape == (4, 4)
    assert (said[:, [0, 3]].max(axis=1) < said[:, [1, 2]].min(axis=1)).all()
    assert said.argmax(axis=1)[:2].tolist() == [1, 2]
    assert Words.learn("bow", texts, np.append(np.zeros(79, np.int64), 1), 2, 0) is None

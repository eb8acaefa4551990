"""The laws of every augmentation, run over the registry."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart import registry
from headstart.augment import Augmenter
from headstart.types import Augmentation

NAMES = registry.names("augmentation")

TEXTS = [
    "The soup was cold, but the waiter could not have been kinder. Great view!",
    "Don't expect anything new: the second half repeats the first half.",
    "这家餐厅的味道很好，服务员也很热情。房间很干净！",
    "发货太慢，客服也不回，差评！",
    "新版 App 更新后 check in 更快了，界面也好看",
    "Battery life is great; the screen is bright. I would buy it again",
]
Y = np.array([1, 0, 1, 0, 1, 0])
NASTY = [
    "",
    " ",
    "!",
    "\n\n",
    "。。。",
    "好",
    "a",
    "\x1f",
    "👍🏽👍",
    "a" * 3000,
    "好" * 3000,
    ",,a,,b",
    "١٢٣",
    "\u0301e\u0301",
]


@pytest.fixture
def make(tmp_path: Path, tiny_masked: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Augmentation]:
    """An augmentation by name, with the argument that it cannot do without."""
    groups = tmp_path / "groups.txt"
    groups.write_text("great good fine\ncold, icy\n很好 不错 好看\n", encoding="utf-8")
    module = tmp_path / "rewriting_for_tests.py"
    module.write_text("def upside_down(texts):\n    return [text[::-1] or None for text in texts]\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    arguments = {
        "synonym": str(groups),
        "mask": str(tiny_masked),
        "back_translation": "rewriting_for_tests:upside_down",
    }

    def made(name: str) -> Augmentation:
        if name == "vectors" and importlib.util.find_spec("gensim") is None:
            pytest.skip("gensim is not installed")
        augmentation: Augmentation = registry.load("augmentation", name)(arguments.get(name))
        return augmentation

    return made


@pytest.fixture(params=NAMES)
def name(request: Any) -> str:
    return str(request.param)


def rngs(n: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, i)) for i in range(n)]


def test_a_text_or_none_for_each(name: str, make: Any) -> None:
    """Fitted, it gives as many answers as texts; most are other texts, and the inputs stay as they are."""
    augmentation, texts, y = make(name), list(TEXTS), Y.copy()
    assert augmentation.fit(texts, y) is augmentation
    answers = augmentation.augment(texts, y, rngs(len(texts)))
    assert len(answers) == len(texts)
    assert all(answer is None or isinstance(answer, str) for answer in answers)
    assert texts == TEXTS
    assert (y == Y).all()
    if name != "vectors":  # which knows next to nothing from six texts
        assert any(answer not in (None, text) for text, answer in zip(texts, answers, strict=True))


def test_same_seed_same_texts(name: str, make: Any) -> None:
    """Two of a kind agree; so does one that is fitted again."""
    one, two = make(name), make(name)
    first = one.fit(TEXTS, Y).augment(TEXTS, Y, rngs(len(TEXTS), 7))
    assert two.fit(TEXTS, Y).augment(TEXTS, Y, rngs(len(TEXTS), 7)) == first
    assert one.fit(TEXTS, Y).augment(TEXTS, Y, rngs(len(TEXTS), 7)) == first


def test_a_row_does_not_depend_on_the_others(name: str, make: Any) -> None:
    """Asked for some rows in another order, with their generators, it gives the same."""
    augmentation = make(name).fit(TEXTS, Y)
    whole = augmentation.augment(TEXTS, Y, rngs(len(TEXTS)))
    order, all_rngs = [4, 1, 2], rngs(len(TEXTS))
    part = augmentation.augment([TEXTS[i] for i in order], Y[order], [all_rngs[i] for i in order])
    assert part == [whole[i] for i in order]


def test_nasty_texts(name: str, make: Any) -> None:
    """Empty, one character, no letters, thousands of one letter: an answer or None, never an error."""
    y = np.arange(len(NASTY)) % 2
    augmentation = make(name).fit([*NASTY, *TEXTS], [*y, *Y])
    answers = augmentation.augment(NASTY, y, rngs(len(NASTY)))
    assert len(answers) == len(NASTY)
    assert augmentation.augment([], np.array([], dtype=int), []) == []


def test_through_the_augmenter(name: str, make: Any) -> None:
    """Labels are the origins', every result is new, and the counts add up."""
    augmented = Augmenter({name: make(name)}, copies=2).augment(TEXTS, Y, seed=1)
    assert (augmented.y == Y[augmented.origins]).all()
    assert set(augmented.names) <= {name}
    assert not set(augmented.texts) & set(TEXTS)
    assert len(set(augmented.texts)) == len(augmented.texts) == augmented.counts[name].n_new
    count = augmented.counts[name]
    assert count.n_asked == 2 * len(TEXTS) == count.n_new + count.n_none + count.n_empty + count.n_equal
    assert len(augmented.groups) == len(TEXTS) + len(augmented.texts)


def test_is_described(name: str) -> None:
    """`headstart list` has a sentence on it."""
    assert len(registry.describe("augmentation", name)) > 20

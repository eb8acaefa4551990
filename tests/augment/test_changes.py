"""What each augmentation does to a text, by laws."""

import difflib
from collections import Counter
from typing import Any

import numpy as np
import pytest

from headstart import registry
from headstart.augment._words import pieces, word_places

ENGLISH = "one two three four five six seven eight nine ten"
CHINESE = "这家餐厅的味道非常好，服务员特别热情。"
SEEDS = range(20)


def results(
    name: str, text: str, argument: str | None = None, *, others: tuple[str, ...] = (), n: int = 20
) -> list[Any]:
    """Answers by n seeds to a text, fitted on it and on others of its class."""
    texts, y = [text, *others], np.zeros(1 + len(others), dtype=int)
    augmentation = registry.load("augmentation", name)(argument).fit(texts, y)
    return [augmentation.augment([text], y[:1], [np.random.default_rng(seed)])[0] for seed in range(n)]


def words(text: str) -> list[str]:
    parts = pieces(text)
    return [parts[place] for place in word_places(parts)]


@pytest.mark.parametrize("text", [ENGLISH, "a b"])
def test_swap_keeps_the_words(text: str) -> None:
    """One exchange at the default share: two places differ, the words are the same."""
    for answer in results("swap", text):
        assert Counter(words(answer)) == Counter(words(text))
        assert sum(a != b for a, b in zip(words(answer), words(text), strict=True)) == 2


def test_swap_in_chinese_keeps_the_characters_and_the_marks() -> None:
    """Characters are permuted, punctuation stays at the end."""
    for answer in results("swap", CHINESE, "0.5"):
        assert Counter(answer) == Counter(CHINESE)
        assert answer.endswith("。")


@pytest.mark.parametrize(("argument", "n_left"), [(None, 9), ("0.5", 5), ("1", 1)])
def test_delete_removes_the_share_and_leaves_one(argument: str | None, n_left: int) -> None:
    """What is left stands in its order, with single spaces."""
    for answer in results("delete", ENGLISH, argument):
        assert len(words(answer)) == n_left
        assert answer.split(" ") == words(answer)
        assert [w for w in words(ENGLISH) if w in words(answer)] == words(answer)


def test_insert_takes_words_of_the_class() -> None:
    """Without what was inserted it is the text; what was inserted is a word of the class."""
    for answer in results("insert", ENGLISH, others=("red green",)):
        matcher = difflib.SequenceMatcher(None, words(ENGLISH), words(answer), autojunk=False)
        changes = [op for op in matcher.get_opcodes() if op[0] != "equal"]
        assert [op[0] for op in changes] == ["insert"]
        assert set(words(answer)) <= {*words(ENGLISH), "red", "green"}
    drawn = {word for answer in results("insert", "red", others=("green",), n=40) for word in words(answer)}
    assert drawn == {"red", "green"}


def test_insert_never_takes_words_of_another_class() -> None:
    """The label stays true as far as words can say."""
    augmentation = registry.load("augmentation", "insert")("1").fit(["good fine", "bad poor"], np.array([1, 0]))
    rngs = [np.random.default_rng(seed) for seed in SEEDS]
    for answer in augmentation.augment(["good fine"] * 20, np.ones(20, dtype=int), rngs):
        assert set(words(answer)) == {"good", "fine"}


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("A one. B two! C three?", {"B two! C three? A one.", "C three? A one. B two!"}),
        ("slow, cold, rude.", {"cold, rude, slow.", "rude, slow, cold."}),
        ("发货太慢，客服不回！", {"客服不回，发货太慢！"}),
        ("one unit only", {None}),
    ],
)
def test_rotation_gives_every_rotation_and_nothing_else(text: str, possible: set[str | None]) -> None:
    """All rotations but the text itself."""
    assert set(results("rotation", text, n=40)) == possible


def test_splice_joins_halves_of_the_class() -> None:
    """Units of both texts, half of each, in one of two orders."""
    answers = set(results("splice", "a1. a2.", others=("b1. b2.",), n=60))
    assert answers == {f"{x} {y}" for a in ("a1.", "a2.") for b in ("b1.", "b2.") for x, y in ((a, b), (b, a))}
    assert set(results("splice", "词汇阅读", others=("考研经验",), n=20)) == {
        "词汇阅读，考研经验",
        "考研经验，词汇阅读",
    }


def test_splice_of_a_text_alone_in_its_class_gives_none() -> None:
    """There is nobody to exchange halves with."""
    augmentation = registry.load("augmentation", "splice")().fit(["a. b.", "c. d."], np.array([0, 1]))
    rngs = [np.random.default_rng(0), np.random.default_rng(1)]
    assert augmentation.augment(["a. b.", "c. d."], np.array([0, 1]), rngs) == [None, None]


def is_one_mistake(word: str, wrong: str) -> bool:
    """A substitution, an exchange of neighbours, or an omission."""
    omissions = {word[:i] + word[i + 1 :] for i in range(len(word))}
    differing = [i for i in range(min(len(word), len(wrong))) if word[i] != wrong[i]]
    exchanged = len(differing) == 2 and sorted(word) == sorted(wrong)
    return wrong in omissions or (len(word) == len(wrong) and (len(differing) == 1 or exchanged))


def test_typo_makes_one_mistake_in_one_word() -> None:
    """At the default share of ten words."""
    for answer in results("typo", ENGLISH):
        pairs = [(a, b) for a, b in zip(words(ENGLISH), words(answer), strict=True) if a != b]
        assert len(pairs) == 1
        assert is_one_mistake(*pairs[0])


def test_typo_knows_the_keyboard() -> None:
    """The neighbours of s on a QWERTY keyboard, in its case; a lone digit has none."""
    assert set(results("typo", "s", n=100)) == set("adwezx")
    assert set(results("typo", "S", n=100)) == set("ADWEZX")
    assert results("typo", "9", n=1) == [None]


def test_typo_in_chinese_loses_or_moves_characters_only() -> None:
    """No new character."""
    for answer in results("typo", CHINESE, "0.5"):
        assert not Counter(answer) - Counter(CHINESE)


def test_noise_changes_characters_of_the_data() -> None:
    """At least one letter differs, and new ones are the data's."""
    for answer in results("noise", ENGLISH, "0.1"):
        assert answer != ENGLISH or sorted(answer) == sorted(ENGLISH)  # a letter may be drawn that was there
        assert set(answer) <= set(ENGLISH)
        assert answer.count(" ") == ENGLISH.count(" ")
    assert len(set(results("noise", ENGLISH, "0.1"))) > 10

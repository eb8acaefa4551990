"""Names of classes: what stands for each, what is refused, and which direction they give."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import ConfigError, DataError
from headstart.few_labels.names import are_words, directions, negations, read_label_names, vocabulary, wordings


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("sport", "politics"), True),
        (("体育", "财经"), True),
        (("0", "1"), False),
        ((0, 1), False),
        (("NEG", "3"), False),
        ((*(f"intent {name}" for name in "abcdefghi"), "w2"), True),
        ((True, False), False),
    ],
)
def test_which_labels_are_words(classes: tuple[object, ...], expected: bool) -> None:
    """Codes and numbers say nothing; one of a few that says nothing is enough."""
    assert are_words(classes) is expected


def test_labels_become_readable() -> None:
    """Underscores, slashes and humps are no part of a name; opinions are known in other words, in both languages."""
    found = wordings(("not_counterfactual", "Sci/Tech", "creditCard"), None)
    assert [each[0] for each in found] == ["not counterfactual", "sci tech", "credit card"]
    assert "great" in wordings(("pos", "neg"), None)[0]
    assert "很好" in wordings(("好评", "差评"), None)[0]


def test_given_names_replace_labels() -> None:
    """One name, a description or several wordings; the order is that of the classes."""
    found = wordings(("a", "b"), {"b": ["weather", "Rain or snow"], "a": "money"})
    assert found == (("money",), ("weather", "rain or snow"))


@pytest.mark.parametrize("names", [{"a": "x"}, {"a": "x", "b": "y", "c": "z"}, {"a": "x", "b": ""}])
def test_names_must_be_those_of_the_classes(names: dict[str, str]) -> None:
    """One too few or too many is an error that lists the labels."""
    with pytest.raises(ConfigError, match="label names: "):
        wordings(("a", "b"), names)


@pytest.mark.parametrize(
    "content", ["", "[1]", '{"a": "x"}', '{"a": "x", "b": 3}', '{"a": "x", "b": []}', '{"a": "x", "a": "y", "b": "z"}']
)
def test_a_wrong_file_is_named(content: str, tmp_path: Path) -> None:
    """What is not a mapping of two labels to texts is refused, with an example of what is expected."""
    path = tmp_path / "names.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"names\.json.*Expected one JSON object"):
        read_label_names(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_label_names(tmp_path / "none.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_right_file_is_read(encoding: str, tmp_path: Path) -> None:
    """In whichever of the encodings that data may have; with a byte-order mark or not."""
    names = {"好评": "好吃，送得快，满意", "差评": ["难吃", "送得慢，不满意"]}
    path = tmp_path / "names.json"
    path.write_text(json.dumps(names, ensure_ascii=False), encoding=encoding)
    assert read_label_names(path) == names


def test_a_file_in_no_encoding_says_what_to_do(tmp_path: Path) -> None:
    """It names the file once, and no option: none is read for it."""
    path = tmp_path / "names.json"
    path.write_bytes('{"好评": "好吃，送得快", "差评": "难吃"}'.encode("gb18030") + b"\xff\xff")
    with pytest.raises(DataError, match=r"^label names: \S+names\.json is text in no encoding .*: save it as UTF-8\.$"):
        read_label_names(path)


def test_which_names_are_negations() -> None:
    """Of another class's name, in either language; "neither" and "other" of all others; "nothing" and
    "no refund" beside "praise" are names like others.
    """
    cases = {
        ("toxic", "not_toxic"): [1], ("nonSpam", "spam"): [0], ("广告", "非广告"): [1],
        ("spam", "not a spam", "ham"): [1],
        ("hate", "neither", "offensive"): [1], ("体育", "其他"): [1],
        ("praise", "no_refund"): [], ("thing", "nothing"): [], ("not", "non"): [],
    }  # fmt: skip
    for classes, expected in cases.items():
        assert negations(wordings(classes, None)) == expected, classes


def test_vocabulary_counts_texts() -> None:
    """Words of three texts or more, the most frequent first; both languages."""
    texts = ["the cat sat sat sat", "the cat ran", "the cat", "the dog", "房间很干净", "房间不错", "这个房间"]
    assert vocabulary(texts) == ["the", "cat", "房间"]


def test_directions_are_those_of_the_names_and_of_words_near_them() -> None:
    """In a world of two axes: a name's direction turns towards the words that are nearest to it."""
    places = {"hot": (1.0, 0.0, 0.2), "cold": (0.0, 1.0, 0.2)}
    places |= {f"warm{i}": (1.0, 0.1, 0.9) for i in range(10)} | {f"icy{i}": (0.1, 1.0, -0.9) for i in range(10)}

    def encode(texts: Sequence[str]) -> np.ndarray:
        rows = np.array([places[text] for text in texts], dtype=float)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    bare = directions(encode, [("hot",), ("cold",)], [])
    np.testing.assert_allclose(bare[0], np.array([1, -1, 0]) / 2**0.5, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(bare, axis=1), 1.0)
    near = [word for word in places if word not in ("hot", "cold")]
    few = directions(encode, [("hot",), ("cold",)], near)
    np.testing.assert_allclose(few, bare)  # the nearest of twenty words need not be near
    places |= {f"other{i}": (0.1, 0.1, float(i % 3 - 1)) for i in range(400)}
    with_words = directions(encode, [("hot",), ("cold",)], list(places)[2:])
    assert with_words[0, 2] > 0.3 > -0.3 > with_words[1, 2]


def test_a_negation_stands_for_the_words_in_general() -> None:
    """An encoder that does not see a "not": the direction is the name less the mean word, and the opposite."""
    rng = np.random.default_rng(0)
    places = {f"word{i}": rng.normal(size=6) + 1.0 for i in range(30)}
    places |= {"toxic": np.arange(6.0), "not toxic": np.arange(6.0) + 1e-6 * rng.normal(size=6)}

    def encode(texts: Sequence[str]) -> np.ndarray:
        rows = np.array([places[text] for text in texts])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    words = [f"word{i}" for i in range(30)]
    found = directions(encode, [("toxic",), ("not toxic",)], words)
    expected = encode(["toxic"])[0] - encode(words).mean(axis=0)
    np.testing.assert_allclose(found[0], expected / np.linalg.norm(expected))
    np.testing.assert_allclose(found[1], -found[0])


def test_words_that_are_as_frequent_stand_by_the_alphabet() -> None:
    """Not in the order of a set, which another process would have otherwise: the cut at 1,500 goes through them."""
    texts = ["pear fig kiwi", "kiwi pear fig", "fig kiwi pear", "fig"]
    assert vocabulary(texts) == ["fig", "kiwi", "pear"]

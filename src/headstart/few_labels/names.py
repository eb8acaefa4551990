"""The names of classes as knowledge: what they are called, in other words too, and which direction in the encoder's
features each of them is.

Shape letters: k classes, d features.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.data.json_file import read_json
from headstart.errors import ConfigError, DataError, did_you_mean
from headstart.text.segment import segment

if TYPE_CHECKING:
    from headstart.types import Floats

__all__ = [
    "are_words",
    "check_label_names",
    "directions",
    "negations",
    "read_label_names",
    "vocabulary",
    "wordings",
]

_N_WORDS = 1_500  # of the vocabulary that are looked at
_LEAST_TEXTS = 3  # that a word must stand in
_N_NEAR = 10  # words of the texts' own vocabulary that join each name, at most
_WORDS_A_NEAR = 20  # of the vocabulary, for one that joins: the nearest of a few words are not near

# What people write who mean this, for the names that most data sets of opinions have
_POLARITY = {
    "positive": ("good", "great", "excellent", "i love it", "it was wonderful"),
    "negative": ("bad", "terrible", "awful", "i hate it", "it was disappointing"),
    "neutral": ("okay", "average", "neither good nor bad"),
    "very positive": ("excellent, wonderful", "the best, brilliant", "i loved it"),
    "very negative": ("awful, horrible", "the worst, a waste", "i hated it"),
    "正面": ("好", "很好", "非常满意", "喜欢", "推荐"),
    "负面": ("差", "很差", "非常失望", "讨厌", "不推荐"),
    "中性": ("一般", "还行", "不好不坏"),
}
_ALSO = {
    "pos": "positive", "neg": "negative", "good": "positive", "bad": "negative", "neu": "neutral",
    "好评": "正面", "差评": "负面", "积极": "正面", "消极": "负面", "正向": "正面", "负向": "负面", "中评": "中性",
}  # fmt: skip
_REST = {
    "neither", "none", "none of these", "other", "others", "rest", "misc", "miscellaneous", "unknown", "unrelated",
    "其他", "其它", "无", "未知", "以上都不是",
}  # fmt: skip
_WORDS = 0.9  # of the labels, where all are read as names
_LATIN = re.compile(r"[^\W\d_]{3,}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NEGATION = re.compile(r"^(?:not an? |not |non |no |非|不是|不|无)(?=\S)")


def are_words(classes: Sequence[Any]) -> bool:
    """Whether labels can be read as names: text, with a letter run of at least three or a Han character in nine of ten
    (among many intents one is called "no" or "w2").
    """
    if not all(isinstance(label, str) for label in classes):
        return False
    return sum(bool(_LATIN.search(label) or _HAN.search(label)) for label in classes) >= _WORDS * len(classes)


def wordings(classes: Sequence[Any], names: Mapping[str, str | Sequence[str]] | None) -> tuple[tuple[str, ...], ...]:
    """For each class the texts that stand for it: the given name or names, else the label; in other words too.

    Raises ConfigError for a name whose label is not a class, and for a class without a name where any is given.
    """
    if names is not None:
        labels = [str(label) for label in classes]
        unknown = [label for label in names if label not in labels]
        lacking = [label for label in labels if not names.get(label)]
        if unknown:
            near = did_you_mean(unknown[0], labels)
            raise ConfigError(
                f"label names: {unknown[0]!r} is not a label of the data.{near} Labels: {_some(labels)}. "
                "A class without a labelled row can be learnt by its name where all classes have one."
            )
        if lacking:
            raise ConfigError(f"label names: there is none for {_some(lacking)}. Each class needs one.")
    found = []
    for label in classes:
        given = (names or {}).get(str(label), str(label))
        own = [_readable(name) for name in ([given] if isinstance(given, str) else given)]
        found.append(tuple(dict.fromkeys([*own, *(more for name in own for more in _in_other_words(name))])))
    return tuple(found)


def negations(names: Sequence[Sequence[str]]) -> list[int]:
    """The classes whose first name is that of another one with a "not" before it, or means none of the others."""
    first = {each[0] for each in names}
    bare = [_NEGATION.sub("", name, count=1) for name, *_ in names]
    return [label for label, (name, *_) in enumerate(names) if bare[label] in first - {name} or name in _REST]


def read_label_names(path: Path) -> dict[str, str | list[str]]:
    """`{"label": "name or description", "other": ["one wording", "another"]}` from a JSON file.

    Raises DataError for a file that is not there, is in no known encoding, is no JSON, or holds anything else.
    """
    expected = 'Expected one JSON object such as {"refund": "asks for money back", "praise": ["thanks", "great"]}.'
    try:
        found = read_json(path, object_pairs_hook=_once)
    except OSError as error:
        raise DataError(f"label names: {path} cannot be read: {error.strerror}. {expected}") from None
    except DataError as error:  # of its encoding
        raise DataError(f"label names: {error}") from error
    except ValueError as error:
        raise DataError(f"label names: {path} is not what is needed: {error}. {expected}") from None
    if not isinstance(found, dict):
        raise DataError(f"label names: {path} holds no object with a name for each label. {expected}")
    if len(found) < 2:
        raise DataError(f"label names: {path} names fewer than two classes. {expected}")
    try:
        return check_label_names(found)
    except DataError as error:
        raise DataError(f"{error} In {path}. {expected}") from None


def check_label_names(given: Any) -> dict[str, Any]:
    """For each label, as a string, its name or its wordings. Raises DataError for what is no mapping to strings."""
    if not isinstance(given, Mapping):
        raise DataError(f"label names must map labels to names, got {type(given).__name__}.")
    for label, names in given.items():
        wordings = [names] if isinstance(names, str) else names
        is_list = isinstance(wordings, Sequence) and len(wordings) > 0
        if not is_list or not all(isinstance(name, str) and name.strip() for name in wordings):
            what = f"{str(names)[:80]!r}, which is no name and no list of names"
            raise DataError(f"label names: {str(label)!r} has {what}.")
    return {str(label): names for label, names in given.items()}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = [key for key, n in Counter(key for key, _ in pairs).items() if n > 1]
        raise ValueError(f"the label {twice[0]!r} stands there twice")
    return found


def vocabulary(texts: Sequence[str]) -> list[str]:
    """The words that stand in three texts or more, at most 1,500; the most frequent first, and by the alphabet."""
    counts = Counter(word for text in texts for word in set(_words(text)))
    known = sorted((word for word, n in counts.items() if n >= _LEAST_TEXTS), key=lambda word: (-counts[word], word))
    return known[:_N_WORDS]


def directions(
    encode: Callable[[Sequence[str]], "Floats"], names: Sequence[Sequence[str]], words: Sequence[str]
) -> "Floats":
    """(k, d) a row of length 1 for each class: what its names, and the words nearest to them, have more of than those
    of the other classes.

    encode: texts -> (m, d) rows of length 1. words: candidates, of which up to ten join a name that are nearest to
    it, and farther from the other names: a name says how a class is called, texts say how it is spoken of.
    A name that comes in several wordings needs none. "not x" beside "x" stands for the words in general, where there
    are any: encoders hardly see a "not", and what is left of x less "not x" is noise.

    Source: the idea of Meng et al. 2020 (LOTClass), with vectors of single words in place of a language model.
    """
    own = [encode(each) for each in names]
    centres = np.stack([rows.mean(axis=0) for rows in own])
    n_near = min(_N_NEAR, len(words) // (_WORDS_A_NEAR * len(names)))
    negated = negations(names)
    alone = [label for label, each in enumerate(names) if len(each) == 1 and label not in negated]
    joined = alone if n_near and len(names) > 1 else []
    if words and (negated or joined):
        vectors = encode(words)
        centres[negated] = vectors.mean(axis=0)
    if joined:
        likeness = vectors @ _unit(centres).T
        best = likeness.argmax(axis=1)
        second, highest = np.partition(likeness, -2, axis=1)[:, -2:].T
        for label in joined:
            lead = likeness[:, label] - np.where(best == label, second, highest)
            nearest = np.argsort(-(likeness[:, label] + lead), kind="stable")[:n_near]
            centres[label] = np.concatenate([own[label], vectors[nearest]]).mean(axis=0)
    return _unit(centres - centres.mean(axis=0))


def _words(text: str) -> list[str]:
    latin = _LATIN.findall(text.lower())
    return [*latin, *(w for w in segment(text) if len(w) > 1 and _HAN.match(w))] if _HAN.search(text) else latin


def _readable(name: str) -> str:
    return " ".join(re.sub(r"[_/\-.]+", " ", _HUMP.sub(" ", name)).lower().split()) or name


def _in_other_words(name: str) -> tuple[str, ...]:
    return _POLARITY.get(_ALSO.get(name, name), ())


def _unit(rows: "Floats") -> "Floats":
    unit: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit


def _some(labels: Sequence[str]) -> str:
    return f"{', '.join(labels[:8])}{' ...' if len(labels) > 8 else ''}"

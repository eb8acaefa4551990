"""What people write who mean a class of a well-known name: words of opinions ("positive", "差评") and of emotions
("joy", "愤怒"), in English and in Chinese, whatever the language of the label. They know the polarity that a frozen
encoder has lost, and speak of Chinese texts where no encoder reads them.

Shape letters: N texts, the first n of them labelled, k classes, c classes that have rows, r axes, d features, t terms.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.encoders._terms import choose_analyser, make_analyser
from headstart.encoders.bow import Bow
from headstart.few_labels.experts import Expert, Linear, Parts
from headstart.few_labels.names import negations
from headstart.functional.ridge import dual_ridge
from headstart.text.segment import segmenter_name
from headstart.types import State

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["Axes", "Lexicon", "from_axes"]

_LONGEST = 3  # words of a term
_NEGATED = -0.74  # of a word's weight, behind a "not" (Hutto and Gilbert 2014)
_LEAST_SLOPE = 0.1
_MOST_TOLD = 3_000  # texts that terms teach by: the cost is cubic in them
_PENALTY = 3.0  # of what the terms teach, in units of the mean square of a row
_HAN = re.compile(r"[\u3400-\u9fff]")
_NOT = {  # more of them, and more words between, find nothing more
    "word": (
        "not", "n't", "no", "never", "without", "hardly", "isn't", "wasn't", "don't", "doesn't", "didn't",
        "can't", "won't",
    ),
    "zh": (
        "不", "没", "没有", "不是", "不太", "不够", "不会", "不能", "不怎么", "并不", "毫不", "不算", "别", "未", "无",
    ),
}  # fmt: skip
_BEFORE = {"word": ("not", "n't", "never"), "zh": ("不", "没", "没有")}  # a word of degree
_DEGREE = {"word": ("very", "so", "that", "too", "really", "a"), "zh": ("很", "太", "是", "那么")}


@dataclass(frozen=True, slots=True)
class _Group:
    """Of a file in `lexicons/`: what a class is called, its axis and its place there, and words of that place."""

    names: frozenset[str]
    axis: str
    place: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Axes:
    """Scores of rows of some encoder: weights (r, d); and the places (k, r) of the classes on the axes."""

    weights: "Floats"
    places: "Floats"

    def scores(self, rows: Any) -> "Floats":
        """(N, r) of rows (N, d)."""
        return np.asarray(rows @ self.weights.T, np.float64)

    def linear(self, middle: "Floats", slope: float) -> Linear:
        """Decision values of rows, where those of a class at place p have scores about middle (r,) + slope * p, all
        equally scattered: discriminant analysis but for a factor.
        """
        offset = -self.places @ middle - 0.5 * slope * np.sum(self.places**2, axis=1)
        return Linear(self.places @ self.weights, offset)

    def taught(self, rows: Any, features: "Floats") -> "Axes":
        """Axes of other features (N, d) of the same texts: least squares on the scores of those rows (N, t) that hold a
        term, at most the first 3,000. They know texts without a term too, and terms that mislead are outvoted by the
        company they keep.

        Sources: Read 2005 (distant supervision of opinions by signs of them in the text), Meng et al. 2018 (words of a
        class as a teacher). The penalty is strong, since the teacher is often wrong.
        """
        told = np.flatnonzero(rows.getnnz(axis=1))[:_MOST_TOLD]
        if len(told) < 2:
            return Axes(np.zeros((len(self.weights), features.shape[1])), self.places)
        learnt = features[told].astype(np.float64)
        gram, middle = learnt @ learnt.T, learnt.mean(axis=0)
        square = max(float(np.mean(np.diag(gram)) - middle @ middle), 1e-12)
        dual, _ = dual_ridge(gram / square, self.scores(rows)[told], _PENALTY)
        return Axes(np.ascontiguousarray((learnt.T @ dual / square).T), self.places)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """encoder: which of the terms stand in a text, rows of length 1; axes: what each term is worth, and where the
    classes are: opinions share an axis, from -1 to 1, an emotion has its own, other classes are at 0.

    A text that is nothing but one term is worth what its words are worth together: "not good" is a term whose weight
    turns that of "good" round (by less than the whole of it), so that all is linear in the terms.

    Sources: Turney 2002 and Taboada et al. 2011 (polarity by words, shifted by negation), Hutto and Gilbert 2014 (by
    how much), Pang et al. 2002 (presence, not counts), Parrott 2001 (emotions). The words are our own.
    """

    encoder: Bow
    axes: Axes

    @classmethod
    def of(cls, names: Sequence[Sequence[str]], texts: Sequence[str]) -> "Lexicon | None":
        """names: for each class what stands for it (`names.wordings`); texts: for their language. None where fewer than
        two classes are known (one, and its negation, will do), or all of them are at one place.
        """
        groups = [next((group for name in each for group in _groups() if name in group.names), None) for each in names]
        known = [group for group in groups if group is not None]
        axes = list(dict.fromkeys(group.axis for group in known))
        places = np.zeros((len(names), len(axes)))
        for label, group in enumerate(groups):
            if group is not None:
                places[label, axes.index(group.axis)] = group.place
        n_told = len(known) + sum(groups[label] is None for label in negations(names))
        if not known or n_told < 2 or not np.ptp(places, axis=0).any():
            return None
        language = choose_analyser(texts)
        of_axes = [_weights(axis, language) for axis in axes]
        known_terms = {term for weights in of_axes for term in weights}
        terms = sorted(known_terms, key=lambda term: (language == "zh" and not _HAN.search(term), term))
        weights = np.array([[of_axis.get(term, 0.0) for term in terms] for of_axis in of_axes])
        return cls(_encoder(terms, language), Axes(weights, places))


def from_axes(axes: Axes, features: Any, parts: Parts, name: str) -> Expert:
    """What axes say of rows (N, d). All that is learnt from labelled rows is where the middle of the classes is, each
    class alike, and how far they lie apart.
    """
    scores = axes.scores(features)

    def learnt(rows: "Ints") -> Linear:
        labels = np.unique(parts.y[rows])
        means = np.stack([scores[rows[parts.y[rows] == label]].mean(axis=0) for label in labels])
        return axes.linear(*_middle(means, axes.places[labels]))

    partial = tuple(learnt(learn)(features) for learn, _ in parts.pairs)
    whole = learnt(np.arange(len(parts.y)))
    return Expert(name, whole(features), partial, whole).sized(parts)


def _middle(means: "Floats", places: "Floats") -> tuple["Floats", float]:
    """(r,) and the slope of the least squares line through class means (c, r) at places (c, r); never downwards, since
    what names mean is not for a few rows to turn round.
    """
    off = places - places.mean(axis=0)
    slope = max(float(np.sum(off * means) / max(float(np.sum(off**2)), 1e-9)), _LEAST_SLOPE)
    return means.mean(axis=0) - slope * places.mean(axis=0), slope


@lru_cache(maxsize=1)
def _groups() -> tuple[_Group, ...]:
    found = []
    for path in sorted((Path(__file__).parent / "lexicons").glob("*.toml")):
        for name, group in tomllib.loads(path.read_text("utf-8")).items():
            axis, place = (path.stem, group["place"] / 2.0) if "place" in group else (name, 1.0)
            words = tuple(" ".join(entry.split()) for entry in re.split("[,\n]", group["words"]) if entry.strip())
            found.append(_Group(frozenset(group["names"]), axis, place, words))
    return tuple(found)


@lru_cache(maxsize=32)
def _weights(axis: str, language: str) -> dict[str, float]:
    """The weight of each term of an axis: what a text of it alone is worth, less what the terms inside it are."""
    worth = _worth([group for group in _groups() if group.axis == axis], language)
    found: dict[str, float] = {}
    for term in sorted(worth, key=lambda term: term.count(" ")):
        found[term] = worth[term] - sum(found.get(inside, 0.0) for inside in _inside(term))
    return found


def _worth(groups: Sequence[_Group], language: str) -> dict[str, float]:
    cut = make_analyser(language, (1, 1), (0, 0))
    plain: dict[str, float] = {}
    for group in groups:
        for word in group.words:
            tokens = cut(word)
            if len(tokens) <= _LONGEST and (language == "zh" or not _HAN.search(word)):
                plain.setdefault(" ".join(tokens), group.place)
    negated = {no: _NEGATED * worth for term, worth in plain.items() for no in _negated(term, language)}
    return {**negated, **plain}


def _negated(term: str, language: str) -> list[str]:
    """The term behind a negation, a word of degree between them or not: "not good", "not very good"."""
    n = term.count(" ") + 1
    if n == _LONGEST or (language == "zh" and not _HAN.search(term)):
        return []
    far = [f"{no} {degree} {term}" for no in _BEFORE[language] for degree in _DEGREE[language]]
    return [*(f"{no} {term}" for no in _NOT[language]), *(far if n == 1 else ())]


def _inside(term: str) -> list[str]:
    words = term.split(" ")
    n = len(words)
    return [" ".join(words[i:j]) for i in range(n) for j in range(i + 1, n + 1) if j - i < n]


def _encoder(terms: Sequence[str], language: str) -> Bow:
    settings = {
        "analyser": language, "ngrams": [1, _LONGEST], "characters": [0, 0], "binary": True,
        "segmenter": segmenter_name() if language == "zh" else None, "vocabulary": list(terms),
    }  # fmt: skip
    return Bow.from_state(State(settings), Path())

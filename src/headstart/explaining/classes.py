"""Which words speak for each class: by the weights of a linear head, or averaged over texts.

Shape letters: d features, k classes.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.checks import check_whole
from headstart.errors import ConfigError
from headstart.explaining.linear import Linear
from headstart.explaining.terms import CHARACTERS
from headstart.explaining.texts import MOST_READS, code_of, explainer
from headstart.explaining.values import ClassWords, Weighted
from headstart.progress import track
from headstart.text.language import unfamiliar
from headstart.text.normalise import fold, require_texts

if TYPE_CHECKING:
    from headstart.predictor import Predictor
    from headstart.types import Floats, Ints

__all__ = ["class_words", "exact_class_words"]

_SPACE = "\N{OPEN BOX}"
_MIXED = 0.1  # of the texts, in two scripts, from which words of both are shown
_SPARE = 4  # times as many columns are looked at as words are shown: some are the same word twice


def class_words(
    predictor: "Predictor",
    texts: Sequence[str] = (),
    *,
    label: Any = None,
    n: int = 20,
    method: str = "auto",
    most_reads: int = MOST_READS,
) -> tuple[ClassWords, ...]:
    """The n words that speak most for each class, in the order of the predictor's classes; or for `label` alone.

    Without texts: the weights of a linear head on counted terms, as `exact_class_words`. With texts (method "auto" or
    "occlusion"): each text is explained by `explain`, and a word's weights are averaged over the texts that hold it,
    with one more text in which it did nothing, so that a word seen once does not come first by luck. A word that
    occurs twice in a text counts with the sum. Capitals and width make no difference.

    Raises ConfigError where the weights do not say it and there are no texts, or for a wrong class or method, and
    DataError.
    """
    check_whole("n", n, part="explain")
    values = require_texts(texts)
    codes = range(len(predictor.classes)) if label is None else [code_of(predictor, label)]
    if method == "exact" or not values:
        found = exact_class_words(predictor, n=n) if method != "occlusion" else None
        if found is None:
            raise ConfigError(
                f"The words of a class can be read from the weights of a linear head (svm, logistic, ridge) on counted "
                f"terms (tfidf, bow) only; this model is {predictor.name}, explained by {method}. "
                "Give texts to average over: --file PATH."
            )
        return tuple(found[code] for code in codes)
    find = explainer(predictor, method, most_reads)
    sums: dict[str, Floats] = {}
    counts: dict[str, int] = {}
    how = ""
    for text in track(values, "explaining", len(values)):
        each = find(predictor.cleaner.clean(text), None)
        how = f"{each.method}, mean of {len(values):,} texts"
        inside: dict[str, Floats] = {}
        for (start, end), weights in zip(each.words, each.weights, strict=True):
            word = fold(each.text[start:end])
            inside[word] = inside.get(word, 0.0) + weights
        for word, weights in inside.items():
            sums[word] = sums.get(word, 0.0) + weights
            counts[word] = counts.get(word, 0) + 1
    means = np.array([sums[word] / (counts[word] + 1) for word in sums]).reshape(len(sums), len(predictor.classes))
    listed = list(sums)

    def strongest(code: int) -> tuple[Weighted, ...]:
        order = np.argsort(-means[:, code], kind="stable")[:n]
        return tuple(Weighted(listed[i], float(means[i, code]), counts[listed[i]]) for i in order if means[i, code] > 0)

    return tuple(ClassWords(predictor.classes[code], strongest(code), how) for code in codes)


def exact_class_words(predictor: "Predictor", *, n: int = 20) -> tuple[ClassWords, ...] | None:
    """The terms with the largest weights for each class; None unless a linear head reads counted terms.

    A weight is what one unit of the term adds to the class's score (`Explanation`); a Chinese word and the character
    n-gram of the same characters stand together, with the sum of their weights. Of a head that reads other features
    too, only the terms' part is said: its method is "exact (n-grams only)". Of terms whose presence counts (a binary
    `bow`, as the lexicon of `few_labels` is) only single words are told, in a script that was learnt from: the longer
    ones correct what their words say.
    """
    linear = Linear.of(predictor)
    if linear is None:
        return None
    coef = linear.scorer.coef
    columns = _told(linear, predictor.languages)
    means, factor = coef.mean(axis=0, dtype=np.float64), len(coef) / (len(coef) - 1)
    n_seen = min(_SPARE * n, len(columns))
    weakness = (means - row if len(columns) == len(means) else (means - row)[columns] for row in coef)
    largest = [columns[np.argpartition(each, n_seen - 1)[:n_seen]] for each in weakness]
    names = _Names(linear, np.unique(largest))
    method = "exact" if linear.is_exact else "exact (n-grams only)"

    def strongest(code: int) -> tuple[Weighted, ...]:
        weights: dict[str, float] = {}
        for name in sorted({names.of[column] for column in largest[code].tolist()}):
            same = names.columns(name)
            weights[name] = float(((coef[code, same] - means[same]) * factor).sum())
        order = sorted((name for name in weights if weights[name] > 0), key=lambda name: -weights[name])
        return tuple(Weighted(_shown(name), weights[name]) for name in order[:n])

    return tuple(ClassWords(name, strongest(code), method) for code, name in enumerate(predictor.classes))


def _told(linear: Linear, languages: Mapping[str, float]) -> "Ints":
    """(m,) columns of the terms that say something by themselves."""
    known = languages if languages.get("mixed", 0.0) >= _MIXED else {**languages, "mixed": 0.0}
    is_told = linear.columns.counter >= 0
    for number, counter in enumerate(linear.counters):
        if getattr(counter, "binary", False):
            vocabulary = linear.vocabulary(number)
            terms = sorted(vocabulary, key=vocabulary.__getitem__)
            strange = unfamiliar(terms, known)
            is_shown = np.array([" " not in term and not odd for term, odd in zip(terms, strange, strict=True)])
            own = np.flatnonzero(linear.columns.counter == number)
            is_told[own] = is_shown[linear.columns.term[own]]
    return np.flatnonzero(is_told)


def _shown(term: str) -> str:
    """A term with the spaces at its ends visible: character n-grams have them."""
    inner = term.strip()
    start = term.find(inner) if inner else len(term)
    return _SPACE * start + inner + _SPACE * (len(term) - start - len(inner))


class _Names:
    """How columns that are terms are called. columns (m,): those that `of` is asked about."""

    def __init__(self, linear: Linear, columns: "Ints") -> None:
        self._vocabularies = [linear.vocabulary(number) for number in range(len(linear.counters))]
        self._places = []  # of each counter: column of the features by column of the counter, or -1
        self.of: dict[int, str] = {}
        for number, vocabulary in enumerate(self._vocabularies):
            places = np.full(len(vocabulary), -1)
            own = linear.columns.counter == number
            places[linear.columns.term[own]] = np.flatnonzero(own)
            self._places.append(places)
            asked = {int(linear.columns.term[c]): int(c) for c in columns if linear.columns.counter[c] == number}
            self.of |= {asked[at]: term.removeprefix(CHARACTERS) for term, at in vocabulary.items() if at in asked}

    def columns(self, name: str) -> list[int]:
        """Those of the word, and of the character n-gram that looks like it."""
        found = []
        for vocabulary, places in zip(self._vocabularies, self._places, strict=True):
            terms = (vocabulary.get(name), vocabulary.get(CHARACTERS + name))
            found += [int(places[term]) for term in terms if term is not None and places[term] >= 0]
        return found

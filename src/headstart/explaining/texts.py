"""Which words of a text pushed its prediction.

Shape letters: u words of a text, t terms of a text, k classes.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from headstart.checks import check_choice, check_whole
from headstart.errors import ConfigError, did_you_mean
from headstart.explaining.linear import Linear
from headstart.explaining.occlusion import LEAST_READS, occlude
from headstart.explaining.pieces import Place, pieces
from headstart.explaining.terms import TermPlaces
from headstart.explaining.values import Explanation, Word
from headstart.progress import track
from headstart.text.normalise import require_texts

if TYPE_CHECKING:
    from headstart.predictor import Predictor
    from headstart.types import Floats, Ints

__all__ = ["METHODS", "MOST_READS", "Attribution", "attribute", "code_of", "explain", "explainer"]

METHODS = ("auto", "exact", "occlusion", "gradients")
MOST_READS = 128
_LEAST_PROBABILITY = 1e-9  # scores of surer models would be infinite

Explainer = Callable[[str, int | None], "Attribution"]


@dataclass(frozen=True, slots=True)
class Attribution:
    """What each word of a text adds to the score of every class; score = offset + sum of weights + rest."""

    text: str  # that the places are of
    words: Sequence[Place]  # (u,)
    weights: "Floats"  # (u, k)
    score: "Floats"  # (k,)
    offset: "Floats"  # (k,)
    method: str
    n_read: int


def explain(
    predictor: "Predictor",
    texts: Sequence[str],
    *,
    label: Any = None,
    method: str = "auto",
    most_reads: int = MOST_READS,
) -> list[Explanation]:
    """What each word of each text adds to the score of a class: the predicted one, or `label`.

    method: "exact": a linear head (svm, logistic, ridge) on counted terms (tfidf, bow, also behind select and scale)
    is a sum over the terms; a term's part is spread over its occurrences, and evenly over the words of each.
    "occlusion": see `occlusion.occlude`; for any predictor. "auto": exact where that is possible. Of a linear head on
    counted terms beside other features (tfidf+minilm), auto takes the terms' part exactly, and occlusion for what the
    other features add: "exact + occlusion". "gradients": see `gradients.Gradients`; for a transformer that was fitted
    in this process, frozen or fine-tuned.

    most_reads: texts that the model may read to explain one, from 16 on; a text with more words than that is explained
    by windows of words first. Raises ConfigError (a class, a method, most_reads), DataError (not a
    text), MissingExtra (gradients without captum).
    """
    values = require_texts(texts)
    find = explainer(predictor, method, most_reads)
    focus = None if label is None else code_of(predictor, label)
    found = predictor.predict(values) if values else None
    if found is None:
        return []
    explained = []
    for i, text in enumerate(track(values, "explaining", len(values))):
        code = int(found.probabilities[i].argmax()) if focus is None else focus
        each = find(predictor.cleaner.clean(text), code)
        weights, score, offset = each.weights[:, code], float(each.score[code]), float(each.offset[code])
        explained.append(
            Explanation(
                text=each.text,
                label=predictor.classes[code],
                predicted=predictor.classes[int(found.probabilities[i].argmax())],
                probability=float(found.probabilities[i, code]),
                score=score,
                offset=offset,
                rest=score - offset - float(weights.sum()),
                words=tuple(
                    Word(each.text[start:end], start, end, float(weight))
                    for (start, end), weight in zip(each.words, weights, strict=True)
                ),
                method=each.method,
                n_read=each.n_read,
                truncated=bool(found.truncated[i]),
            )
        )
    return explained


def explainer(predictor: "Predictor", method: str = "auto", most_reads: int = MOST_READS) -> Explainer:
    """What attributes a clean text's scores to its words: (text, class to look into first) -> Attribution.

    Raises ConfigError for a method that this predictor cannot be explained by.
    """
    check_choice("method", method, METHODS, part="explain")
    check_whole("most_reads", most_reads, LEAST_READS, part="explain")
    if method == "gradients":
        return _by_gradients(predictor)
    linear = None if method == "occlusion" else Linear.of(predictor)
    if method == "exact" and (linear is None or not linear.is_exact):
        raise ConfigError(
            f"explain.method exact is for a linear head (svm, logistic, ridge) on counted terms alone (tfidf, bow); "
            f"this model is {predictor.name}. Take method auto"
            f"{', which is exact for its counted terms' if linear is not None else ' or occlusion'}."
        )
    if linear is None:
        return lambda text, focus: _by_occlusion(predictor, text, focus, most_reads)
    return lambda text, focus: attribute(linear, predictor, text, focus, most_reads)


def code_of(predictor: "Predictor", label: Any) -> int:
    """The number of a class, by its name. Raises ConfigError."""
    names = [str(name) for name in predictor.classes]
    if str(label) not in names:
        raise ConfigError(f"No class {str(label)!r}.{did_you_mean(str(label), names)} Known: {', '.join(names)}.")
    return names.index(str(label))


def _by_occlusion(predictor: "Predictor", text: str, focus: int | None, most_reads: int) -> Attribution:
    """Differences of log-odds."""

    def score(variants: Sequence[str]) -> "Floats":
        probabilities = predictor.predict_proba(variants)
        others = probabilities.sum(axis=1, keepdims=True) - probabilities
        both = (np.log(np.maximum(each, _LEAST_PROBABILITY)) for each in (probabilities, others))
        log_odds: Floats = np.subtract(*both)
        return log_odds

    words = pieces(text)
    found = occlude(score, text, words, focus, most_reads)
    return Attribution(text, words, found.weights, found.whole, found.empty, "occlusion", found.n_read)


def _by_gradients(predictor: "Predictor") -> Explainer:
    """The network is made ready once for all texts."""
    from headstart.explaining.gradients import Gradients

    gradients = Gradients(predictor)

    def find(text: str, focus: int | None) -> Attribution:
        words = pieces(text)
        found = gradients(text, words, focus)
        return Attribution(text, words, found.weights, found.whole, found.empty, "gradients", found.n_read)

    return find


def attribute(
    linear: Linear, predictor: "Predictor", text: str, focus: int | None, most_reads: int = MOST_READS
) -> Attribution:
    """The terms' part of the scores, spread over the words of the text, and that of other features by occlusion."""
    features = linear.encoder.encode((text,))
    row, score, offset = linear.row(features), linear.scores(features)[0], linear.offsets
    places = [TermPlaces(counter, text) for counter in linear.counters]
    shown, words = places[0].text, places[0].words()
    weights = np.zeros((len(words), len(score)))
    for number, found in enumerate(places):
        own = row.counter == number
        weights += _shares(found, linear.vocabulary(number), row.term[own], words).T @ row.added[own]
    if linear.is_exact:
        return Attribution(shown, words, weights, score, offset, "exact", 1)

    def other(variants: Sequence[str]) -> "Floats":
        return linear.other_scores(linear.encoder.encode(predictor.cleaner.clean_all(variants)))

    rest = occlude(other, shown, words, focus, most_reads)
    return Attribution(
        shown, words, weights + rest.weights, score, offset + rest.empty, "exact + occlusion", rest.n_read + 1
    )


def _shares(
    found: TermPlaces, vocabulary: Mapping[str, int], terms: "Ints", words: Sequence[Place]
) -> sparse.csr_matrix:
    """(t, u) which share of each of these terms belongs to which word. A row sums to 1, or to less where the term
    stands on characters of no word.
    """
    rows_of = {int(term): row for row, term in enumerate(terms)}
    owner = np.full(len(found.text), -1)
    for number, (start, end) in enumerate(words):
        owner[start:end] = number
    owners = owner.tolist()
    occurrences = [
        (rows_of[column], term.places) for term in found.terms() if (column := vocabulary.get(term.text)) in rows_of
    ]
    times = Counter(row for row, _ in occurrences)
    entries: list[tuple[int, int, float]] = []
    for row, places in occurrences:
        for start, end in places:
            owned = [number for number in owners[start:end] if number >= 0]
            entries += [(row, number, 1 / (times[row] * len(places) * len(owned))) for number in owned]
    rows, columns, shares = zip(*entries, strict=True) if entries else ((), (), ())
    return sparse.csr_matrix((shares, (rows, columns)), shape=(len(terms), len(words)), dtype=np.float64)

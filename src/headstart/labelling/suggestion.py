"""From a predictor and unlabelled texts to the texts to label next, each with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.cleaning.rows.near_duplicates import NearDuplicates
from headstart.data.folding import digests
from headstart.errors import ConfigError, DataError
from headstart.evaluation.more_labels import forecast
from headstart.evaluation.results import MoreLabels
from headstart.labelling.picking import Pool, pick
from headstart.transforms.pca import Pca
from headstart.types import Dataset

if TYPE_CHECKING:
    from headstart.predictor import Predictor
    from headstart.types import Features, Floats, Ints

__all__ = ["Suggested", "Suggestion", "suggest"]

_N_COMPONENTS = 100  # directions in which texts are compared
_CLEAR = 0.9  # probability from which "between A and B" would be untrue


@dataclass(frozen=True, slots=True)
class Suggested:
    """One text to label."""

    row: int  # of the data
    predicted: Any
    probability: float
    reason: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The texts to label next, the most useful first: the first m are a good choice for every m."""

    rows: tuple[Suggested, ...]
    n: int  # texts that were looked at
    n_copies: int  # of them, left out: repeat another of them, but for small changes
    n_labelled: int  # of them, left out: repeat a labelled text, but for small changes
    more_labels: MoreLabels | None  # what further labels would buy; None: `notes` say why
    notes: tuple[str, ...]


def suggest(
    predictor: "Predictor", data: Dataset, n: int = 50, *, labelled: Dataset | None = None, random_state: int = 0
) -> Suggestion:
    """Which n texts of `data` a person should label next, so that `predictor`, fitted again with them, gains most.

    labelled: the rows that have labels already: texts like theirs are no news, their copies are left out, and their
    learning curve says what more labels would buy. Domains of `data` are covered where it has them; its labels are not
    looked at. How the choice is made: `labelling.picking.pick`. Same seed, same result.

    Raises ConfigError for n below 1, DataError where no text is left to choose from.
    """
    if n < 1:
        raise ConfigError(f"--n must be a number of texts from 1 on. Got {n} instead.")
    known = labelled.texts if labelled is not None else ()
    rows, n_copies, n_labelled = _without_copies(data, known, random_state)
    if not data.n:
        raise DataError(f"{data.origin or 'The data'} has no texts to choose from.")
    if not len(rows):
        raise DataError(
            f"{data.origin or 'The data'}: no text is left to choose from: {n_labelled:,} of {data.n:,} texts are "
            "among the labelled ones. Give other texts."
        )
    encoder, cleaner = predictor.encoder, predictor.cleaner
    features = encoder.encode(cleaner.clean_all([data.texts[i] for i in rows]))
    known_features = encoder.encode(cleaner.clean_all(known)) if known else None
    probabilities = predictor.head.predict_proba(features)
    all_rows = _unit_rows(features, known_features, random_state)
    pool = Pool(all_rows[: len(rows)], probabilities, all_rows[len(rows) :], _codes(data.domains, rows))
    picked = pick(pool, n, random_state)
    suggested = tuple(
        _suggested(predictor.classes, int(rows[i]), probabilities[i], bool(far), bool(typical))
        for i, far, typical in zip(picked.order, picked.far, picked.typical, strict=True)
    )
    forecast, notes = _forecast(predictor, labelled, known_features, random_state)
    if len(suggested) < n:
        notes = (f"Only {len(suggested):,} different texts are there to choose from.", *notes)
    return Suggestion(suggested, data.n, n_copies, n_labelled, forecast, notes)


def _without_copies(data: Dataset, known: Sequence[str], seed: int) -> "tuple[Ints, int, int]":
    """Rows of different texts that no labelled one is like; how many repeat another, and how many a labelled one."""
    marks = digests(data.texts)
    is_known = np.isin(marks, digests(known))
    first = np.zeros(data.n, dtype=bool)
    first[np.unique(marks, return_index=True)[1]] = True
    left = np.flatnonzero(first & ~is_known)
    joined = Dataset((*known, *(data.texts[i] for i in left)))
    m = len(known)
    near = [(i - m, j - m) for i, j, _ in NearDuplicates().pairs(joined, seed) if i >= m]
    gone = [i for i, _ in near]
    n_near_known = sum(j < 0 for _, j in near)
    n_labelled = int(is_known.sum()) + n_near_known
    rows = np.delete(left, gone)
    return rows, data.n - len(rows) - n_labelled, n_labelled


def _unit_rows(features: "Features", known: "Features | None", random_state: int) -> "Floats":
    """(n + m, e) float32 rows of length 1 of the texts, then of the labelled ones."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    parts = [features] if known is None else [features, known]
    stacked: Any = sparse.vstack(parts, format="csr") if sparse.issparse(features) else np.concatenate(parts)
    if stacked.shape[0] < 2:
        return np.ones((stacked.shape[0], 1), np.float32)
    reduced = Pca(_N_COMPONENTS, random_state=random_state).fit(stacked).transform(stacked)
    unit: Floats = normalize(np.asarray(reduced, dtype=np.float32))
    return unit


def _codes(domains: Sequence[str] | None, rows: "Ints") -> "Ints":
    if domains is None:
        return np.zeros(len(rows), dtype=np.int64)
    return np.unique(np.array(domains, dtype=object)[rows], return_inverse=True)[1].astype(np.int64)


def _suggested(classes: Sequence[Any], row: int, probabilities: "Floats", far: bool, typical: bool) -> Suggested:
    first, second = np.argsort(-probabilities, kind="stable")[:2].tolist()
    top = float(probabilities[first])
    hesitates = f"between {classes[first]} and {classes[second]}" if top < _CLEAR else f"likely {classes[first]}"
    parts = [hesitates, *(["far from all labelled texts"] if far else []), *(["typical of many"] if typical else [])]
    return Suggested(row, classes[first], top, ", ".join(parts))


def _forecast(
    predictor: "Predictor", labelled: Dataset | None, features: "Features | None", random_state: int
) -> tuple[MoreLabels | None, tuple[str, ...]]:
    """What more labels would buy, or why it cannot be said."""
    if labelled is None or labelled.labels is None or features is None:
        return None, ("What more labels would buy is said when the labelled rows are given (--labelled).",)
    names = np.array(labelled.labels, dtype=object).astype(str)
    strange = sorted(set(names) - {str(name) for name in predictor.classes})
    notes = []
    if strange:
        some = f"{', '.join(strange[:3])}{' ...' if len(strange) > 3 else ''}"
        notes.append(f"Labels of the labelled rows that the bundle does not know: {some}. Fit it again with them.")
    found, why = forecast(predictor, labelled, features, random_state=random_state)
    return found, (*notes, *([why] if why else []))

"""A linear head on features of which some columns are terms: what each column adds to the score of each class.

Shape letters: n texts, d features, k classes, t columns of a text's row that are not zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from scipy import sparse

from headstart.encoders.bow import Bow
from headstart.encoders.composed import Composed
from headstart.encoders.tfidf import Tfidf
from headstart.heads._linear import Scorer
from headstart.transforms.scale import Scale
from headstart.transforms.select import Select

if TYPE_CHECKING:
    from headstart.encoders._counts import TermCounts
    from headstart.predictor import Predictor
    from headstart.types import Floats, Ints

__all__ = ["Linear", "Row"]

_NONE = -1  # the counter of a column that is no term


class _Columns(NamedTuple):
    """Where columns come from: counter (d,), which encoder that counts terms, or -1; term (d,), its column there."""

    counter: "Ints"
    term: "Ints"

    @classmethod
    def no_terms(cls, d: int) -> Self:
        return cls(np.full(d, _NONE), np.zeros(d, np.int64))

    @classmethod
    def joined(cls, blocks: "Sequence[_Columns]") -> Self:
        if len(blocks) == 1:
            return cls(*blocks[0])
        return cls(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


class Row(NamedTuple):
    """What the terms of one text add to the scores of all classes."""

    counter: "Ints"  # (t,) which of `Linear.counters`
    term: "Ints"  # (t,) its column there
    added: "Floats"  # (t, k)


@dataclass(frozen=True, slots=True)
class Linear:
    """The score of a class is its decision value minus the mean of the others': the sum over columns of value times
    `margins`, plus `offsets` (k,). Whatever is the same for all classes, such as the size of a softmax, drops out.
    """

    encoder: Any
    counters: "tuple[TermCounts, ...]"  # the encoders that count terms
    columns: _Columns
    scorer: Scorer

    @classmethod
    def of(cls, predictor: "Predictor") -> Self | None:
        """The predictor's head on its columns; None where the head is not linear, or no column is a term."""
        scorer = getattr(predictor.head, "scorer_", None)
        if not isinstance(scorer, Scorer):
            return None
        counters: list[TermCounts] = []
        columns = _columns(predictor.encoder, counters)
        if columns is None or len(columns.counter) != scorer.coef.shape[1] or (columns.counter == _NONE).all():
            return None
        return cls(predictor.encoder, tuple(counters), columns, scorer)

    @property
    def is_exact(self) -> bool:
        """Whether all columns are terms."""
        return bool((self.columns.counter != _NONE).all())

    @property
    def offsets(self) -> "Floats":
        """(k,) the scores of features that are all zero."""
        found: Floats = _margins(self.scorer.intercept[None])[0]
        return found

    def scores(self, features: Any) -> "Floats":
        """(n, k) scores from features (n, d)."""
        return _margins(np.asarray(features @ self.scorer.coef.T, np.float64) + self.scorer.intercept)

    def other_scores(self, features: Any) -> "Floats":
        """(n, k) the part of the scores that comes from columns which are no terms."""
        others = np.flatnonzero(self.columns.counter == _NONE)
        return _margins(np.asarray(features[:, others] @ self.scorer.coef[:, others].T, np.float64))

    def row(self, features: Any) -> Row:
        """What the terms of one text (1, d) add."""
        found = sparse.csr_matrix(features)
        is_term = self.columns.counter[found.indices] != _NONE
        columns, values = found.indices[is_term], found.data[is_term].astype(np.float64)
        added = values[:, None] * self.margins(columns)
        return Row(self.columns.counter[columns], self.columns.term[columns], added)

    def margins(self, columns: "Ints") -> "Floats":
        """(t, k) what one unit of each of these columns adds to the scores."""
        return _margins(self.scorer.coef[:, columns].T.astype(np.float64))

    def vocabulary(self, counter: int) -> dict[str, int]:
        """Term -> column, of an encoder that counts terms."""
        found: dict[str, int] = self.counters[counter]._vectoriser.vocabulary_
        return found


def _margins(decision: "Floats") -> "Floats":
    """(n, k): each value minus the mean of the others in its row."""
    k = decision.shape[1]
    found: Floats = (decision - decision.mean(axis=1, keepdims=True)) * (k / (k - 1))
    return found


def _columns(encoder: Any, counters: "list[TermCounts]") -> _Columns | None:
    """Where the columns of a fitted encoder come from; `counters` grows by those that count terms."""
    if type(encoder) in (Tfidf, Bow):  # lsa is one of them too, with other columns
        counters.append(encoder)
        d = len(encoder._vectoriser.vocabulary_)
        return _Columns(np.full(d, len(counters) - 1), np.arange(d))
    if not isinstance(encoder, Composed):
        return None
    blocks: list[_Columns] = []
    for part, made in zip(encoder._parts, encoder._made, strict=True):
        if part.kind == "encoder":
            blocks.append(_columns(made, counters) or _Columns.no_terms(made.encode(("",)).shape[1]))
        else:
            blocks = [_behind(made, _Columns.joined(blocks))]
    return _Columns.joined(blocks)


def _behind(transform: Any, left: _Columns) -> _Columns:
    """Columns behind a transform: `select` keeps some, `scale` of sparse columns all, the others mix them."""
    if isinstance(transform, Select):
        return _Columns(left.counter[transform.columns_], left.term[transform.columns_])
    if isinstance(transform, Scale) and transform.sparse_:
        return left
    nothing = sparse.csr_matrix((1, len(left.counter)), dtype=np.float32)
    return _Columns.no_terms(transform.transform(nothing).shape[1])

"""Experts: what one kind of features, or the names of the classes, say of every row; learnt on parts of the rows too,
so that it can be seen how good they are on rows that they have not learnt from.

Shape letters: N rows, the first n of them labelled, d features, k classes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize

from headstart.data.folding import n_different
from headstart.data.splits import folds
from headstart.functional.discriminant import dual_discriminant
from headstart.functional.probability import fit_scale, log_losses
from headstart.functional.ridge import dual_ridge

if TYPE_CHECKING:
    from headstart.types import Features, Floats, Ints

__all__ = [
    "DISCRIMINANT",
    "LEAST_SQUARES",
    "Expert",
    "Linear",
    "Parts",
    "Ridge",
    "Way",
    "centred",
    "from_names",
    "from_tuned",
    "middle_of_classes",
    "summed",
    "way_of_dense",
]

_MOST_A_CLASS = 100  # rows a class, on average, from which on least squares does as well as the discriminant
_LEAST_SQUARE = 1e-5  # of the mean squared length: rows that differ by less differ by rounding
_N_FOLDS = 5
_LEAST_ROWS = 2  # different texts that a part needs
_FEW_ROWS = 60  # up to so many the folds are drawn twice


@dataclass(frozen=True, slots=True)
class Linear:
    """Decision values features @ coef.T + intercept: coef (k, d), intercept (k,), float64."""

    coef: "Floats"
    intercept: "Floats"

    def __call__(self, features: "Features") -> "Floats":
        """Decision values (n, k) of features (n, d), dense or CSR."""
        return np.asarray(features @ self.coef.T, np.float64) + self.intercept

    def times(self, factor: float) -> Self:
        """The same values times a factor."""
        return type(self)(self.coef * factor, self.intercept * factor)

    def among(self, before: int, after: int) -> Self:
        """The same values from features of which these are a part, so many columns standing before and after it."""
        return type(self)(np.pad(self.coef, ((0, 0), (before, after))), self.intercept)

    def plus(self, other: Self) -> Self:
        """The sum of both values."""
        return type(self)(self.coef + other.coef, self.intercept + other.intercept)


def summed(weighted: Iterable[tuple[str, Linear]]) -> dict[str, Linear]:
    """The values of each block of features, added up."""
    found: dict[str, Linear] = {}
    for block, linear in weighted:
        found[block] = linear if block not in found else found[block].plus(linear)
    return found


@dataclass(frozen=True)
class Parts:
    """The labelled rows, y (n,), cut into (learn, check) pairs; each row is checked once in every round."""

    y: "Ints"
    k: int
    pairs: tuple[tuple["Ints", "Ints"], ...]
    n_rounds: int

    @classmethod
    def of(cls, y: "Ints", k: int, texts: Sequence[str], random_state: int) -> Self:
        """Five folds, or as many as the smallest class has rows or there are texts; equal texts in one. Few rows are
        dealt twice. Under four different texts there are no parts.
        """
        n_texts = n_different(texts)
        if n_texts < 2 * _LEAST_ROWS:
            return cls(y, k, (), 0)
        n_folds = min(int(np.clip(np.bincount(y, minlength=k).min(), 2, _N_FOLDS)), n_texts)
        n_rounds = 2 if len(y) <= _FEW_ROWS else 1
        cut = [pair for r in range(n_rounds) for pair in folds(y, n_folds, random_state + r, texts=list(texts))]
        return cls(y, k, tuple((learn, check) for learn, check in cut if len(check) and len(learn)), n_rounds)

    @cached_property
    def rows(self) -> "Ints":
        """The labelled rows in the order in which they are checked, over all rounds."""
        return np.concatenate([check for _, check in self.pairs] or [np.empty(0, np.int64)])

    @property
    def asked(self) -> "Ints":
        """Codes of `rows`."""
        codes: Ints = self.y[self.rows]
        return codes


@dataclass(frozen=True, slots=True)
class Expert:
    """Decision values, all of one size: `final` (N, k) of all rows after learning from all labelled ones; `partial`
    the same after learning from one part of them, for each pair of `Parts`; `linear` for new rows.
    """

    name: str
    final: "Floats"
    partial: tuple["Floats", ...]
    linear: Linear

    def held_out(self, parts: Parts) -> "Floats":
        """(m, k) values of `parts.rows` by what did not learn from them."""
        pairs = zip(self.partial, parts.pairs, strict=True)
        return np.concatenate([*(values[check] for values, (_, check) in pairs), np.empty((0, parts.k))])

    def among(self, rows: "Ints", n: int) -> Self:
        """The same expert where its rows are some of n rows, at these places (N,); of the others it says nothing."""
        final, partial = np.zeros((n, self.final.shape[1])), []
        final[rows] = self.final
        for values in self.partial:
            partial.append(np.zeros_like(final))
            partial[-1][rows] = values
        return type(self)(self.name, final, tuple(partial), self.linear)

    def sized(self, parts: Parts) -> Self:
        """The expert whose held-out values have a mean square of 1 once each row is centred."""
        values = self.held_out(parts) if parts.pairs else self.final
        size = float(np.sqrt(np.mean(centred(values) ** 2))) or 1.0
        partial = tuple(values / size for values in self.partial)
        return type(self)(self.name, self.final / size, partial, self.linear.times(1.0 / size))


class Way(NamedTuple):
    """How to learn from rows: solve(products (n, n), codes (n,), k, penalty) -> weights (n, k), offsets (k,).

    penalties: for rows whose mean squared length is 1; the first for few rows.
    """

    solve: "Callable[[Floats, Ints, int, float], tuple[Floats, Floats]]"
    penalties: tuple[float, ...]


def _least_squares(gram: "Floats", codes: "Ints", k: int, penalty: float) -> "tuple[Floats, Floats]":
    return dual_ridge(gram, np.eye(k)[codes], penalty)


LEAST_SQUARES = Way(_least_squares, (1.0, 0.1, 0.3, 3.0))
DISCRIMINANT = Way(dual_discriminant, (1.0, 0.3, 3.0, 10.0))


def way_of_dense(n: int, k: int) -> Way:
    """For dense features of so many rows and classes. Of two classes both ways see one direction; of more, least
    squares hides some behind others, unless there are many rows. (Of counted words it is the better one.)
    """
    return DISCRIMINANT if k > 2 and n <= _MOST_A_CLASS * k else LEAST_SQUARES


@dataclass(frozen=True)
class Ridge:
    """Least squares on the classes as 0 and 1, or another way, with a penalty, of features (N, d): solved in the span
    of the labelled rows, so that a part of them is learnt in no time. Past 60 rows the penalty is the one whose
    held-out log loss, once calibrated, is lowest.

    Counted words (CSR, rows of length 1) are new to a part as they will be to the whole: in rows that it has not learnt
    from, words that no row of its own has, and (knows_rest) no unlabelled one, are left out, and the rest has length 1
    again. Otherwise a held-out row looks less sure than a new text is.

    Source: regularised least-squares classification, Rifkin, Yeo, Poggio 2003. The offset is not penalised.
    """

    features: "Features"
    n: int
    knows_rest: bool = True
    way: Way = LEAST_SQUARES

    def expert(self, name: str, parts: Parts) -> Expert:
        """What it says after all labelled rows, and after each part of them."""
        penalties = self.way.penalties[: 1 if self.n <= _FEW_ROWS or not parts.pairs else None]
        of_parts = [self.of_part(learn, parts, penalties) for learn, _ in parts.pairs]
        tried = []
        for i, penalty in enumerate(penalties):
            linear = self.learnt(parts, penalty)
            partial = tuple(values[i] for values in of_parts)
            tried.append(Expert(name, linear(self.features), partial, linear).sized(parts))
        return min(tried, key=lambda expert: _calibrated_loss(expert, parts)) if len(tried) > 1 else tried[0]

    def of_part(self, learn: "Ints", parts: Parts, penalties: Sequence[float]) -> list["Floats"]:
        """(N, k) values of all rows after learning from some, for each penalty."""
        gram = self._known(learn) if sparse.issparse(self.features) else self._gram[:, learn]
        solved = (self.way.solve(gram[learn], parts.y[learn], parts.k, penalty) for penalty in penalties)
        return [gram @ dual + offset for dual, offset in solved]

    def _known(self, learn: "Ints") -> "Floats":
        """(N, len(learn)) products of rows whose words are those of `learn`, and of the unlabelled rows."""
        rows: Any = self.features
        teach = sparse.vstack([rows[learn], rows[self.n :]]) if self.knows_rest else rows[learn]
        known = normalize(rows[:, np.flatnonzero(teach.getnnz(axis=0))])
        return np.asarray((known @ known[learn].T).toarray(), np.float64) / self._square

    def learnt(self, parts: Parts, penalty: float) -> Linear:
        """From all labelled rows."""
        dual, offset = self.way.solve(self._gram[: self.n], parts.y, parts.k, penalty)
        own = self.features[: self.n] / self._square
        coef: Any = own.T @ dual
        return Linear(np.ascontiguousarray(np.asarray(coef, np.float64).T), offset)

    @property
    def _exact(self) -> Any:
        """The features, dense ones in float64: where rows lie close together, products in float32 hide their spread."""
        rows: Any = self.features
        return rows if sparse.issparse(rows) else np.asarray(rows, np.float64)

    @cached_property
    def _square(self) -> float:
        """The mean squared length of a row, less that of the mean where the features are dense."""
        rows = self._exact
        if sparse.issparse(rows):
            return float(rows.multiply(rows).sum() / rows.shape[0]) or 1.0
        middle = rows.mean(axis=0)
        whole = float(np.mean(np.einsum("nd,nd->n", rows, rows)))
        return max(whole - float(middle @ middle), _LEAST_SQUARE * whole, 1e-12)

    @cached_property
    def _gram(self) -> "Floats":
        """(N, n) products with the labelled rows, in units of the mean square."""
        rows = self._exact
        products = rows @ rows[: self.n].T
        dense = products.toarray() if sparse.issparse(products) else products
        return np.asarray(dense, np.float64) / self._square


def from_names(features: "Floats", directions: "Floats", parts: Parts, name: str) -> Expert:
    """What the names say of features (N, d): how far each lies in the directions (k, d) of the classes, from where the
    labelled rows have their middle, each class alike. (The middle of all rows would give every class as many of them as
    the others.)
    """
    values = features.astype(np.float64) @ directions.T

    partial = tuple(values - middle_of_classes(values[learn], parts.y[learn]) for learn, _ in parts.pairs)
    offset = middle_of_classes(values[: len(parts.y)], parts.y)
    return Expert(name, values - offset, partial, Linear(directions.astype(np.float64), -offset)).sized(parts)


def middle_of_classes(values: "Floats", y: "Ints") -> "Floats":
    """(k,) the mean of values (n, k) of rows with codes y (n,), each class that has rows counting alike."""
    means: Floats = np.mean([values[y == label].mean(axis=0) for label in np.unique(y)], axis=0)
    return means


def from_tuned(whole: "Floats", of_parts: "Sequence[Floats]", parts: Parts) -> Expert:
    """Least squares on features (n, d) of the labelled rows by encoders that were tuned on the rows learnt from: on all
    of them (`whole`), and on each part.
    """
    n, penalty = len(parts.y), LEAST_SQUARES.penalties[0]
    linear = Ridge(whole, n).learnt(parts, penalty)
    pairs = zip(of_parts, parts.pairs, strict=True)
    partial = (Ridge(rows, n).of_part(learn, parts, [penalty])[0] for rows, (learn, _) in pairs)
    return Expert("tuned", linear(whole), tuple(partial), linear).sized(parts)


def _calibrated_loss(expert: Expert, parts: Parts) -> float:
    values = expert.held_out(parts)
    return float(log_losses(values * fit_scale(values, parts.asked), parts.asked).mean())


def centred(values: "Floats") -> "Floats":
    """Each row less its mean: what softmax sees of it."""
    found: Floats = values - values.mean(axis=1, keepdims=True)
    return found

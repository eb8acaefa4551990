"""The ladder: each rung adds an expert, and is kept where rows that it has not learnt from say so.

Shape letters: N rows, the first n of them labelled, m rows that are asked, d features, k classes.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from headstart.few_labels.experts import Expert, Linear, Parts, centred
from headstart.functional.conformal import exact_interval
from headstart.functional.mixture import anchored_mixture
from headstart.functional.probability import believed_size, clearly_lower, log_losses, pool_weights

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["LEAST_UNLABELLED", "Kept", "Ladder", "Pool", "Rung", "fitted_mixture", "losses_of"]

Kept = Literal["if clearly better", "if better", "unless worse"]
STRENGTH = 2.0  # of the belief in the factors
# The factors before any row is asked. Layers side by side and the last of them alone see much the same; words that
# labelled rows alone have weighed ("own") know less.
BELIEF = {
    "names": 0.5,
    "lexicon": 1.0,
    "taught": 1.0,
    "words": 1.5,
    "own words": 0.5,
    "features": 1.0,
    "layers": 0.5,
    "last layer": 0.5,
    "unlabelled": 1.0,
    "pool": 1.0,
    "tuned": 1.0,
    "source": 0.5,  # it is of another domain
    "source words": 0.25,
}
_UNSURE = 0.1
_LEAST_FACTOR = 0.01
_SIZE, _SIZE_STRENGTH = 0.7, 10.0  # of a pool, before any row is asked, and of the belief in it
_HARDLY = 1e-3  # as strong a belief where the rows that were learnt from say how sure is too sure
_N_DIRECTIONS = 64  # of the features that the mixture is learnt in: the ones in which rows differ most
_ROWS_A_DIRECTION = 8
LEAST_UNLABELLED = 100  # for a mixture: with 50, five classes were told apart worse than by their names alone


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: what it added, what held-out rows say of the whole with it, and whether it stayed."""

    name: str
    accuracy: float
    low: float  # 95 % interval of the accuracy
    high: float
    n: int  # rows that were asked
    verdict: str  # "kept", "kept, not clearly worse", "left out", or "" where there was nothing to decide
    why: str
    seconds: float

    @classmethod
    def of(cls, what: str, pool: "Pool", parts: Parts, verdict: str, why: str, began: float) -> Self:
        """With what the held-out rows say of the pool, and the seconds since `began`."""
        n = len(np.unique(parts.rows)) if len(pool.losses) else 0
        right = float(np.mean(pool.held_out.argmax(axis=1) == parts.asked)) if n else 0.0
        low, high = exact_interval(round(right * n), n) if n else (0.0, 1.0)
        return cls(what, right, low, high, n, verdict, why, time.perf_counter() - began)

    def sentence(self) -> str:
        """For the report: `+ names of the classes: 79.2 % [70.1, 86.2] of the held-out rows right; kept (...)`."""
        interval = f"{100 * self.accuracy:.1f} % [{100 * self.low:.1f}, {100 * self.high:.1f}]"
        figure = f"{interval} of the held-out rows right" if self.n else "not checked"
        decided = f"; {self.verdict} ({self.why})" if self.verdict else ""
        return f"{self.name}: {figure}{decided}, {self.seconds:.1f} s."


@dataclass(frozen=True, slots=True)
class Pool:
    """Experts with their factors, and the held-out losses (m,) of the whole, its factors chosen on other rows too."""

    experts: tuple[Expert, ...]
    factors: "Floats"
    held_out: "Floats"  # (m, k)
    losses: "Floats"

    @classmethod
    def of(cls, experts: Sequence[Expert], parts: Parts) -> "Pool":
        """The factors that all held-out rows ask for; the losses with factors that their own part had no say in.

        Without parts nothing is held out: the factors are what is believed of the experts beforehand.
        """
        if not parts.pairs:
            none = np.empty((0, parts.k))
            return cls(tuple(experts), np.array([BELIEF[expert.name] for expert in experts]), none, np.empty(0))
        values = [expert.held_out(parts) for expert in experts]
        belief = np.array([BELIEF[expert.name] for expert in experts])
        asked, rows = parts.asked, parts.rows
        answers = np.empty_like(values[0])
        for _, check in parts.pairs:
            own = np.isin(rows, check)
            others = [each[~own] for each in values]
            factors = pool_weights(others, asked[~own], belief, STRENGTH * parts.n_rounds)
            answers[own] = _mixed([each[own] for each in values], factors)
        factors = pool_weights(values, asked, belief, STRENGTH * parts.n_rounds)
        if not factors.any():  # a handful of rows against everything that is believed: unsure, but not without opinion
            factors = _UNSURE * belief
        return cls(tuple(experts), factors, answers, log_losses(answers, asked))

    def is_better(self, before: "Pool", by: float = 0.0) -> bool:
        """Whether the held-out log loss is lower than another pool's, by more than this; also where nothing is held
        out.
        """
        return not len(self.losses) or float(before.losses.mean() - self.losses.mean()) > by

    def size(self, parts: Parts) -> float:
        """The factor for all values that held-out rows ask for. Experts who say the same have a factor each, by what
        is believed of each: together they are surer than right. Without held-out rows it is what is believed, or less
        where the labelled rows contradict each other: equal texts of several classes are no surer than their shares.
        """
        if not len(self.losses):
            return min(_SIZE, believed_size(self.final()[: len(parts.y)], parts.y, _SIZE, _HARDLY))
        return believed_size(self.held_out, parts.asked, _SIZE, _SIZE_STRENGTH * parts.n_rounds)

    def times(self, factor: float, parts: Parts) -> Self:
        """The same answers, surer or less sure."""
        held_out = factor * self.held_out
        return type(self)(self.experts, factor * self.factors, held_out, log_losses(held_out, parts.asked))

    def parts(self) -> list[tuple[Expert, float]]:
        """The experts with their factors."""
        return [(expert, float(factor)) for expert, factor in zip(self.experts, self.factors, strict=True)]

    def final(self) -> "Floats":
        """(N, k) decision values of all rows."""
        return _mixed([expert.final for expert in self.experts], self.factors)

    def partial(self, pair: int) -> "Floats":
        """(N, k) those of what learnt from one part."""
        return _mixed([expert.partial[pair] for expert in self.experts], self.factors)


class Ladder:
    """Climbs from one expert to a pool of them, and tells of every rung."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.rungs = parts, list[Rung]()
        self.pool: Pool | None = None

    def start(self, what: str, make: Callable[[], Expert]) -> None:
        """The first expert."""
        began = time.perf_counter()
        self.pool = Pool.of([make()], self.parts)
        self._tell(what, self.pool, "", "", began)

    def beside(self, what: str, make: Callable[[], Sequence[Expert]]) -> None:
        """More experts beside the first, whatever a few rows say: the factors tell how much each counts, and some that
        see different things are safer than the one that was luckier.
        """
        began, first = time.perf_counter(), self.taken()
        experts = make()
        alone, self.pool = Pool.of(experts, self.parts), Pool.of([*first.experts, *experts], self.parts)
        self._tell(f"{what}, alone", alone, "", "", began)
        shares = ", ".join(f"{each.name} {factor:.2f}" for each, factor in self.pool.parts())
        self._tell("with words", self.pool, "kept", f"factors: {shares}", began)

    def add(self, what: str, make: Callable[[], Expert], kept: Kept = "if better") -> bool:
        """The pool with one more expert, kept where it has some weight and the held-out log loss is lower than without
        it; by more than a standard error, for what is right in few cases; or unless it is higher by more than that, for
        what does not learn from the labelled rows.
        """
        began, before = time.perf_counter(), self.taken()
        after = Pool.of([*before.experts, make()], self.parts)
        better = {
            "if clearly better": not len(after.losses) or clearly_lower(after.losses, before.losses),
            "if better": after.is_better(before),
            "unless worse": not clearly_lower(before.losses, after.losses),
        }[kept]
        better = better and float(after.factors[-1]) > _LEAST_FACTOR
        verdict = "left out" if not better else "kept" if after.is_better(before) else "kept, not clearly worse"
        self._tell(f"+ {what}", after, verdict, losses_of(before, after), began)
        if better:
            self.pool = after
        return better

    def taken(self) -> Pool:
        """The pool that the climb has come to. Raises RuntimeError before `start`."""
        if self.pool is None:
            raise RuntimeError("the ladder has no rung yet")
        return self.pool

    def add_unlabelled(self, what: str, features: "Floats", kept: Kept = "if better") -> bool:
        """An expert that learns from the unlabelled rows of features (N, d), anchored at what the pool says of them."""
        pool = self.taken()
        return self.add(what, lambda: mixture_expert(features, pool, self.parts), kept)

    def _tell(self, what: str, pool: Pool, verdict: str, why: str, began: float) -> None:
        self.rungs.append(Rung.of(what, pool, self.parts, verdict, why, began))


def mixture_expert(features: "Floats", pool: Pool, parts: Parts) -> Expert:
    """The mixture of `functional.mixture`, once for all labelled rows and once for each part of them."""
    n, narrow = len(parts.y), _Narrow.of(features)

    def learnt(anchor: "Floats", rows: "Ints") -> Linear:
        return Linear(*anchored_mixture(narrow.rows[n:], centred(anchor[n:]), narrow.rows[rows], parts.y[rows]))

    whole = learnt(pool.final(), np.arange(n))
    pairs = enumerate(parts.pairs)
    partial = tuple(learnt(pool.partial(i), learn)(narrow.rows) for i, (learn, _) in pairs)
    return Expert("unlabelled", whole(narrow.rows), partial, narrow.widened(whole)).sized(parts)


def fitted_mixture(features: "Floats", anchor: "Floats") -> Linear:
    """The mixture of unlabelled rows alone, features (n, d), from decision values (n, k)."""
    narrow, none = _Narrow.of(features), np.empty(0, np.int64)
    return narrow.widened(Linear(*anchored_mixture(narrow.rows, centred(anchor), narrow.rows[none], none)))


@dataclass(frozen=True, slots=True)
class _Narrow:
    """Rows (N, e) in the e orthonormal directions `basis` (d, e) in which rows of (N, d) differ most, at most 64
    and one for eight rows.
    """

    rows: "Floats"
    basis: "Floats"
    middle: "Floats"

    @classmethod
    def of(cls, features: "Floats") -> "_Narrow":
        middle = features.mean(axis=0)
        off = features - middle
        values, vectors = np.linalg.eigh((off.T @ off).astype(np.float64))
        kept = values[::-1] > 1e-9 * max(float(values[-1]), 1e-12)
        basis = vectors[:, ::-1][:, kept][:, : min(_N_DIRECTIONS, max(1, len(features) // _ROWS_A_DIRECTION))]
        return cls(off @ basis, basis, middle)

    def widened(self, linear: Linear) -> Linear:
        """The same decision values from the whole rows."""
        coef = linear.coef @ self.basis.T
        return Linear(coef, linear.intercept - coef @ self.middle)


def losses_of(before: Pool, after: Pool) -> str:
    """The mean held-out losses of two pools, in words."""
    if not len(after.losses):
        return "there are too few different rows to hold some out"
    return f"log loss {before.losses.mean():.3f} without, {after.losses.mean():.3f} with"


def _mixed(values: "Sequence[Floats]", factors: "Floats") -> "Floats":
    total: Floats = sum(factor * each for factor, each in zip(factors, values, strict=True))
    return total

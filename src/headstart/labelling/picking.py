"""The choice itself, on arrays: uncertain texts that stand for many that no labelled or chosen text is like.

Shape letters: n texts, e features (rows of length 1), k classes, c candidates, r reference texts.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from headstart.types import Bools, Floats, Ints

__all__ = ["Picked", "Pool", "margins", "pick"]

UNCERTAIN = 0.25  # share of the texts, the most uncertain ones, that are candidates
LEAST_CANDIDATES = 5  # times the texts to choose
MAX_CANDIDATES = 2_000  # drawn from them where there are more: the choice compares them with the reference
MAX_REFERENCE = 3_000  # texts that stand for all, drawn with the seed
_FAR, _TYPICAL = 0.10, 0.75  # quantiles over all texts, for the reasons


class Pool(NamedTuple):
    """What is known of the texts to choose from."""

    rows: "Floats"  # (n, e) of length 1
    probabilities: "Floats"  # (n, k)
    labelled: "Floats"  # (m, e) of length 1, of the texts that have labels; m may be 0
    domains: "Ints"  # (n,) numbers of the domains; all 0 where there are none


class Picked(NamedTuple):
    """The choice in its order; arrays have one entry a chosen text."""

    order: "Ints"  # rows of the pool
    far: "Bools"  # unlike every labelled text, as a tenth of the texts are
    typical: "Bools"  # like many others, as a quarter of the texts are


def margins(probabilities: "Floats") -> "Floats":
    """(n,) the highest probability less the second highest: small where the classifier hesitates (Settles 2009)."""
    if probabilities.shape[1] < 2:
        return np.ones(len(probabilities))
    two = np.partition(probabilities, -2, axis=1)[:, -2:]
    gaps: Floats = two[:, 1] - two[:, 0]
    return gaps


def pick(pool: Pool, n: int, random_state: int = 0) -> Picked:
    """Choose n texts one after the other, so that the first m are a good choice for every m <= n.

    Each is the candidate, of the quarter with the smallest margins, that adds most to sum_j u_j max_i s(i, j): s the
    cosine (at least 0) of reference text j with text i, the largest over all labelled and chosen texts i; u = 1 less
    the margin of j. So a text counts for those like it that are uncertain and not yet covered. What it adds is divided
    by the square root of 1 + the chosen texts of its predicted class, and the same of its domain: none takes all.

    The sum is submodular: the greedy order is within 1 - 1/e of the best choice for every m, but for these divisions.
    Sources: Wei, Iyer and Bilmes 2015 (filtered active submodular selection; here the objective is weighted by
    uncertainty too, the labelled texts cover from the start, and the balance is ours).
    """
    rng = np.random.default_rng(random_state)
    gaps = margins(pool.probabilities)
    candidates = _candidates(gaps, n, rng)
    reference = np.sort(rng.permutation(len(gaps))[:MAX_REFERENCE])
    covered = _nearest(pool.rows[reference], pool.labelled)
    likeness = np.maximum(pool.rows[candidates] @ pool.rows[reference].T, 0.0).astype(np.float32)  # (c, r)
    groups = [pool.probabilities.argmax(axis=1)[candidates], pool.domains[candidates]]
    chosen = _greedy(likeness, covered, (1.0 - gaps[reference]).astype(np.float32), groups, n)
    order = candidates[chosen]
    centre = pool.rows[reference].mean(axis=0)  # the mean cosine with the reference is the product with it
    likeness_to_all = pool.rows[order] @ centre
    typical = likeness_to_all >= max(float(np.quantile(pool.rows[reference] @ centre, _TYPICAL)), 1e-6)
    far = np.zeros(len(order), dtype=bool)
    if len(pool.labelled):
        far = _nearest(pool.rows[order], pool.labelled) <= np.quantile(covered, _FAR)
    return Picked(order, far, typical)


def _candidates(gaps: "Floats", n: int, rng: np.random.Generator) -> "Ints":
    """(c,) the most uncertain texts, the most uncertain first."""
    n_candidates = max(LEAST_CANDIDATES * n, round(UNCERTAIN * len(gaps)))
    order = rng.permutation(len(gaps))  # where margins are equal, the place in the file decides nothing
    uncertain = order[np.argsort(gaps[order], kind="stable")[:n_candidates]]
    most = max(MAX_CANDIDATES, LEAST_CANDIDATES * n)
    if len(uncertain) <= most:
        return uncertain
    return uncertain[np.sort(rng.permutation(len(uncertain))[:most])]


def _nearest(rows: "Floats", others: "Floats") -> "Floats":
    """(n,) the largest cosine with one of the others, at least 0; 0 where there are none."""
    if not len(others):
        return np.zeros(len(rows), dtype=np.float32)
    nearest: Floats = np.maximum((rows @ others.T).max(axis=1), 0.0).astype(np.float32)
    return nearest


def _greedy(likeness: "Floats", covered: "Floats", weights: "Floats", groups: "Sequence[Ints]", n: int) -> "Ints":
    """(n,) candidates in the order of their choice. Gains only fall, so that those known stay upper bounds, and only
    the largest are counted anew (Minoux 1978).
    """
    counts = [np.zeros(int(group.max()) + 1) for group in groups]
    gains = np.maximum(likeness - covered, 0.0) @ weights
    fresh = np.ones(len(gains), dtype=bool)
    chosen: list[int] = []
    for _ in range(min(n, len(gains))):
        shares = np.prod(
            [1.0 / np.sqrt(1.0 + count[group]) for count, group in zip(counts, groups, strict=True)], axis=0
        )
        value = gains * shares
        value[chosen] = -1.0
        while not fresh[best := int(value.argmax())]:
            gains[best] = np.maximum(likeness[best] - covered, 0.0) @ weights
            value[best], fresh[best] = gains[best] * shares[best], True
        chosen.append(best)
        covered = np.maximum(covered, likeness[best])
        fresh[:] = False
        for count, group in zip(counts, groups, strict=True):
            count[group[best]] += 1
    return np.array(chosen, dtype=np.int64)

"""Promises about errors on new texts, from rows that no model learnt from: when not to answer, and sets of labels.

Rows and new texts are taken to be drawn alike. Shape letters: n rows, k classes.
"""

from math import ceil, log, log1p
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import betaincinv

from headstart.functional.confidence import TAIL

if TYPE_CHECKING:
    from headstart.types import Bools, Floats, Ints

__all__ = [
    "Choice",
    "exact_interval",
    "expected_threshold",
    "fewest_rows",
    "label_sets",
    "least_probability",
    "sure_threshold",
]

_ROUNDING = 1e-9  # rows that products of floating-point numbers may be off by
_FIRST_SHARE = 4  # the first test of `sure_threshold` is on a quarter of the rows (docs/log.md)


class Choice(NamedTuple):
    """Answer a text when the probability of its label is at least `threshold`; None: answer none."""

    threshold: float | None
    n_answered: int  # rows that it answers
    n_wrong: int  # of them


_NOTHING = Choice(None, 0, 0)


def sure_threshold(confidence: "Floats", correct: "Bools", max_error: float, doubt: float) -> Choice:
    """The lowest threshold for which the error among the answered is shown to be at most `max_error`.

    confidence (n,): probability of the most likely label of rows that the model did not learn from; correct (n,):
    whether that label is the row's. The chance that the error of new answered texts is above max_error is at most
    `doubt`. Thresholds are tested from the strictest on, each by the exact binomial tail, and the first that fails
    ends the tests, so that no correction for their number is due. They are those at which one more wrong answer
    becomes affordable, from a quarter of the rows on. Where all rows pass the threshold is 0: all are answered.

    Sources: Geifman and El-Yaniv, NeurIPS 2017 (the guarantee); Angelopoulos et al. 2021, Learn then Test, section
    4.1 (fixed sequence). Departure: the tests stand where the allowed number of wrong answers grows, which depends on
    n, max_error and doubt alone.
    """
    from scipy.stats import binom

    found, path = _NOTHING, _path(confidence, correct)
    for n_tested in _sizes(len(confidence), max_error, doubt):
        choice = _at(path, int(np.searchsorted(path.n_answered, n_tested)))
        if binom.cdf(choice.n_wrong, choice.n_answered, max_error) > doubt:
            break
        found = choice
    return found


def expected_threshold(confidence: "Floats", correct: "Bools", max_error: float) -> Choice:
    """The lowest threshold for which (wrong + 1) / (answered + 1) of the rows is at most `max_error`.

    Arguments as in `sure_threshold`. An estimate, no promise: with few rows the error of new texts can be far above.
    Source: Angelopoulos et al. 2022, conformal risk control, for the wrong answer that is added. Departure: the error
    among the answered does not always fall as the threshold rises, as their proof needs.
    """
    path = _path(confidence, correct)
    good = np.flatnonzero(path.n_wrong + 1 <= max_error * (path.n_answered + 1) + _ROUNDING)
    return _at(path, int(good[-1])) if len(good) else _NOTHING


def fewest_rows(max_error: float, doubt: float) -> int:
    """How many rows must be answered without any mistake to show that the error is at most `max_error`."""
    return ceil(log(doubt) / log1p(-max_error))


def least_probability(true_probability: "Floats", max_error: float) -> float:
    """The least probability with which a label belongs into the set of a text.

    true_probability (n,): what the label of each row was given. A set of all labels of at least this probability
    leaves out the true one for at most max_error of new texts, on average over rows and texts. 0: there are too few
    rows, n < 1 / max_error - 1, and all labels stay.

    Sources: Sadinle et al., JASA 2019 (the score, whose sets are the smallest on average); Vovk 2012 (out-of-fold
    scores). Departure: new texts are scored by one model of all rows, not by those of the folds.
    """
    n = len(true_probability)
    n_left_out = min(int(np.floor(max_error * (n + 1) + _ROUNDING)), n)  # of n + 1 rows, the new one included
    return float(np.sort(true_probability)[n_left_out - 1]) if n_left_out else 0.0


def label_sets(probabilities: "Floats", least: float) -> "Bools":
    """(n, k) which labels the set of each text holds: those of at least this probability, and always the first."""
    held: Bools = probabilities >= least
    held[np.arange(len(held)), probabilities.argmax(axis=1)] = True
    return held


def exact_interval(n_hits: int, n: int) -> tuple[float, float]:
    """The exact two-sided 95 % interval of a share of n > 0 rows. Source: Clopper and Pearson 1934, by beta
    quantiles.
    """
    low = betaincinv(n_hits, n - n_hits + 1, TAIL) if n_hits else 0.0
    high = betaincinv(n_hits + 1, n - n_hits, 1.0 - TAIL) if n_hits < n else 1.0
    return float(low), float(high)


class _Path(NamedTuple):
    """All thresholds that differ on the rows, the strictest first; arrays (m,)."""

    thresholds: "Floats"
    n_answered: "Ints"
    n_wrong: "Ints"


def _path(confidence: "Floats", correct: "Bools") -> _Path:
    """Rows of equal confidence are answered together."""
    order = np.argsort(-np.asarray(confidence, np.float64), kind="stable")
    falling = np.asarray(confidence, np.float64)[order]
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True)) if len(falling) else np.arange(0)
    return _Path(falling[ends], ends + 1, np.cumsum(~np.asarray(correct, bool)[order])[ends])


def _at(path: _Path, index: int) -> Choice:
    """The choice at one of the thresholds; the last one answers every text, also one surer of less than any row."""
    last = index == len(path.thresholds) - 1
    return Choice(0.0 if last else float(path.thresholds[index]), int(path.n_answered[index]), int(path.n_wrong[index]))


def _sizes(n: int, max_error: float, doubt: float) -> list[int]:
    """Numbers of answered rows to test, rising: each the smallest that affords one more wrong answer; and n itself."""
    from scipy.stats import binom

    answered = np.arange(1, n + 1)
    affordable = binom.ppf(doubt, answered, max_error) - 1  # wrong answers; -1: not even none
    grows = np.flatnonzero(np.diff(affordable, prepend=-1) > 0)
    sizes = answered[grows[answered[grows] >= n / _FIRST_SHARE]].tolist()
    return [*sizes, n] if sizes and sizes[-1] < n else sizes

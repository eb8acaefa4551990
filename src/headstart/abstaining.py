"""When a predictor does not answer: what held-out rows said of its probabilities, kept small, asked for any rate.

Shape letters: n held-out rows, m texts, k classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from headstart.errors import ConfigError
from headstart.functional import conformal
from headstart.types import Bools, Floats, Ints, State

__all__ = ["MAX_ERROR_FORM", "Abstaining", "Limit", "MaxError", "percent"]

SURE = 0.9  # how sure a promise is
_EXPECTED = "expected"
MAX_ERROR_FORM = (
    "expected a share of errors between 0 and 1 such as 0.05 or 5%, or 0.05:expected for an estimate without promise"
)


@dataclass(frozen=True, slots=True)
class MaxError:
    """The share of errors that the user accepts among the answers: promised, or only expected."""

    rate: float
    is_expected: bool = False

    @classmethod
    def read(cls, value: "float | str | MaxError") -> "MaxError":
        """Of 0.05, "0.05", "5%", "0.05:expected". Raises ConfigError for anything else."""
        if isinstance(value, MaxError):
            return value
        number, colon, kind = str(value).replace(" ", "").partition(":")
        try:
            rate = float(number[:-1]) / 100 if number.endswith("%") else float(number)
        except ValueError:
            rate = float("nan")
        if not 0 < rate < 1 or (colon and kind != _EXPECTED):
            raise ConfigError(f"max_error: {MAX_ERROR_FORM}. Got {value!r} instead.")
        return cls(rate, bool(colon))

    def __str__(self) -> str:
        """What `read` reads."""
        return f"{self.rate!r}:{_EXPECTED}" if self.is_expected else repr(self.rate)


@dataclass(frozen=True, slots=True)
class Limit:
    """What follows from the held-out rows for one rate of errors."""

    max_error: MaxError
    threshold: float | None  # least probability of the first label of a text that is answered; None: none is
    least_probability: float  # of a label in the set of a text
    n: int  # held-out rows
    n_answered: int  # of them
    n_wrong: int  # of the answered
    n_expected: int  # rows that an estimate without promise would answer
    protocol: str

    def abstained(self, probabilities: Floats) -> Bools:
        """(m,) True where a text with probabilities (m, k) is not answered."""
        top = probabilities.max(axis=1, initial=0.0)
        refused: Bools = np.ones(len(top), dtype=bool) if self.threshold is None else top < self.threshold
        return refused

    def sets(self, probabilities: Floats) -> Bools:
        """(m, k) the labels that cannot be excluded: all but max_error of these sets hold the true one."""
        return conformal.label_sets(probabilities, self.least_probability)

    def sentence(self) -> str:
        """For people: what is kept, how many texts are answered, and what it was measured on."""
        asked = f"{percent(self.max_error.rate)} errors"
        asked = f"{asked} expected" if self.max_error.is_expected else f"At most {asked} ({percent(SURE)} sure)"
        measured = f"Measured on {self.protocol}."
        if self.threshold is None:
            return f"{asked}: no text is answered. {self._why_none()} {measured}"
        low, high = conformal.exact_interval(self.n_wrong, self.n_answered)
        error = f"{percent(self.n_wrong / self.n_answered)} [{percent(low)}, {percent(high)}]"
        if self.threshold == 0.0:
            return f"{asked}: all texts are answered; {error} of them are wrong. {measured}"
        share = percent(self.n_answered / self.n)
        return (
            f"{asked}: {share} of the texts are answered (threshold {self.threshold:.3g}), {error} of these are wrong. "
            f"{measured}"
        )

    def _why_none(self) -> str:
        if self.max_error.is_expected:
            return "Even the surest rows have more errors than that."
        needed = conformal.fewest_rows(self.max_error.rate, 1 - SURE)
        if self.n < needed:
            said = f"To show it takes {needed} checked rows without an error, and there are {self.n}: label more"
        else:
            said = f"The surest of the {self.n:,} checked rows have too many errors to show it: accept a higher rate"
        if not self.n_expected:
            return f"{said}."
        share = percent(self.n_expected / self.n)
        return (
            f"{said}, or ask for {replace(self.max_error, is_expected=True)}: without a promise {share} are answered."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Abstaining:
    """What held-out rows say of a predictor's probabilities, enough for a limit at any rate of errors.

    confidence (n,) falling: probability of the most likely label, and correct (n,) whether it is the row's.
    true_probability (n,) rising: what the row's label was given. max_error: the user's; protocol: a sentence on how.
    Where no row could be checked n is 0, and nothing is answered. Departure from the sources of `functional.conformal`:
    the models of the folds judged the rows, and the model of all rows is taken to be no worse.
    """

    confidence: Floats
    correct: Bools
    true_probability: Floats
    max_error: MaxError
    protocol: str

    @classmethod
    def from_held_out(cls, probabilities: Floats, y: Ints, max_error: MaxError, protocol: str) -> Self:
        """From probabilities (n, k) by models that had not seen the rows, whose classes have the codes y (n,)."""
        confidence = probabilities.max(axis=1, initial=0.0)
        order = np.argsort(-confidence, kind="stable")
        correct = probabilities.argmax(axis=1) == y if len(y) else np.zeros(0, dtype=bool)
        true = np.sort(probabilities[np.arange(len(y)), y])
        return cls(confidence[order], correct[order], true, max_error, protocol)

    def limit(self, max_error: "float | str | MaxError | None" = None) -> Limit:
        """What follows for this rate of errors; None: for the user's own."""
        asked = self.max_error if max_error is None else MaxError.read(max_error)
        choice = expected = conformal.expected_threshold(self.confidence, self.correct, asked.rate)
        if not asked.is_expected:
            choice = conformal.sure_threshold(self.confidence, self.correct, asked.rate, 1 - SURE)
        return Limit(
            max_error=asked,
            threshold=choice.threshold,
            least_probability=conformal.least_probability(self.true_probability, asked.rate),
            n=len(self.confidence),
            n_answered=choice.n_answered,
            n_wrong=choice.n_wrong,
            n_expected=expected.n_answered,
            protocol=self.protocol,
        )

    def get_state(self) -> State:
        """As data: no text, no label of a row."""
        arrays = {
            "confidence": self.confidence,
            "correct": self.correct.astype(np.uint8),
            "true_probability": self.true_probability,
        }
        return State({"max_error": str(self.max_error), "protocol": self.protocol}, arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The same again. Raises KeyError, TypeError, ValueError for what `get_state` did not give."""
        settings: Mapping[str, Any] = state.settings
        columns = [state.arrays[name] for name in ("confidence", "correct", "true_probability")]
        if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
            raise ValueError("abstaining: three columns of equal length were expected")
        try:
            max_error = MaxError.read(settings["max_error"])
        except ConfigError as error:
            raise ValueError(str(error)) from error
        confidence, correct, true = columns
        return cls(confidence, correct.astype(bool), true, max_error, settings["protocol"])


def percent(share: float) -> str:
    """`5 %`, `71.3 %`, `0.04 %`: one decimal, below 1 % two digits."""
    value = 100 * share
    return f"{float(f'{value:.1f}' if value >= 1 else f'{value:.2g}'):g} %"

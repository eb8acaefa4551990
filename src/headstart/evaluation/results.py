"""The values that an evaluation consists of: plain data, ready for JSON, a table or a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from headstart.explaining.values import ClassWords
from headstart.functional.conformal import exact_interval
from headstart.predictor import History
from headstart.types import Audit, Step

__all__ = [
    "Answered",
    "Answering",
    "Bin",
    "ClassScores",
    "Comparison",
    "Evaluation",
    "Interval",
    "Mistake",
    "MoreLabels",
    "Report",
]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval; low and high are None where none was computed."""

    value: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def of_share(cls, n_hits: int, n: int) -> Self:
        """n_hits of n > 0 rows, with the exact interval (Clopper and Pearson)."""
        return cls(n_hits / n, *exact_interval(n_hits, n))


@dataclass(frozen=True, slots=True)
class ClassScores:
    """One row of the per-class table."""

    name: str
    precision: Interval
    recall: Interval
    f1: Interval
    support: int


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of the reliability curve: texts whose top probability lies in [low, high)."""

    low: float
    high: float
    n: int
    confidence: float  # mean top probability
    accuracy: float  # share of them that is right


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong prediction, shown when it was a confident one."""

    text: str
    label: str
    predicted: str
    probability: float
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How one model did on n labelled texts."""

    name: str  # "tfidf + svm", "minilm + logistic"
    classes: tuple[str, ...]
    n: int
    metrics: Mapping[str, Interval]  # keys as in evaluation.metrics.METRICS; absent where not defined
    per_class: tuple[ClassScores, ...]
    confusion: tuple[tuple[int, ...], ...]  # (k, k) rows: true class, columns: predicted class
    reliability: tuple[Bin, ...]
    mistakes: tuple[Mistake, ...] = ()  # most confident first


@dataclass(frozen=True, slots=True)
class Comparison:
    """The chosen model against the from-scratch baseline, on the same rows (paired bootstrap)."""

    metric: str
    difference: Interval  # model minus baseline
    verdict: str  # "helped", "hurt"; "better", "worse" where nothing was transferred; "no difference shown"
    sentence: str  # in English
    translated: Mapping[str, str] = field(default_factory=dict)  # the sentence in other languages: {"zh": ...}

    @property
    def is_better(self) -> bool | None:
        """Whether the chosen model is better than the baseline; None where no difference was shown."""
        return {"helped": True, "better": True, "hurt": False, "worse": False}.get(self.verdict)


@dataclass(frozen=True, slots=True)
class Answered:
    """How a limit of errors did on n rows that had no part in setting it; exact 95 % intervals."""

    n: int
    coverage: Interval  # share of the texts that are answered
    error: Interval | None  # share of the answered that are wrong; None where none is answered
    sets_without: Interval  # share of the label sets that do not hold the true label
    set_size: float  # labels a set, mean


@dataclass(frozen=True, slots=True)
class Answering:
    """When texts are not answered."""

    max_error: str  # "0.05", "0.05:expected"
    threshold: float | None  # least probability of an answer; None: no text is answered
    sentence: str  # what was found when the limit was set
    measured: Answered | None  # None where the limit was set on the rows of the report


@dataclass(frozen=True, slots=True)
class MoreLabels:
    """The accuracy to expect now, with n labelled rows, and with more of them."""

    n: int
    now: Interval
    more: Mapping[int, Interval]  # further rows -> the accuracy to expect


@dataclass(frozen=True, slots=True)
class Report:
    """All that the terminal table, `--json` and the HTML page show of one run."""

    title: str
    command: str  # the exact command line to repeat the run
    created: str  # ISO 8601, local time with offset
    encoder: str
    head: str
    strategy: str
    reasons: tuple[str, ...]  # why this encoder and this head
    protocol: str  # "1,821 test rows of sst2/test.jsonl.gz", "5-fold cross-validation on ..."
    model: Evaluation
    baseline: Evaluation | None
    comparison: Comparison | None  # there is one where there is a baseline
    audits: tuple[Audit, ...]
    steps: tuple[Step, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)  # "read", "fit", "evaluate", ...
    versions: Mapping[str, str] = field(default_factory=dict)  # "headstart", "python", "torch", ...
    seed: int = 0
    history: History | None = None  # how the training went, of what learns step by step
    answering: Answering | None = None  # of a model with a limit of errors
    class_words: tuple[ClassWords, ...] = ()  # what speaks for each class, of a linear model of counted terms
    more_labels: MoreLabels | None = None  # what further labelled rows would buy
    alone: str = "bundle"  # why there is no baseline, if there is none: "bundle" (no fit), "baseline" (is one), "rows"

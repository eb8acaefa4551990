"""The values that travel between the folders, and the protocols that components keep.

Shape letters: n texts, d features, k classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeAlias

if TYPE_CHECKING:  # numpy and scipy cost 0.1 s and more: `import headstart` must not pay for them
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    Floats: TypeAlias = NDArray[np.floating[Any]]
    Ints: TypeAlias = NDArray[np.integer[Any]]
    Bools: TypeAlias = NDArray[np.bool_]
    Features: TypeAlias = Floats | csr_matrix  # (n, d), row i belongs to texts[i]
else:  # at run time they only stand in annotations
    Floats = Ints = Bools = Features = Any

__all__ = [
    "Audit",
    "Augmentation",
    "Dataset",
    "Encoder",
    "Finding",
    "Head",
    "Predictions",
    "State",
    "Step",
    "Strategy",
    "Task",
    "TextRule",
    "Transform",
]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Texts with what is known of each: all tuples have one entry a text.

    labels None = unlabelled; domains None = one domain. `lines` are the line numbers in the file `origin`,
    for messages. It has no `__len__` on purpose: scikit-learn's cross-validation slices any argument whose
    length equals the number of rows, in silence; a source data set must arrive whole.

    Raises ValueError if the tuples differ in length.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...] | None = None
    domains: tuple[str, ...] | None = None
    lines: tuple[int, ...] | None = None
    origin: str = ""

    def __post_init__(self) -> None:
        for name in ("labels", "domains", "lines"):
            column = getattr(self, name)
            if column is not None and len(column) != len(self.texts):
                raise ValueError(f"Dataset: {len(self.texts)} texts but {len(column)} {name}.")

    @property
    def n(self) -> int:
        """Number of texts."""
        return len(self.texts)

    def take(self, rows: Sequence[int]) -> "Dataset":
        """The rows of these indices, in this order."""

        def pick(column: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
            return None if column is None else tuple(column[i] for i in rows)

        return replace(
            self,
            texts=tuple(self.texts[i] for i in rows),
            labels=pick(self.labels),
            domains=pick(self.domains),
            lines=pick(self.lines),
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done to the rows of a data set, for the report: nothing happens to rows in silence."""

    data: str  # which data: "train", "test", ...
    action: str  # a sentence: "read from reviews.csv (UTF-8)", "rows without text skipped"
    n_before: int
    n_after: int
    is_told: bool = False  # in the terminal too, though no row came or went


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an audit noticed, for instance exact duplicates."""

    name: str  # "exact_duplicates", "missing_label", ...
    n: int  # rows concerned
    message: str  # a sentence for the user
    examples: tuple[str, ...] = ()  # at most three, each with its line number
    severity: str = "warning"  # "error" (fit refuses), "warning", "info"


@dataclass(frozen=True, slots=True)
class Audit:
    """What `headstart inspect` prints of one data set."""

    origin: str
    n: int
    classes: Mapping[str, int]  # rows a class, largest first; empty when unlabelled
    languages: Mapping[str, float]  # share of the texts: "zh", "en", "mixed", "other"
    characters: Mapping[str, float]  # "min", "median", "mean", "p95", "max" of the text lengths
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()  # how it was read: encoding, columns, compression


@dataclass(frozen=True, slots=True)
class State:
    """A fitted part as plain data, so that a bundle needs no pickle.

    settings: JSON values (constructor arguments and small fitted values); arrays: named numpy arrays.
    """

    settings: Mapping[str, Any]
    arrays: Mapping[str, "NDArray[Any]"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a predictor says of n texts."""

    labels: "NDArray[Any]"  # (n,) the class names
    probabilities: "Floats"  # (n, k), rows sum to 1, columns as in `classes`
    truncated: "Bools"  # (n,) True where the encoder did not read the whole text
    abstained: "Bools | None" = None  # (n,) True where the text is not answered; None without a limit of errors


@dataclass(frozen=True, slots=True)
class Task:
    """All that a strategy may learn from. `y` (n,) are class codes 0..k-1 of the target's texts.

    budget_s: seconds that learning may take; checkpoint: a folder where a long run keeps its state, and goes on from
    the one that it finds there. A strategy whose work is short takes no notice of the two.
    """

    texts: tuple[str, ...]
    y: "Ints"
    classes: tuple[Any, ...]
    source: Dataset | None = None
    unlabelled: Dataset | None = None
    label_names: Mapping[str, str | Sequence[str]] | None = None
    augment: str | None = None
    random_state: int = 0
    budget_s: float | None = None
    checkpoint: Path | None = None

    def with_rows(self, texts: Sequence[str], y: "Ints") -> "Task":
        """With more labelled rows behind its own."""
        import numpy as np  # what has only the names of types needs none

        return replace(self, texts=(*self.texts, *texts), y=np.concatenate([self.y, y]))


class TextRule(Protocol):
    """One rule of cleaning, a pure function of a text. Its constructor takes at most one argument, a string."""

    def __call__(self, text: str) -> str:
        """The text with the rule applied; applied twice it changes nothing more."""


class Augmentation(Protocol):
    """Makes new texts from labelled ones. Its constructor takes one string or None: the share of words, a file.

    After `fit` it may have `notes_`, sentences for the user, and `families_` (n,): rows that exchange words have one
    number (else every row is a family of its own).
    """

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Learn what it needs (vectors, the sentences of each class) from the training rows alone."""

    def augment(self, texts: Sequence[str], y: "Ints", rngs: "Sequence[np.random.Generator]") -> list[str | None]:
        """For each text one of the same class, or None where it gives none. Entry i depends on texts[i], y[i],
        rngs[i] and what was fitted, whatever the other rows are.
        """


class Encoder(Protocol):
    """Texts -> features (n, d). `pretrained`: `fit` learns nothing from the texts, so that cross-validation
    may encode once.

    An encoder that learns from the labels has `supervised = True`: its features of the rows of `fit` are too good to
    choose by. It may have `own_head() -> (name, Head)`: the head that it learnt itself with, which strategies take
    when the user names none.
    """

    pretrained: bool

    def fit(self, texts: Sequence[str], y: "Ints | None" = None, groups: "Ints | None" = None) -> Self:
        """Learn whatever the encoder needs; a pre-trained encoder only loads itself.

        Most encoders learn from texts alone. y (m,), m <= n: class codes of the first m texts, for those that
        use labels. groups (m,): rows of one number are copies of one text, never split between learning and
        checking.
        """

    def encode(self, texts: Sequence[str]) -> "Features":
        """Features (n, d) float32, dense or CSR; row i belongs to texts[i] whatever the other rows are."""

    def truncated(self, texts: Sequence[str]) -> "Bools":
        """(n,) True where the text is longer than the encoder reads."""

    def get_state(self, folder: Path) -> State:
        """The fitted encoder as data; large or foreign files (ONNX, tokeniser) are written into `folder`."""

    @classmethod
    def from_state(cls, state: State, folder: Path) -> "Encoder":
        """The encoder again, from what `get_state` gave. Needs no torch."""


class Transform(Protocol):
    """Features (n, d) -> features (n, e): a step after an encoder. `supervised`: it learns from labels."""

    supervised: bool

    def fit(self, features: "Features", y: "Ints | None" = None) -> Self:
        """Learn from features (n, d), or where it needs classes from the first m rows with y (m,)."""

    def transform(self, features: "Features") -> "Features":
        """Features (n, e) float32, dense or CSR; row i depends on row i alone."""

    def get_state(self) -> State:
        """The fitted transform as data."""

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The transform again, from what `get_state` gave."""


class Head(Protocol):
    """Features (n, d) -> class probabilities (n, k)."""

    def fit(self, features: "Features", y: "Ints") -> Self:
        """Learn from features (n, d) and class codes y (n,) in 0..k-1, each present at least twice."""

    def refit(self, features: "Features", y: "Ints") -> Self:
        """New weights from other rows of the same d and k, with the settings and the calibration that `fit` chose.

        For rows that must not take part in the choice, such as augmented copies. The penalty stays the same for
        each row's worth of the rows that chose it: more rows do not weaken it.
        """

    def predict_proba(self, features: "Features") -> "Floats":
        """Probabilities (n, k) float64, rows sum to 1."""

    def get_state(self) -> State:
        """The fitted head as data."""

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The head again, from what `get_state` gave."""


class Strategy(Protocol):
    """How encoder and head learn from a task. uses: what of `source`, `unlabelled`, `label_names` and `augment` it can
    learn from.
    """

    uses: ClassVar[frozenset[str]]

    def fit(self, task: Task) -> "Any":
        """A `headstart.predictor.Predictor`."""

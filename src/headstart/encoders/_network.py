"""What the networks that learn from scratch share: words, the way to learn and to encode, state.

Shape letters: n texts, d dimensions of a word vector, f features, k classes, m rows of the table, B batch, T tokens.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from headstart import registry
from headstart.checks import check_choice, check_class_weight, check_flag, check_number, check_whole
from headstart.encoders._ragged import NO_WORD, UNKNOWN, Ragged
from headstart.encoders._terms import choose_analyser, fewest_texts
from headstart.encoders._vectors import ANALYSERS, WordVectors, make_tokeniser, tokenised
from headstart.errors import ConfigError, DataError, MissingExtra
from headstart.progress import track
from headstart.text.batching import token_budget_batches
from headstart.text.normalise import fold
from headstart.text.segment import segmenter_name
from headstart.types import State

if TYPE_CHECKING:
    from torch import nn

    from headstart.encoders._torch_learning import Learnt, Recipe
    from headstart.types import Bools, Floats, Head, Ints

__all__ = ["NetworkEncoder"]

_BATCH_TOKENS = 4096  # padded tokens of a batch to encode: bounds memory
_FEW = 400  # labelled rows; up to here epochs have few steps, and more of them help
_RANDOM_DIM = 100
_AUTO = {"word": "word", "zh": "zh+char"}  # by language; short Chinese texts have too few words that were seen before
_SPREAD = 0.1  # root mean square of the numbers of the table


@dataclass(eq=False)
class NetworkEncoder(ABC):
    """A network over word vectors, learnt from the labels; its features are what its last layer reads.

    vectors: where the word vectors begin: "word2vec" (learnt first from all texts of `fit`), "random", or the
    path of a file of word vectors. frozen: they stay as they began. analyser: "word", "zh", "zh+char" (each Chinese
    word is followed by its characters, `_vectors.make_tokeniser`), or "auto": "zh+char" for Chinese, else "word".
    max_tokens: words and characters read of a text. min_count: words that come less often in the texts, and have no
    vector from elsewhere, are unknown ones, None = 2 from 1,000 texts on, else 1. n_epochs: at most, None = 10, or 15
    up to 400 rows; the rows that check choose how many (`_torch_learning.learn`). batch_rows: rows a step, None = 8 to
    64, by the number of rows. dropout: share of the numbers of word vectors and features; word_dropout: of whole words.
    class_weight: None, or "balanced" to weigh rows by the rarity of their class. Optimiser: AdamW.
    """

    vectors: str = "word2vec"
    _: KW_ONLY
    frozen: bool = False
    analyser: str = "auto"
    max_tokens: int = 400
    min_count: int | None = None
    n_epochs: int | None = None
    learning_rate: float = 4e-3
    batch_rows: int | None = None
    dropout: float = 0.3
    word_dropout: float = 0.1
    weight_decay: float = 0.01
    class_weight: str | None = None
    random_state: int = 0

    pretrained: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    _sizes: ClassVar[tuple[str, ...]]  # settings of the body that are whole numbers

    @abstractmethod
    def _body(self, d: int) -> "nn.Module":
        """The unlearnt torch body: embedded (B, T, d), lengths (B,) -> features (B, f)."""

    @abstractmethod
    def _features(self, arrays: "Mapping[str, Floats]", embedded: "Floats", lengths: "Ints") -> "Floats":
        """The same in numpy, from the body's arrays; lengths from long to short."""

    def fit(self, texts: Sequence[str], y: "Ints | None" = None, groups: "Ints | None" = None) -> Self:
        """Learn words from all texts and the classes from the first m, with codes y (m,).

        groups (m,): rows of one number are copies of the first row with it. Rows that read the same are copies
        too. Raises ConfigError (no y, a setting), DataError (no words), MissingExtra (no torch).
        """
        codes = self._check(texts, y)
        from headstart.encoders._torch_learning import Examples, learn

        self.analyser_ = _AUTO[choose_analyser(texts)] if self.analyser == "auto" else self.analyser
        self._tokenise = make_tokeniser(self.analyser_)
        tokens = [words[: self.max_tokens] for words in tokenised(texts, self._tokenise)]
        words, table = self._start(texts, tokens)
        self._set_words(words)
        read = Ragged.from_rows([self._numbers(row) for row in tokens[: len(codes)]])
        # only the labelled texts' words can learn: the optimiser works on their rows alone
        used, numbers = np.unique(np.append(read.flat, [NO_WORD, UNKNOWN]), return_inverse=True)
        examples = Examples(table[used], read._replace(flat=numbers[:-2]), codes, _copies(read, groups))
        learnt = learn(examples, self._recipe(len(codes)))
        table[used] = learnt.table
        self._table, self._arrays, self._last = table, learnt.body, _last_layer(learnt)
        return self

    def encode(self, texts: Sequence[str]) -> "Floats":
        """Features (n, f) float32; a text without words reads as one unknown word."""
        row_of: dict[str, int] = {}  # equal texts are computed once, to the same bits
        which = np.fromiter((row_of.setdefault(text, len(row_of)) for text in texts), np.int64, len(texts))
        read = Ragged.from_rows([self._numbers(self._tokenise(text)[: self.max_tokens]) for text in row_of])
        features = np.empty((len(row_of), self._last.arrays["coef"].shape[1]), np.float32)
        batches = token_budget_batches(read.lengths.tolist(), _BATCH_TOKENS)
        for rows in track(batches, "encoding", len(row_of), len):
            embedded = self._table[read.padded(rows)]
            features[rows] = self._features(self._arrays, embedded, read.lengths[rows])
        return features[which]

    def truncated(self, texts: Sequence[str]) -> "Bools":
        """(n,) True where the text has more than max_tokens words."""
        return np.fromiter((len(self._tokenise(text)) > self.max_tokens for text in texts), bool, len(texts))

    def own_head(self) -> "tuple[str, Head]":
        """The network's last layer as a fitted head, calibrated on the rows that checked it."""
        head: Head = registry.load("head", "logistic").from_state(self._last)
        return "logistic", head

    def decided_by_number(self) -> dict[str, Any]:
        """What the number of texts of `fit` alone decided, as settings."""
        return {} if self.min_count is not None else {"min_count": self.min_count_}

    def get_state(self, folder: Path) -> State:
        """Settings, words, the table of word vectors, the body and the last layer."""
        settings = {
            "params": {**asdict(self), "vectors": Path(self.vectors).name},  # the path is the business of its owner
            "analyser": self.analyser_,
            "segmenter": segmenter_name() if self.analyser_ != "word" else None,
            "words": list(self._number_of),
            "last": dict(self._last.settings),
        }
        body = {f"body.{name}": array for name, array in self._arrays.items()}
        return State(settings, {"table": self._table, **body, **self._last.arrays})

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """The fitted encoder again; needs no torch."""
        made = cls(**state.settings["params"])
        made.analyser_ = state.settings["analyser"]
        made._tokenise = make_tokeniser(made.analyser_, segmenter=state.settings["segmenter"])
        made._set_words(state.settings["words"])
        arrays = dict(state.arrays)
        made._table = arrays.pop("table")
        made._last = State(state.settings["last"], {name: arrays.pop(name) for name in ("coef", "intercept")})
        made._arrays = {name.removeprefix("body."): array for name, array in arrays.items()}
        return made

    def _check(self, texts: Sequence[str], y: "Ints | None") -> "Ints":
        """The codes. Raises ConfigError, DataError, MissingExtra for what cannot be learnt from or with."""
        name = type(self).__module__.rpartition(".")[2]
        if y is None:
            raise ConfigError(
                f"The encoder {name!r} learns from labels, and `fit` got none. Take word2vec or tfidf, which do not."
            )
        check_choice("analyser", self.analyser, ANALYSERS)
        for setting in ("max_tokens", *self._sizes):
            check_whole(setting, getattr(self, setting))
        for setting in ("min_count", "n_epochs", "batch_rows"):
            check_whole(setting, getattr(self, setting), optional=True)
        check_whole("random_state", self.random_state, least=0)
        check_flag("frozen", self.frozen)
        check_class_weight(self.class_weight)
        for setting in ("dropout", "word_dropout"):
            check_number(setting, getattr(self, setting), high=1, below=True)
        check_number("learning_rate", self.learning_rate, above=True)
        check_number("weight_decay", self.weight_decay)
        if not isinstance(self.vectors, str | Path) or not str(self.vectors):
            raise ConfigError(
                f"encoder.vectors must be word2vec, random, or a file of word vectors. Got {self.vectors!r} instead."
            )
        codes = np.asarray(y, np.int64)
        if len(codes) > len(texts) or len(np.unique(codes)) < 2:
            raise DataError(
                f"The encoder {name!r} got {len(codes)} class codes of {len(np.unique(codes))} classes for "
                f"{len(texts)} texts; expected two classes or more, and no more codes than texts."
            )
        if find_spec("torch") is None:
            raise MissingExtra(f"encoder {name!r}", "torch", "train")
        return codes

    def _start(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> "tuple[list[str], Floats]":
        """Words, and the table (2 + words, d) where their vectors begin: no word, an unknown word, then these.

        A word of the texts without a vector of its own begins where its parts are (`spelled`), else at random.
        """
        self.min_count_ = fewest_texts(len(texts)) if self.min_count is None else self.min_count
        known = self._known_vectors(texts)
        vectors = known.vectors - known.vectors.mean(axis=0) if len(known.words) else known.vectors
        place: dict[str, list[int]] = {}
        for row, word in enumerate(known.words):
            place.setdefault(fold(word), [row])  # the words of texts are folded
        counts = Counter(word for row in tokens for word in row)
        for word in sorted(word for word, count in counts.items() if count >= self.min_count_ and word not in place):
            place[word] = known.rows(word)
        table = np.random.default_rng(self.random_state).normal(0, _SPREAD, (2 + len(place), vectors.shape[1]))
        spread = float(np.sqrt(np.mean(vectors**2))) if vectors.size else 0.0
        scale = _SPREAD / (spread or 1.0)
        for number, rows in enumerate(place.values(), 2):
            if rows:
                table[number] = vectors[rows].mean(axis=0) * scale
        table[NO_WORD] = table[UNKNOWN] = 0  # that is the mean word
        return list(place), table.astype(np.float32)

    def _known_vectors(self, texts: Sequence[str]) -> WordVectors:
        if self.vectors == "random":
            return WordVectors([], np.empty((0, _RANDOM_DIM), np.float32), self._tokenise)
        if self.vectors == "word2vec":
            encoder = registry.load("encoder", "word2vec")(
                analyser=self.analyser_, min_count=self.min_count_, random_state=self.random_state
            )
        else:
            encoder = registry.load("encoder", "static")(vectors=self.vectors)
        found: WordVectors = encoder.fit(texts).word_vectors_
        return found

    def _recipe(self, n: int) -> "Recipe":
        from headstart.encoders._torch_learning import Recipe

        return Recipe(
            make_body=self._body,
            frozen=self.frozen,
            n_epochs=self.n_epochs or (15 if n <= _FEW else 10),
            learning_rate=self.learning_rate,
            batch_rows=self.batch_rows or int(np.clip(n // 25, 8, 64)),
            dropout=self.dropout,
            word_dropout=self.word_dropout,
            weight_decay=self.weight_decay,
            class_weight=self.class_weight,
            random_state=self.random_state,
        )

    def _set_words(self, words: Sequence[str]) -> None:
        self._number_of = {word: number for number, word in enumerate(words, 2)}

    def _numbers(self, words: Sequence[str]) -> list[int]:
        return [self._number_of.get(word, UNKNOWN) for word in words] or [UNKNOWN]


def _copies(read: Ragged, groups: "Ints | None") -> "Ints":
    """(n,) the first row of the same group, or that reads the same as that row; its own number for an original."""
    n = len(read.lengths)
    _, first, group_of = np.unique(np.arange(n) if groups is None else groups, return_index=True, return_inverse=True)
    leader = first[group_of]
    seen: dict[bytes, int] = {}
    same = np.arange(n)
    for row in np.sort(first):
        start = read.starts[row]
        same[row] = seen.setdefault(read.flat[start : start + read.lengths[row]].tobytes(), int(row))
    return same[leader]


def _last_layer(learnt: "Learnt") -> State:
    """As the state of a head."""
    head: Head = registry.load("head", "logistic").from_weights(
        learnt.coef, learnt.intercept, learnt.scale, learnt.facts
    )
    return head.get_state()

"""Word vectors learnt from your own texts (word2vec), averaged over each text; unlabelled texts help it."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from headstart.checks import check_choice, check_whole
from headstart.encoders._pooling import WEIGHTINGS, PooledEncoder, Pooling
from headstart.encoders._terms import choose_analyser, fewest_texts
from headstart.encoders._vectors import ANALYSERS, WordVectors, make_tokeniser, tokenised
from headstart.errors import DataError, MissingExtra
from headstart.progress import track
from headstart.text.segment import segmenter_name
from headstart.types import Floats, Ints, State

__all__ = ["Word2Vec"]

_WORDS_TO_READ = 2_000_000  # epochs times words, unless this takes more than _MOST_EPOCHS
_LEAST_EPOCHS, _MOST_EPOCHS = 5, 100
_SENTENCE = 10_000  # words; gensim drops the rest of a longer one
_ALPHA, _LAST_ALPHA = 0.025, 0.0001  # learning rate at the start and at the end


class Word2Vec(PooledEncoder):
    """Skip-gram or CBOW with negative sampling (Mikolov et al. 2013), by gensim; a text is the mean of its words.

    weighting: "mean", "idf" or "sif" (encoders/_pooling.py). n_epochs None = 5 to 100, so that two million words are
    read. min_count: texts' words below it are left out, None = 2 from 1,000 texts on, else 1. Words never seen
    have no vector; a text without known words is zeros. Same seed, same vectors: one thread learns.
    Vectors are kept as float16. `word_vectors_` (m, vector_size) after `fit`.
    """

    def __init__(
        self,
        *,
        weighting: str = "mean",
        architecture: str = "skip-gram",
        vector_size: int = 100,
        window: int = 5,
        n_epochs: int | None = None,
        min_count: int | None = None,
        analyser: str = "auto",
        random_state: int = 0,
    ) -> None:
        self.weighting, self.architecture, self.analyser = weighting, architecture, analyser
        self.vector_size, self.window, self.n_epochs = vector_size, window, n_epochs
        self.min_count, self.random_state = min_count, random_state

    def fit(self, texts: Sequence[str], y: Ints | None = None, groups: Ints | None = None) -> Self:
        """Learn vectors and weights. Raises ConfigError, MissingExtra, DataError where no words are left."""
        self._check()
        self.analyser_ = choose_analyser(texts) if self.analyser == "auto" else self.analyser
        tokenise = make_tokeniser(self.analyser_)
        cut = tokenised(texts, tokenise)
        words, vectors = self._learn(cut)
        found = WordVectors(words, vectors.astype(np.float16).astype(np.float32), tokenise)
        self._pooling = Pooling.learn(found, self.weighting, cut)
        return self

    def decided_by_number(self) -> dict[str, Any]:
        """What the number of texts of `fit` alone decided, as settings."""
        return {} if self.min_count is not None else {"min_count": self.min_count_}

    def get_state(self, folder: Path) -> State:
        """Words, vectors and weights; loading them needs no gensim."""
        settings, arrays = self._pooling.state()
        segmenter = segmenter_name() if self.analyser_ != "word" else None
        return State({"analyser": self.analyser_, "segmenter": segmenter, **settings}, arrays)

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """The encoder again."""
        made = cls()
        made.analyser_ = state.settings["analyser"]
        tokenise = make_tokeniser(made.analyser_, segmenter=state.settings["segmenter"])
        made._pooling = Pooling.from_state(state, tokenise)
        return made

    def _learn(self, texts: list[list[str]]) -> tuple[list[str], Floats]:
        """The words, the frequent first, and their vectors (m, d)."""
        try:
            from gensim.models import Word2Vec as Model
        except ImportError:
            raise MissingExtra("encoder 'word2vec'", "gensim", "train") from None
        sentences = [words[i : i + _SENTENCE] for words in texts for i in range(0, len(words), _SENTENCE)]
        n_words = sum(map(len, sentences))
        n_epochs = self.n_epochs or min(_MOST_EPOCHS, max(_LEAST_EPOCHS, _WORDS_TO_READ // max(1, n_words)))
        self.min_count_ = fewest_texts(len(texts)) if self.min_count is None else self.min_count
        model = Model(
            vector_size=self.vector_size,
            window=self.window,
            min_count=self.min_count_,
            sg=int(self.architecture == "skip-gram"),
            seed=self.random_state,
            hashfxn=_stable_hash,
            workers=1,
        )
        model.build_vocab(sentences)
        if not len(model.wv):
            raise DataError(
                f"word2vec: no words are left of {len(texts)} texts (analyser {self.analyser_!r}, min_count "
                f"{self.min_count_}). Are the texts in the right column? Otherwise lower --set encoder.min_count=1."
            )
        rates = np.linspace(_ALPHA, _LAST_ALPHA, n_epochs + 1).tolist()
        for epoch in track(range(n_epochs), "learning word vectors", n_epochs):
            model.train(
                sentences,
                total_examples=len(sentences),
                epochs=1,
                start_alpha=rates[epoch],
                end_alpha=rates[epoch + 1],
            )
        return list(model.wv.index_to_key), model.wv.vectors

    def _check(self) -> None:
        check_choice("weighting", self.weighting, WEIGHTINGS)
        check_choice("architecture", self.architecture, ("skip-gram", "cbow"))
        check_choice("analyser", self.analyser, ANALYSERS)
        check_whole("vector_size", self.vector_size)
        check_whole("window", self.window)
        check_whole("random_state", self.random_state, least=0)
        for name in ("n_epochs", "min_count"):
            check_whole(name, getattr(self, name), optional=True)


def _stable_hash(word: str) -> int:
    """Python's own hash of a string changes from run to run."""
    return zlib.crc32(word.encode("utf-8"))

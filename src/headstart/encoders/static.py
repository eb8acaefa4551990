"""Pre-trained word vectors from a file (GloVe, word2vec, fastText), averaged over each text: `static:PATH`."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from headstart.checks import check_choice, check_flag, check_whole
from headstart.encoders._pooling import WEIGHTINGS, PooledEncoder, Pooling
from headstart.encoders._terms import choose_analyser
from headstart.encoders._vectors import (
    WordVectors,
    is_han,
    make_tokeniser,
    spelled,
    tokenised,
)
from headstart.encoders._vectors_files import VectorFile, opened
from headstart.encoders._vectors_read import in_range
from headstart.errors import ConfigError
from headstart.text.segment import segmenter_name
from headstart.types import Floats, Ints, State

__all__ = ["Static"]

_FEW_KNOWN = 0.3  # a share of the words below which the file hardly fits the texts
_LANGUAGE_WORDS = 10_000  # words of the file that tell its language

logger = logging.getLogger(__name__)


class Static(PooledEncoder):
    """A text is the weighted mean of the vectors of its words, which were learnt elsewhere.

    vectors: a file. GloVe or word2vec text (.txt, .vec), word2vec binary, fastText .vec or .bin, each also .gz; .npz
    with the arrays words (m,) and vectors (m, d); .npy with its words in a .txt beside it, one a line. It is converted
    once into the user's cache and memory-mapped from there.
    weighting: "mean", "idf" or "sif" (encoders/_pooling.py). lower: words in lower case, with other cases where the
    file has no such word; False = in the case of the text first. A word that the file has not: a Chinese one is the
    mean of its characters, don't is do + n't, with a fastText .bin any word of `fit` is the mean of its n-grams;
    otherwise it is left out. A text without known words is zeros.

    A bundle needs the file no more. What it keeps, as float16, is what this encoder knows from `fit` on: the words of
    the texts of `fit` (unlabelled ones too), the file's first max_words words (files list the frequent first) and its
    single Chinese characters. `word_vectors_` is there after `fit`, and `coverage_`, the share of these texts' words
    that have a vector.
    """

    def __init__(
        self, vectors: str = "", *, weighting: str = "mean", lower: bool = True, max_words: int = 50_000
    ) -> None:
        self.vectors, self.weighting, self.lower, self.max_words = vectors, weighting, lower, max_words

    def fit(self, texts: Sequence[str], y: Ints | None = None, groups: Ints | None = None) -> Self:
        """Read the vectors and learn the weights.

        Raises ConfigError, DataFileMissing, EncoderUnavailable, DataError with the line of a damaged file, and
        MissingExtra for a fastText .bin without gensim.
        """
        self._check()
        with opened(str(self.vectors)) as file:
            self.analyser_ = choose_analyser(file.words[:_LANGUAGE_WORDS])
            tokenise = make_tokeniser(self.analyser_, self.lower)
            cut = tokenised(texts, tokenise)
            self._pooling = Pooling.learn(self._kept(file, cut, tokenise), self.weighting, cut)
        self._say_what_is_known(cut)
        return self

    def get_state(self, folder: Path) -> State:
        """Words, vectors and weights."""
        settings, arrays = self._pooling.state()
        own = {
            "weighting": self.weighting,
            "lower": self.lower,
            "analyser": self.analyser_,
            "segmenter": segmenter_name() if self.analyser_ != "word" else None,
        }
        return State({**own, **settings}, arrays)

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """The encoder again; it needs no file of vectors."""
        settings = state.settings
        made = cls(weighting=settings["weighting"], lower=settings["lower"])
        made.analyser_ = settings["analyser"]
        tokenise = make_tokeniser(made.analyser_, made.lower, settings["segmenter"])
        made._pooling = Pooling.from_state(state, tokenise, by_parts=True)
        return made

    def _kept(self, file: VectorFile, texts: list[list[str]], tokenise: Callable[[str], list[str]]) -> WordVectors:
        """The words that this encoder knows from now on, in the order of the file, then of the texts."""
        index = {word: row for row, word in enumerate(file.words)}
        rows = set(range(min(self.max_words, len(file.words))))
        rows.update(row for word, row in index.items() if is_han(word))
        made: dict[str, Floats] = {}
        for word in dict.fromkeys(word for words in texts for word in words):
            if word in index:
                rows.add(index[word])
            elif (vector := _composed(word, file, index)) is not None:
                made[word] = vector
        order = sorted(rows)
        vectors = np.concatenate([np.asarray(file.vectors[order], np.float32), _stacked(made, file.vectors.shape[1])])
        in_range(vectors, str(self.vectors), len(order))
        rounded = vectors.astype(np.float16).astype(np.float32)  # as a bundle keeps them
        logger.info(
            "static: kept %d of %d words of %s, and made %d of parts", len(order), len(index), self.vectors, len(made)
        )
        return WordVectors([*(file.words[row] for row in order), *made], rounded, tokenise, by_parts=True)

    def _say_what_is_known(self, texts: list[list[str]]) -> None:
        vectors = self.word_vectors_
        is_known = {word: bool(vectors.rows(word)) for words in texts for word in words}
        n = sum(map(len, texts))
        self.coverage_ = sum(is_known[word] for words in texts for word in words) / max(1, n)
        if n and self.coverage_ < _FEW_KNOWN:
            logger.warning(
                "static: %s knows %.0f %% of the words of the texts; are its language and its words the right ones?",
                self.vectors,
                100 * self.coverage_,
            )

    def _check(self) -> None:
        if not self.vectors:
            raise ConfigError(
                "encoder.vectors: 'static' needs a file of word vectors, such as --encoder static:glove.6B.100d.txt."
            )
        check_choice("weighting", self.weighting, WEIGHTINGS)
        check_whole("max_words", self.max_words)
        check_flag("lower", self.lower)


def _composed(word: str, file: VectorFile, index: dict[str, int]) -> Floats | None:
    """(d,) the vector of a word that does not stand in the file: another case, its n-grams, or its parts."""
    rows = spelled(word, index)
    if file.subwords is not None and (len(rows) != 1 or file.words[rows[0]].lower() != word.lower()):
        return file.subwords.vector(word)
    return np.asarray(file.vectors[rows], np.float32).mean(axis=0) if rows else None


def _stacked(made: dict[str, Floats], d: int) -> Floats:
    return np.stack(list(made.values())) if made else np.empty((0, d), np.float32)

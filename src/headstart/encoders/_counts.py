"""Counts of terms: vocabulary and document frequencies, shared by `bow` and `tfidf`."""

import logging
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from headstart.encoders._terms import choose_analyser, make_analyser
from headstart.errors import ConfigError, DataError
from headstart.text.segment import segmenter_name

__all__ = ["TermCounts"]

logger = logging.getLogger(__name__)

_ANALYSERS = ("auto", "word", "char", "zh")
_MANY = 1000  # texts; below it a term seen once may be all that a class has


class TermCounts:
    """Texts -> counts (n, d) CSR float32 over a vocabulary learnt by `fit`.

    analyser: "auto" (by language), "word", "char" or "zh"; ngrams: (shortest, longest) in words; characters:
    the same for the character n-grams of "char" and "zh", (0, 0) for none; min_df: texts that a term must
    occur in, None = 2 from 1,000 texts on, else 1; max_features: keep the most frequent.
    """

    def __init__(
        self,
        analyser: str = "auto",
        ngrams: Sequence[int] = (1, 2),
        characters: Sequence[int] = (1, 3),
        min_df: int | None = None,
        max_features: int | None = None,
    ) -> None:
        self.analyser, self.min_df, self.max_features = analyser, min_df, max_features
        self.ngrams, self.characters = ngrams, characters
        self._fitted: tuple[Sequence[str], csr_matrix] | None = None

    def fit(self, texts: Sequence[str]) -> csr_matrix:
        """Learn the vocabulary; returns the counts of these texts. Raises ConfigError, DataError."""
        ngrams, characters = self._check()
        self.analyser_ = choose_analyser(texts) if self.analyser == "auto" else self.analyser
        min_df = self.min_df if self.min_df is not None else (2 if len(texts) >= _MANY else 1)
        self._vectoriser = CountVectorizer(
            analyzer=make_analyser(self.analyser_, ngrams, characters),
            min_df=min(min_df, max(1, len(texts))),
            max_features=self.max_features,
            dtype=np.float32,
        )
        try:
            counts = self._vectoriser.fit_transform(texts)
        except ValueError as error:  # scikit-learn's words for an empty vocabulary
            raise DataError(
                f"No terms are left of {len(texts)} texts (analyser {self.analyser_!r}, min_df {min_df}). "
                "Are the texts in the right column? Otherwise lower min_df with --set encoder.min_df=1."
            ) from error
        self._fitted = (texts, counts) if isinstance(texts, tuple) else None  # a list may be changed by then
        return counts

    def counts(self, texts: Sequence[str]) -> csr_matrix:
        """Counts (n, d); unknown terms are left out. Those of the texts just fitted are there already: they are
        handed over once, since most of the time goes into cutting texts.
        """
        fitted_texts, counts = self._fitted or (None, None)
        self._fitted = None
        return counts if texts is fitted_texts else self._vectoriser.transform(texts)

    def settings(self) -> dict[str, Any]:
        """JSON values that rebuild this object, the vocabulary as a list in column order."""
        vocabulary = self._vectoriser.vocabulary_
        return {
            "analyser": self.analyser_,
            "ngrams": list(self.ngrams),
            "characters": list(self.characters),
            "segmenter": segmenter_name() if self.analyser_ == "zh" else None,
            "vocabulary": sorted(vocabulary, key=vocabulary.__getitem__),
        }

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> "TermCounts":
        """The object again, from `settings()`."""
        own = {key: settings[key] for key in ("analyser", "ngrams", "characters")}
        made = cls(**own)
        made.analyser_ = made.analyser
        if settings["segmenter"] not in (None, segmenter_name()):
            logger.warning(
                "this model was made with the segmenter %s, here is %s: about 1 text in 100 differs",
                settings["segmenter"],
                segmenter_name(),
            )
        made._vectoriser = CountVectorizer(
            analyzer=make_analyser(made.analyser, *made._check()),
            vocabulary={term: column for column, term in enumerate(settings["vocabulary"])},
            dtype=np.float32,
        )
        made._vectoriser._validate_vocabulary()  # else the first two threads of a server would both do it
        return made

    def _check(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The two ranges. Raises ConfigError for the first setting that cannot be used."""
        if self.analyser not in _ANALYSERS:
            raise ConfigError(
                f"encoder.analyser must be one of {', '.join(_ANALYSERS)}. Got {self.analyser!r} instead."
            )
        _at_least_one("min_df", self.min_df)
        _at_least_one("max_features", self.max_features)
        characters = _pair("characters", self.characters, 1 if self.analyser == "char" else 0)
        return _pair("ngrams", self.ngrams, 1), characters


def _at_least_one(name: str, value: object) -> None:
    if value is not None and (not _is_int(value) or value < 1):
        raise ConfigError(f"encoder.{name} must be a whole number from 1 on, or left out. Got {value!r} instead.")


def _pair(name: str, value: Sequence[int], least: int) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, list | tuple) else ()
    if len(pair) != 2 or not all(map(_is_int, pair)) or not least <= pair[0] <= pair[1]:
        raise ConfigError(
            f"encoder.{name} must be [shortest, longest] from {least} on, for example [1, 2]. Got {value!r} instead."
        )
    return pair[0], pair[1]


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)

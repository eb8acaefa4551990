"""Counts of terms: settings, vocabulary, and what all encoders that start from counts share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Self, TypeGuard

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from headstart.checks import check_choice, check_whole
from headstart.encoders._terms import choose_analyser, fewest_texts, make_analyser
from headstart.errors import ConfigError, DataError
from headstart.text.segment import Segmenter, read_user_dictionary, segmenter_name, warn_of_another
from headstart.types import Bools

__all__ = ["TermCounts"]

_ANALYSERS = ("auto", "word", "char", "zh")


@dataclass(kw_only=True, eq=False)
class TermCounts:
    """The settings of encoders over counts of terms, and the counts (n, d) CSR float32.

    analyser: "auto" (by language), "word", "char" or "zh"; ngrams: (shortest, longest) in words; characters:
    the same for the character n-grams of "char" and "zh", (0, 0) for none; min_df: texts that a term must
    occur in, None = 2 from 1,000 texts on, else 1; max_features: keep the most frequent; user_dictionary: a
    file of further Chinese words (`text.segment.read_user_dictionary`), or its lines.

    What `fit` finds stands in the State, the words of the dictionary included: a bundle needs no other file. `min_df_`
    is the min_df that it took.
    """

    analyser: str = "auto"
    ngrams: Sequence[int] = (1, 2)
    characters: Sequence[int] = (1, 3)
    min_df: int | None = None
    max_features: int | None = None
    user_dictionary: str | Path | Sequence[str] | None = None

    pretrained: ClassVar[bool] = False
    _fitted: tuple[Sequence[str], csr_matrix] | None = field(default=None, init=False, repr=False)

    def truncated(self, texts: Sequence[str]) -> Bools:
        """(n,) all False: every text is read to its end."""
        return np.zeros(len(texts), dtype=bool)

    def decided_by_number(self) -> dict[str, Any]:
        """What the number of texts of `fit` alone decided, as settings."""
        return {} if self.min_df is not None else {"min_df": self.min_df_}

    def _fit_counts(self, texts: Sequence[str]) -> csr_matrix:
        """Learn the vocabulary; returns the counts of these texts. Raises ConfigError, DataError."""
        ngrams, characters = self._check()
        self.analyser_ = choose_analyser(texts) if self.analyser == "auto" else self.analyser
        self._segmenter = Segmenter(self._user_words())
        self.min_df_ = fewest_texts(len(texts)) if self.min_df is None else self.min_df
        self._vectoriser = CountVectorizer(
            analyzer=make_analyser(self.analyser_, ngrams, characters, self._segmenter),
            min_df=min(self.min_df_, max(1, len(texts))),
            max_features=self.max_features,
            dtype=np.float32,
        )
        try:
            counts = self._vectoriser.fit_transform(texts)
        except ValueError as error:  # scikit-learn's words for an empty vocabulary
            raise DataError(_no_terms(len(texts), self.analyser_, self.min_df_)) from error
        counts.sort_indices()  # as `transform` has them: sums are then the same to the last bit
        self._fitted = (texts, counts) if isinstance(texts, tuple) else None
        return counts

    def _counts(self, texts: Sequence[str]) -> csr_matrix:
        """Counts (n, d); unknown terms are left out. Those of the texts just fitted are there already: they are
        handed over once, since most of the time goes into cutting texts.
        """
        fitted_texts, counts = self._fitted or (None, None)
        self._fitted = None
        return counts if texts is fitted_texts else self._vectoriser.transform(texts)

    def _settings(self) -> dict[str, Any]:
        """JSON values from which `_from_settings` makes the fitted object, the vocabulary in column order."""
        vocabulary = self._vectoriser.vocabulary_
        return {
            **{f.name: getattr(self, f.name) for f in fields(self) if f.init},
            "analyser": self.analyser_,
            "ngrams": list(self.ngrams),
            "characters": list(self.characters),
            "user_dictionary": self._segmenter.user_words() if self.user_dictionary is not None else None,
            "segmenter": segmenter_name() if self.analyser_ == "zh" else None,
            "vocabulary": sorted(vocabulary, key=vocabulary.__getitem__),
        }

    @classmethod
    def _from_settings(cls, settings: Mapping[str, Any]) -> Self:
        made = cls(**{f.name: settings[f.name] for f in fields(cls) if f.init and f.name in settings})
        ngrams, characters = made._check()
        made.analyser_ = made.analyser
        made._segmenter = Segmenter(settings.get("user_dictionary") or ())
        warn_of_another(settings["segmenter"], user_words=bool(made.user_dictionary))
        made._vectoriser = CountVectorizer(
            analyzer=make_analyser(made.analyser, ngrams, characters, made._segmenter),
            vocabulary={term: column for column, term in enumerate(settings["vocabulary"])},
            dtype=np.float32,
        )
        made._vectoriser._validate_vocabulary()  # else the first two threads of a server would both do it
        return made

    def _check(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The two ranges. Raises ConfigError for the first setting that cannot be used."""
        check_choice("analyser", self.analyser, _ANALYSERS)
        for name in ("min_df", "max_features"):
            check_whole(name, getattr(self, name), optional=True)
        characters = _pair("characters", self.characters, 1 if self.analyser == "char" else 0)
        return _pair("ngrams", self.ngrams, 1), characters

    def _user_words(self) -> Sequence[str]:
        """The lines of the user dictionary. Raises ConfigError, also where the analyser would not read it."""
        given = self.user_dictionary
        if given is None:
            return ()
        if self.analyser_ != "zh":
            raise ConfigError(
                f"encoder.user_dictionary is for the analyser 'zh', which cuts Chinese words; here it is "
                f"{self.analyser_!r} (encoder.analyser={self.analyser}). Set encoder.analyser=zh, or leave the "
                "dictionary out."
            )
        if isinstance(given, str | Path):
            return read_user_dictionary(Path(given))
        if not isinstance(given, list | tuple) or not given or not all(isinstance(line, str) for line in given):
            raise ConfigError(f"encoder.user_dictionary must be a file, or a list of words. Got {given!r:.80} instead.")
        return given


def _pair(name: str, value: Sequence[int], least: int) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, list | tuple) else ()
    if len(pair) != 2 or not all(map(_is_int, pair)) or not least <= pair[0] <= pair[1]:
        raise ConfigError(
            f"encoder.{name} must be [shortest, longest] from {least} on, for example [1, 2]. Got {value!r} instead."
        )
    return pair[0], pair[1]


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _no_terms(n: int, analyser: str, min_df: int) -> str:
    """What to do where n texts have none."""
    if not n:
        return "There is no text to learn terms from: counted words need labelled rows, or unlabelled texts."
    lower = " Otherwise lower min_df with --set encoder.min_df=1." if min_df > 1 else ""
    return f"No terms are left of {n} texts (analyser {analyser!r}, min_df {min_df}). Is it the right column?{lower}"

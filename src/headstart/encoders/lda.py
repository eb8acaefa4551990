"""Latent Dirichlet allocation: the shares of a text's topics, learnt from unlabelled texts too."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import psi
from sklearn.decomposition import LatentDirichletAllocation

from headstart.checks import check_whole
from headstart.encoders._counts import TermCounts
from headstart.types import Ints, State

if TYPE_CHECKING:
    from headstart.types import Floats

__all__ = ["Lda"]


@dataclass(kw_only=True, eq=False)
class Lda(TermCounts):
    """Each text as shares (n, d) of topics that sum to 1; a topic is a distribution over words.

    n_topics: at most as many as texts. n_passes: times that the learning reads the texts. A text without known
    words has all topics alike. Other settings are those of `TermCounts` (encoders/_counts.py); by default single
    words alone, so that `topics` can be read.

    Source: Blei, Ng and Jordan 2003; learnt online, Hoffman, Blei and Bach 2010 (scikit-learn's
    LatentDirichletAllocation).
    """

    ngrams: Sequence[int] = (1, 1)
    characters: Sequence[int] = (0, 0)
    n_topics: int = 50
    n_passes: int = 10
    random_state: int = 0

    def fit(self, texts: Sequence[str], y: Ints | None = None, groups: Ints | None = None) -> Self:
        """Learn vocabulary and topics. Raises ConfigError, DataError."""
        check_whole("n_topics", self.n_topics)
        check_whole("n_passes", self.n_passes)
        check_whole("random_state", self.random_state, least=0)
        counts = self._fit_counts(texts)
        self._model = self._unfitted(min(self.n_topics, len(texts))).fit(counts)
        return self

    def encode(self, texts: Sequence[str]) -> "Floats":
        """Features (n, d) float32, dense, rows sum to 1."""
        counts = self._counts(texts)
        if not len(texts):
            return np.zeros((0, self._model.n_components), dtype=np.float32)
        shares: Floats = self._model.transform(counts).astype(np.float32, copy=False)
        return shares

    def topics(self, n_terms: int = 10) -> list[list[str]]:
        """The most probable terms of each topic, the first the most probable."""
        terms = self._vectoriser.get_feature_names_out()
        order = np.argsort(-self._model.components_, axis=1, kind="stable")[:, :n_terms]
        return [terms[row].tolist() for row in order]

    def get_state(self, folder: Path) -> State:
        """Settings, vocabulary and the topics' weights of terms."""
        return State(self._settings(), {"topics": self._model.components_})

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """The encoder again."""
        made = cls._from_settings(state.settings)
        weights = state.arrays["topics"]
        model = made._unfitted(len(weights))
        model.components_, model.n_features_in_ = weights, weights.shape[1]
        model.doc_topic_prior_ = 1 / len(weights)
        # exp of the mean of log P(term | topic) under the Dirichlet of these weights: Hoffman et al., equation 2
        model.exp_dirichlet_component_ = np.exp(psi(weights) - psi(weights.sum(axis=1, keepdims=True)))
        made._model = model
        return made

    def _unfitted(self, n_topics: int) -> LatentDirichletAllocation:
        return LatentDirichletAllocation(
            n_topics,
            learning_method="online",
            max_iter=self.n_passes,
            learning_offset=10.0,
            batch_size=128,
            random_state=self.random_state,
        )

"""Decides by itself: which of the encoders at hand, by language and by cross-validation on training rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.encoders import make_encoder
from headstart.errors import HeadstartError
from headstart.few_labels.reading import transferable
from headstart.functional.resampling import stratified_sample
from headstart.heads import head_for, make_head
from headstart.predictor import Predictor
from headstart.strategies._crossval import learn_and_predict, macro_f1, out_of_fold
from headstart.strategies._many_rows import pooled_or_tuned
from headstart.strategies.few_labels import FewLabels
from headstart.strategies.linear_probe import LinearProbe
from headstart.strategies.zero_shot import ZeroShot
from headstart.types import Ints, Task

__all__ = ["Auto"]

_MAX_ROWS = 4000  # rows that take part in the choice: differences below a point do not matter for it
_N_FOLDS = 3
_FEW = 2_000
_LEAST_ROWS = 3  # a class needs two rows to learn from and one to be checked on


class Auto:
    """No labelled rows: `zero_shot`. Up to 2,000: `few_labels`. More: `pooled`, and with a budget `finetune`, where
    held-out rows are clearly better off with it. With source rows, augmentations, a head or settings: chooses the
    encoder when it is "auto", then fits `linear_probe`; any other encoder is taken as given.

    Candidates are `tfidf` and, for English, `minilm` where it is installed. The score is macro-F1 by 3-fold
    cross-validation on at most 4,000 training rows; a tie goes to the cheaper `tfidf`, and to `minilm` where
    there are too few rows to compare.
    """

    def __init__(
        self,
        encoder: str = "auto",
        head: str = "auto",
        *,
        encoder_settings: Mapping[str, Any] | None = None,
        head_settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.encoder, self.head = encoder, head
        self.encoder_settings, self.head_settings = dict(encoder_settings or {}), dict(head_settings or {})

    def fit(self, task: Task) -> Predictor:
        """Score the candidates, then fit the best on all rows."""
        if self.encoder == "auto" and not task.texts:
            return ZeroShot().fit(task)
        if self._is_open(task):
            return (
                FewLabels().fit(task) if len(task.texts) <= _FEW else pooled_or_tuned(task, *transferable(task.texts))
            )
        chosen, reasons = (self.encoder, []) if self.encoder != "auto" else self._choose(task)
        settings = {"encoder_settings": self.encoder_settings, "head_settings": self.head_settings}
        predictor = LinearProbe(chosen, self.head, **settings).fit(task)
        return replace(predictor, reasons=(*reasons, *predictor.reasons))

    def _is_open(self, task: Task) -> bool:
        """Whether nothing was asked that `few_labels` and `pooled` cannot do."""
        asked = (self.encoder != "auto", self.head != "auto", self.encoder_settings, self.head_settings)
        return not (any(asked) or task.source or task.augment)

    def _choose(self, task: Task) -> tuple[str, list[str]]:
        transformer, obstacle = transferable(task.texts)
        if transformer is None:
            return "tfidf", [f"Encoder tfidf; {obstacle}"]
        names = ["tfidf", transformer]  # the cheapest first
        if (np.bincount(task.y) >= _LEAST_ROWS).sum() < 2:
            why = f"Encoder {transformer}: too few rows to compare; a pre-trained one needs the fewest."
            return transformer, [why]
        scores, failures = self._scores(names, task)
        best = max(scores, key=lambda name: scores[name])  # the first of equals, which is the cheapest
        table = ", ".join(f"{name} {100 * score:.1f}" for name, score in scores.items())
        why = f"Encoder {best}: best macro-F1 by cross-validation on the training rows ({table})."
        return best, [*failures, why]

    def _scores(self, names: Sequence[str], task: Task) -> tuple[dict[str, float], list[str]]:
        """Macro-F1 by encoder, and a sentence on each that cannot be used. Raises if none can."""
        rows = stratified_sample(task.y, _MAX_ROWS, np.random.default_rng(task.random_state))
        part = replace(task, texts=tuple(task.texts[i] for i in rows), y=task.y[rows])
        scores: dict[str, float] = {}
        errors: dict[str, HeadstartError] = {}
        for name in names:
            try:
                scores[name] = self._score(name, part)
            except HeadstartError as error:  # not there, or not an encoder with the settings that were given
                errors[name] = error
        if not scores:
            raise errors[names[0]]
        return scores, [f"{name} was passed over: {error}" for name, error in errors.items()]

    def _score(self, name: str, task: Task) -> float:
        encoder = make_encoder(name, seed=task.random_state, **self.encoder_settings)
        everything = encoder.fit(task.texts).encode(task.texts) if encoder.pretrained else None

        def predict(train: Ints, test: Ints) -> Ints:
            if everything is not None:
                x, unseen = everything[train], everything[test]
            else:
                learn = [task.texts[i] for i in train]
                fresh = make_encoder(name, seed=task.random_state, **self.encoder_settings).fit(learn, task.y[train])
                x, unseen = (fresh.encode([task.texts[i] for i in rows]) for rows in (train, test))
            head_name = head_for(x) if self.head == "auto" else self.head
            head = make_head(head_name, **{"random_state": task.random_state, **self.head_settings})
            return learn_and_predict(head, x, task.y[train], unseen)

        return macro_f1(task.y, out_of_fold(task.y, _N_FOLDS, task.random_state, predict, task.texts))

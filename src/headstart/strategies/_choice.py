"""Which of the encoders at hand, by language and by cross-validation on training rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headstart.encoders import make_encoder, pretrained_for
from headstart.errors import HeadstartError
from headstart.functional.resampling import stratified_sample
from headstart.heads import head_for, make_head
from headstart.strategies._crossval import learn_and_predict, macro_f1, out_of_fold
from headstart.types import Ints, Task

__all__ = ["Choice"]

_MAX_ROWS = 4000  # rows that take part in the choice: differences below a point do not matter for it
_N_FOLDS = 3
_LEAST_ROWS = 3  # a class needs two rows to learn from and one to be checked on


@dataclass(frozen=True, slots=True)
class Choice:
    """Candidates are `tfidf` and the pre-trained encoder that reads the language of the texts (`pretrained_for`). The
    score is macro-F1 by 3-fold cross-validation on at most 4,000 training rows, with this head (or the usual one,
    "auto"); a tie goes to the cheaper `tfidf`, and to the pre-trained one where there are too few rows to compare.
    """

    head: str
    encoder_settings: Mapping[str, Any]
    head_settings: Mapping[str, Any]

    def encoder(self, task: Task) -> tuple[str, list[str]]:
        """Its name, and why. Raises HeadstartError where none can be used."""
        transformer, obstacle = pretrained_for(task.texts)
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

"""Decides by itself: which of the encoders at hand, by language and by cross-validation on the training rows."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headstart.encoders import make_encoder
from headstart.errors import EncoderUnavailable, HeadstartError, MissingExtra
from headstart.heads import head_for, make_head
from headstart.predictor import Predictor
from headstart.strategies._crossval import folds_for, macro_f1
from headstart.strategies.linear_probe import LinearProbe
from headstart.text.language import language_shares
from headstart.types import Ints, Task

__all__ = ["Auto"]

logger = logging.getLogger(__name__)

_MAX_ROWS = 4000  # rows that take part in the choice: differences below a point do not matter for it
_N_FOLDS = 3
_ENGLISH_SHARE = 0.5  # MiniLM has read English only


@dataclass(frozen=True, slots=True)
class _Candidate:
    encoder: str
    score: float
    why: str


class Auto:
    """Chooses the encoder when it is "auto" and then fits `linear_probe`; any other encoder is taken as given.

    Candidates are `tfidf` and, for English, `minilm` where it is installed. The score is macro-F1 by 3-fold
    cross-validation on at most 4,000 training rows; a tie goes to the cheaper `tfidf`.
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
        chosen, reasons = (self.encoder, []) if self.encoder != "auto" else self._choose(task)
        settings = {"encoder_settings": self.encoder_settings, "head_settings": self.head_settings}
        predictor = LinearProbe(chosen, self.head, **settings).fit(task)
        return replace(predictor, reasons=(*reasons, *predictor.reasons))

    def _choose(self, task: Task) -> tuple[str, list[str]]:
        names, reasons = _candidates(task)
        if len(names) == 1:
            return names[0], [*reasons, f"Encoder {names[0]}: the only candidate."]
        rows = _sample(task)
        part = replace(task, texts=tuple(task.texts[i] for i in rows), y=task.y[rows])
        scored = []
        for name in names:
            try:
                scored.append(_Candidate(name, self._score(name, part), ""))
            except (EncoderUnavailable, MissingExtra) as error:
                reasons.append(f"{name} was passed over: {error}")
        best = max(scored, key=lambda c: (c.score, c.encoder == "tfidf"))
        table = ", ".join(f"{c.encoder} {100 * c.score:.1f}" for c in scored)
        return best.encoder, [
            *reasons,
            f"Encoder {best.encoder}: best macro-F1 by cross-validation on {len(rows):,} training rows ({table}).",
        ]

    def _score(self, name: str, task: Task) -> float:
        encoder = make_encoder(name, **self.encoder_settings)
        everything = encoder.fit(task.texts).encode(task.texts) if encoder.pretrained else None
        predicted: Ints = np.empty_like(task.y)
        for train, test in folds_for(task.y, task, _N_FOLDS):
            if everything is not None:
                x, x_test = everything[train], everything[test]
            else:
                encoder = make_encoder(name, **self.encoder_settings).fit([task.texts[i] for i in train])
                x = encoder.encode([task.texts[i] for i in train])
                x_test = encoder.encode([task.texts[i] for i in test])
            head_name = head_for(x) if self.head == "auto" else self.head
            head = make_head(head_name, **{"random_state": task.random_state, **self.head_settings})
            predicted[test] = head.fit(x, task.y[train]).predict_proba(x_test).argmax(1)
        return macro_f1(task.y, predicted)


def _candidates(task: Task) -> tuple[list[str], list[str]]:
    """Names worth scoring, and a reason for each that is not."""
    shares = language_shares(task.texts[:_MAX_ROWS])
    english = shares.get("en", 0.0) + shares.get("mixed", 0.0)
    if english < _ENGLISH_SHARE:
        return ["tfidf"], [f"minilm was not tried: it has read English only, and {1 - english:.0%} of the texts are not."]
    try:
        make_encoder("minilm").fit([])
    except HeadstartError as error:
        return ["tfidf"], [f"minilm was not tried: {error}"]
    return ["tfidf", "minilm"], []


def _sample(task: Task) -> Ints:
    """At most _MAX_ROWS row indices, every class in its share and with at least two rows."""
    if len(task.y) <= _MAX_ROWS:
        return np.arange(len(task.y))
    rng = np.random.default_rng(task.random_state)
    rows = []
    for code in range(len(task.classes)):
        own = rng.permutation(np.flatnonzero(task.y == code))
        rows.append(own[: max(2, round(len(own) * _MAX_ROWS / len(task.y)))])
    return np.sort(np.concatenate(rows))

"""Frozen features and a head on top: the encoder stays as it is, the head learns from the labelled rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from headstart.encoders import make_encoder
from headstart.heads import head_for, make_head
from headstart.predictor import Predictor
from headstart.strategies._crossval import folds_for, macro_f1
from headstart.types import Encoder, Features, Head, Ints, Task

__all__ = ["LinearProbe"]


class LinearProbe:
    """encoder and head are names (head "auto": svm for sparse features, logistic for dense ones).

    Unlabelled and source texts help an encoder that learns from texts (its vocabulary and idf). Labelled
    source rows join the head's training rows only when that raises macro-F1 on the target's own rows, by
    cross-validation: transfer by instance with a guard against negative transfer.
    """

    def __init__(
        self,
        encoder: str = "tfidf",
        head: str = "auto",
        *,
        encoder_settings: Mapping[str, Any] | None = None,
        head_settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.encoder, self.head = encoder, head
        self.encoder_settings, self.head_settings = dict(encoder_settings or {}), dict(head_settings or {})

    def fit(self, task: Task) -> Predictor:
        """Encode once, decide about the source rows, fit the head."""
        encoder = make_encoder(self.encoder, **self.encoder_settings).fit(_all_texts(task))
        features = encoder.encode(task.texts)
        head_name = head_for(features) if self.head == "auto" else self.head
        reasons = _reasons(task, encoder, head_name, self.head == "auto")
        y = task.y
        rows, source_y = _usable_source(task)
        if task.source is not None and not rows:
            reasons.append("No source row has a label of the target: the source was used for its texts only.")
        if rows:
            source = encoder.encode([task.source.texts[i] for i in rows])  # type: ignore[union-attr] # rows come from it
            alone, pooled = self._source_gain(head_name, features, y, source, source_y, task)
            reasons.append(_source_reason(len(rows), alone, pooled))
            if pooled > alone:
                features, y = _stack(features, source), np.concatenate([y, source_y])
        head = self._new_head(head_name, task).fit(features, y)
        reasons.extend(_head_reasons(head))
        return Predictor(
            encoder, head, task.classes, self.encoder, head_name, "linear_probe", tuple(reasons)
        )

    def _new_head(self, name: str, task: Task) -> Head:
        return make_head(name, **{"random_state": task.random_state, **self.head_settings})

    def _source_gain(
        self, head_name: str, features: Features, y: Ints, source: Features, source_y: Ints, task: Task
    ) -> tuple[float, float]:
        """Out-of-fold macro-F1 on the target rows without and with the source rows."""
        alone, pooled = np.empty_like(y), np.empty_like(y)
        for train, test in folds_for(y, task):
            with_source = _stack(features[train], source), np.concatenate([y[train], source_y])
            for out, (x, labels) in ((alone, (features[train], y[train])), (pooled, with_source)):
                out[test] = self._new_head(head_name, task).fit(x, labels).predict_proba(features[test]).argmax(1)
        return macro_f1(y, alone), macro_f1(y, pooled)


def _all_texts(task: Task) -> tuple[str, ...]:
    more = (data.texts for data in (task.unlabelled, task.source) if data is not None)
    return sum(more, task.texts)


def _usable_source(task: Task) -> tuple[list[int], Ints]:
    """Indices and class codes of the source rows whose label is one of the target's."""
    if task.source is None or task.source.labels is None:
        return [], np.empty(0, dtype=np.int64)
    codes = {str(label): code for code, label in enumerate(task.classes)}
    rows = [i for i, label in enumerate(task.source.labels) if label in codes]
    return rows, np.array([codes[task.source.labels[i]] for i in rows], dtype=np.int64)


def _stack(first: Features, second: Features) -> Features:
    from scipy.sparse import issparse, vstack

    return vstack([first, second], format="csr") if issparse(first) else np.vstack([first, second])


def _source_reason(n: int, alone: float, pooled: float) -> str:
    verdict = "they joined the training rows" if pooled > alone else "they were left out (negative transfer)"
    return (
        f"{n:,} source rows: macro-F1 on the target's own rows by cross-validation is {100 * pooled:.1f} with them "
        f"and {100 * alone:.1f} without: {verdict}."
    )


def _reasons(task: Task, encoder: Encoder, head_name: str, automatic: bool) -> list[str]:
    reasons = []
    if automatic:
        why = {"svm": "the features are many and sparse", "logistic": "the features are dense vectors"}
        reasons.append(f"Head {head_name}: {why[head_name]}.")
    if task.unlabelled is not None:
        use = "not needed: the encoder is pre-trained" if encoder.pretrained else "vocabulary and idf learn from them"
        reasons.append(f"{task.unlabelled.n:,} unlabelled texts: {use}.")
    if task.label_names:
        reasons.append("Label names are not used by linear_probe.")
    return reasons


def _head_reasons(head: Head) -> list[str]:
    chosen = {key: value for key, value in getattr(head, "chosen_", {}).items() if not isinstance(value, dict | list)}
    if not chosen:
        return []
    words = ", ".join(f"{key} = {value:.3g}" if isinstance(value, float) else f"{key} = {value}" for key, value in chosen.items())
    return [f"Chosen by cross-validation inside the training rows: {words}."]

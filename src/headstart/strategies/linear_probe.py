"""Frozen features and a head on top: the encoder stays as it is, the head learns from the labelled rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from headstart.augment import Augmented
from headstart.data.folding import digests
from headstart.data.splits import folds_at_most
from headstart.encoders import make_encoder
from headstart.few_labels.source import usable_source
from headstart.heads import head_for, held_out_accuracy, make_head, rivals_of
from headstart.labels import LEAST_ROWS
from headstart.predictor import Predictor
from headstart.strategies._augmentation import (
    Learn,
    Remembering,
    augment_rows,
    augmentation_reasons,
    gain_reason,
    stack,
)
from headstart.strategies._choice import Choice
from headstart.strategies._crossval import fit_head, learn_and_predict, macro_f1, out_of_fold
from headstart.types import Dataset, Encoder, Features, Head, Ints, Task

__all__ = ["LinearProbe"]

_N_FOLDS = 5
_SETTINGS = ("C", "alpha", "n_neighbors", "class_weight")  # what heads choose, by the names of their settings


class LinearProbe:
    """encoder and head are names (encoder "auto": chosen as `_choice` says; head "auto": svm for sparse features,
    logistic for dense ones).

    Unlabelled and source texts help an encoder that learns from texts (its vocabulary and idf). Labelled
    source rows join the head's training rows only when that raises macro-F1 on the target's own rows, by
    cross-validation: transfer by instance with a guard against negative transfer.

    Augmented rows (`Task.augment`) are made from the target's rows. The encoder learns from both, in groups of a row
    and its copies; every choice is made on the rows themselves, and then the head takes its weights from all.
    """

    uses: ClassVar[frozenset[str]] = frozenset({"source", "unlabelled", "augment"})

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
        """Encode once, decide about the source rows, fit the head; then its weights once more with augmented rows."""
        if self.encoder == "auto":
            chosen, reasons = Choice(self.head, self.encoder_settings, self.head_settings).encoder(task)
            settings = {"encoder_settings": self.encoder_settings, "head_settings": self.head_settings}
            made = LinearProbe(chosen, self.head, **settings).fit(task)
            return replace(made, reasons=(*reasons, *made.reasons))
        new = augment_rows(task)
        encoder = self._fit_encoder(task, new)
        if own := self._own_head(encoder):
            (head_name, head), reasons = own, _own_reasons(task)
        else:
            head_name, head, reasons = self._fit_head(encoder, task, new)
        if new is not None:
            learn = self._learner(encoder, head_name, head, task)
            reasons += [*augmentation_reasons(new), gain_reason(task, learn, slow=own is not None)]
        made = Predictor(encoder, head, task.classes, self.encoder, head_name, "linear_probe", tuple(reasons))
        return replace(made, augmented=task.augment)

    def _fit_encoder(self, task: Task, new: Augmented | None) -> Encoder:
        encoder = make_encoder(self.encoder, seed=task.random_state, **self.encoder_settings)
        if new is None:
            return encoder.fit(_all_texts(task), task.y)
        n = len(task.texts)
        texts = _all_texts(task)
        texts = (*texts[:n], *new.texts, *texts[n:])
        return encoder.fit(texts, np.concatenate([task.y, new.y]), new.groups)

    def _fit_head(self, encoder: Encoder, task: Task, new: Augmented | None) -> tuple[str, Head, list[str]]:
        """Name, head and reasons. Augmented rows take no part in any choice; the last weights come from all rows."""
        features, y, texts = encoder.encode(task.texts), task.y, task.texts
        n_new = len(new.texts) if new is not None else 0
        head_name = head_for(features) if self.head == "auto" else self.head
        source, source_y = usable_source(task)
        gained = []
        if source:
            more = encoder.encode(source)
            alone, pooled = self._source_gain(head_name, features, more, digests(source), source_y, task)
            gained = [_source_reason(len(source), alone, pooled)]
            if pooled > alone:
                features, y, texts = stack(features, more), np.concatenate([y, source_y]), (*texts, *source)
        supervised = getattr(encoder, "supervised", False)  # these features are too good to choose by
        apart = self._chosen_apart(head_name, task, features.shape[1]) if supervised else None
        head = apart.refit(features, y) if apart else fit_head(self._new_head(head_name, task), features, y, texts)
        rivals = [] if supervised else self._rivals(head_name, len(y), n_new)
        reasons = [*_reasons(task, encoder, head_name, self.head == "auto" and not rivals), *gained]
        if rivals:
            others = {name: fit_head(self._new_head(name, task), features, y, texts) for name in rivals}
            heads = {head_name: head} | others
            scores = {name: held_out_accuracy(fitted) for name, fitted in heads.items()}
            reasons.append(_rival_reason(scores))
            head_name = max(scores, key=scores.__getitem__)
            head = heads[head_name]
        reasons.extend(_head_reasons(head))
        return head_name, _refitted(head, features, y, encoder, new), reasons

    def _chosen_apart(self, head_name: str, task: Task, d: int) -> Head | None:
        """A head whose settings and calibration were chosen on half of the rows, behind an encoder that learnt from the
        labels of the other half; None where the halves are too small for that.
        """
        cut = folds_at_most(task.y, 2, task.random_state, task.texts)
        if not cut:
            return None
        halves = [replace(task, texts=tuple(task.texts[i] for i in rows), y=task.y[rows]) for rows in cut[0]]
        if min(np.bincount(half.y, minlength=len(task.classes)).min() for half in halves) < LEAST_ROWS:
            return None
        features = self._fit_encoder(halves[0], None).encode(halves[1].texts)
        return self._new_head(head_name, task).fit(features, halves[1].y) if features.shape[1] == d else None

    def _learner(self, encoder: Encoder, head_name: str, head: Head, task: Task) -> Learn:
        """How this probe learns from a part of the rows: with the settings that the head has chosen, which saves most
        of the time, and with a pre-trained encoder without encoding a text twice.
        """
        chosen = {key: value for key, value in getattr(head, "chosen_", {}).items() if key in _SETTINGS}
        settings = {"random_state": task.random_state, **self.head_settings, **chosen}
        known = Remembering(encoder, task.texts) if encoder.pretrained else None

        def learn(part: Task, new: Augmented | None) -> Callable[[Sequence[str]], Ints]:
            fitted = known or self._fit_encoder(part, new)
            if own := self._own_head(fitted):
                learnt = own[1]
            else:
                features = fitted.encode(part.texts)
                learnt = make_head(head_name, **settings).fit(features, part.y)
                learnt = _refitted(learnt, features, part.y, fitted, new)
            return lambda texts: learnt.predict_proba(fitted.encode(texts)).argmax(axis=1)

        return learn

    def _own_head(self, encoder: Encoder | Remembering) -> tuple[str, Head] | None:
        """The encoder's own head, where the user left the choice."""
        return own_head(encoder) if self.head == "auto" else None

    def _new_head(self, name: str, task: Task) -> Head:
        return make_head(name, **{"random_state": task.random_state, **self.head_settings})

    def _rivals(self, head_name: str, n_rows: int, n_new: int) -> list[str]:
        """Heads to fit beside the first choice; none when the user names a head or sets one up."""
        return rivals_of(head_name, n_rows, n_new) if self.head == "auto" and not self.head_settings else []

    def _source_gain(
        self, head_name: str, features: Features, source: Features, texts: np.ndarray, source_y: Ints, task: Task
    ) -> tuple[float, float]:
        """Out-of-fold macro-F1 on the target rows without and with the source rows; those with the text of a row that
        is asked sit out. texts: digests of the source rows.
        """
        y, own = task.y, digests(task.texts)

        def without(train: Ints, test: Ints) -> Ints:
            return learn_and_predict(self._new_head(head_name, task), features[train], y[train], features[test])

        def with_source(train: Ints, test: Ints) -> Ints:
            others = np.flatnonzero(~np.isin(texts, own[test]))
            x, labels = stack(features[train], source[others]), np.concatenate([y[train], source_y[others]])
            return learn_and_predict(self._new_head(head_name, task), x, labels, features[test])

        seed = task.random_state
        alone, both = (macro_f1(y, out_of_fold(y, _N_FOLDS, seed, p, task.texts)) for p in (without, with_source))
        return alone, both


def own_head(encoder: Any) -> tuple[str, Head] | None:
    """The head that an encoder learnt itself with, and its name; None for encoders that learn without labels."""
    found: tuple[str, Head] | None = encoder.own_head() if hasattr(encoder, "own_head") else None
    return found


def _own_reasons(task: Task) -> list[str]:
    source = [f"{task.source.n:,} source rows: used for their words only."] if task.source is not None else []
    return ["Head: the network's own last layer.", *source]


def _all_texts(task: Task) -> tuple[str, ...]:
    more = (data.texts for data in (task.unlabelled, task.source) if data is not None)
    return sum(more, task.texts)


def _refitted(head: Head, features: Features, y: Ints, encoder: Encoder | Remembering, new: Augmented | None) -> Head:
    """The head with weights from the rows that it was fitted on and the new ones."""
    if new is None or not new.texts:
        return head
    return head.refit(stack(features, encoder.encode(new.texts)), np.concatenate([y, new.y]))


def _source_facts(source: Dataset, classes: Sequence[Any], encoder: Encoder) -> list[str]:
    """What cannot be learnt from the source: rows without a label of the target."""
    names = {str(label) for label in classes}
    n = sum(label not in names for label in source.labels) if source.labels is not None else source.n
    use = "not used" if encoder.pretrained else "used for their words only"
    return [f"{n:,} of {source.n:,} source rows have no label of the target: {use}."] if n else []


def _source_reason(n: int, alone: float, pooled: float) -> str:
    verdict = "they joined the training rows" if pooled > alone else "they were left out, they do not help"
    return (
        f"{n:,} source rows: macro-F1 on the target's own rows by cross-validation is {100 * pooled:.1f} "
        f"with them and {100 * alone:.1f} without: {verdict}."
    )


def _reasons(task: Task, encoder: Encoder, head_name: str, automatic: bool) -> list[str]:
    reasons = []
    if automatic:
        why = {"svm": "the features are many and sparse", "logistic": "the features are dense vectors"}
        reasons.append(f"Head {head_name}: {why[head_name]}.")
    if task.unlabelled is not None:
        use = "not needed, the encoder is pre-trained" if encoder.pretrained else "the encoder learns from them"
        reasons.append(f"{task.unlabelled.n:,} unlabelled texts: {use}.")
    if task.source is not None:
        reasons.extend(_source_facts(task.source, task.classes, encoder))
    return reasons


def _rival_reason(scores: Mapping[str, float]) -> str:
    table = ", ".join(f"{name} {100 * score:.1f}" for name, score in scores.items())
    return f"Heads by accuracy on held-out training rows: {table}; the best was kept."


def _head_reasons(head: Head) -> list[str]:
    found = getattr(head, "chosen_", {})
    chosen = {key: found[key] for key in _SETTINGS if found.get(key) is not None}
    if not chosen:
        return []
    words = ", ".join(
        f"{key} = {value:.3g}" if isinstance(value, float) else f"{key} = {value}" for key, value in chosen.items()
    )
    return [f"Chosen by cross-validation inside the training rows: {words}."]

"""Counted words and several layers of a pre-trained encoder, each with a head of its own; held-out rows say how much
either counts, and whether one of them alone does as well. One linear model is left.

Shape letters: n rows, m held-out rows, d features, k classes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.folding import n_different
from headstart.data.splits import folds
from headstart.encoders import component_of
from headstart.few_labels.experts import Linear
from headstart.few_labels.reading import Reading, layers_of, read
from headstart.functional.probability import clearly_lower, log_losses, pool_weights
from headstart.functional.resampling import stratified_sample
from headstart.heads import make_head
from headstart.heads.logistic import Logistic
from headstart.predictor import Predictor
from headstart.strategies._crossval import fit_head
from headstart.strategies._own_head import OwnHead
from headstart.types import Features, Floats, Ints, Task

__all__ = ["Pooled"]

_MAX_ROWS = 4_000  # that are held out in turn
_N_FOLDS = 3
_MOST_LAYERED = 50_000  # rows of which several layers are kept: 6 kB a row of MiniLM's four
_BELIEF, _STRENGTH = 0.5, 2.0  # the factor of each before any row is asked, and how much the belief counts
_LEAST = -20.0  # the log probability of a class that a head has not learnt
_LEAST_ROWS = 2  # of a class that a head learns from


@dataclass(frozen=True, slots=True)
class _Learnt:
    """A head on one kind of features (n, d), and the log probabilities (m, k) it gave rows it had not learnt from."""

    what: str
    features: Features
    linear: Linear
    held_out: Floats


class Pooled(OwnHead):
    """encoder: as in `few_labels`; of a transformer four layers are read from its middle to its top (up to 50,000 rows;
    then the last), unless `encoder.layers` says which. Where there is none to transfer from, or where it counts words
    itself, svm learns from words alone.

    The heads are svm on words (tfidf) and logistic on layers. Their values are added, each times a factor from 3-fold
    cross-validation on at most 4,000 rows (a log-linear opinion pool, see `functional.probability.pool_weights`). The
    sum stays if its held-out log loss is lower than that of the better one by more than a standard error. Source rows,
    unlabelled texts, augmentations and names are not used.
    """

    def fit(self, task: Task) -> Predictor:
        """Encode, learn both heads, and pool them. Raises what encoders and heads raise."""
        layered = self.encoder == "auto" or component_of(self.encoder) == "transformer"
        many = layered and len(task.texts) > _MOST_LAYERED
        settings = {**({"layers": None} if many else {}), **self.encoder_settings}
        reading = read(task, self.encoder, "tfidf", settings, 0)
        if reading.dense is None:
            words: Any = reading.words
            head = fit_head(make_head("svm", random_state=task.random_state), reading.word_features, task.y, task.texts)
            reasons = (*reading.notes, "Words alone: there is no encoder to pool them with.", *_unused(task))
            return Predictor(words, head, task.classes, reading.words_name, "svm", "pooled", reasons)
        rows = stratified_sample(task.y, _MAX_ROWS, np.random.default_rng(task.random_state))
        layers = ", ".join(map(str, layers_of(reading.dense)))
        name = f"{reading.dense_name}{f', layers {layers}' if layers else ''}"
        of_words = _learnt(reading.words_name, "svm", reading.word_features, task, rows)
        of_layers = _learnt(name, "logistic", reading.dense_features, task, rows)
        return _predictor(task, reading, of_words, of_layers, rows)


def _learnt(what: str, kind: str, features: Features, task: Task, rows: Ints) -> _Learnt:
    """The head from all rows, and what heads with its settings say of each of `rows`, having learnt from others."""
    head: Any = fit_head(make_head(kind, random_state=task.random_state), features, task.y, task.texts)
    chosen = {key: head.chosen_[key] for key in ("C", "class_weight") if key in head.chosen_}
    y = task.y[rows]
    values = np.full((len(rows), len(task.classes)), _LEAST)
    texts = [task.texts[i] for i in rows]
    n_folds = min(_N_FOLDS, n_different(texts))
    for learn, check in folds(y, n_folds, task.random_state, texts=texts) if n_folds > 1 else ():
        learnt = np.flatnonzero(np.bincount(y[learn]) >= _LEAST_ROWS)
        if len(learnt) < 2 or not len(check):
            continue
        own = learn[np.isin(y[learn], learnt)]
        made = make_head(kind, random_state=task.random_state, **chosen)
        fit_head(made, features[rows[own]], np.searchsorted(learnt, y[own]), [texts[i] for i in own])
        found = made.predict_proba(features[rows[check]])
        values[np.ix_(check, learnt)] = np.log(np.maximum(found, np.exp(_LEAST)))
    return _Learnt(f"{what} ({kind})", features, Linear(head.scorer_.coef, head.scorer_.intercept), values)


def _predictor(task: Task, reading: Reading, words: _Learnt, dense: _Learnt, rows: Ints) -> Predictor:
    y, both = task.y[rows], (words, dense)
    factors = pool_weights([each.held_out for each in both], y, np.full(2, _BELIEF), _STRENGTH)
    pooled: Floats = factors[0] * words.held_out + factors[1] * dense.held_out
    alone = [pool_weights([each.held_out], y, np.ones(1), _STRENGTH)[0] for each in both]
    losses = [log_losses(factor * each.held_out, y) for factor, each in zip(alone, both, strict=True)]
    best = int(np.argmin([loss.mean() for loss in losses]))
    if clearly_lower(log_losses(pooled, y), losses[best]) and factors.all():
        name, encoder, linear = reading.encoder(dense.linear.times(factors[1]), words.linear.times(factors[0]))
        verdict = f"both were kept, times {factors[0]:.2f} and {factors[1]:.2f}"
    else:
        name, encoder, linear = reading.encoder(*((None, words.linear) if best == 0 else (dense.linear, None)))
        verdict = f"{both[best].what} was kept, it does as well alone"
    right = [100 * float(np.mean(values.argmax(axis=1) == y)) for values in (words.held_out, dense.held_out, pooled)]
    reason = (
        f"Right of {len(rows):,} held-out training rows, in %: {words.what} {right[0]:.1f}, {dense.what} "
        f"{right[1]:.1f}, both together {right[2]:.1f}: {verdict}."
    )
    head = Logistic.from_weights(linear.coef, linear.intercept, 1.0, {"n_rows": len(task.texts)})
    reasons = (*reading.notes, reason, *_unused(task))
    return Predictor(encoder, head, task.classes, name, "logistic", "pooled", reasons)


def _unused(task: Task) -> list[str]:
    given = {"Source rows": task.source, "Augmentations": task.augment, "Label names": task.label_names}
    given |= {"Unlabelled texts": task.unlabelled}
    return [f"{what} are not used by pooled." for what, value in given.items() if value is not None]

"""Counted words and several layers of a pre-trained encoder, each with a head of its own, and what source rows teach:
held-out rows say how much each counts, and whether it is needed at all. One linear model is left.

Shape letters: n rows, m held-out rows, d features, k classes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from sklearn.preprocessing import normalize

from headstart.data.folding import digests
from headstart.data.splits import folds_at_most
from headstart.encoders import component_of, make_encoder, pretrained_for
from headstart.few_labels.experts import Linear, Parts, summed
from headstart.few_labels.reading import Reading, read
from headstart.few_labels.source import Lesson, Lessons, lessons
from headstart.functional.probability import clearly_lower, log_losses, pool_weights
from headstart.functional.resampling import stratified_sample
from headstart.heads import make_head
from headstart.heads.logistic import Logistic
from headstart.held_out import part_of
from headstart.labels import LEAST_ROWS
from headstart.predictor import Predictor
from headstart.strategies._crossval import fit_head
from headstart.strategies._own_head import OwnHead
from headstart.types import Features, Floats, Ints, Task

__all__ = ["Pooled"]

_MAX_ROWS = 4_000  # that are held out in turn
_N_FOLDS = 3
_MOST_LAYERED = 50_000  # rows of which several layers are kept: 6 kB a row of MiniLM's four
_BELIEF, _STRENGTH = 0.5, 2.0  # the factor of each before any row is asked, and how much the belief counts
_BELIEF_IN_SOURCE = 0.25
_HEADS = {"words": "svm", "dense": "logistic"}  # of each kind of features
_MANY = 2_000  # rows: so many are read, however long they are
_SECONDS = 600.0  # of reading without a budget, at the rate of `Transformer.reading_s`, not by a clock
_SHARE_OF_BUDGET = 0.5
_LEAST = -20.0  # the log probability of a class that a head has not learnt


@dataclass(frozen=True, slots=True)
class _Learnt:
    """Decision values that were learnt from one kind of features, and those (m, k) of rows not learnt from: by a head
    from labelled rows, or a lesson of source rows.
    """

    what: str
    block: str  # of features: "words", "dense", or that of a lesson
    linear: Linear
    held_out: Floats
    belief: float = _BELIEF
    head: Any = None


@dataclass(frozen=True, slots=True)
class _Pool:
    """Some of what was learnt, with their factors, and the values (m, k) of them all for rows not learnt from."""

    members: tuple[_Learnt, ...]
    factors: Floats
    values: Floats

    @classmethod
    def of(cls, members: Sequence[_Learnt], y: Ints) -> "_Pool":
        """With the factors that rows with codes y (m,) ask for."""
        held_out = [each.held_out for each in members]
        factors = pool_weights(held_out, y, np.array([each.belief for each in members]), _STRENGTH)
        return cls(tuple(members), factors, np.tensordot(factors, held_out, axes=1))

    @classmethod
    def alone(cls, learnt: _Learnt) -> "_Pool":
        """One head, as sure as it is by itself."""
        return cls((learnt,), np.ones(1), learnt.held_out)

    def right(self, y: Ints) -> float:
        """Per cent of these rows."""
        return 100 * float(np.mean(self.values.argmax(axis=1) == y))


class Pooled(OwnHead):
    """encoder: as in `few_labels`; of a transformer four layers are read from its middle to its top (up to 50,000 rows;
    then the last), unless `encoder.layers` says which. Where there is none to transfer from, or where it counts words
    itself, svm learns from words alone.

    The heads are svm on words (tfidf) and logistic on layers. Their values are added, each times a factor from 3-fold
    cross-validation on at most 4,000 rows (a log-linear opinion pool, see `functional.probability.pool_weights`). The
    sum stays if its held-out log loss is lower than that of the better one by more than a standard error. What source
    rows teach (`few_labels.source`) is added on the same terms.

    Of more than 2,000 rows a transformer reads as many as minutes, or half of a budget, have time for. Words learn from
    all, also beside the rows that are held out.
    """

    uses: ClassVar[frozenset[str]] = frozenset({"source"})
    uses_budget: ClassVar[bool] = True  # for as many rows as can be read in half of it

    def fit(self, task: Task) -> Predictor:
        """Encode, learn both heads, and pool them. Raises what encoders and heads raise."""
        name = (pretrained_for(task.texts)[0] or "auto") if self.encoder == "auto" else self.encoder
        is_layered = name != "auto" and component_of(name) == "transformer"
        rows, note = self._to_read(task, name) if is_layered else (np.arange(len(task.texts)), "")
        part = part_of(task, rows) if note else task
        many = is_layered and len(rows) > _MOST_LAYERED
        settings = {**({"layers": None} if many else {}), **self.encoder_settings}
        reading = read(part, name, "tfidf", settings, 0)
        is_asked = reading.dense is not None or task.source is not None
        parts = _parts(part) if is_asked else Parts(part.y, len(part.classes), (), 0)
        if note:
            reading, words = _words_of_all(task, reading, rows, parts)
        else:
            words = _learnt("words", reading.words_name, reading.word_features, task, parts)
        pool, told = _of_heads(part, reading, parts, words)
        source = lessons(part, reading, partial(make_encoder, "tfidf", seed=task.random_state))
        if source.each and parts.pairs:
            pool, more = _with_source(pool, source, parts)
            told = f"{told} {more}"
        notes = (*reading.notes, *filter(None, [note]), told, *source.notes)
        return _predictor(task, reading, pool, source, notes)

    def _to_read(self, task: Task, name: str) -> tuple[Ints, str]:
        """The rows that the transformer has time to read; and where these are not all, a sentence."""
        n, budget_s = len(task.texts), task.budget_s
        if n <= _MANY:
            return np.arange(n), ""
        encoder: Any = make_encoder(name, **self.encoder_settings).fit([])
        needed = encoder.reading_s(task.texts)
        there = _SECONDS if budget_s is None else _SHARE_OF_BUDGET * budget_s
        if needed <= there or encoder.device.type != "cpu":
            return np.arange(n), ""
        rows = _drawn(task, max(_MANY, int(n * there / needed)))
        minutes = math.ceil(needed / _SHARE_OF_BUDGET / 60)
        return rows, f"{name} read {len(rows):,} of {n:,} rows; all take longer, which --budget {minutes}m would allow."


def _parts(task: Task) -> Parts:
    """At most 4,000 rows, cut in three, equal texts together; nothing where there is one text."""
    rows = stratified_sample(task.y, _MAX_ROWS, np.random.default_rng(task.random_state))
    texts = [task.texts[i] for i in rows]
    cut = folds_at_most(task.y[rows], _N_FOLDS, task.random_state, texts)
    pairs = tuple((rows[learn], rows[check]) for learn, check in cut if len(check))
    return Parts(task.y, len(task.classes), pairs, 1)


def _drawn(task: Task, n: int) -> Ints:
    """About n rows, of each class alike and at least two, the lowest by the digests of their texts: of fewer rows
    mostly the same ones are drawn, which the feature cache knows.
    """
    order = np.argsort(digests(task.texts), kind="stable")
    of_classes = (order[task.y[order] == code] for code in range(len(task.classes)))
    share = n / len(order)
    return np.sort(np.concatenate([own[: max(2, round(share * len(own)))] for own in of_classes]))


def _words_of_all(task: Task, reading: Reading, rows: Ints, parts: Parts) -> tuple[Reading, _Learnt]:
    """The reading of some rows with the words of all of them instead, and what these teach: each part learns from all
    rows that have none of the texts that it is checked on.
    """
    encoder = make_encoder(reading.words_name, seed=task.random_state).fit(task.texts)
    features, keys = normalize(encoder.encode(task.texts)), digests(task.texts)
    checks = [rows[check] for _, check in parts.pairs]
    pairs = tuple((np.flatnonzero(~np.isin(keys, keys[check])), check) for check in checks)
    words = _learnt("words", reading.words_name, features, task, replace(parts, y=task.y, pairs=pairs))
    return replace(reading, words=encoder), words


def _of_heads(task: Task, reading: Reading, parts: Parts, words: _Learnt) -> tuple[_Pool, str]:
    """Words and layers, or the one that does as well alone; and why, in a sentence."""
    if reading.dense is None:
        return _Pool.alone(words), "Words alone: there is no encoder to pool them with."
    if not parts.pairs:
        return _Pool.alone(words), "Words alone: there are too few different texts to see whether layers help."
    return _better(words, _learnt("dense", reading.what, reading.dense_features, task, parts), parts.asked)


def _better(words: _Learnt, dense: _Learnt, y: Ints) -> tuple[_Pool, str]:
    both, each = _Pool.of([words, dense], y), [_Pool.alone(learnt) for learnt in (words, dense)]
    scaled = [pool_weights([pool.values], y, np.ones(1), _STRENGTH)[0] * pool.values for pool in each]
    losses = [log_losses(values, y) for values in scaled]
    best = int(np.argmin([loss.mean() for loss in losses]))
    is_better = clearly_lower(log_losses(both.values, y), losses[best]) and bool(both.factors.all())
    kept = both if is_better else each[best]
    factors = " and ".join(f"{factor:.2f}" for factor in both.factors)
    alone = f"{kept.members[0].what} was kept, it does as well alone"
    sentence = (
        f"Right of {len(y):,} held-out training rows, in %: {words.what} {each[0].right(y):.1f}, {dense.what} "
        f"{each[1].right(y):.1f}, both together {both.right(y):.1f}: "
        f"{f'both were kept, times {factors}' if is_better else alone}."
    )
    return kept, sentence


def _with_source(pool: _Pool, source: Lessons, parts: Parts) -> tuple[_Pool, str]:
    """Also what source rows teach, if it lowers the loss clearly; and what the held-out rows said of it."""
    y, taught = parts.asked, [_taught(lesson, parts) for lesson in source.each]
    without, both = _Pool.of(pool.members, y), _Pool.of([*pool.members, *taught], y)
    is_better = clearly_lower(log_losses(both.values, y), log_losses(without.values, y))
    verdict = "kept" if is_better else "left out, not clearly better"
    sentence = (
        f"With what {source.n:,} source rows teach {both.right(y):.1f} % of the {len(y):,} held-out training rows are "
        f"right, without {without.right(y):.1f}: {verdict}."
    )
    return both if is_better else pool, sentence


def _learnt(block: str, what: str, features: Features, task: Task, parts: Parts) -> _Learnt:
    """The head from all rows, and what heads with its settings say of each part's rows, having learnt from others."""
    kind, y = _HEADS[block], task.y
    head: Any = fit_head(make_head(kind, random_state=task.random_state), features, y, task.texts)
    chosen = {key: head.chosen_[key] for key in ("C", "class_weight") if key in head.chosen_}
    values = [np.empty((0, parts.k))]
    for learn, check in parts.pairs:
        values.append(np.full((len(check), parts.k), _LEAST))
        learnt = np.flatnonzero(np.bincount(y[learn]) >= LEAST_ROWS)
        if len(learnt) < 2:
            continue
        own = learn[np.isin(y[learn], learnt)]
        made = make_head(kind, random_state=task.random_state, **chosen)
        fit_head(made, features[own], np.searchsorted(learnt, y[own]), [task.texts[i] for i in own])
        values[-1][:, learnt] = np.log(np.maximum(made.predict_proba(features[check]), np.exp(_LEAST)))
    linear = Linear(head.scorer_.coef, head.scorer_.intercept)
    return _Learnt(f"{what} ({kind})", block, linear, np.concatenate(values), head=head)


def _taught(lesson: Lesson, parts: Parts) -> _Learnt:
    """The lesson, and what it says of the rows of each part with its middle in others."""
    expert = lesson.expert(parts)
    return _Learnt(lesson.what, lesson.block, expert.linear, expert.held_out(parts), _BELIEF_IN_SOURCE)


def _predictor(task: Task, reading: Reading, pool: _Pool, source: Lessons, reasons: tuple[str, ...]) -> Predictor:
    """The members as one linear head; words alone as they were learnt."""
    if reading.dense is None and len(pool.members) == 1:
        words: Any = reading.words
        return Predictor(words, pool.members[0].head, task.classes, reading.words_name, "svm", "pooled", reasons)
    weighted = zip(pool.members, pool.factors.tolist(), strict=True)
    found = summed((each.block, each.linear.times(factor)) for each, factor in weighted if factor)
    name, encoder, linear = reading.encoder(found.get("dense"), found.get("words"), *source.blocks(found))
    head = Logistic.from_weights(linear.coef, linear.intercept, 1.0, {"n_rows": len(task.texts)})
    return Predictor(encoder, head, task.classes, name, "logistic", "pooled", reasons)

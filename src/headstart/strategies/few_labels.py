"""For few labels: experts on a pre-trained encoder's layers, counted words, the names of the classes and unlabelled
texts climb a ladder; held-out rows say which of them stay, and how much each counts. Seconds to minutes; one linear
model, with an encoder tuned on the rows where that helps.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # no stubs exist

from headstart.checks import check_choice, check_whole, check_word, with_none
from headstart.encoders import make_encoder
from headstart.encoders.lsa import Lsa
from headstart.errors import ConfigError, did_you_mean
from headstart.few_labels.experts import Expert, Linear, Parts, Ridge, from_names, summed, way_of_dense
from headstart.few_labels.ladder import LEAST_UNLABELLED, Kept, Ladder, Pool, Rung
from headstart.few_labels.lexicon import Axes, Lexicon, from_axes
from headstart.few_labels.names import are_words, directions, negations, vocabulary, wordings
from headstart.few_labels.reading import Reading, encoding, highest_layer, layers_of, read
from headstart.few_labels.shares import shares_rung
from headstart.few_labels.source import Lessons, lessons
from headstart.heads.logistic import Logistic
from headstart.predictor import Predictor
from headstart.strategies._own_head import OwnHead
from headstart.strategies._tuned_rung import Climbed, TunedRung
from headstart.types import Encoder, Floats, Task

__all__ = ["FewLabels"]

_NAMES, _LEXICON = "names of the classes", "known words for such names"  # rungs
_BLOCKS = {  # other experts read dense features
    "words": "words",
    "own words": "words",
    "lexicon": "lexicon",
    "source words": "source words",
}
_Names = tuple[tuple[str, ...], ...]  # the texts that stand for each class
_OTHER_SHARES = (
    "What the labelled rows say of the whole model is about their own shares of the classes; "
    "on texts like the unlabelled ones it will differ."
)
_NAMELESS = "Nothing is known of what the labels mean, which are no words: --label-names FILE gives their names."
_WITHOUT_TUNING = {"strategy.tuning": "none"}
_MOST_ROWS = 3_000  # the experts are solved in the span of the labelled rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    """words: the encoder of counts. names: "auto" = those given, else labels that are words; "given" only; "none".
    shares: "auto" = those of the classes among unlabelled texts count, where they are others than those of the labelled
    rows; "none". tuning: "auto" = the last rung, an encoder tuned on the labelled rows, where there is time; "none".
    most_unlabelled: texts of them that are read; None = 1,000, or what a budget allows.
    """

    words: str = "tfidf"
    names: str = "auto"
    shares: str = "auto"
    tuning: str = "auto"
    most_unlabelled: int | None = None

    def __post_init__(self) -> None:
        check_word("words", self.words, part="strategy")
        if "+" in self.words:
            raise ConfigError(f"strategy.words must be one encoder of counts. Got {self.words!r} instead.")
        check_choice("names", self.names, ("auto", "given", "none"), part="strategy")
        for name in ("shares", "tuning"):
            check_choice(name, getattr(self, name), ("auto", "none"), part="strategy")
        check_whole("most_unlabelled", self.most_unlabelled, optional=True, part="strategy")


@dataclass(frozen=True, slots=True)
class _Said:
    """A lexicon of the names, rows (N, t) of its encoder, and what it has taught the features, if there are any."""

    lexicon: Lexicon
    rows: Any
    taught: Axes | None

    @classmethod
    def of(cls, names: _Names, task: Task, reading: Reading) -> "_Said | None":
        """None where there is no lexicon for such names."""
        texts = (*task.texts, *reading.unlabelled)
        lexicon = Lexicon.of(names, texts)
        if lexicon is None:
            return None
        rows = lexicon.encoder.encode(texts)
        teaches = reading.dense is not None and len(reading.unlabelled) >= LEAST_UNLABELLED
        return cls(lexicon, rows, lexicon.axes.taught(rows, reading.dense_features) if teaches else None)


class FewLabels(OwnHead):
    """encoder: "auto" = the one that reads the texts' language (`pretrained_for`), else directions of words (lsa); of a
    transformer four layers from its middle to its top are read, unless `encoder.layers` says which; one of counts is
    read alone. The head is linear.

    Every expert is linear in the features, so that the pool of them is one logistic head: a bundle as small, and an
    answer as quick and as easy to explain, as that of a linear probe.

    Names of opinions and of basic emotions bring words of their own, in English and in Chinese (`few_labels.lexicon`).

    Source rows teach experts of their own, which the labelled rows judge (`few_labels.source`).

    Sources: see `few_labels.experts`, `.ladder`, `.names`, `.lexicon` and `functional.mixture`.
    """

    uses: ClassVar[frozenset[str]] = frozenset({"source", "unlabelled", "label_names"})
    uses_budget: ClassVar[bool] = True  # for as many unlabelled texts as can be read in half of it

    def __init__(
        self,
        encoder: str = "auto",
        head: str = "auto",
        *,
        encoder_settings: Mapping[str, Any] | None = None,
        head_settings: Mapping[str, Any] | None = None,
        strategy_settings: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(encoder, head, encoder_settings=encoder_settings, head_settings=head_settings)
        self.settings = _settings(strategy_settings or {})

    def fit(self, task: Task) -> Predictor:
        """Climb, and take the pool that is left. Raises ConfigError for more than 3,000 rows, for names that are not
        those of the classes, and for an encoder that learns from labels.
        """
        _check(task)
        began, names = time.perf_counter(), self._names(task)
        reading = read(task, self.encoder, self.settings.words, self.encoder_settings, self.settings.most_unlabelled)
        parts = Parts.of(np.asarray(task.y), len(task.classes), task.texts, task.random_state)
        said = None if names is None else _Said.of(names, task, reading)
        source = lessons(task, reading, self._new_words(task, reading))
        climb = partial(_climb, reading, _named(reading, names, said), said, source)
        ladder = climb(parts)
        size = ladder.taken().size(parts)
        pool = ladder.taken().times(size, parts)
        rungs: list[Rung] = [*ladder.rungs]
        offset: Floats = np.zeros(parts.k)
        if self.settings.shares == "auto" and len(reading.unlabelled) >= LEAST_UNLABELLED and parts.pairs:
            rung, offset = shares_rung(pool, parts, task.classes)
            rungs.append(rung)
        left = None if task.budget_s is None else task.budget_s - (time.perf_counter() - began)
        last = TunedRung(task, reading, ladder, size, lambda parts: climb(parts).taken(), self.encoder_settings, left)
        tuned = last.add() if self.settings.tuning == "auto" else Climbed()
        rungs += [tuned.rung] if tuned.rung else []
        others = [_OTHER_SHARES] if offset.any() else []
        nameless = [_NAMELESS] if names is None and self.settings.names == "auto" else []
        more = [*filter(None, [tuned.note]), *others, *nameless, *_unused(task, reading, rungs)]
        reasons = (*reading.notes, *source.notes, *_told(rungs), *more)
        made = _predictor(task, reading, said, pool, tuned, offset, source, reasons)
        return replace(made, is_slow=tuned.is_slow, for_parts=_WITHOUT_TUNING if tuned.no_time else {})

    def _new_words(self, task: Task, reading: Reading) -> Callable[[], Encoder]:
        """What makes another encoder of counts like the one that the texts were read with."""
        is_own = self.encoder == reading.words_name
        settings = self.encoder_settings if is_own else {}
        return partial(make_encoder, reading.words_name, seed=task.random_state, **settings)

    def _names(self, task: Task) -> _Names | None:
        """Texts that stand for each class; None where there are none."""
        wanted = self.settings.names
        if wanted == "none" or (task.label_names is None and (wanted == "given" or not are_words(task.classes))):
            return None
        return wordings(task.classes, task.label_names)


def _named(reading: Reading, names: _Names | None, said: "_Said | None") -> tuple[Floats, Kept] | None:
    """(k, d) where the names point in the features, and when that stays; None where nothing is known of them.
    Directions of words in these texts (lsa) know less of the few words of a name than a lexicon does.
    """
    if names is None or reading.dense is None or (isinstance(reading.dense, Lsa) and said):
        return None
    towards = directions(encoding(reading.dense), names, vocabulary(reading.unlabelled))
    if not towards.any():  # an encoder that has learnt words from texts may know none of these
        return None
    return towards, "if clearly better" if negations(names) else "unless worse"


def _climb(
    reading: Reading,
    named: tuple[Floats, Kept] | None,
    said: "_Said | None",
    source: Lessons,
    parts: Parts,
) -> Ladder:
    """All rungs but the last, with these parts of the rows."""
    ladder = Ladder(parts)
    with threadpool_limits(limits=1, user_api="blas"):  # the products are small: threads cost more than they give
        ladder.start(f"words ({reading.words_name})", partial(_words, reading, parts))
        mixes = reading.dense is not None and len(reading.unlabelled) >= LEAST_UNLABELLED
        of_words = isinstance(reading.dense, Lsa)  # sums of the words: of labelled rows they show no more than words do
        if reading.dense is not None and not (of_words and mixes):
            ladder.beside(reading.what, partial(_dense, reading, parts))
        if named is not None:
            towards, kept = named
            ladder.add(_NAMES, partial(from_names, reading.dense_features, towards, parts, "names"), kept)
        if said is not None:
            ladder.add(_LEXICON, partial(from_axes, said.lexicon.axes, said.rows, parts, "lexicon"), "unless worse")
        if said is not None and said.taught is not None:
            taught = partial(from_axes, said.taught, reading.dense_features, parts, "taught")
            ladder.add(f"{reading.dense_name} taught by these words", taught, "unless worse")
        for lesson in source.each:
            ladder.add(f"{source.n:,} source rows ({lesson.what})", partial(lesson.expert, parts), "unless worse")
        if mixes:
            what = f"{len(reading.unlabelled):,} unlabelled texts{f' ({reading.dense_name})' if of_words else ''}"
            ladder.add_unlabelled(what, reading.dense_features, "unless worse" if of_words else "if better")
    return ladder


def _settings(given: Mapping[str, Any]) -> _Settings:
    known = list(_Settings.__slots__)
    for key in given:
        if key not in known:
            raise ConfigError(
                f"strategy.{key} is not a setting of 'few_labels'.{did_you_mean(key, known)} Known: {', '.join(known)}."
            )
    return _Settings(**with_none(given, _Settings))


def _check(task: Task) -> None:
    if len(task.texts) > _MOST_ROWS:
        raise ConfigError(
            f"The strategy few_labels takes at most {_MOST_ROWS:,} labelled rows, got {len(task.texts):,}. "
            "Take auto or linear_probe, or draw some with --limit."
        )


def _words(reading: Reading, parts: Parts) -> Expert:
    taught = reading.words_know_unlabelled
    return Ridge(reading.word_features, len(parts.y), taught).expert("words" if taught else "own words", parts)


def _dense(reading: Reading, parts: Parts) -> list[Expert]:
    """Of several layers two experts: all of them side by side, and the last one, which is the better one for topics."""
    features, n = reading.dense_features, len(parts.y)
    way, columns = way_of_dense(n, parts.k), highest_layer(reading.dense, features.shape[1])
    if len(layers_of(reading.dense)) < 2:
        return [Ridge(features, n, way=way).expert("features", parts)]
    last = Ridge(features[:, columns], n, way=way).expert("last layer", parts)
    widened = last.linear.among(columns.start, features.shape[1] - columns.stop)
    return [Ridge(features, n, way=way).expert("layers", parts), replace(last, linear=widened)]


def _predictor(
    task: Task,
    reading: Reading,
    said: "_Said | None",
    pool: Pool,
    tuned: Climbed,
    offset: Floats,
    source: Lessons,
    reasons: tuple[str, ...],
) -> Predictor:
    """The pool, and what was tuned, as one linear head over the features that carry weights; offset (k,) of it."""
    weights = ((expert, factor * tuned.of_pool) for expert, factor in pool.parts())
    found = summed((_BLOCKS.get(expert.name, "dense"), expert.linear.times(w)) for expert, w in weights if w > 0.0)
    more: list[tuple[str, Any, Linear]] = []
    if said is not None and "lexicon" in found:
        more.append(("bow", said.lexicon.encoder, found["lexicon"]))
    more += source.blocks(found)
    more += [tuned.tuned] if tuned.tuned else []
    name, encoder, linear = reading.encoder(found.get("dense"), found.get("words"), *more)
    head = Logistic.from_weights(linear.coef, linear.intercept + offset, 1.0, {"n_rows": len(task.texts)})
    return Predictor(encoder, head, task.classes, name, "logistic", "few_labels", reasons)


def _told(rungs: list[Rung]) -> list[str]:
    return [f"Rung {i}: {rung.sentence()}" for i, rung in enumerate(rungs, start=1)]


def _unused(task: Task, reading: Reading, rungs: list[Rung]) -> list[str]:
    """What was given and had no part in it, a sentence each."""
    climbed = {rung.name for rung in rungs}
    n_read = len(reading.unlabelled)
    words_only = "nothing but words is read" if reading.dense is None else ""
    cases = [
        (
            task.label_names is not None and not climbed & {f"+ {_NAMES}", f"+ {_LEXICON}"},
            f"Label names were not used: {words_only or 'the encoder knows none of their words'}.",
        ),
        (
            task.unlabelled is not None and not any("unlabelled" in name for name in climbed),
            f"The unlabelled texts gave words only: {words_only or f'{n_read} are too few for more'}.",
        ),
    ]
    return [sentence for is_so, sentence in cases if is_so]

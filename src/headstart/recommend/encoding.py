"""A sample of the rows, and its features by one encoder, at a cost that is known before.

Shape letters: n texts, d features, h width of a layer.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from headstart.encoders import make_encoder
from headstart.encoders._grammar import Part, parse
from headstart.functional.resampling import stratified_folds, stratified_sample
from headstart.types import Encoder, Features

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["SECONDS", "Encoded", "Sample", "draw_sample", "encode_sample"]

MAX_ROWS = 1_200  # of a sample: the closed forms cost n^3, and 1,200 rows give an accuracy within 3 points
LEAST_ROWS = 400  # of a transformer's sample: below, it reads only the beginnings of long texts
MAX_TOKENS = 25_000  # that a transformer reads: about 5 s at 22 million weights on two cores
LEAST_TOKENS = 32  # of a text
MAX_CHARACTERS = 2_000_000  # of the texts that an encoder learns words from
MAX_SAMPLE_CHARACTERS = 1_500_000  # of the sample among them: long texts make it smaller
SECONDS = 10.0  # a candidate, for which the limits above are made


class Sample(NamedTuple):
    """What every candidate is measured on."""

    texts: tuple[str, ...]  # labelled rows, all different
    y: "Ints"  # (n,) class codes
    others: tuple[str, ...]  # further texts to learn words from: other rows and unlabelled texts
    n_rows: int  # labelled rows that the real fit would learn from
    n_texts: int  # texts that its encoder would learn from
    random_state: int = 0


class Encoded(NamedTuple):
    """Features of some rows of a sample, and how they came about."""

    features: Features
    layers: "Floats | None"
    rows: "Ints"  # of the sample
    encoder_s: float  # expected on all rows
    learn: "Ints | None"  # rows whose labels the encoder has learnt from; None: it learns without labels
    encoder: Encoder
    notes: tuple[str, ...]


def draw_sample(
    texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = (), *, effort: float = 1.0, random_state: int = 0
) -> Sample:
    """About 1,200 * effort different texts (fewer of long ones), each class in proportion (at least two rows of each).

    The rows not drawn and the unlabelled texts follow as texts to learn words from, in random order, up to
    2,000,000 * effort characters in all.
    """
    from headstart.data.folding import digests

    rng = np.random.default_rng(random_state)
    _, first = np.unique(digests(texts), return_index=True)
    first = np.sort(first)
    single = np.flatnonzero(np.bincount(y[first], minlength=int(y.max()) + 1) < 2)
    first = first[~np.isin(y[first], single)]  # nothing can be checked of a class with one text
    mean = sum(len(texts[i]) for i in first) / max(len(first), 1)
    n_rows = min(MAX_ROWS, int(MAX_SAMPLE_CHARACTERS / max(mean, 1.0)))
    drawn = first[stratified_sample(y[first], max(2, round(n_rows * effort)), rng)]
    rest = np.setdiff1d(np.arange(len(texts)), drawn)
    pool = [*(texts[i] for i in rest), *unlabelled]
    room = MAX_CHARACTERS * effort - sum(len(texts[i]) for i in drawn)
    others = []
    for i in rng.permutation(len(pool)):
        room -= len(pool[i])
        if room < 0:
            break
        others.append(pool[i])
    _, codes = np.unique(y[drawn], return_inverse=True)
    sample = tuple(texts[i] for i in drawn)
    return Sample(sample, codes, tuple(others), len(texts), len(texts) + len(unlabelled), random_state)


def encode_sample(name: str, sample: Sample, effort: float) -> Encoded:
    """Features of the sample. Raises HeadstartError for an encoder that is not there or does not learn."""
    transformers = [part for part in parse(name) if part.component == "transformer"]
    if not transformers:
        return _encode(name, {}, sample, np.arange(len(sample.y)), sample.others, ())
    plan = _plan(make_encoder(_name_of(transformers[0], name)).fit([]), sample, effort)
    settings = {f"{part.label}.max_tokens": plan.most for part in transformers} if plan.most else {}
    if len(parse(name)) == 1:
        return _encode_with_layers(make_encoder(name, **({"max_tokens": plan.most} if plan.most else {})), sample, plan)
    bare = any(part.kind == "transform" for part in parse(name))  # which learn from all texts of `fit`, encoded
    made = _encode(name, settings, sample, plan.rows, () if bare else sample.others, plan.notes)
    return made._replace(encoder_s=made.encoder_s * plan.longer)


class _Plan(NamedTuple):
    """What a transformer reads of a sample."""

    rows: "Ints"
    most: int | None  # tokens of a text; None = as many as it can
    longer: float  # tokens of the whole texts over those read
    notes: tuple[str, ...]


def _plan(encoder: Any, sample: Sample, effort: float) -> _Plan:
    """As many rows, then as many tokens of each, as the effort allows."""
    from headstart.encoders._layers import token_counts

    whole, room = token_counts(encoder, sample.texts), MAX_TOKENS * effort
    wanted = max(round(room / max(float(whole.mean()), 1.0)), round(LEAST_ROWS * effort))
    rows = stratified_sample(sample.y, wanted, np.random.default_rng(sample.random_state))
    counts = whole[rows]
    most, longest = _longest(counts, room), int(counts.max(initial=1))
    notes = [f"judged on {len(rows):,} rows"] if len(rows) < len(whole) else []
    if most < longest:
        notes.append(f"judged on the first {most} tokens of each text, of up to {longest} that it reads")
    read = float(np.minimum(counts, most).mean())
    return _Plan(rows, most if most < longest else None, float(whole.mean()) / max(read, 1.0), tuple(notes))


def _name_of(part: Part, name: str) -> str:
    """What `make_encoder` calls the transformer of a composed name: the word that it stands for there."""
    return str(part.settings.get("model", name))


def _encode_with_layers(encoder: Any, sample: Sample, plan: _Plan) -> Encoded:
    from headstart.encoders._layers import layer_means

    encoder.fit([])
    start = time.perf_counter()
    features, layers = layer_means(encoder, tuple(sample.texts[i] for i in plan.rows))
    encoder_s = (time.perf_counter() - start) * plan.longer * sample.n_rows / len(plan.rows)
    return Encoded(features, layers, plan.rows, encoder_s, None, encoder, plan.notes)


def _encode(
    name: str, settings: dict[str, Any], sample: Sample, rows: "Ints", others: tuple[str, ...], notes: tuple[str, ...]
) -> Encoded:
    """Learn the encoder from the sample's texts and the others, and encode the sample."""
    texts = tuple(sample.texts[i] for i in rows)
    start = time.perf_counter()
    encoder, learn = _learn(make_encoder(name, **settings), texts, sample.y[rows], others, sample.random_state)
    learn_s = time.perf_counter() - start
    start = time.perf_counter()
    features = encoder.encode(texts)
    encoder_s = (time.perf_counter() - start) * sample.n_rows / len(rows)
    if not encoder.pretrained:
        n_learnt = len(texts) + len(others)
        encoder_s += learn_s * sample.n_texts / n_learnt
        notes = (
            (*notes, f"learnt from {n_learnt:,} of {sample.n_texts:,} texts") if n_learnt < sample.n_texts else notes
        )
    return Encoded(features, None, rows, encoder_s, learn, encoder, notes)


def _learn(
    encoder: Encoder, texts: tuple[str, ...], y: "Ints", others: tuple[str, ...], random_state: int
) -> tuple[Encoder, "Ints | None"]:
    """A fitted encoder, and the rows whose labels it needed (two thirds of them; None = no labels).

    An encoder that learns from labels gets those of some rows, the other texts bare.
    """
    if not getattr(encoder, "supervised", False):
        return encoder.fit((*texts, *others)), None
    folds = stratified_folds(y, 3, np.random.default_rng(random_state))
    learn, check = np.flatnonzero(folds > 0), np.flatnonzero(folds == 0)
    ordered = (*(texts[i] for i in (*learn, *check)), *others)
    return encoder.fit(ordered, y[learn]), learn


def _longest(counts: "Ints", room: float) -> int:
    """The largest L with sum_i min(count_i, L) <= room, at least 32."""
    lengths = np.sort(counts)
    left = np.arange(len(lengths), 0, -1)  # texts at least this long
    shorter = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    fits = shorter + left * lengths <= room
    if fits.all():
        return int(lengths[-1])
    at = int(np.argmin(fits))  # the first text whose length is too much for all that are as long
    return max(LEAST_TOKENS, int((room - shorter[at]) / left[at]))

"""What is read of the texts: features of a pre-trained encoder, of several of its layers, and counted words beside.

Shape letters: N texts, the first n of them labelled, d features.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import normalize

from headstart.data.folding import digests
from headstart.encoders import component_of, make_encoder, pretrained_for
from headstart.encoders.composed import Composed
from headstart.encoders.lsa import Lsa
from headstart.errors import ConfigError
from headstart.few_labels.experts import Linear
from headstart.text.language import language_of, language_shares
from headstart.types import Dataset, Encoder, Floats, Task

__all__ = [
    "MOST_UNLABELLED",
    "Reading",
    "drawn_unlabelled",
    "encoding",
    "highest_layer",
    "layers_of",
    "naming",
    "read",
    "read_until",
    "tunable",
    "wanted_unlabelled",
]

MOST_UNLABELLED = 1_000  # texts that are read without a budget
_MOST_IN_BUDGET = 10_000
_SHARE_OF_BUDGET = 0.5  # of the time, by which unlabelled texts have to be read
_BLOCK = 100  # of them, between two looks at the clock
_SPOKEN = 0.05  # of the labelled rows, from which unlabelled texts of their language are wanted
_N_LAYERS = 4  # evenly from the middle of a network to its top
_LEAST_TEXTS = 400  # unlabelled ones, that directions of words (lsa) are learnt from: 120 misled, 400 helped


@dataclass(frozen=True, slots=True)
class Reading:
    """Encoders, fitted, with the features (N, d) of the labelled and the unlabelled texts, rows of length 1.

    dense None: nothing but words is read; words None: there is no labelled row to learn anything of them. notes: what
    was read of the unlabelled texts and why, in sentences.
    """

    dense_name: str = ""
    dense: Encoder | None = None
    dense_features: Any = None
    words_name: str = ""
    words: Encoder | None = None
    word_features: Any = None
    unlabelled: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    dense_is_unit: bool = True  # rows have length 1 as the encoder gives them

    @property
    def what(self) -> str:
        """`minilm, layers 3, 4, 5, 6`."""
        layers = ", ".join(map(str, layers_of(self.dense)))
        return f"{self.dense_name}{f', layers {layers}' if layers else ''}"

    @property
    def alone(self) -> Any:
        """The dense encoder, its rows of length 1, as everything here has learnt from them."""
        return self.dense if self.dense_is_unit else Composed.of([self.dense_name], [self.dense])

    @property
    def words_know_unlabelled(self) -> bool:
        """Whether the words were weighed by the unlabelled texts too: not where lsa says what these say of words."""
        return len(self.unlabelled) > 0 and not isinstance(self.dense, Lsa)

    def encoder(
        self, of_dense: Linear | None, of_words: Linear | None, *more: tuple[str, Any, Linear]
    ) -> tuple[str, Any, Linear]:
        """Name and encoder of what carries weights, with these as one: features side by side, each of length 1.

        more: other encoders, with a name.
        """
        dense = [] if of_dense is None else [(self.dense_name, self.dense, of_dense)]
        words = [] if of_words is None else [(self.words_name, self.words, of_words)]
        blocks = [*dense, *words, *more]
        if not blocks:
            raise ValueError("no weights")
        names, encoders, linears = zip(*blocks, strict=True)
        if len(blocks) == 1 and not more:
            return names[0], self.alone if dense else encoders[0], linears[0]
        coef = np.hstack([linear.coef for linear in linears])
        return "+".join(names), Composed.of(names, encoders), Linear(coef, sum(linear.intercept for linear in linears))


def read(
    task: Task,
    encoder: str,
    words: str,
    settings: Mapping[str, Any],
    most_unlabelled: int | None = None,
) -> Reading:
    """Encode the labelled texts and as many unlabelled ones as there is time for.

    encoder: a name, or "auto" = the one that reads their language where it is at hand (`pretrained_for`), else lsa
    where there are 400 unlabelled texts to learn it from; one of counts takes the place of `words`, and nothing dense
    is read. Raises ConfigError for an encoder that learns from labels, and what encoders raise.
    """
    usual = _MOST_IN_BUDGET if task.budget_s else MOST_UNLABELLED
    wanted, foreign = wanted_unlabelled(task)
    drawn = drawn_unlabelled(task, wanted, usual if most_unlabelled is None else most_unlabelled)
    name, notes = (encoder, []) if encoder != "auto" else _choose(task.texts or drawn or _names(task), len(drawn))
    if foreign:
        notes.append(f"{foreign:,} unlabelled texts are in a language that the labelled rows do not have: left out.")
    until = None if task.budget_s is None else time.perf_counter() + _SHARE_OF_BUDGET * task.budget_s
    dense, features = _encoded(name, task, (*task.texts, *drawn), settings)
    counted = None
    if issparse(features):  # in place of words
        dense, counted, words = None, dense, name
    more = drawn if dense is None else read_until(dense, drawn, until)
    notes += _account(task, wanted, foreign, len(more), len(more) < len(drawn))
    drawn = drawn[: len(more)]
    found, everything = Reading(unlabelled=drawn, notes=tuple(notes)), (*task.texts, *drawn)
    if dense is not None:
        features = np.concatenate([features, more]) if len(features) else more
        is_unit, rows = _is_unit(features), _unit(features)
        found = replace(found, dense_name=name, dense=dense, dense_features=rows, dense_is_unit=is_unit)
    if not (everything if dense is None else task.texts):
        return found
    if counted is None:
        weighed_by = task.texts if isinstance(dense, Lsa) else everything
        counted = make_encoder(words, seed=task.random_state).fit(weighed_by)
    return replace(found, words_name=words, words=counted, word_features=_unit(counted.encode(everything)))


def _account(task: Task, wanted: Sequence[str], foreign: int, n_read: int, is_short: bool) -> list[str]:
    """How many of the unlabelled texts were read, and why no more, in a sentence."""
    if task.unlabelled is None:
        return []
    n, why = task.unlabelled.n, "; there was no time for more" if is_short else ""
    if not foreign and n_read == len(wanted) < n:
        n_blank = sum(not text.strip() for text in task.unlabelled.texts)
        repeat = ["repeat labelled rows or each other"] if n_read + n_blank < n else []
        why = f"; the others {' or '.join([*(['are blank'] if n_blank else []), *repeat])}"
    return [f"{n_read:,} of {n:,} unlabelled texts were read{why}."]


def _names(task: Task) -> tuple[str, ...]:
    """The names of the classes, one after another."""
    given = (task.label_names or {}).values()
    return tuple(text for names in given for text in ([names] if isinstance(names, str) else names))


def _encoded(name: str, task: Task, everything: Sequence[str], settings: Mapping[str, Any]) -> tuple[Any, Any]:
    """The encoder of this name, fitted to all texts, and its features of the labelled ones."""
    if not name:
        return None, None
    made: Any = make_encoder(name, seed=task.random_state, **_with_layers(name, settings))
    if getattr(made, "supervised", False):
        raise ConfigError(
            f"Encoder {name!r} learns from labels: its features of the labelled rows would look too good here. "
            "Take another encoder, or the strategy linear_probe."
        )
    made.fit(everything)
    return made, made.encode(task.texts)


def layers_of(encoder: Any) -> tuple[int, ...]:
    """The layers that stand side by side in an encoder's features; none where it gives its last one alone."""
    recipe = getattr(encoder, "recipe_", None)
    return tuple(recipe.layers) if recipe is not None else ()


def encoding(encoder: Any) -> Callable[[Sequence[str]], Floats]:
    """Texts -> (m, d) by this encoder, rows of length 1."""

    def encode(texts: Sequence[str]) -> Floats:
        rows: Floats = _unit(encoder.encode(list(texts)))
        return rows

    return encode


def highest_layer(encoder: Any, d: int) -> slice:
    """The columns of an encoder's d features that are those of its highest layer; all where they are of one."""
    layers = layers_of(encoder)
    width = d // max(len(layers), 1)
    begin = width * layers.index(max(layers)) if layers else 0
    return slice(begin, begin + width)


def naming(encoder: Any) -> Callable[[Sequence[str]], Floats]:
    """Texts -> (m, d) by the highest layer alone, in which a model has learnt to compare texts; the columns of other
    layers are zero. Rows of length 1. For names by themselves: beside labelled rows all layers do better (docs/log.md).
    """
    encode = encoding(encoder)

    def encode_names(texts: Sequence[str]) -> Floats:
        rows = encode(texts)
        alone = np.zeros_like(rows)
        columns = highest_layer(encoder, rows.shape[1])
        alone[:, columns] = rows[:, columns]
        unit: Floats = _unit(alone)
        return unit

    return encode_names


def wanted_unlabelled(task: Task) -> tuple[list[str], int]:
    """The different unlabelled texts that are no labelled ones, in a language (script) that one of twenty labelled rows
    is in, where there are any; and how many are in another one.
    """
    given = task.unlabelled if task.unlabelled is not None else Dataset(())
    keys = digests(given.texts)
    first = np.unique(keys, return_index=True)[1]
    new = np.sort(first[~np.isin(keys[first], digests(task.texts))])
    texts = [given.texts[row] for row in new if given.texts[row].strip()]
    spoken = {language for language, share in language_shares(task.texts).items() if share >= _SPOKEN}
    if not texts or not spoken or "mixed" in spoken:
        return texts, 0
    own = [text for text in texts if language_of(text) in {*spoken, "mixed"}]
    return own, len(texts) - len(own)


def drawn_unlabelled(task: Task, texts: Sequence[str], most: int) -> tuple[str, ...]:
    """At most so many of the texts, drawn at random."""
    rows = np.random.default_rng(task.random_state).permutation(len(texts))[:most]
    return tuple(texts[row] for row in rows)


def read_until(encoder: Any, texts: Sequence[str], until: float | None) -> Any:
    """(m, d) of the first m texts by a fitted encoder: of all, or block after block until the time (of
    `time.perf_counter`) is over, at least one. lsa, which has learnt from texts, reads all.
    """
    if until is None or isinstance(encoder, Lsa):
        return encoder.encode(texts)
    blocks = [encoder.encode(texts[:_BLOCK])]
    for start in range(_BLOCK, len(texts), _BLOCK):
        if time.perf_counter() > until:
            break
        blocks.append(encoder.encode(texts[start : start + _BLOCK]))
    return np.concatenate(blocks)


def _choose(texts: Sequence[str], n_unlabelled: int) -> tuple[str, list[str]]:
    """The encoder to transfer from, none if there is none, and why. lsa knows nothing but what it reads here."""
    pretrained, why = pretrained_for(texts)
    if pretrained is not None:
        return pretrained, []
    name = "lsa" if n_unlabelled >= _LEAST_TEXTS else ""
    instead = " Directions of words in the unlabelled texts (lsa) stand in for it." if name else ""
    return name, [f"{why}{instead}"]


def tunable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an encoder that is read here, for tuning it: that has no layers side by side."""
    return {name: value for name, value in settings.items() if name != "layers"}


def _with_layers(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with `layers` for a transformer that is given none: four from its middle to its top."""
    if component_of(name) != "transformer" or "layers" in settings:
        return dict(settings)
    from headstart.encoders._locate import locate
    from headstart.encoders._recipe import depth_of

    depth = depth_of(locate(name))
    if depth is None:
        return dict(settings)
    layers = sorted({round(layer) for layer in np.linspace(depth / 2, depth, _N_LAYERS).tolist()})
    return {**settings, "layers": layers}


def _is_unit(features: Any) -> bool:
    lengths = np.linalg.norm(features, axis=1)
    return bool(np.allclose(lengths[lengths > 0], 1.0, atol=1e-3))


def _unit(features: Any) -> Any:
    return normalize(features) if features.shape[0] else features

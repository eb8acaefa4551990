"""Where synonyms come from (a file, WordNet, word vectors), and their way into a text."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.augment._words import chosen, is_chinese, pieces, word_places
from headstart.data import encoding
from headstart.data.opening import locate, readable
from headstart.errors import ConfigError, DataError, MissingExtra
from headstart.text.normalise import fold

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Lookup", "nearest_words", "read_groups", "replaced", "wordnet"]

Lookup = Callable[[str], Sequence[str]]  # a word -> other words of its meaning, maybe none

_CILIN = re.compile(r"[A-Z][a-z]\d\d[A-Z]\d\d([=#@])\s+")
_N_NEAREST = 5
_LEAST_COSINE = 0.5


def replaced(text: str, share: float, lookup: Lookup, rng: "np.random.Generator") -> str | None:
    """The text with a share of its words replaced, of those that have another; None where none has.

    Function words of English and single Chinese characters stay: their dictionary meanings are rarely theirs.
    A replacement takes the capitals of its word.
    """
    parts = pieces(text)
    words = word_places(parts)
    others = {place: found for place in words if _has_meaning(parts[place]) and (found := lookup(fold(parts[place])))}
    if not others:
        return None
    for place in chosen(list(others), share, rng, of=len(words)):
        candidates = others[place]
        parts[place] = _like(parts[place], candidates[int(rng.integers(len(candidates)))])
    return "".join(parts)


def read_groups(name: str, file: str) -> tuple[Lookup, tuple[str, ...]]:
    """Synonyms from a text file in any encoding (also .gz, .xz): a lookup, and notes on how it was read.

    A group a line: words apart by commas or tabs, where a line has any, else by spaces; lines that start with #
    are left out. HIT Cilin (`Aa01A01= 词 词`): only the groups of synonyms (=) are taken. Raises DataError.
    """
    path = Path(file)
    if not path.is_file():
        raise DataError(
            f"Augmentation {name}: there is no file of synonyms {file!r} (in {Path.cwd()}). Name one as {name}:FILE."
        )
    location = locate(file)
    with readable(file):
        codec = encoding.detect(location.chunks, file).name
        lines = b"".join(location.chunks()).decode(codec).splitlines()
    is_cilin = any(_CILIN.match(line) for line in lines)
    groups = [group for line in lines if len(group := _group(line, is_cilin)) > 1]
    if not groups:
        raise DataError(f"{file} holds no group of two or more synonyms. Expected a group a line, such as: big large.")
    found: dict[str, dict[str, None]] = {}
    for group in groups:
        for word in group:
            found.setdefault(fold(word), {}).update(dict.fromkeys(group))
    table = {word: tuple(o for o in others if fold(o) != word) for word, others in found.items()}
    kind = "HIT Cilin, groups marked =" if is_cilin else "a group a line"
    note = f"{name}: {len(groups):,} groups of synonyms, {len(table):,} words from {file} ({kind}; {codec})."
    return lambda word: table.get(word, ()), (note,)


def wordnet(name: str) -> tuple[Lookup, tuple[str, ...]]:
    """English synonyms from the lexicon that the package wn has; a word is looked up in the form it stands in.

    Raises MissingExtra, ConfigError when there is no English lexicon.
    """
    try:
        import wn
    except ImportError:
        raise MissingExtra(f"Augmentation {name!r} for English without a file", "wn", "train") from None
    lexicons = [str(found.specifier()) for found in _lexicons(wn) if str(found.language).startswith("en")]
    if not lexicons:
        raise ConfigError(
            f"Augmentation {name!r}: wn has no English lexicon in {wn.config.data_directory}. Fetch one with "
            f"`python -m wn download oewn:2024`, name a file of synonyms ({name}:FILE), or use 'vectors' instead."
        )
    net = wn.Wordnet(lexicons[0], expand="")

    @cache
    def synonyms(word: str) -> tuple[str, ...]:
        lemmas = [lemma for sense in net.synsets(word) for lemma in sense.lemmas()]
        return tuple(dict.fromkeys(lemma for lemma in lemmas if fold(lemma) != word))

    return synonyms, (f"{name}: synonyms from {lexicons[0]}.",)


def nearest_words(name: str, texts: Sequence[str], unlabelled: Sequence[str]) -> tuple[Lookup, tuple[str, ...]]:
    """The five nearest words with a cosine of 0.5 or more, by a word2vec learnt from all the texts.

    Near words share a context, not a meaning: an antonym is often the nearest. Raises MissingExtra.
    """
    from headstart.encoders import make_encoder

    encoder = make_encoder("word2vec").fit([*texts, *unlabelled])
    vectors = encoder.word_vectors_  # type: ignore[attr-defined] # word2vec has them

    @cache
    def neighbours(word: str) -> tuple[str, ...]:
        near = vectors.nearest(word, _N_NEAREST)
        return tuple(other for other, cosine in near if cosine >= _LEAST_COSINE and other[0].isalnum())

    n = len(texts) + len(unlabelled)
    return neighbours, (f"{name}: nearest words by word2vec, learnt from {n:,} texts.",)


def _group(line: str, is_cilin: bool) -> list[str]:
    if is_cilin:
        match = _CILIN.match(line)
        return line[match.end() :].split() if match and match.group(1) == "=" else []
    if line.startswith("#"):
        return []
    words = re.split(r"[\t,，]", line) if re.search(r"[\t,，]", line) else line.split()
    return [word.strip() for word in words if word.strip()]


def _lexicons(wn: Any) -> list[Any]:
    """The lexicons in wn's database; opening one that is not there would create it."""
    return wn.lexicons() if wn.config.database_path.is_file() else []


def _has_meaning(word: str) -> bool:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return len(word) > 1 if is_chinese(word) else fold(word) not in ENGLISH_STOP_WORDS and word.isalpha()


def _like(word: str, other: str) -> str:
    if word.isupper() and len(word) > 1:
        return other.upper()
    return other[0].upper() + other[1:] if word[0].isupper() else other

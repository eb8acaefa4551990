"""Text -> terms for bag-of-words features: words, word n-grams, character n-grams, by language."""

import re
from collections.abc import Callable, Sequence
from functools import partial

from headstart.text.language import language_shares
from headstart.text.normalise import fold
from headstart.text.segment import Segmenter, segment

__all__ = ["choose_analyser", "fewest_texts", "make_analyser"]

_MANY = 1000  # texts; below it a term seen once may be all that a text, or a class, has

# A word is a run of letters, digits and apostrophes; ! and ? carry sentiment and question type, and so do pictures,
# each a word of its own, without their colour of skin
_PICTURE = "[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff]"
_WORD = re.compile(rf"[^\W_]+(?:'[^\W_]+)*|[!?]|{_PICTURE}")
_CHARACTERS = "\N{SYMBOL FOR UNIT SEPARATOR}"  # prefix, and never part of a text's word
_SPACE = re.compile(r"\s+")

Analyser = Callable[[str], list[str]]
Range = tuple[int, int]  # (shortest, longest)


def choose_analyser(texts: Sequence[str]) -> str:
    """`zh` when at least a tenth of the texts are Chinese or mixed, else `word`.

    Both read English words; `zh` segments, and adds character n-grams.
    """
    shares = language_shares(texts)
    return "zh" if shares["zh"] + shares["mixed"] >= 0.1 else "word"


def fewest_texts(n: int) -> int:
    """In how many of n texts a term must be, or how often, to be one that counts; where the user leaves it open."""
    return 2 if n >= _MANY else 1


def make_analyser(name: str, ngrams: Range, characters: Range, segmenter: Segmenter | None = None) -> Analyser:
    """`word`: word n-grams. `char`: character n-grams. `zh`: words by segmentation, plus character n-grams.

    ngrams and characters are (shortest, longest); characters (0, 0) leaves character n-grams out. segmenter:
    cuts Chinese by a dictionary of its own; None is jieba's.
    """
    if name == "zh":  # partial: unlike a closure, it can be pickled
        return partial(_chinese, ngrams=ngrams, characters=characters, cut=segmenter or segment)
    return partial({"word": _words, "char": _char}[name], ngrams=ngrams, characters=characters)


def _words(text: str, ngrams: Range, characters: Range) -> list[str]:
    return _word_grams(_WORD.findall(fold(text)), *ngrams)


def _char(text: str, ngrams: Range, characters: Range) -> list[str]:
    return _character_grams(_SPACE.sub(" ", fold(text)), *characters)


def _chinese(text: str, ngrams: Range, characters: Range, cut: Analyser) -> list[str]:
    folded = fold(text)
    terms = _word_grams([token for token in cut(folded) if not token.isspace()], *ngrams)
    # a character n-gram is another term than the word of the same characters
    terms += [_CHARACTERS + gram for gram in _character_grams(_SPACE.sub(" ", folded), *characters)]
    return terms


def _word_grams(words: list[str], shortest: int, longest: int) -> list[str]:
    terms: list[str] = []
    for n in range(max(1, shortest), longest + 1):
        terms += words if n == 1 else map(" ".join, zip(*(words[i:] for i in range(n)), strict=False))
    return terms


def _character_grams(text: str, shortest: int, longest: int) -> list[str]:
    terms: list[str] = []
    for n in range(max(1, shortest), longest + 1):
        terms += [text[i : i + n] for i in range(len(text) - n + 1)]
    return terms

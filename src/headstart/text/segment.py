"""Chinese segmentation by jieba's dictionary: through rjieba (Rust) where it is installed, else jieba.

Both give the same words. Where rjieba would differ from jieba, three rules bring them together:

- a number or Latin word with an inner `-`, `.` or `_` is cut as jieba cuts it: "1-2" is 1, -, 2, but 3.5 is one;
- a Han character outside of jieba's range (U+4E00 to U+9FD5) is a word by itself;
- neighbours that repeat one character ("赞赞 赞赞赞") stand shortest first, whichever order was found: the sums
  that decide it differ in their last bit.

`python -m benchmarks segmentation` counts what differs with and without these rules. With user words the two round
other sums otherwise, so that they may part where two ways to cut are exactly as likely (1 text of 15,000).
"""

import logging
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

from headstart.errors import ConfigError
from headstart.text.normalise import fold

__all__ = ["SEGMENTERS", "Segmenter", "read_user_dictionary", "segment", "segmenter_name", "warn_of_another"]

logger = logging.getLogger(__name__)

SEGMENTERS = ("rjieba", "jieba")  # models made with one work with the other

# What jieba searches for words; any other character is a word by itself
_SEARCHED = re.compile(r"[\u4e00-\u9fd5a-zA-Z0-9+#&._%-]+")
# What rjieba takes for Chinese beyond that
_BEYOND = re.compile(r"([\u3400-\u4dbf\u9fd6-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")
# Runs of Latin letters and digits with something between; rjieba keeps them whole, jieba splits them like this
_JOINED = re.compile(r"[a-zA-Z0-9][-._][a-zA-Z0-9]")
_LATIN = re.compile(r"([a-zA-Z0-9]+(?:\.[0-9]+)?%?)")
_REPEATED = re.compile(r"([\u4e00-\u9fd5])\1\1")

_ENTRY = re.compile(r"(\S+)(?:\s+([0-9]+))?(?:\s+[a-z]+)?")  # word [frequency] [tag]
_MAX_FREQUENCY = 10**9  # jieba's own add up to 6 * 10**7

Cut = Callable[[str], list[str]]
Words = dict[str, int | None]  # words with their frequencies; None: one is to be chosen that is enough
Frequencies = dict[str, int]


def segmenter_name() -> str:
    """`rjieba` when it is installed, else `jieba`: the same words, at a tenth of the speed or less."""
    return SEGMENTERS[0] if find_spec(SEGMENTERS[0]) else SEGMENTERS[1]


def warn_of_another(segmenter: str | None, *, user_words: bool = False) -> None:
    """Warn where words may be cut otherwise than by the segmenter that a model was made with (None: none was)."""
    here = segmenter_name()
    if segmenter is None or segmenter == here or (segmenter in SEGMENTERS and not user_words):
        return
    share = "about 1 text in 15,000" if segmenter in SEGMENTERS else "some texts"
    logger.warning("this model was made with the segmenter %s, here is %s: %s may differ", segmenter, here, share)


class Segmenter:
    """Text -> its words in order; together they are the text. White space and punctuation are words too.

    user_words: further words, as lines "word [frequency]" (`read_user_dictionary`). They are known to this
    object alone: neither another one nor the global jieba sees them. The words are folded as classic features
    fold texts, so give it folded texts. A word without a frequency gets one that keeps it whole.

    Latin words and numbers stay whole beside Chinese: "iphone手机15pro max" is iphone, 手机, 15pro, " ", max.
    Raises ConfigError for a line that is not of this form.
    """

    def __init__(self, user_words: Sequence[str] = ()) -> None:
        self._given = _parse(user_words, "The user dictionary")
        self._words: Frequencies | None = None

    def __call__(self, text: str) -> list[str]:
        """The words of a text. The first call reads the dictionary (about a second)."""
        if self._words is None:
            self._load()
        if _BEYOND.search(text):
            words = [word for piece in _BEYOND.split(text) if piece for word in self._cut(piece)]
        else:
            words = self._cut(text)
        if _JOINED.search(text):
            words = [part for word in words for part in self._split(word)]
        return _shortest_first(words) if _REPEATED.search(text) else words

    def user_words(self) -> list[str]:
        """The lines "word frequency" that make this segmenter again, the frequencies that were chosen included."""
        if self._words is None:
            self._load()
        return [f"{word} {frequency}" for word, frequency in (self._words or {}).items()]

    def __reduce__(self) -> tuple[type["Segmenter"], tuple[list[str]]]:
        """Copies and other processes get the words, not the dictionary in memory."""
        return type(self), ([_line(*entry) for entry in (self._words or self._given).items()],)

    def _load(self) -> None:
        self._cut, self._words = _dictionary(segmenter_name(), tuple(self._given.items()))

    def _split(self, word: str) -> list[str]:
        if word in self._given or not _JOINED.search(word):
            return [word]
        return [part for part in _LATIN.split(word) if part]


def segment(text: str) -> list[str]:
    """The words of a text by jieba's dictionary alone."""
    return _default()(text)


def read_user_dictionary(path: Path) -> list[str]:
    """The lines "word [frequency]" of a file in jieba's format: "word [frequency] [tag]", a line each, UTF-8.

    Empty lines and tags mean nothing here. Words are folded; of a word written twice the last line counts, as
    in jieba. Raises ConfigError, with file and line, for what is not of this form, for a frequency of 0 (jieba
    would forbid the word to the whole process) and for words that can never be found.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise ConfigError(f"The user dictionary {path} is not there.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The user dictionary {path} is not UTF-8 ({error.reason}). Save it as UTF-8.") from error
    except OSError as error:
        raise ConfigError(f"The user dictionary {path} cannot be read: {error.strerror}.") from error
    words = _parse(lines, str(path))
    if not words:
        raise ConfigError(f"The user dictionary {path} holds no words. Expected a word a line, with its frequency.")
    return [_line(*entry) for entry in words.items()]


def _line(word: str, frequency: int | None) -> str:
    return word if frequency is None else f"{word} {frequency}"


def _parse(lines: Sequence[str], where: str) -> Words:
    words: Words = {}
    mistakes = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        entry = _ENTRY.fullmatch(line.strip())
        word = fold(entry[1]) if entry else ""
        frequency = int(entry[2]) if entry and entry[2] else None
        if not _SEARCHED.fullmatch(word) or not (frequency is None or 1 <= frequency <= _MAX_FREQUENCY):
            mistakes.append(f"{where} line {number}: {line.strip()!r:.80}")
            continue
        words.pop(word, None)  # the last line decides the place too
        words[word] = frequency
    if mistakes:
        others = f" {len(mistakes) - 1:,} more lines have such a problem." if len(mistakes) > 1 else ""
        raise ConfigError(
            f"{mistakes[0]} is not 'word [frequency] [tag]': a word of Chinese characters, Latin letters, digits "
            f"and +#&._%- (others always part words), a frequency from 1 to {_MAX_FREQUENCY:,}, a tag in a-z.{others}"
        )
    return words


def _shortest_first(words: list[str]) -> list[str]:
    ordered: list[str] = []
    for repeated, group in groupby(words, lambda word: word[0] if word.count(word[0]) == len(word) else None):
        neighbours = list(group)
        ordered += sorted(neighbours, key=len) if repeated else neighbours
    return ordered


@lru_cache(maxsize=4)  # a dictionary takes up to 100 MB; cross-validation makes many segmenters of one
def _dictionary(name: str, words: tuple[tuple[str, int | None], ...]) -> tuple[Cut, Frequencies]:
    """The cutting function of a dictionary of its own with these words, and the frequencies they got."""
    dictionary = _rjieba() if name == "rjieba" else _jieba()
    chosen = {}
    for word, given in words:
        chosen[word] = dictionary.suggest_freq(word) if given is None else given
        if name == "jieba":  # it would count a word that it has already twice, unlike rjieba
            dictionary.total -= dictionary.FREQ.get(word, 0)
        dictionary.add_word(word, chosen[word], None)
    cut: Cut = dictionary.cut if name == "rjieba" else dictionary.lcut
    return cut, chosen


def _rjieba() -> Any:
    import rjieba

    return rjieba.Jieba()


def _jieba() -> Any:
    import jieba

    made = jieba.Tokenizer()
    # as its initialize(), which would also write to stderr, and read a cache that anyone may have put into /tmp
    frequencies, made.total = _jieba_frequencies()
    made.FREQ = frequencies.copy()
    made.initialized = True
    return made


@lru_cache(maxsize=1)
def _jieba_frequencies() -> tuple[dict[str, int], int]:
    """The dictionary of jieba: word -> frequency, 0 for beginnings of words, and their sum."""
    import jieba

    read: tuple[dict[str, int], int] = jieba.Tokenizer.gen_pfdict(jieba.Tokenizer().get_dict_file())
    return read


@lru_cache(maxsize=1)
def _default() -> Segmenter:
    return Segmenter()

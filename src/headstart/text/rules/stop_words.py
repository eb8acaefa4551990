"""Stop words out, of English and Chinese together: words that sentences of every class have (the, of, 的, 在).

Negations (not, no, never, don't, 不, 没) and words of degree or contrast (very, too, but, 很, 太, 但) are not among
them and stay. `stop_words:FILE` takes the words of a file instead: UTF-8, one word a line, `#` begins a comment. Case
does not matter. Chinese is cut into words by jieba's dictionary; a word of a file that jieba cuts in two is not found.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from headstart.errors import ConfigError
from headstart.text.rules._replace import replace_spans
from headstart.text.segment import segment
from headstart.text.stopwords import built_in, parse

__all__ = ["StopWords"]

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]++(?:['’][^\W_{_HAN}]++)*+")
_CHUNK = 2000  # jieba's cutting is linear, and its memory stays small, when it gets a run in pieces


class StopWords:
    """kept: the sorted words, which a bundle keeps. Raises ConfigError for a file that cannot be used."""

    def __init__(self, argument: str | None = None) -> None:
        self._words = built_in() if argument is None else _read(Path(argument))
        self.kept = sorted(self._words)

    @classmethod
    def from_kept(cls, kept: Iterable[str]) -> Self:
        """The rule again, from the words that a bundle kept."""
        made = cls.__new__(cls)
        made._words = frozenset(kept)
        made.kept = sorted(made._words)
        return made

    def __call__(self, text: str) -> str:
        """The text without stop words."""
        return replace_spans(text, self._spans(text))

    def _spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        for run in _RUN.finditer(text):
            at = run.start()
            for word in _words_of(run.group()):
                if word.lower().replace("’", "'") in self._words:
                    yield at, at + len(word), ""
                at += len(word)


def _words_of(run: str) -> list[str]:
    if not re.match(f"[{_HAN}]", run):
        return [run]
    return [word for at in range(0, len(run), _CHUNK) for word in segment(run[at : at + _CHUNK])]


def _read(path: Path) -> frozenset[str]:
    try:
        words = parse(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"Cleaning rule 'stop_words': cannot read the list {str(path)!r} ({error}). "
            "Expected a UTF-8 file with one word a line."
        ) from error
    words = [word.lower().replace("’", "'") for word in words]
    never = [word for word in words if not _RUN.fullmatch(word)]
    if never or not words:
        what = f"{len(never)} entries are no single word, first {never[0]!r}" if never else "the list is empty"
        raise ConfigError(f"Cleaning rule 'stop_words': {path}: {what}. Expected one word a line.")
    return frozenset(words)

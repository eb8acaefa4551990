"""Sentences of models, audits and row steps in the language of a report: a catalogue of templates, as gettext has it.

Whoever writes a sentence writes it in English, also into bundles; `sentences_LANGUAGE.toml` holds what it is in another
language, `"{n} rows removed" = "删除 {n} 行"`. What stands in a hole is kept as it is; in one whose name begins with
an underscore it is translated too, and with two its parts between semicolons are. {n} is a number, {ns} a list of them.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from headstart.evaluation.report.strings import Words

__all__ = ["catalogue", "said", "translated"]

_HOLE = re.compile(r"\{(\w+)\}")
_LISTED = "; "
_LONGEST, _DEEPEST = 1_000, 8  # characters; holes in holes: of what a user wrote, labels may be anything
_OF = {"n": r"[\d,]+", "ns": r"\d[\d, ]*"}  # what may stand in holes of these names


@dataclass(frozen=True, slots=True)
class _Template:
    pattern: re.Pattern[str]
    there: str

    def of(self, sentence: str, language: str, depth: int) -> str | None:
        """The sentence in the language; None where it is another one. depth: how many sentences it stands in."""
        found = self.pattern.fullmatch(sentence)
        if found is None:
            return None
        parts = found.groupdict().items()
        return self.there.format_map({name: _part(name, text, language, depth + 1) for name, text in parts})


def said(sentence: str, w: Words) -> str:
    """The sentence in the language of these words."""
    return translated(sentence, w["language"])


def translated(sentence: str, language: str, depth: int = 0) -> str:
    """The sentence in a language, by the first template that it fits; as it is where none does, where it is very long
    or stands deep in others (`depth`).
    """
    if len(sentence) > _LONGEST or depth > _DEEPEST:
        return sentence
    fitting = (template.of(sentence, language, depth) for template in _templates(language))
    return next((found for found in fitting if found is not None), sentence)


def catalogue(language: str) -> dict[str, str]:
    """English template -> that of the language, in the order in which they are tried; none for English."""
    file = files(__package__) / f"sentences_{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


@cache
def _templates(language: str) -> tuple[_Template, ...]:
    return tuple(_Template(_pattern(english), there) for english, there in catalogue(language).items())


def _pattern(english: str) -> re.Pattern[str]:
    """Of holes that are not empty, the first ones as short as can be."""
    texts = _HOLE.split(english)  # text, name, text, name, ..., text
    parts = (f"(?P<{part}>{_OF.get(part, '.+?')})" if i % 2 else re.escape(part) for i, part in enumerate(texts))
    return re.compile("".join(parts), re.DOTALL)


def _part(name: str, text: str, language: str, depth: int) -> str:
    if name.startswith("__"):
        return "；".join(translated(part, language, depth) for part in text.split(_LISTED))
    return translated(text, language, depth) if name.startswith("_") else text

"""Tokenising for transformer encoders with the tokenizers library alone (no torch, no transformers).

A text that has more tokens than the model reads is read in part, by one of LONG_TEXTS.

Shape letters: n texts, W windows, B batch, T tokens, d features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tokenizers import Tokenizer

from headstart.types import Bools, Floats, Ints

__all__ = ["LONG_TEXTS", "TextTokeniser", "TokenBatch", "mean_of_windows", "pad"]

LONG_TEXTS = ("head", "tail", "head_tail", "windows")

# A text of megabytes must not cost seconds before it is cut: only its beginning is tokenised (or its end), and more of
# it as long as that does not give the tokens that are read, with these to spare. The cut may fall into a word
# and change its pieces; a WordPiece word has at most 100.
_SPARE_TOKENS = 200
_CHARACTERS_A_TOKEN = 8  # English has 4 to 5 characters a token with its spaces, Chinese 1 to 2
_SPECIAL_TOKENS = 8  # more than any tokeniser adds to one text
_OVERLAP = 16  # tokens that a window has in common with the one before, an eighth of it at most


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """input_ids and attention_mask (B, T) int64, padded on the right."""

    input_ids: Ints
    attention_mask: Ints


class _Frame(NamedTuple):
    """What stands around a text's own tokens in every row: special tokens, and the prompt in front."""

    before: list[int]
    after: list[int]


class TextTokeniser:
    """Texts -> token ids, at most `max_tokens` a row (special tokens included); knows which texts are not read whole.

    long_texts says what is read of a text that has more: its "head", its "tail", "head_tail" (a quarter from the
    start, the rest from the end; Sun et al., CCL 2019, "How to Fine-Tune BERT for Text Classification?"), or
    "windows": row after row, each beginning with the last few tokens of the one before, up to `max_windows` of them.
    Every row has the special tokens and the prompt. A text that fits is one and the same row under all four.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        max_tokens: int,
        prompt: str = "",
        lower_case: bool = False,
        *,
        long_texts: str = "head",
        max_windows: int = 1,
    ) -> None:
        self.max_tokens, self.prompt, self.lower_case = max_tokens, prompt, lower_case
        self.long_texts, self.max_windows = long_texts, max_windows if long_texts == "windows" else 1
        self._whole = Tokenizer.from_str(tokenizer.to_str())
        self._whole.no_padding()
        self._whole.no_truncation()
        self._cutting = Tokenizer.from_str(self._whole.to_str())
        self._cutting.enable_truncation(max_tokens)

    def save(self, path: Path) -> None:
        """Write a tokenizer.json."""
        self._whole.save(str(path))

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """One row of token ids a text, at most max_tokens; of windows the first."""
        if self.max_windows == 1:
            return self.windows(texts)[0]
        return [e.ids for e in self._cutting.encode_batch_fast([self._beginning(t)[0] for t in texts])]

    def windows(self, texts: Sequence[str]) -> tuple[list[list[int]], Ints]:
        """The rows of token ids of all texts, text after text, and how many each text has (n,): one unless
        long_texts is "windows".
        """
        if self.long_texts == "head":
            rows = [e.ids for e in self._cutting.encode_batch_fast([self._beginning(t)[0] for t in texts])]
            return rows, np.ones(len(texts), np.int64)
        of_text = self._windows(texts) if self.long_texts == "windows" else [[row] for row in self._parts(texts)]
        return [row for rows in of_text for row in rows], np.array([len(rows) for rows in of_text], np.int64)

    def truncated(self, texts: Sequence[str]) -> Bools:
        """(n,) True where a text has more tokens than are read. Only texts that could be are tokenised."""
        result = np.zeros(len(texts), dtype=bool)
        doubtful = []
        for i, text in enumerate(texts):
            if self._surely_fits(text):
                continue
            beginning, result[i] = self._beginning(text)
            if not result[i]:
                doubtful.append((i, beginning))
        encodings = self._whole.encode_batch_fast([beginning for _, beginning in doubtful])
        for (i, _), encoding in zip(doubtful, encodings, strict=True):
            result[i] = len(encoding.ids) > self._most
        return result

    @cached_property
    def _frame(self) -> _Frame:
        probe = self._whole.encode("a 1")
        own = np.flatnonzero(np.array(probe.special_tokens_mask) == 0)
        first, last = (int(own[0]), int(own[-1]) + 1) if len(own) else (len(probe.ids), len(probe.ids))
        prompt = self._whole.encode(self._prepare("").rstrip(), add_special_tokens=False).ids
        room = self.max_tokens - first - (len(probe.ids) - last)
        prompt = prompt[: room // 2]  # the text has at least the other half
        return _Frame([*probe.ids[:first], *prompt], probe.ids[last:])

    @cached_property
    def _step(self) -> int:
        """Tokens from the start of a window to that of the next."""
        room = self.max_tokens - len(self._frame.before) - len(self._frame.after)
        return room - min(_OVERLAP, room // 8)

    @cached_property
    def _most(self) -> int:
        """Tokens that are read of a text, with the frame once."""
        return self.max_tokens + (self._step * (self.max_windows - 1) if self.max_windows > 1 else 0)

    def _windows(self, texts: Sequence[str]) -> list[list[list[int]]]:
        """The windows of each text; the last ends where the text does, or where reading stops."""
        before, after = self._frame
        room = self.max_tokens - len(before) - len(after)
        found = []
        for encoding in self._whole.encode_batch_fast([self._beginning(text)[0] for text in texts]):
            ids = encoding.ids
            if len(ids) <= self.max_tokens:
                found.append([ids])
                continue
            own = ids[len(before) : min(len(ids), self._most) - len(after)]
            starts = range(0, len(own) - (room - self._step), self._step)
            found.append([[*before, *own[start : start + room], *after] for start in starts])
        return found

    def _parts(self, texts: Sequence[str]) -> list[list[int]]:
        """One row of each text: where it does not fit, a part of its start (none for "tail") and its end."""
        if not len(texts):
            return []
        before, after = self._frame
        n_end = room = self.max_tokens - len(before) - len(after)
        ends, cut = zip(*map(self._end, texts), strict=True)
        rows = [e.ids for e in self._whole.encode_batch_fast(list(ends))]
        heads = list(rows)
        if self.long_texts == "head_tail":
            n_end = room - room // 4
            places = [i for i, is_cut in enumerate(cut) if is_cut]
            beginnings = [self._beginning(texts[i])[0] for i in places]
            for i, encoding in zip(places, self._whole.encode_batch_fast(beginnings), strict=True):
                heads[i] = encoding.ids
        for i, row in enumerate(rows):
            if cut[i] or len(row) > self.max_tokens:
                start = heads[i][len(before) : len(before) + room - n_end]
                stop = len(row) - len(after)
                rows[i] = [*before, *start, *row[stop - n_end : stop], *after]
        return rows

    def _surely_fits(self, text: str) -> bool:
        """No tokeniser gives an ASCII character more than one token; others may become several bytes."""
        n_characters = len(self.prompt) + len(text)
        return n_characters + _SPECIAL_TOKENS <= self.max_tokens and (self.prompt + text).isascii()

    def _beginning(self, text: str) -> tuple[str, bool]:
        """As much of the text as the tokens that are read need, prompt in front, and whether there surely are more."""
        n_characters = (self._most + _SPARE_TOKENS) * _CHARACTERS_A_TOKEN
        while n_characters < len(text):
            beginning = self._prepare(text[:n_characters])
            if len(self._whole.encode(beginning).ids) >= self._most + _SPARE_TOKENS:
                return beginning, True
            n_characters *= 4
        return self._prepare(text), False

    def _end(self, text: str) -> tuple[str, bool]:
        """The same from the end of the text, without the prompt where it is cut."""
        n_characters = (self.max_tokens + _SPARE_TOKENS) * _CHARACTERS_A_TOKEN
        while n_characters < len(text):
            end = text[-n_characters:].lower() if self.lower_case else text[-n_characters:]
            if len(self._whole.encode(end).ids) >= self.max_tokens + _SPARE_TOKENS:
                return end, True
            n_characters *= 4
        return self._prepare(text), False

    def _prepare(self, text: str) -> str:
        text = self.prompt + text
        return text.lower() if self.lower_case else text


def pad(ids: Sequence[Sequence[int]], pad_id: int) -> TokenBatch:
    """Ids of B texts as (B, T) arrays; a text without tokens gets one padding token, masked."""
    width = max(1, max(map(len, ids)))
    input_ids = np.full((len(ids), width), pad_id, dtype=np.int64)
    mask = np.zeros((len(ids), width), dtype=np.int64)
    for row, tokens in enumerate(ids):
        input_ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return TokenBatch(input_ids, mask)


def mean_of_windows(features: Floats, lengths: Sequence[int], counts: Ints, *, normalise: bool) -> Floats:
    """Features (W, d) of the rows that `windows` gave -> (n, d): each text's mean, weighted by its rows' tokens.

    normalise: bring means of several rows to length 1, as the model does with each. A text of one row stays as it is.
    """
    if len(features) == len(counts):
        return features
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    weights = np.maximum(np.asarray(lengths, np.float32), 1)[:, None]
    means = np.add.reduceat(features * weights, starts) / np.add.reduceat(weights, starts)
    if normalise:
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return np.where(counts[:, None] == 1, features[starts], means).astype(np.float32)

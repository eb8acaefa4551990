"""Tokenising for transformer encoders with the tokenizers library alone (no torch, no transformers)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from headstart.types import Bools, Ints

__all__ = ["TextTokeniser", "TokenBatch", "pad"]

# A text of megabytes must not cost seconds before it is cut: only its beginning is tokenised, and more of it
# as long as that does not give the tokens that are read, with these to spare. The cut may fall into a word
# and change its pieces; a WordPiece word has at most 100.
_SPARE_TOKENS = 200
_CHARACTERS_A_TOKEN = 8  # English has 4 to 5 characters a token with its spaces, Chinese 1 to 2
_SPECIAL_TOKENS = 8  # more than any tokeniser adds to one text


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """input_ids and attention_mask (B, T) int64, padded on the right."""

    input_ids: Ints
    attention_mask: Ints


class TextTokeniser:
    """Texts -> token ids, cut at `max_tokens` (special tokens included); knows which texts were cut."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, prompt: str = "", lower_case: bool = False) -> None:
        self.max_tokens, self.prompt, self.lower_case = max_tokens, prompt, lower_case
        self._whole = Tokenizer.from_str(tokenizer.to_str())
        self._whole.no_padding()
        self._whole.no_truncation()
        self._cutting = Tokenizer.from_str(self._whole.to_str())
        self._cutting.enable_truncation(max_tokens)

    @classmethod
    def from_file(cls, path: Path, max_tokens: int, prompt: str = "", lower_case: bool = False) -> "TextTokeniser":
        """Read a tokenizer.json."""
        return cls(Tokenizer.from_file(str(path)), max_tokens, prompt, lower_case)

    def save(self, path: Path) -> None:
        """Write a tokenizer.json."""
        self._whole.save(str(path))

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, at most max_tokens."""
        return [e.ids for e in self._cutting.encode_batch_fast([self._beginning(t)[0] for t in texts])]

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
            result[i] = len(encoding.ids) > self.max_tokens
        return result

    def _surely_fits(self, text: str) -> bool:
        """No tokeniser gives an ASCII character more than one token; others may become several bytes."""
        n_characters = len(self.prompt) + len(text)
        return n_characters + _SPECIAL_TOKENS <= self.max_tokens and (self.prompt + text).isascii()

    def _beginning(self, text: str) -> tuple[str, bool]:
        """As much of the text as its first max_tokens tokens need, and whether there surely are more."""
        n_characters = (self.max_tokens + _SPARE_TOKENS) * _CHARACTERS_A_TOKEN
        while n_characters < len(text):
            beginning = self._prepare(text[:n_characters])
            if len(self._whole.encode(beginning).ids) >= self.max_tokens + _SPARE_TOKENS:
                return beginning, True
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

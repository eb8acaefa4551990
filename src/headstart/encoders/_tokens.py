"""Tokenising for transformer encoders with the tokenizers library alone (no torch, no transformers)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from headstart.types import Bools, Ints

__all__ = ["TextTokeniser", "TokenBatch", "pad"]

# No tokeniser in use has tokens of more characters a token on average; what lies beyond is never read, and a
# text of megabytes must not cost minutes before it is cut.
_CHARACTERS_A_TOKEN = 100


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
        return [e.ids for e in self._cutting.encode_batch_fast([self._prepare(t) for t in texts])]

    def truncated(self, texts: Sequence[str]) -> Bools:
        """(n,) True where a text has more tokens than are read. Only texts that could be are tokenised."""
        result = np.zeros(len(texts), dtype=bool)
        # a token covers at least one byte of UTF-8, and special tokens are few
        suspects = [i for i, t in enumerate(texts) if len(self.prompt) + 3 * len(t) + 8 > self.max_tokens]
        far = self.max_tokens * _CHARACTERS_A_TOKEN
        for i in suspects:
            result[i] = len(texts[i]) > far
        rest = [i for i in suspects if not result[i]]
        for i, e in zip(rest, self._whole.encode_batch_fast([self._prepare(texts[i]) for i in rest]), strict=True):
            result[i] = len(e.ids) > self.max_tokens
        return result

    def _prepare(self, text: str) -> str:
        text = self.prompt + text[: self.max_tokens * _CHARACTERS_A_TOKEN]
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

"""Replaces words by what a masked language model expects in their place: `mask:MODEL`, `mask:0.2:MODEL`.

MODEL is a folder that transformers' save_pretrained wrote, or a hub id, of a model with a masked language head.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from headstart.augment._words import chosen, is_chinese, pieces, share_and_rest, word_places
from headstart.errors import ConfigError, EncoderUnavailable, MissingExtra

if TYPE_CHECKING:
    from headstart.types import Bools, Ints

__all__ = ["Mask"]

_BATCH = 32
_N_LIKELIEST = 10


class Mask:
    """A share of the words becomes words that the model finds likely there, given the rest of the text.

    Each is drawn from the ten likeliest tokens by their probabilities; the word itself is no candidate. Only words
    that the tokeniser takes as one token (Chinese words: a token a character) are replaced, by tokens of letters
    of the same script. Words past the model's length stay. Texts go through the model in batches of 32.

    Source: Kumar et al. 2020 (mask and fill). Departures: the model is not tuned to the classes, so a word that
    carries the class may change it; hidden words are whole ones.
    """

    def __init__(self, argument: str | None = None) -> None:
        self.share, model = share_and_rest("mask", argument)
        if model is None:
            raise ConfigError("Augmentation mask names no model: expected mask:FOLDER or mask:OWNER/NAME.")
        self.model = model
        self._filler: _Filler | None = None

    def fit(self, texts: Sequence[str], y: "Ints", unlabelled: Sequence[str] = ()) -> Self:
        """Load the model, once. Raises EncoderUnavailable, MissingExtra."""
        self._filler = self._filler or _load(self.model)
        return self

    def augment(self, texts: Sequence[str], y: "Ints", rngs: Sequence[np.random.Generator]) -> list[str | None]:
        """A text each; None where there is no word that the model has as a token."""
        if self._filler is None:
            raise ConfigError("Augmentation mask: call fit(texts, y) first.")
        hidden = [self._filler.hide(text, self.share, rng) for text, rng in zip(texts, rngs, strict=True)]
        results: list[str | None] = [None] * len(texts)
        some = [i for i, each in enumerate(hidden) if each is not None]
        some.sort(key=lambda i: len(texts[i]))
        for start in range(0, len(some), _BATCH):
            rows = some[start : start + _BATCH]
            filled = self._filler.fill([hidden[i] for i in rows], [rngs[i] for i in rows])  # type: ignore[misc] # no None
            for i, text in zip(rows, filled, strict=True):
                results[i] = text
        return results


class _Hidden(NamedTuple):
    """A text in pieces; places (in order) of the hidden ones, with the token ids that each had."""

    parts: list[str]
    words: dict[int, list[int]]


class _Filler:
    """The model, its tokeniser, and which tokens are words (n_tokens,) of Latin letters, and Chinese characters."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._latin, self._chinese = _word_tokens(tokenizer)
        longest = [tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None) or 512]
        padding = tokenizer.pad_token_id or 0  # RoBERTa's positions begin after it
        self._max_length = min(longest) - (padding + 1 if "roberta" in model.config.model_type else 0)

    def hide(self, text: str, share: float, rng: np.random.Generator) -> _Hidden | None:
        """The text with a share of its words chosen; None where no word can be."""
        parts = pieces(text)
        words = word_places(parts)
        ids = {place: found for place in words if (found := self._ids(parts[place]))}
        places = chosen(list(ids), share, rng, of=len(words))
        return _Hidden(parts, {place: ids[place] for place in places}) if places else None

    def fill(self, hidden: Sequence[_Hidden], rngs: Sequence[np.random.Generator]) -> list[str]:
        """The texts with what the model says of the hidden words."""
        import torch

        masked = [self._masked(each) for each in hidden]
        batch = self._tokenizer(masked, return_tensors="pt", padding=True, truncation=True, max_length=self._max_length)
        with torch.inference_mode():
            logits = self._model(**batch).logits.float().numpy()
        at = batch["input_ids"].numpy() == self._tokenizer.mask_token_id
        return [
            "".join(self._filled(each, logits[i, at[i]], rng))
            for i, (each, rng) in enumerate(zip(hidden, rngs, strict=True))
        ]

    def _ids(self, word: str) -> list[int]:
        """The token ids of a word that can be hidden; empty for one that the tokeniser splits or does not know."""
        allowed = self._chinese if is_chinese(word) else self._latin
        ids: list[int] = self._tokenizer.encode(word if is_chinese(word) else f" {word}", add_special_tokens=False)
        whole = len(ids) == (len(word) if is_chinese(word) else 1)
        return ids if whole and all(allowed[i] for i in ids) else []

    def _masked(self, hidden: _Hidden) -> str:
        mask = self._tokenizer.mask_token
        return "".join(
            mask * len(hidden.words[place]) if place in hidden.words else part
            for place, part in enumerate(hidden.parts)
        )

    def _filled(self, hidden: _Hidden, logits: Any, rng: np.random.Generator) -> Iterator[str]:
        """The pieces with new words; logits (masks within the model's length, n_tokens), in the text's order."""
        rows = iter(logits)
        for place, part in enumerate(hidden.parts):
            ids = hidden.words.get(place, [])
            found = [row for _, row in zip(ids, rows, strict=False)]
            if not ids or len(found) < len(ids):
                yield part
                continue
            allowed = self._chinese if is_chinese(part) else self._latin
            tokens = [self._drawn(row, allowed, own, rng) for own, row in zip(ids, found, strict=True)]
            yield "".join(self._tokenizer.decode([token]).strip() for token in tokens)

    def _drawn(self, logits: Any, allowed: "Bools", own: int, rng: np.random.Generator) -> int:
        scores = np.where(allowed[: len(logits)], logits[: len(allowed)], -np.inf)
        scores[own] = -np.inf
        best = np.argsort(-scores, kind="stable")[:_N_LIKELIEST]
        best = best[np.isfinite(scores[best])]
        if not len(best):
            return own
        weights = np.exp(scores[best] - scores[best[0]])
        return int(rng.choice(best, p=weights / weights.sum()))


def _word_tokens(tokenizer: Any) -> tuple["Bools", "Bools"]:
    """(n_tokens,) True for whole Latin words; True for single Chinese characters.

    A tokeniser that marks where words begin (Ġ, ▁) has whole words with that mark only; WordPiece marks the others.
    """
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    mark = next((mark for mark in "Ġ▁" if any(token.startswith(mark) for token in tokens if token)), "")
    bare = [token.removeprefix(mark) if token and token.startswith(mark) else "" for token in tokens]
    latin = [word.isascii() and word.isalpha() for word in bare]
    chinese = [len(text) == 1 and is_chinese(text) for text in (token or "" for token in tokens)]
    return np.array(latin), np.array(chinese)


def _load(name: str) -> _Filler:
    try:
        from transformers import AutoModelForMaskedLM, AutoTokenizer
    except ImportError:
        raise MissingExtra("Augmentation 'mask'", "transformers", "train") from None
    from headstart.encoders._locate import locate
    from headstart.encoders._torch import quiet

    folder = locate(name)
    safe = {"trust_remote_code": False}
    with quiet():
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
            model, info = AutoModelForMaskedLM.from_pretrained(
                folder, use_safetensors=True, output_loading_info=True, **safe
            )
        except Exception as error:  # transformers, safetensors and torch have a dozen kinds for a bad file
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            raise EncoderUnavailable(f"Augmentation mask: {folder} cannot be loaded: {reason}") from None
    missing = sorted(info["missing_keys"])
    if missing or tokenizer.mask_token is None:
        lack = f"the weights of a masked language head (such as {missing[0]})" if missing else "a mask token"
        raise EncoderUnavailable(
            f"Augmentation mask: {folder} has not {lack}. Expected a model that was saved as a masked language model, "
            "such as BERT's base model before any fine-tuning."
        )
    return _Filler(model.eval(), tokenizer)

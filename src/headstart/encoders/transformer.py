"""Any pre-trained transformer (BERT, RoBERTa, ALBERT, GPT-2, T5, XLNet, ...) from a folder or the hub.

Runs in torch while training; a bundle holds it as ONNX. torch is imported only when a text must be encoded.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from headstart.checks import check_choice, check_whole
from headstart.encoders._cache import default_cache
from headstart.encoders._locate import locate
from headstart.encoders._onnx import MODEL_FILE, TOKENISER_FILE, OnnxEncoder
from headstart.encoders._recipe import EncoderRecipe, fingerprint, read_recipe
from headstart.encoders._tokens import TextTokeniser, mean_of_windows, pad
from headstart.errors import MissingExtra
from headstart.progress import track
from headstart.text.batching import token_budget_batches
from headstart.types import Bools, Floats, Ints, State

if TYPE_CHECKING:
    import torch

    from headstart.encoders._torch import PooledModel

__all__ = ["Transformer"]

_MOST_COUNTED = 2_000  # texts
_PRECISIONS = ("auto", "fp32", "bf16")
_LOADED = (
    "_tokeniser_and_pad",
    "module",
    "device",
    "dtype",
    "_fingerprint",
)  # kept from their first use on


class Transformer:
    """A frozen pre-trained encoder.

    model: folder, `minilm` or hub id. pooling, max_tokens: None = as the model's own configuration says.
    precision: "auto" = bf16 where the processor multiplies it in hardware (about twice the speed, cosine to
    fp32 above 0.99), else fp32. batch_tokens: padded tokens a batch, the bound on memory. cache: keep vectors
    on disk between runs (see encoders/_cache.py).

    long_texts: what is read of a text with more than max_tokens: its "head", its "tail", "head_tail" (a quarter from
    the start, the rest from the end), or "windows": up to max_windows of max_tokens one after another, whose features
    are averaged by their tokens.

    layers: those whose pooled states stand side by side as features, each brought to one length; None = the last one.
    With few labels the middle layers often tell classes apart better than the last (of MiniLM: opinions, word order).
    """

    pretrained = True

    supervised = False

    def __init__(
        self,
        model: str = "minilm",
        *,
        pooling: str | None = None,
        max_tokens: int | None = None,
        precision: str = "auto",
        batch_tokens: int = 2048,
        cache: bool = True,
        long_texts: str = "head",
        max_windows: int = 8,
        layers: Sequence[int] | None = None,
    ) -> None:
        self.layers = layers
        self.model, self.pooling, self.max_tokens = model, pooling, max_tokens
        self.precision, self.batch_tokens, self.cache = precision, batch_tokens, cache
        self.long_texts, self.max_windows = long_texts, max_windows

    def fit(self, texts: Sequence[str], y: Ints | None = None, groups: Ints | None = None) -> Self:
        """Find the model and read its configuration. Raises EncoderUnavailable, ConfigError, MissingExtra."""
        check_choice("precision", self.precision, _PRECISIONS)
        check_whole("batch_tokens", self.batch_tokens)
        _require("torch", self.model)
        _require("transformers", self.model)
        for name in _LOADED:  # of an earlier fit
            self.__dict__.pop(name, None)
        self.folder_: Path = locate(self.model)
        self.recipe_: EncoderRecipe = read_recipe(
            self.folder_,
            self.pooling,
            self.max_tokens,
            long_texts=self.long_texts,
            max_windows=self.max_windows,
            layers=self.layers,
        )
        return self

    def encode(self, texts: Sequence[str]) -> Floats:
        """Features (n, d) float32; row i belongs to texts[i]. Batches hold texts of like length."""
        if not len(texts):
            return np.empty((0, self.module.dim()), np.float32)
        cache = default_cache() if self.cache else None
        if cache is not None:
            return cache.encode(self._fingerprint, texts, self._compute)
        rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        return self._compute(list(rows))[[rows[text] for text in texts]]

    def truncated(self, texts: Sequence[str]) -> Bools:
        """(n,) True where the text has more tokens than are read of it."""
        return self.tokeniser.truncated(texts)

    def reading_s(self, texts: Sequence[str]) -> float:
        """Seconds that encoding these texts takes two processors, counted in multiplications of weights and states, by
        no clock: the same texts, the same plan. Of many texts, some tell.
        """
        from headstart.encoders._torch import PRODUCTS_A_SECOND, n_products

        some = np.random.default_rng(0).permutation(len(texts))[:_MOST_COUNTED]
        ids, _ = self.tokeniser.windows([texts[row] for row in some])
        n_tokens = sum(map(len, ids)) * len(texts) / max(len(some), 1)
        return n_products(self.module) * n_tokens / PRODUCTS_A_SECOND

    def get_state(self, folder: Path) -> State:
        """Export the model to ONNX and its tokeniser into `folder`."""
        from headstart.encoders._export import export_onnx

        model = self.whole_model()
        (folder / MODEL_FILE).parent.mkdir(parents=True, exist_ok=True)
        export_onnx(model, folder / MODEL_FILE)
        self.tokeniser.save(folder / TOKENISER_FILE)
        return State(
            {
                "model": Path(self.model).name if Path(self.model).is_dir() else self.model,
                "dim": model.dim(),
                "pad_id": self.pad_id,
                "max_tokens": self.recipe_.max_tokens,
                "pooling": self.recipe_.pooling,
                "prompt": self.recipe_.prompt,
                "lower_case": self.recipe_.lower_case,
                "normalise": self.recipe_.normalise,
                "long_texts": self.recipe_.long_texts,
                "max_windows": self.recipe_.max_windows,
                "layers": list(self.recipe_.layers),
                "supervised": self.supervised,
            }
        )

    @classmethod
    def from_state(cls, state: State, folder: Path) -> OnnxEncoder:
        """The exported encoder; needs no torch."""
        return OnnxEncoder.from_state(state, folder)

    def whole_model(self) -> "PooledModel":
        """The model in float32 on the CPU, for others to keep."""
        import torch

        from headstart.encoders._torch import load_model

        return load_model(self.folder_, self.recipe_, torch.float32)

    @property
    def tokeniser(self) -> TextTokeniser:
        """Texts -> token ids, as much as is read of each."""
        return self._tokeniser_and_pad[0]

    @property
    def pad_id(self) -> int:
        """The token that fills up short rows."""
        return self._tokeniser_and_pad[1]

    @cached_property
    def _tokeniser_and_pad(self) -> tuple[TextTokeniser, int]:
        from headstart.encoders._torch import load_tokenizer

        tokenizer, pad_id = load_tokenizer(self.folder_)
        recipe = self.recipe_
        tokeniser = TextTokeniser(
            tokenizer,
            recipe.max_tokens,
            recipe.prompt,
            recipe.lower_case,
            long_texts=recipe.long_texts,
            max_windows=recipe.max_windows,
        )
        return tokeniser, pad_id

    @cached_property
    def module(self) -> "PooledModel":
        """The model on its device and in its precision."""
        from headstart.encoders._torch import load_model

        model = load_model(self.folder_, self.recipe_, self.dtype)
        model.to(self.device)
        return model

    @cached_property
    def device(self) -> "torch.device":
        """The GPU where there is one."""
        import torch

        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @cached_property
    def dtype(self) -> "torch.dtype":
        """What the weights of `module` are kept in."""
        import torch

        from headstart.encoders._torch import has_bf16

        halves = self.precision == "bf16" or (self.precision == "auto" and has_bf16(self.device))
        return torch.bfloat16 if halves else torch.float32

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint(self.folder_, self.recipe_, str(self.dtype), self.device.type)

    def _compute(self, texts: Sequence[str]) -> Floats:
        import torch

        ids, counts = self.tokeniser.windows(texts)
        lengths = [len(i) for i in ids]
        batches = token_budget_batches(lengths, self.batch_tokens)
        features = np.empty((len(ids), self.module.dim()), np.float32)
        with torch.inference_mode():
            for rows in track(batches, "encoding", len(ids), len):
                batch = pad([ids[row] for row in rows], self.pad_id)
                tokens = torch.from_numpy(batch.input_ids).to(self.device)
                mask = torch.from_numpy(batch.attention_mask).to(self.device)
                features[rows] = self.module(tokens, mask).cpu().numpy()
        return mean_of_windows(features, lengths, counts, normalise=self.recipe_.normalise)


def _require(package: str, model: str) -> None:
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise MissingExtra(f"encoder {model!r}", package, "train")

"""A transformer encoder that was exported to ONNX: what a bundle runs, with onnxruntime and without torch."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from headstart.encoders._tokens import TextTokeniser, mean_of_windows, pad
from headstart.progress import track
from headstart.text.batching import token_budget_batches
from headstart.types import Bools, Floats, Ints, State

__all__ = ["MODEL_FILE", "TOKENISER_FILE", "OnnxEncoder", "open_session"]

MODEL_FILE = "onnx/encoder.onnx"
TOKENISER_FILE = "tokenizer.json"
# One batch's padded tokens: bounds memory, and larger ones fall out of the CPU's cache.
_BATCH_TOKENS = 2048


class OnnxEncoder:
    """An exported encoder of a bundle folder. settings: max_tokens, pad_id, dim, prompt, lower_case; and, not in older
    bundles, which read the head of a long text: normalise, long_texts, max_windows.
    """

    pretrained = True

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder, self.settings = folder, settings
        self.dim = int(settings["dim"])
        self._tokeniser = TextTokeniser(
            Tokenizer.from_file(str(folder / TOKENISER_FILE)),
            settings["max_tokens"],
            settings["prompt"],
            settings["lower_case"],
            long_texts=settings.get("long_texts", "head"),
            max_windows=settings.get("max_windows", 1),
        )
        self.supervised = bool(settings.get("supervised", False))
        self._session = open_session(folder / MODEL_FILE)

    def fit(self, texts: Sequence[str], y: Ints | None = None, groups: Ints | None = None) -> Self:
        """Nothing to learn: the encoder is exported as it is."""
        return self

    def encode(self, texts: Sequence[str]) -> Floats:
        """Features (n, d) float32."""
        ids, counts = self._tokeniser.windows(texts)
        lengths = [len(i) for i in ids]
        features = np.empty((len(ids), self.dim), np.float32)
        batches = token_budget_batches(lengths, _BATCH_TOKENS)
        for rows in track(batches, "encoding", len(ids), len):
            batch = pad([ids[row] for row in rows], self.settings["pad_id"])
            feed = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
            features[rows] = self._session.run(None, feed)[0]
        return mean_of_windows(features, lengths, counts, normalise=bool(self.settings.get("normalise", False)))

    def truncated(self, texts: Sequence[str]) -> Bools:
        """(n,) True where the text has more tokens than are read of it."""
        return self._tokeniser.truncated(texts)

    def get_state(self, folder: Path) -> State:
        """Copy the model and the tokeniser into another bundle's folder."""
        for name in (MODEL_FILE, TOKENISER_FILE):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if not (folder / name).exists() or not (folder / name).samefile(self.folder / name):
                shutil.copyfile(self.folder / name, folder / name)
        return State(self.settings)

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """Open the exported files of `folder`."""
        return cls(folder, dict(state.settings))


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """A session on the CPU, with as many threads as the process may use."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    options.enable_cpu_mem_arena = False  # the arena never gives memory back after one large batch
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

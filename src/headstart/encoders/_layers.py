"""What a transformer holds below its last layer: features and the mean over the layers, in one pass."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headstart.encoders._tokens import pad
from headstart.encoders.transformer import Transformer
from headstart.progress import track
from headstart.text.batching import token_budget_batches

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["accelerator", "layer_means", "token_counts"]


def token_counts(encoder: Transformer, texts: Sequence[str]) -> "Ints":
    """(n,) tokens that a fitted encoder reads of each text."""
    return np.array([len(ids) for ids in encoder.tokeniser.ids(texts)], dtype=np.int64)


def layer_means(encoder: Transformer, texts: Sequence[str]) -> tuple["Floats", "Floats"]:
    """Features (n, d) as `encode` gives them, and the layer means (n, h), both float32.

    A layer mean is the mean over all layers (the embeddings are layer 0) of the mean over a text's tokens. The
    encoder must be fitted. A model that shows no layers gives its last one. The feature cache is not used: it holds no
    layers.

    Source: Garbas et al. 2024 (layer mean of the TransformerRanker).
    """
    import torch

    from headstart.encoders._torch import pool

    module = encoder.module
    ids = encoder.tokeniser.ids(texts)
    features, means = [np.empty((0, 0), np.float32)] * 2
    with torch.inference_mode():
        batches = token_budget_batches([len(i) for i in ids], encoder.batch_tokens)
        for rows in track(batches, "encoding", len(ids), len):
            batch = pad([ids[row] for row in rows], encoder.pad_id)
            tokens = torch.from_numpy(batch.input_ids).to(encoder.device)
            mask = torch.from_numpy(batch.attention_mask).to(encoder.device)
            out = module.model(input_ids=tokens, attention_mask=mask, output_hidden_states=True)
            pooled = module.finish(out.last_hidden_state, mask)
            shown = out.hidden_states or (out.last_hidden_state,)
            mean = torch.stack([pool(layer, mask, "mean") for layer in shown]).mean(0)
            if not len(features):
                features, means = (np.empty((len(ids), part.shape[1]), np.float32) for part in (pooled, mean))
            features[rows], means[rows] = pooled.cpu().numpy(), mean.cpu().numpy()
    return features, means


def accelerator() -> tuple[bool, str | None]:
    """Whether bfloat16 is multiplied in hardware, and the name of the GPU; needs torch."""
    import torch

    from headstart.encoders._torch import has_bf16

    if torch.cuda.is_available():
        return has_bf16(torch.device("cuda")), str(torch.cuda.get_device_name())
    return has_bf16(torch.device("cpu")), None

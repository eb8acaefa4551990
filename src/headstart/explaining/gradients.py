"""Integrated gradients: what each token of a transformer adds, by the slopes between an empty text and this one.

Shape letters: T tokens, u words of a text, k classes.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from headstart.encoders.transformer import Transformer
from headstart.errors import ConfigError, MissingExtra
from headstart.explaining.pieces import Place
from headstart.heads._linear import Scorer

if TYPE_CHECKING:
    from headstart.predictor import Predictor
    from headstart.types import Floats

__all__ = ["Gradients", "Integrated"]

_N_STEPS = 32
_ROWS_AT_ONCE = 8


class Integrated(NamedTuple):
    """What each word is worth."""

    weights: "Floats"  # (u, k); zero for the classes that were not asked for
    whole: "Floats"  # (k,) the score of the text
    empty: "Floats"  # (k,) the score of the text with padding for its tokens
    n_read: int


class Gradients:
    """The integrated gradients of a class's score (its logit minus the mean of the others'), token by token.

    The path begins where the text's own tokens are padding, and has 32 steps (Gauss-Legendre). A word has the sum of
    its tokens; that of special tokens, of a prompt, and the error of the integral are the rest.

    Source: Sundararajan, Taly and Yan, ICML 2017; computed by captum. Raises MissingExtra without it, ConfigError for a
    predictor that is no transformer with a linear head held in torch: a bundle holds ONNX, which has no gradients.
    """

    def __init__(self, predictor: "Predictor") -> None:
        scorer = getattr(predictor.head, "scorer_", None)
        if not isinstance(predictor.encoder, Transformer) or not isinstance(scorer, Scorer):
            raise ConfigError(
                "explain.method gradients is for a transformer with a linear head that was fitted in this process, "
                f"before it is saved (a bundle holds ONNX, which has no gradients); this is {predictor.name} with "
                f"{type(predictor.encoder).__name__}. Take method occlusion."
            )
        if find_spec("captum") is None:
            raise MissingExtra("explain.method gradients", "captum", "explain")
        self._encoder = predictor.encoder
        self._scorer = scorer
        self._model = predictor.encoder.whole_model()

    def __call__(self, text: str, words: Sequence[Place], focus: int | None) -> Integrated:
        """For class `focus`, or every class. Raises ConfigError for a text that is read in several parts."""
        import torch
        from captum.attr import LayerIntegratedGradients

        encoding = self._encoding(text)
        ids = torch.tensor([encoding.ids])
        own = torch.tensor([encoding.special_tokens_mask]) == 0
        baseline = torch.where(own, torch.full_like(ids, self._encoder.pad_id), ids)
        mask = torch.ones_like(ids)
        scores = torch.stack([self._scores(each, mask)[0] for each in (ids, baseline)]).detach().numpy()
        table = self._model.model.get_input_embeddings()
        integral = LayerIntegratedGradients(self._scores, table)
        weights = np.zeros((len(words), len(scores[0])))
        owners = _owners(encoding.offsets, words, len(self._encoder.tokeniser.prompt))
        codes = range(len(scores[0])) if focus is None else [focus]
        for code in codes:
            found = integral.attribute(
                ids,
                baseline,
                target=code,
                additional_forward_args=(mask,),
                n_steps=_N_STEPS,
                internal_batch_size=_ROWS_AT_ONCE,
            )
            tokens = found.detach().sum(dim=2)[0].double().numpy()  # (T,)
            weights[:, code] = owners @ tokens
        return Integrated(weights, scores[0], scores[1], 2 + _N_STEPS * len(codes))

    def _encoding(self, text: str) -> Any:
        tokeniser = self._encoder.tokeniser
        encoding = tokeniser._cutting.encode(tokeniser._prepare(text))
        rows, _ = tokeniser.windows([text])
        if rows != [encoding.ids]:
            raise ConfigError(
                f"explain.method gradients is for texts that are read from their start in one piece; this one of "
                f"{len(text):,} characters is read by long_texts={tokeniser.long_texts}. Take method occlusion."
            )
        return encoding

    def _scores(self, ids: Any, mask: Any) -> Any:
        """(B, k), differentiable."""
        import torch

        scorer = self._scorer
        coef, intercept = (torch.from_numpy(np.asarray(a, np.float32)) for a in (scorer.coef, scorer.intercept))
        logits = self._model(ids, mask) @ coef.T + intercept
        k = logits.shape[1]
        return (logits - logits.mean(dim=1, keepdim=True)) * (k / (k - 1))


def _owners(offsets: Sequence[tuple[int, int]], words: Sequence[Place], n_prompt: int) -> "Floats":
    """(u, T) which share of each token belongs to which word, by characters."""
    end = max((word.end for word in words), default=0)
    owner = np.full(end, -1)
    for number, (start, stop) in enumerate(words):
        owner[start:stop] = number
    shares = np.zeros((len(words), len(offsets)))
    for token, (start, stop) in enumerate(offsets):
        owned = owner[max(0, start - n_prompt) : max(0, stop - n_prompt)]
        owned = owned[owned >= 0]
        if len(owned):
            np.add.at(shares[:, token], owned, 1 / len(owned))
    return shares

"""Attention of a model that learns, where torch's own way back is slow.

Shape letters: B batch, H heads, Q and K tokens, d width of a head.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

__all__ = ["QuickAttention", "plain_attention"]

_MOST_TOKENS = 320  # up to which plain products are quicker there and back


class QuickAttention(TorchFunctionMode):  # type: ignore[misc] # mypy does not follow torch
    """Within the block, texts of up to 320 tokens, or of any length where attention drops out, pass torch's
    `scaled_dot_product_attention` as plain products, if the pass is to be learnt from, in bfloat16 and on a CPU.

    torch's fused kernel is quick there and slow back, and what it does in its stead (with dropout, or when told so)
    computes in float32: there and back, MiniLM's attention over 2,048 tokens, 64 a text, takes 68 ms and 35 ms, plain
    products 10 (docs/log.md). Whatever family the model is of: all that transformers has call this one function.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        return (_attention if func is functional.scaled_dot_product_attention else func)(*args, **(kwargs or {}))


def plain_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """softmax(query key' scale + mask) value: (B, H, Q, d), of query (B, H, Q, d), key and value (B, H, K, d).

    attn_mask broadcasts to (B, H, Q, K): True or 0 where a query sees a key, False or a bias elsewhere. A query that
    sees no key gets the mean of all values, which torch leaves undefined. scale: 1 / sqrt(d) without one. enable_gqa:
    key and value may have fewer heads, each for as many of the query's.

    Source: Vaswani et al. 2017, "Attention is all you need", equation 1.
    """
    if enable_gqa:
        key, value = (each.repeat_interleave(query.shape[-3] // each.shape[-3], dim=-3) for each in (key, value))
    scores = (query * (query.shape[-1] ** -0.5 if scale is None else scale)) @ key.transpose(-2, -1)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if attn_mask is not None:
        scores += _bias(attn_mask, scores)  # in place: the products themselves are not needed on the way back
    shares = functional.dropout(torch.softmax(scores, dim=-1), dropout_p)
    return shares @ value


def _bias(mask: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """What is added to the scores, in their kind of number: in a wider one they would all become wider."""
    if mask.dtype != torch.bool:
        return mask.clamp(min=torch.finfo(scores.dtype).min).to(scores.dtype)  # the least float32 would round to -inf
    return scores.new_zeros(mask.shape).masked_fill_(~mask, torch.finfo(scores.dtype).min)


def _attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    *more: Any,
    **named: Any,
) -> Any:
    is_quicker = _is_bf16_to_learn(query) and (dropout_p > 0 or key.shape[-2] <= _MOST_TOKENS)
    attend = plain_attention if is_quicker else functional.scaled_dot_product_attention
    return attend(query, key, value, attn_mask, dropout_p, *more, **named)


def _is_bf16_to_learn(query: torch.Tensor) -> bool:
    """Whether products with it are in bfloat16 on a CPU, and a gradient may come back."""
    is_autocast = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16
    is_bf16 = is_autocast or query.dtype == torch.bfloat16
    return bool(is_bf16 and query.device.type == "cpu" and torch.is_grad_enabled())

"""Attention of a model that learns: what torch computes, and where plain products stand in for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402 torch may be missing

from headstart.encoders import make_encoder  # noqa: E402 as above
from headstart.finetuning.attention import QuickAttention, plain_attention  # noqa: E402 as above
from headstart.finetuning.network import in_precision  # noqa: E402 as above

_FUSED = "ScaledDotProduct"  # in the name of what goes back through torch's own kernels


def _heads(n_tokens: int = 7, kind: Any = torch.float32, *, learns: bool = True) -> list[Any]:
    """Query, key and value of two texts and three heads."""
    stream = torch.Generator().manual_seed(3)
    draws = [torch.randn(2, 3, n_tokens, 8, generator=stream).to(kind) for _ in range(3)]
    return [draw.requires_grad_(learns) for draw in draws]


def _masks(n_tokens: int = 7) -> dict[str, dict[str, Any]]:
    seen = torch.ones(2, 1, 1, n_tokens, dtype=torch.bool)
    seen[1, ..., 4:] = False
    bias = torch.zeros(seen.shape).masked_fill(~seen, -1e9) + 0.5 * torch.arange(n_tokens)
    return {
        "none": {},
        "padding": {"attn_mask": seen},
        "each query its own": {"attn_mask": seen.expand(2, 1, n_tokens, n_tokens).tril()},
        "bias": {"attn_mask": bias},
        "causal": {"is_causal": True},
        "scale": {"scale": 1.7},
    }


@pytest.mark.parametrize("name", _masks())
def test_plain_attention_is_torchs_there_and_back(name: str) -> None:
    """Values and gradients, with every kind of mask."""
    given, found = _masks()[name], []
    for attention in (plain_attention, functional.scaled_dot_product_attention):
        heads = _heads()
        result = attention(*heads, **given)
        result.square().sum().backward()
        found.append([result.detach(), *(head.grad for head in heads)])
    for ours, torchs in zip(*found, strict=True):
        torch.testing.assert_close(ours, torchs, atol=1e-5, rtol=1e-4)


def test_what_drops_out_is_made_up_for() -> None:
    """With a share left out the mean over many draws is what it is without; one draw is not."""
    heads, n = _heads(learns=False), 4_000
    torch.manual_seed(0)
    many = plain_attention(*(head.repeat(n, 1, 1, 1) for head in heads), dropout_p=0.2).reshape(n, *heads[0].shape)
    without = plain_attention(*heads)
    assert (many[0] - without).abs().max() > 0.05
    torch.testing.assert_close(many.mean(dim=0), without, atol=0.05, rtol=0)


def test_a_query_that_sees_no_key_gets_a_number() -> None:
    """A row of padding must not spoil the gradient of all others."""
    nothing = torch.zeros(2, 1, 7, 7, dtype=torch.bool)
    least = torch.full(nothing.shape, torch.finfo(torch.float32).min)  # which bfloat16 would round to minus infinity
    for mask, kind in ((nothing, torch.float32), (nothing, torch.bfloat16), (least, torch.bfloat16)):
        _check_numbers(mask, kind)


def _check_numbers(mask: Any, kind: Any) -> None:
    heads = _heads(kind=kind)
    result = plain_attention(*heads, attn_mask=mask)
    result.sum().backward()
    assert result.isfinite().all()
    assert all(head.grad.isfinite().all() for head in heads)


@pytest.mark.parametrize(
    ("n_tokens", "kind", "more", "is_plain"),
    [
        (7, torch.bfloat16, {}, True),
        (320, torch.bfloat16, {"attn_mask": None, "enable_gqa": False}, True),
        (321, torch.bfloat16, {}, False),
        (321, torch.bfloat16, {"dropout_p": 0.1}, True),
        (7, torch.bfloat16, {"enable_gqa": True}, True),
        (7, torch.float32, {}, False),
    ],
)
def test_only_what_is_quicker_is_computed_otherwise(
    n_tokens: int, kind: Any, more: dict[str, Any], is_plain: bool
) -> None:
    with QuickAttention():
        result = functional.scaled_dot_product_attention(*_heads(n_tokens, kind), **more)
    assert (_FUSED not in result.grad_fn.name()) == is_plain


def test_what_nothing_learns_from_is_torchs() -> None:
    heads = _heads(kind=torch.bfloat16, learns=False)
    with torch.no_grad():
        usual = functional.scaled_dot_product_attention(*heads)
        with QuickAttention():
            assert torch.equal(functional.scaled_dot_product_attention(*heads), usual)


def test_a_model_in_bf16_learns_through_it(tiny_model: Callable[[str], Path]) -> None:
    """The gradients of a real family are torch's up to rounding, and no fused kernel is on the way back."""
    encoder: Any = make_encoder(str(tiny_model("bert")), cache=False).fit([])
    ids = torch.arange(8, 24).reshape(2, 8)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    found = []
    for block in (lambda body: in_precision("bf16", body), lambda _: torch.autocast("cpu", torch.bfloat16)):
        body = encoder.whole_model().eval()
        with block(body):
            features = body(ids, mask)
        names = _names(features.grad_fn)
        features.float().square().sum().backward()
        gradients = torch.cat([p.grad.flatten() for p in body.parameters() if p.grad is not None])
        found.append((any(_FUSED in name for name in names), features.detach().float(), gradients))
    (ours_fused, ours, our_gradients), (torchs_fused, torchs, torch_gradients) = found
    assert (ours_fused, torchs_fused) == (False, True)
    torch.testing.assert_close(ours, torchs, atol=0.02, rtol=0.02)
    assert functional.cosine_similarity(our_gradients, torch_gradients, dim=0) > 0.999


def _names(node: Any) -> set[str]:
    """All steps of the way back from here."""
    names, left, met = set(), [node], set()
    while left:
        node = left.pop()
        if node is None or node in met:
            continue
        met.add(node)
        names.add(node.name())
        left += [before for before, _ in node.next_functions]
    return names


def test_several_heads_may_share_a_key() -> None:
    """As torch does with `enable_gqa`."""
    query, key, value = _heads()
    given = query, key[:, :1], value[:, :1]
    ours, torchs = (
        attention(*given, enable_gqa=True) for attention in (plain_attention, functional.scaled_dot_product_attention)
    )
    torch.testing.assert_close(ours, torchs)

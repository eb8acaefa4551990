"""Rows of several windows: the mean that the encoder computes once training is over."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.encoders import make_encoder

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

TEXTS = ["x", "The soup was cold, but the waiter could not have been kinder. " * 9, "", "a long , slow film " * 5]


def read(encoder: Any, body: Any) -> Any:
    from headstart.finetuning.inputs import Tokens
    from headstart.finetuning.windows import in_windows

    ids, counts = encoder.tokeniser.windows(TEXTS)
    return in_windows(Tokens(body, ids, encoder.pad_id), counts, normalise=body.recipe.normalise)


@pytest.mark.parametrize("normalise", [False, True])
def test_features_are_those_of_the_encoder(normalise: bool, tiny_model: Callable[[str], Path]) -> None:
    """In any order and any batch; a row is as long as its windows together; gradients reach the body."""
    encoder = make_encoder(
        str(tiny_model("bert")), precision="fp32", max_tokens=20, long_texts="windows", max_windows=3
    ).fit([])
    if normalise:
        encoder.recipe_ = replace(encoder.recipe_, normalise=True)
    body = encoder.whole_model()
    inputs = read(encoder, body)
    expected = encoder.encode(TEXTS)
    for rows in ([0, 1, 2, 3], [3, 1], [2], [1, 1]):
        found = inputs.features(np.array(rows))
        np.testing.assert_allclose(found.detach().numpy(), expected[rows], atol=1e-5)
    assert inputs.lengths.tolist()[1] == 60
    found[:, 0].sum().backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in body.parameters())


def test_short_texts_need_no_windows(tiny_model: Callable[[str], Path]) -> None:
    """Where each row is one window, the inputs are the tokens themselves."""
    from headstart.finetuning.inputs import Tokens

    encoder = make_encoder(str(tiny_model("bert")), max_tokens=48, long_texts="head_tail").fit([])
    assert isinstance(read(encoder, encoder.whole_model()), Tokens)


def test_a_text_without_tokens_is_a_number(tiny_model: Callable[[str], Path]) -> None:
    """GPT-2's tokeniser makes nothing of an empty text; beside a long one its features are the encoder's."""
    encoder = make_encoder(
        str(tiny_model("gpt2")), precision="fp32", max_tokens=20, long_texts="windows", max_windows=3, cache=False
    ).fit([])
    inputs = read(encoder, encoder.whole_model())
    assert 0 in inputs.lengths
    found = inputs.features(np.arange(len(TEXTS))).detach().numpy()
    np.testing.assert_allclose(found, encoder.encode(TEXTS), atol=1e-5)

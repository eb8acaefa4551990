"""Contrastive tuning of a support set: what stays of it, and what it costs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from headstart.strategies.contrastive import Contrastive
from headstart.types import Task

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from headstart.finetuning import support as module  # noqa: E402 - below what skips

TEXTS = tuple(f"{'the soup was cold' if i % 2 else 'a bright good screen'} {i}" for i in range(12))
TASK = Task(TEXTS, np.arange(12) % 2, ("good", "cold"))


def test_tuning_on_parts_leaves_the_body_as_it_was(tiny_model: Callable[[str], Path]) -> None:
    """Features after one part do not depend on the parts before it; the body changes only by tuning that is to stay."""
    import torch

    torch.set_num_threads(1)
    first, second = np.arange(6), np.array([0, 2, 4, 6, 7])  # not as many of each class
    with Contrastive(str(tiny_model("bert"))).support(TASK) as (support, _):
        start = {name: p.clone() for name, p in support.network.body.state_dict().items()}
        of_both = list(support.after_each([first, second]))
        assert all(p.equal(start[name]) for name, p in support.network.body.state_dict().items())
        (alone,) = support.after_each([second])
        np.testing.assert_array_equal(of_both[1], alone)
        assert not np.array_equal(of_both[0], alone)
        np.testing.assert_array_equal(support.after(second), alone)
        assert not all(p.equal(start[name]) for name, p in support.network.body.state_dict().items())


def test_the_cost_is_that_of_weights_times_tokens(tiny_model: Callable[[str], Path]) -> None:
    """The table of word embeddings is looked up, not multiplied; longer texts cost more, in proportion."""
    longer, products = Task((*TEXTS[:-1], " ".join(TEXTS[-1:] * 3)), TASK.y, TASK.classes), []
    for task in (TASK, longer):
        with Contrastive(str(tiny_model("bert"))).support(task) as (support, work):
            n_tokens = sum(len(row) for row in work.ids)
            products.append(support.reading_s() * module.PRODUCTS_A_SECOND / n_tokens)
            model = support.network.body.model
            weights = sum(p.numel() for p in model.encoder.parameters() if p.ndim == 2)
            table = model.get_input_embeddings().weight.numel()
    assert products[0] == pytest.approx(products[1])
    assert weights <= products[0] < weights + table

"""Contrastive tuning of a support set: what stays of it, and what it costs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pytest

from headstart.errors import ConfigError
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


HALVES = [(np.arange(6), np.arange(6, 12)), (np.arange(6, 12), np.arange(6))]


def test_ample_time_changes_no_weight(tiny_model: Callable[[str], Path]) -> None:
    """The step that is timed is undone."""
    import torch

    torch.set_num_threads(1)
    bodies = []
    for ends_at in (None, monotonic() + 1e6):
        with Contrastive(str(tiny_model("bert")), strategy_settings={"guard": False}).support(TASK) as (support, _):
            learnt = support.learn((), ends_at)
            assert learnt.is_tuned
            bodies.append((learnt.reasons, support.network.body.state_dict()))
    assert bodies[0][0] == bodies[1][0]
    assert all(p.equal(bodies[1][1][name]) for name, p in bodies[0][1].items())


@pytest.mark.parametrize("halves", [(), HALVES])
@pytest.mark.parametrize("seconds", [0.5, 20.0, 60.0, 90.0, 1e6])
def test_the_budget_is_kept(
    seconds: float, halves: Any, tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock on which a step on all rows takes ten seconds, and reading them one."""
    now, full, contrast = [0.0], 10, module.contrast
    read = module.Support._features

    def steps(network: Any, loss: Any, inputs: Any, y: Any, rows: Any, *more: Any) -> Iterator[Any]:
        for step in contrast(network, loss, inputs, y, rows, *more):
            now[0] += 10.0 * len(rows) / len(y)
            yield step

    def features(self: Any, asked: Any = None) -> Any:
        now[0] += 1.0
        return read(self, asked)

    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    monkeypatch.setattr(module, "contrast", steps)
    monkeypatch.setattr(module.Support, "_features", features)
    monkeypatch.setattr(module, "_verdict", lambda *_: (False, ["so"]))
    with Contrastive(str(tiny_model("bert")), strategy_settings={"n_epochs": full}).support(TASK) as (support, _):
        start = {name: p.clone() for name, p in support.network.body.state_dict().items()}
        learnt = support.learn(halves, seconds)
        is_as_it_was = all(p.equal(start[name]) for name, p in support.network.body.state_dict().items())
    assert learnt.is_tuned is not is_as_it_was
    assert now[0] <= max(seconds, 1.0)
    if seconds < 30:
        assert not learnt.is_tuned
        assert learnt.reasons == ("The budget was over before anything could be tuned: the encoder stays.",)
    elif seconds < 100:
        (said,) = (reason for reason in learnt.reasons if "The budget allowed" in reason)
        taken = int(said.split()[3])
        assert f"in {taken:,} step" in learnt.reasons[0]
        one_more = 10.0 * (taken + 1) * (2 if halves else 1)
        assert now[0] + one_more / (taken + 1) > 0.8 * seconds  # no more than one step is wasted
    else:
        assert not any("budget" in reason for reason in learnt.reasons)


def test_a_rate_that_is_too_high_is_blamed_for_features_that_are_no_numbers(tiny_model: Callable[[str], Path]) -> None:
    """Not the encoder; though no loss has shown it."""
    once = {"learning_rate": 1e38, "n_epochs": 1, "warmup": 0.0, "guard": False}
    with Contrastive(str(tiny_model("bert")), strategy_settings=once).support(TASK) as (support, _):
        assert support.n_steps() == 1
        with pytest.raises(ConfigError, match=r"went astray.*learning rate 1e\+38\). Lower learning_rate"):
            support.learn(())

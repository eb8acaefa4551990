"""Adapters: only they and the last layer learn, and the merged model is the adapted one."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.errors import ConfigError, MissingExtra
from headstart.strategies.lora import Lora
from headstart.types import Task

pytest.importorskip("torch")
pytest.importorskip("peft")
pytestmark = pytest.mark.torch

TEXTS = tuple(f"{'the soup was cold' if i % 2 else 'a bright good screen'} {i}" for i in range(24))
TASK = Task(TEXTS, np.arange(24) % 2, ("good", "cold"))


def _watched(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `Lora._close` saw: the model's weights and features before and after merging."""
    import torch

    seen: dict[str, Any] = {}
    real = Lora._close
    ids, mask = torch.arange(4, 16).view(2, 6), torch.tensor([[1] * 6, [1] * 4 + [0] * 2])

    def close(self: Lora, network: Any) -> Any:
        with torch.no_grad():
            seen["names"] = {name for name, p in network.named_parameters() if p.requires_grad}
            seen["adapted"] = network.body(ids, mask)
            reasons = real(self, network)
            seen["merged"] = network.body(ids, mask)
        return reasons

    monkeypatch.setattr(Lora, "_close", close)
    return seen


@pytest.mark.parametrize(
    ("family", "method"),
    [("bert", "lora"), ("bert", "dora"), ("bert", "loha"), ("bert", "lokr"), ("bert", "ia3"), ("gpt2", "lora"),
     ("albert", "lora"), ("t5", "ia3")],
)  # fmt: skip
def test_the_merged_model_is_the_adapted_one(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, family: str, method: str
) -> None:
    import torch

    torch.set_num_threads(1)
    seen = _watched(monkeypatch)
    strategy = Lora(str(tiny_model(family)), strategy_settings={"method": method, "learning_rate": 3e-2})
    before = strategy._transformer(TASK).whole_model()
    predictor = strategy.fit(TASK)
    tuned = predictor.encoder.whole_model()
    assert torch.allclose(seen["adapted"], seen["merged"], rtol=1e-3, atol=1e-4)
    assert not torch.allclose(
        before(torch.arange(4, 16).view(2, 6), torch.ones(2, 6, dtype=torch.long))[0], seen["merged"][0], atol=1e-3
    )
    assert set(tuned.state_dict()) == set(before.state_dict())  # no trace of the adapters


def test_only_adapters_of_the_highest_layer_and_the_last_layer_learn(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    torch.set_num_threads(1)
    seen = _watched(monkeypatch)
    settings = {"top_layers": 1, "rank": 4, "targets": "query,value"}
    strategy = Lora(str(tiny_model("bert")), strategy_settings=settings)
    before = strategy._transformer(TASK).whole_model().state_dict()
    predictor = strategy.fit(TASK)
    after = predictor.encoder.whole_model().state_dict()
    changed = {name for name in before if not before[name].equal(after[name])}
    ends = ("layer.1.attention.self.query.weight", "layer.1.attention.self.value.weight")
    assert len(changed) == 2
    assert all(name.endswith(ends) for name in changed)
    assert {name for name in seen["names"] if "lora_" not in name} == {"last.weight", "last.bias"}
    n_learnt = 2 * (32 * 4 + 4 * 32)  # two layers, two matrices of rank 4 each, of a width of 32
    assert any(f"{n_learnt:,} numbers learnt" in reason for reason in predictor.reasons)


def test_the_same_seed_gives_the_same_answers(tiny_model: Callable[[str], Path]) -> None:
    import torch

    folder = str(tiny_model("bert"))
    state = torch.get_rng_state()
    settings = {"adapter_dropout": 0.2}
    first, again = (Lora(folder, strategy_settings=settings).fit(TASK).predict_proba(TEXTS) for _ in range(2))
    assert (first == again).all()
    assert torch.get_rng_state().equal(state)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "prefix"}, "cannot be merged"),
        ({"method": "lroa"}, "strategy.method must be one of"),
        ({"rank": 0}, "strategy.rank must be a whole number from 1"),
        ({"embeddings": True}, "leaves the model's own weights"),
        ({"reinit_layers": 1}, "leaves the model's own weights"),
        ({"targets": 5}, "strategy.targets must be a word"),
        ({"targets": "nothing"}, "names no linear layer of this bert model. It has: dense, key, query, value"),
        ({"ranks": 4}, "Unknown setting 'strategy.ranks'"),
    ],
)
def test_what_cannot_be_is_refused(tiny_model: Callable[[str], Path], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Lora(str(tiny_model("bert")), strategy_settings=settings).fit(TASK)


def test_without_peft_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr("headstart.strategies.lora.find_spec", lambda name: None if name == "peft" else real(name))
    with pytest.raises(MissingExtra, match="headstart\\[train\\]"):
        Lora().fit(TASK)


def test_without_a_layer_there_is_no_adapter(tiny_model: Callable[[str], Path]) -> None:
    predictor = Lora(str(tiny_model("bert")), strategy_settings={"top_layers": 0}).fit(TASK)
    assert "No layer has an adapter: strategy.top_layers is 0." in predictor.reasons
    assert not any("merged" in reason for reason in predictor.reasons)

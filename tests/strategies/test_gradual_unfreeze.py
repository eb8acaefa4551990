"""At stage s exactly the highest s layers change."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from headstart.types import Task

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

TEXTS = tuple(f"{'the soup was cold' if i % 2 else 'a bright good screen'} {i}" for i in range(24))
TASK = Task(TEXTS, np.arange(24) % 2, ("good", "cold"))


@pytest.mark.parametrize("top_layers", [3, None])
def test_at_stage_s_the_highest_s_layers_changed(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, top_layers: int | None
) -> None:
    import torch

    from headstart.finetuning.network import blocks_of
    from headstart.finetuning.run import Run
    from headstart.strategies.gradual_unfreeze import GradualUnfreeze

    torch.set_num_threads(1)
    runs: list[list[list[bool]]] = []  # of each step: which of the four layers differ from the start
    real = Run.steps

    def watched(run: Run):  # type: ignore[no-untyped-def] # a generator of steps, as the one it wraps
        changed: list[list[bool]] = []
        runs.append(changed)
        blocks = blocks_of(run.network.body.model)
        start = [[p.detach().clone() for p in block.parameters()] for block in blocks]
        for step in real(run):
            now = [
                any(not p.equal(was) for p, was in zip(block.parameters(), kept, strict=True))
                for block, kept in zip(blocks, start, strict=True)
            ]
            changed.append(now)
            yield step

    monkeypatch.setattr(Run, "steps", watched)
    settings = {"top_layers": top_layers, "n_epochs": 3 * (top_layers or 4), "warmup": 0.0, "schedule": "constant"}
    predictor = GradualUnfreeze(str(tiny_model("modernbert")), strategy_settings=settings).fit(TASK)
    n_layers = top_layers or 4
    for changed in runs:
        per_stage = len(changed) // n_layers
        for step, flags in enumerate(changed):
            stage = min(n_layers, step // per_stage + 1)
            assert flags == [False] * (4 - stage) + [True] * stage
    assert predictor.strategy == "gradual_unfreeze"


def test_lower_layers_learn_more_slowly(tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.finetuning import run as module
    from headstart.strategies.gradual_unfreeze import GradualUnfreeze

    rates: list[set[float]] = []
    real = module.make_optimiser

    def watched(network, settings):  # type: ignore[no-untyped-def] # as the function that it wraps
        optimiser = real(network, settings)
        rates.append({group["lr"] for group in optimiser.param_groups})
        return optimiser

    monkeypatch.setattr(module, "make_optimiser", watched)
    settings = {"learning_rate": 1e-3, "layer_decay": 0.5, "head_learning_rate": 1e-2, "top_layers": 3}
    GradualUnfreeze(str(tiny_model("modernbert")), strategy_settings=settings).fit(TASK)
    assert sorted(rates[0]) == pytest.approx([2.5e-4, 5e-4, 1e-3, 1e-2])

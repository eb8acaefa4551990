"""Contrastive tuning, end to end on tiny models."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.errors import ConfigError, DataError
from headstart.strategies.contrastive import Contrastive
from headstart.types import Task

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

TEXTS = tuple(f"{'the soup was cold' if i % 2 else 'a bright good screen'} {i}" for i in range(16))
TASK = Task(TEXTS, np.arange(16) % 2, ("good", "cold"))


@pytest.mark.parametrize("loss", ["pairs", "supervised"])
def test_it_learns_and_repeats_itself(tiny_model: Callable[[str], Path], loss: str) -> None:
    import torch

    torch.set_num_threads(1)
    folder = str(tiny_model("bert"))
    state = torch.get_rng_state()
    exact = {"encoder_settings": {"precision": "fp32"}, "strategy_settings": {"loss": loss, "precision": "fp32"}}
    strategies = [Contrastive(folder, **exact) for _ in range(2)]
    first, again = (strategy.fit(TASK) for strategy in strategies)
    # of its own rows: what it makes of others hangs on the words that the random model knows
    assert np.mean(first.predict_proba(TEXTS).argmax(axis=1) == TASK.y) > 0.9
    assert (first.predict_proba(TEXTS) == again.predict_proba(TEXTS)).all()
    assert torch.get_rng_state().equal(state)
    assert any("accuracy" in reason for reason in first.reasons)


def test_only_the_highest_layer_changes_and_rows_of_a_class_come_together(tiny_model: Callable[[str], Path]) -> None:
    import torch

    torch.set_num_threads(1)
    settings = {"top_layers": 1, "guard": False, "n_epochs": 12, "learning_rate": 3e-3}
    strategy = Contrastive(str(tiny_model("bert")), strategy_settings=settings)
    base = strategy._transformer(TASK)
    predictor = strategy.fit(TASK)
    tuned: Any = predictor.encoder
    before, after = base.whole_model().state_dict(), tuned.whole_model().state_dict()
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed
    assert all("layer.1." in name for name in changed)

    def gap(features: np.ndarray) -> float:
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        alike = TASK.y[:, None] == TASK.y
        cosines = unit @ unit.T
        return float(cosines[alike].mean() - cosines[~alike].mean())

    base.cache = False
    assert gap(tuned.encode(TEXTS)) > gap(base.encode(TEXTS))
    assert "It was not checked whether tuning helps." in predictor.reasons


def test_halves_need_two_rows_of_each_class_and_keep_equal_texts_together() -> None:
    few = Task(TEXTS[:6], np.arange(6) % 2, ("good", "cold"))
    assert not len(Contrastive.halves(few))
    doubled = Task((*TEXTS, *TEXTS), np.concatenate([TASK.y, TASK.y]), ("good", "cold"))
    for learn, check in Contrastive.halves(doubled):
        assert not {doubled.texts[i] for i in learn} & {doubled.texts[i] for i in check}


@pytest.mark.parametrize(("many", "tuned_on"), [(16, [8, 8, 16]), (15, [8, 16])])
def test_one_half_tells_of_many_rows(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, many: int, tuned_on: list[int]
) -> None:
    from headstart.finetuning import support
    from headstart.strategies import contrastive

    seen: list[int] = []
    tune = support.Support._tune
    monkeypatch.setattr(contrastive, "_MANY", many)
    monkeypatch.setattr(support.Support, "_tune", lambda self, rows: (seen.append(len(rows)), tune(self, rows)))
    predictor = Contrastive(str(tiny_model("bert"))).fit(TASK)
    assert seen == tuned_on
    assert np.isfinite(predictor.predict_proba(TEXTS)).all()
    assert any("accuracy" in reason for reason in predictor.reasons)


@pytest.mark.parametrize(("steps", "given", "n_steps"), [(1, {}, 4), (6, {}, 6), (50, {}, 12), (1, {"n_epochs": 2}, 8)])
def test_many_rows_take_fewer_epochs(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, steps: int, given: dict[str, Any], n_steps: int
) -> None:
    """So many steps, an epoch of four at least, three epochs at most; and as many epochs as the user wants."""
    from headstart.strategies import contrastive

    monkeypatch.setattr(contrastive, "_MANY", 15)
    monkeypatch.setattr(contrastive, "_STEPS_OF_MANY", steps)
    settings = {"batch_rows": 4, "guard": False, **given}
    predictor = Contrastive(str(tiny_model("bert")), strategy_settings=settings).fit(TASK)
    assert any(f"in {n_steps} steps" in reason for reason in predictor.reasons)


def test_too_few_rows_are_refused(tiny_model: Callable[[str], Path]) -> None:
    task = Task(TEXTS[:3], np.array([0, 1, 0]), ("good", "cold"))
    with pytest.raises(DataError, match="two rows of every class"):
        Contrastive(str(tiny_model("bert"))).fit(task)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "triplet"}, "strategy.loss must be one of supervised, pairs"),
        ({"temperature": 0}, "strategy.temperature must be a number above 0"),
        ({"guard": 1}, "strategy.guard must be true or false"),
        ({"l2_sp": 0.1}, "makes no use of strategy.l2_sp"),
        ({"least_steps": 5}, "makes no use of strategy.least_steps"),
        ({"probe_rows": 50}, "makes no use of strategy.probe_rows"),
        ({"top_layers": 0}, "nothing would be tuned"),
        ({"temprature": 1}, "Unknown setting 'strategy.temprature'"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Contrastive(strategy_settings=settings).fit(TASK)

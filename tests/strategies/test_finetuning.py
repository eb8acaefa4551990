"""What the strategies that fine-tune share: what is read once, and a search that was broken off."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.errors import ConfigError
from headstart.types import Task

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
pytest.importorskip("optuna")

from headstart.encoders import _torch as loading  # noqa: E402 - needs torch
from headstart.encoders._tokens import TextTokeniser  # noqa: E402 - as above
from headstart.finetuning import inputs, plan  # noqa: E402 - as above
from headstart.finetuning import search as searching  # noqa: E402 - as above
from headstart.finetuning import trials as trying  # noqa: E402 - as above
from headstart.finetuning.run import Run  # noqa: E402 - as above
from headstart.strategies.contrastive import Contrastive  # noqa: E402 - as above
from headstart.strategies.partial_finetune import PartialFinetune  # noqa: E402 - as above

TEXTS = tuple(f"{'the soup was cold' if i % 2 else 'a bright good screen'} {i}" for i in range(24))
Fit = Callable[..., Any]
Interrupt = Callable[[pytest.MonkeyPatch, int], None]


@pytest.fixture
def fit(tiny_model: Callable[[str], Path]) -> Fit:
    """`fit(checkpoint, search=2)`: a predictor that has learnt 24 rows, after two trials."""
    settings = {"n_epochs": 2, "batch_rows": 8, "learning_rate": 3e-3, "top_layers": 1}

    def fitted(checkpoint: Path | None = None, budget_s: float | None = None, **more: Any) -> Any:
        task = Task(TEXTS, np.arange(24) % 2, ("good", "cold"), budget_s=budget_s, checkpoint=checkpoint)
        return PartialFinetune(
            str(tiny_model("bert")), encoder_settings={"precision": "fp32"}, strategy_settings={**settings, **more}
        ).fit(task)

    return fitted


def weights(predictor: Any) -> dict[str, Any]:
    body = {name: p.detach().numpy() for name, p in predictor.encoder.whole_model().named_parameters()}
    return body | dict(predictor.head.get_state().arrays)


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[int]:
    """Grows by one with each call of `owner.name`."""
    calls, function = list[int](), getattr(owner, name)

    def counting(*args: Any, **more: Any) -> Any:
        calls.append(1)
        return function(*args, **more)

    monkeypatch.setattr(owner, name, counting)
    return calls


def test_a_search_reads_the_texts_once_and_the_model_twice(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many trials there are: a model for all of them, one for the run that stays."""
    tokenised = counted(monkeypatch, TextTokeniser, "windows")
    loaded = counted(monkeypatch, loading, "load_model")
    begun = counted(monkeypatch, Run, "steps")
    fit(search=3)
    assert len(begun) > 3
    assert (len(tokenised), len(loaded)) == (1, 2)


def test_what_was_fine_tuned_says_that_it_took_long(fit: Fit, tiny_model: Callable[[str], Path]) -> None:
    """With and without a search; contrastive tuning of a few rows did not."""
    quick = Contrastive(str(tiny_model("bert")), strategy_settings={"guard": False})
    made = quick.fit(Task(TEXTS, np.arange(24) % 2, ("good", "cold")))
    assert [fit(search=2).is_slow, fit().is_slow, made.is_slow] == [True, True, False]


def test_a_search_that_was_over_is_not_repeated(
    fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupt_at: Interrupt
) -> None:
    """Broken off in its last run, within a budget, a fit goes on from there to the weights of a fit in one piece."""
    monkeypatch.setattr(searching, "_choose", lambda trials: len(trials) - 1)  # never the defaults
    whole = fit(search=2)
    assert "trial 2 was taken" in "".join(whole.reasons)
    with monkeypatch.context() as patch:
        interrupt_at(patch, 3)
        with pytest.raises(KeyboardInterrupt, match="step 3 of"):
            fit(tmp_path, 3600.0, search=2)
    searched = counted(monkeypatch, searching, "search")
    for other, message in (
        ({"search": 3}, r"strategy\.search was 2 and is 3"),
        ({}, r"strategy\.search was 2 and is None"),
        ({"search": 2, "l1": 0.0}, "the list of settings: not the same"),
    ):
        with pytest.raises(ConfigError, match=f"is of another run:.*{message}"):
            fit(tmp_path, 3600.0, **other)
    parts = fit(tmp_path, 3600.0, search=2)
    assert not searched
    found, expected = weights(parts), weights(whole)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    assert [reason for reason in parts.reasons if "Went on from step 3" not in reason] == list(whole.reasons)


def test_a_search_that_was_broken_off_repeats_no_trial(
    fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it finds is what a search in one piece finds."""
    trials = counted(monkeypatch, trying, "_parts")
    whole, n_whole = fit(search=4), len(trials)
    parts, step = trying._parts, 0

    def pressed(run: Any) -> Any:
        nonlocal step
        step += 1
        if step == 6:  # the second draw of the second trial
            raise KeyboardInterrupt
        return parts(run)

    with monkeypatch.context() as patch:
        patch.setattr(trying, "_parts", pressed)
        with pytest.raises(KeyboardInterrupt, match=r"trial 2 of 4"):
            fit(tmp_path, search=4)
    trials.clear()
    again = fit(tmp_path, search=4)
    assert 0 < len(trials) < n_whole
    assert again.reasons == whole.reasons
    found, expected = weights(again), weights(whole)
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_frozen_layers_do_not_use_up_a_budget(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what they compute takes longer to keep than it saves, it is not kept, and the report says so."""
    below, calls = inputs.states_below, []

    def slow(*args: Any) -> Any:
        time.sleep(0.5)
        calls.append(1)
        return below(*args)

    monkeypatch.setattr(inputs, "states_below", slow)
    found = fit(budget_s=20.0, batch_tokens=16)  # 24 batches of states are 12 s, an epoch with all layers is 48 s
    assert len(calls) < 12
    assert "in the time that is left" in "".join(found.reasons)
    assert found.history.n_steps > 1


@pytest.mark.parametrize("first", [True, False])
def test_states_that_were_kept_are_kept_again(
    first: bool, fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupt_at: Interrupt
) -> None:
    """A run that goes on does as it did, whatever time is left now: to the weights of a run in one piece."""
    answers = iter([first, first])  # of the run in one piece, and of the one that is broken off: nobody asks again
    monkeypatch.setattr(plan, "states_pay", lambda *_: next(answers))
    whole = fit(budget_s=3600.0, batch_tokens=16)
    with monkeypatch.context() as patch:
        interrupt_at(patch, 3)
        with pytest.raises(KeyboardInterrupt, match="step 3 of"):
            fit(tmp_path, 3600.0, batch_tokens=16)
    parts = fit(tmp_path, 3600.0, batch_tokens=16)
    assert not list(answers)
    assert ("in the time that is left" in "".join(parts.reasons)) == (not first)
    found, expected = weights(parts), weights(whole)
    assert all(np.array_equal(found[name], expected[name]) for name in expected)

"""Runs in turn from the same weights, and the mean of where they end."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from headstart.finetuning.averaging import assign, copies  # noqa: E402 - torch may be missing
from headstart.finetuning.run import Run  # noqa: E402 - as above
from headstart.finetuning.soup import in_turn  # noqa: E402 - as above

MakeRun = Callable[..., Any]


def weights(run: Any) -> list[Any]:
    """Of all that learns, as copies."""
    return copies(p for p in run.network.parameters() if p.requires_grad)


def turns(toy_run: MakeRun, n: int, ends_at: float | None = None, clock: Any = None, **more: Any) -> Iterator[Any]:
    """As many runs of one toy network, with other seeds."""
    first = toy_run(**more)

    def make(seed: int, ends_at: float | None) -> Run:
        told = {} if clock is None else {"clock": clock}
        given = first.network, first.inputs, first.y, first.rows, first.settings
        return Run(*given, seed, ends_at, **told)

    return iter(in_turn(first.network, [partial(make, seed) for seed in range(n)], ends_at))


def test_the_mean_of_runs_that_began_alike(toy: Any, toy_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three runs begin with the same weights and end with others; what stays is their mean, asked once more."""
    monkeypatch.setattr("headstart.finetuning.soup.clearly_lower", lambda *_: False)  # no run is better than it
    starts, ends = [], []
    for run in turns(toy_run, 3):
        starts.append(weights(run))
        toy.finished(run)
        ends.append(weights(run))
    for one, other in zip(starts[0], starts[2], strict=True):
        assert torch.equal(one, other)
    assert any(not torch.equal(a, b) for a, b in zip(ends[0], ends[1], strict=True))
    for found, *three in zip(weights(run), *ends, strict=True):
        np.testing.assert_allclose(found.numpy(), np.mean([t.numpy() for t in three], axis=0), atol=1e-6)
    assert any("the mean of 3 such runs: held-out loss" in note for note in run.notes)
    np.testing.assert_allclose(run.kept.logits, run._answer(0).logits, atol=1e-5)


def test_a_mean_that_is_clearly_worse_is_not_kept(toy: Any, toy_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run ends worse, with other weights: those of the first stay, and what was said of them."""
    monkeypatch.setattr("headstart.finetuning.soup.clearly_lower", lambda *_: True)  # either run is better than both
    kept = []
    for number, run in enumerate(turns(toy_run, 2)):
        toy.finished(run)
        if number:
            assign([p for p in run.network.parameters() if p.requires_grad], [w + 1 for w in weights(run)])
            run.kept = replace(run.kept, check=replace(run.kept.check, loss=9.0))
        kept.append((weights(run), run.kept))
    for found, wanted in zip(weights(run), kept[0][0], strict=True):
        assert torch.equal(found, wanted)
    assert run.kept is kept[0][1]
    assert any("those of the best of 2 such runs" in note for note in run.notes)


def test_nobody_is_asked_where_no_row_is_held_out(toy: Any, toy_run: MakeRun) -> None:
    """The mean stays."""
    ends = []
    for run in turns(toy_run, 2, n_check=0):
        ends.append(weights(toy.finished(run)))
    for found, one, other in zip(weights(run), *ends, strict=True):
        np.testing.assert_allclose(found.numpy(), (one.numpy() + other.numpy()) / 2, atol=1e-6)
    assert run.kept is None
    assert "The weights are the mean of 2 such runs. The last one is shown." in run.notes


def test_one_run_is_left_as_it_is(toy: Any, toy_run: MakeRun) -> None:
    """Without a word of means."""
    (run,) = map(toy.finished, turns(toy_run, 1))
    alone = toy.finished(toy_run())
    assert toy.bits(run) == toy.bits(alone)
    assert run.notes == alone.notes


def test_as_many_runs_as_there_is_time_for(toy: Any, toy_run: MakeRun) -> None:
    """By a clock that a run moves by 10: in 35 seconds there is time for three of five, and none is cut short."""
    now = [0.0]
    n_steps = []
    for run in turns(toy_run, 5, ends_at=35.0, clock=lambda: now[0]):
        toy.finished(run)
        now[0] += 10.0
        n_steps.append(len(run.losses))
    assert n_steps == [24, 24, 24]
    assert any("of 3 such runs" in note for note in run.notes)

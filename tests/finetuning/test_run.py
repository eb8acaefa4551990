"""One run: rows, checks, which weights stay, averages, budget; on a tiny model."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from headstart.finetuning.averaging import copies  # noqa: E402 - torch may be missing
from headstart.finetuning.few import few_rows_scale  # noqa: E402 - as above
from headstart.finetuning.run import Rows, decide, split_rows  # noqa: E402 - as above
from headstart.functional.probability import fit_scale, log_losses  # noqa: E402 - as above
from headstart.progress import shown  # noqa: E402 - as above

MakeRun = Callable[..., Any]


def weights(run: Any) -> list[Any]:
    return copies(p for p in run.network.parameters() if p.requires_grad)


def held_out_loss(run: Any) -> float:
    """Of the weights that the network has now, computed anew."""
    rows = run.rows.check
    logits, y = decide(run.network, run.inputs, rows, run.settings), run.y[rows]
    return float(log_losses(logits * fit_scale(logits, y, per_class=False), y).mean())


def test_every_row_once_an_epoch(toy_run: MakeRun) -> None:
    """Each epoch reads each row that learns once, none that checks, in another order; a run may end within one."""
    run = toy_run(n_epochs=2.5)
    batches, read = run._batches(), []
    for step, batch in zip(count(1), batches, strict=False):
        read.append(batch)
        run.state.losses.append(0.0)
        assert len(batch) <= 8
        if step == 12:
            break
    first, second = np.concatenate(read[:6]), np.concatenate(read[6:12])
    assert sorted(first) == sorted(second) == list(run.rows.learn)
    assert list(first) != list(second)
    assert run.n_steps() == 15
    assert toy_run(n_epochs=2.5, least_steps=20).n_steps() == 20


def test_checks_and_the_end(toy: ModuleType, toy_run: MakeRun) -> None:
    """Checks come as often as asked, and at the end; what stays is what the last figure and the scale are of."""
    run = toy.finished(toy_run(checks_per_epoch=2, n_epochs=1.5))
    assert [check.step for check in run.checks] == [3, 6, 9]
    assert len(run.losses) == 9
    assert run.kept.check.loss == pytest.approx(held_out_loss(run), rel=1e-6)
    assert run.kept.check.loss == min(check.loss for check in run.checks) or run.kept.check == run.checks[-1]
    logits = decide(run.network, run.inputs, run.rows.check, run.settings)
    assert run.scale() == pytest.approx(fit_scale(logits, run.y[run.rows.check], per_class=False))
    assert not run.network.training


def test_no_rows_to_check(toy: ModuleType, toy_run: MakeRun) -> None:
    """Then nothing is checked, and every average still has an answer."""
    for average in ("none", "swa", "wise"):
        run = toy.finished(toy_run(n_check=0, n_epochs=1, average=average))
        assert (run.checks, run.kept, run.scale()) == ([], None, 1.0)
    assert "too few rows" in run.notes[-1]


def test_an_earlier_check_that_was_clearly_better_stays(
    toy: ModuleType, toy_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When later steps spoil the network, its weights before that are kept; with patience the run ends early."""
    expected: list[Any] = []

    def spoilt(**more: Any) -> Any:
        run = toy_run(checks_per_epoch=1, n_epochs=6, **more)
        ask = type(run)._answer

        def answer(self: Any, step: int) -> Any:
            found = ask(self, step)
            if step == 6:
                expected[:] = weights(self)
                return replace(found, losses=np.full(16, 0.1), check=replace(found.check, loss=0.1))
            return replace(found, losses=found.losses + 1, check=replace(found.check, loss=found.check.loss + 1))

        monkeypatch.setattr(type(run), "_answer", answer)
        toy.finished(run)
        monkeypatch.undo()
        return run

    whole, early = spoilt(), spoilt(patience=2)
    assert (len(whole.losses), len(early.losses)) == (36, 18)
    assert "Stopped early, after 18 of 36 steps" in early.notes[0]
    for run in (whole, early):
        assert run.kept.check.step == 6
        assert "after step 6" in run.notes[-1]
        assert all(torch.equal(a, b) for a, b in zip(weights(run), expected, strict=True))


def test_noise_keeps_the_last_weights(toy: ModuleType, toy_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier check that was better by a hair, or on one row alone, is no reason to go back, nor to stop."""
    run = toy_run(n_epochs=4, patience=1)
    ask = type(run)._answer

    def answer(self: Any, step: int) -> Any:
        losses = np.full(16, 0.5)
        losses[0] += step / 2
        found = ask(self, step)
        return replace(found, losses=losses, check=replace(found.check, loss=float(losses.mean())))

    monkeypatch.setattr(type(run), "_answer", answer)
    toy.finished(run)
    assert [check.step for check in run.checks] == [6, 12, 18, 24]
    assert run.kept.check.step == 24
    assert run.notes == []


def test_swa_is_the_mean_of_the_last_quarter(toy: ModuleType, toy_run: MakeRun) -> None:
    """Of the weights after each of the last 8 of 32 steps, which averaging does not change."""
    plain, seen = toy_run(n_check=0), []
    for step in plain.steps():
        seen += [weights(plain)] if step.number > 24 else []
    found = weights(toy.finished(toy_run(n_check=0, average="swa")))
    for i, tensor in enumerate(found):
        torch.testing.assert_close(tensor, torch.stack([each[i] for each in seen]).mean(0), rtol=1e-5, atol=1e-6)


def test_swa_of_a_run_that_ended_early_says_so(toy: ModuleType, toy_run: MakeRun) -> None:
    """A rate that ruins the weights ends the patience long before the last quarter."""
    given = {"learning_rate": 0.5, "head_learning_rate": 5.0, "patience": 1, "n_epochs": 20, "probe_rows": 40}
    run = toy.finished(toy_run(average="swa", **given))
    assert any("Stopped early" in note for note in run.notes)
    assert any("SWA averaged nothing" in note for note in run.notes)


def test_wise_lies_between_start_and_end(toy: ModuleType, toy_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body is share * tuned + (1 - share) * start for the share that held-out rows clearly prefer; the last layer
    is as tuned.
    """
    run, asked = toy_run(average="wise"), []
    start = {name: value.clone() for name, value in run.network.state_dict().items()}
    ask = type(run)._answer

    def answer(self: Any, step: int) -> Any:
        asked.append(step)  # after three epochs; at the end of all; of 0.8, 0.6, 0.4, 0.2 of what was tuned
        loss = [9.0, 9.0, 9.0, 0.5, 0.4, 0.2, 0.3, 0.6][len(asked) - 1]
        found = ask(self, step)
        return replace(found, losses=np.full(16, loss), check=replace(found.check, loss=loss))

    monkeypatch.setattr(type(run), "_answer", answer)
    tuned = toy.finished(toy_run()).network.state_dict()
    assert asked == [6, 12, 18, 24]
    asked.clear()
    toy.finished(run)
    assert asked == [6, 12, 18, *[24] * 5]
    for name, value in run.network.state_dict().items():
        wanted = 0.4 * start[name] + 0.6 * tuned[name] if name.startswith("body.") else tuned[name]
        if value.is_floating_point():
            torch.testing.assert_close(value, wanted, rtol=1e-5, atol=1e-6)
    assert "hold 0.6 of what was tuned" in run.notes[-1]


def ticking(step_s: float) -> Callable[[], float]:
    """A clock on which each look takes `step_s`."""
    times = count()
    return lambda: next(times) * step_s


def test_a_budget_ends_the_schedule_in_time(toy: ModuleType, toy_run: MakeRun) -> None:
    """Fewer steps than the epochs ask for, at rates that come down to nothing, within the time; and it says so."""
    clock = ticking(1.0)
    run = toy_run(clock=clock, ends_at=40.0, n_epochs=20, n_check=0)
    factors = [step.factor for step in run.steps()]
    assert 5 <= len(factors) < 40
    assert clock() <= 40.0 + 3
    assert max(factors) > 0.5
    top = factors.index(max(factors))
    assert factors[top:] == sorted(factors[top:], reverse=True)
    assert run.plan.schedule(run.plan.n_steps) == pytest.approx(0.0)  # the step that would come next
    assert "The budget allowed" in run.notes[0]


def test_a_budget_that_is_never_reached_changes_nothing(toy: ModuleType, toy_run: MakeRun) -> None:
    """Same bits as without."""
    free, bound = toy.finished(toy_run(n_epochs=1)), toy.finished(toy_run(n_epochs=1, ends_at=1e12))
    assert toy.bits(free) == toy.bits(bound)
    assert bound.notes == []


def test_progress_says_how_it_goes(toy: ModuleType, toy_run: MakeRun) -> None:
    """Loss, rate and speed of each step, and what held-out rows said last."""
    told: list[tuple[int, int, str]] = []

    def start(what: str, total: int) -> Callable[[int, int, str], None]:
        assert (what, total) == ("fine-tuning", 12)
        return lambda *words: told.append(words)

    with shown(start):
        run = toy.finished(toy_run(n_epochs=2))
    assert [by for by, _, _ in told] == [1] * 12
    assert f"loss {run.losses[0]:.3f}  rate " in told[0][2]
    assert "texts/s" in told[0][2]
    assert "held-out" not in told[0][2]
    assert f"held-out accuracy {100 * run.checks[0].accuracy:.1f}" in told[6][2]


@pytest.mark.parametrize(("n", "checked"), [(399, 0), (400, 40), (3000, 300), (30_000, 1000)])
def test_rows_that_check(n: int, checked: int) -> None:
    """A tenth, at most 1,000; none of few; equal texts on one side; every row once."""
    texts = [f"text {i // 2}" for i in range(n)]
    rows = split_rows(texts, np.arange(n) // 2 % 3, 0)
    assert len(rows.check) == pytest.approx(checked, rel=0.05)
    assert sorted([*rows.learn, *rows.check]) == list(range(n))
    assert not {texts[i] for i in rows.learn} & {texts[i] for i in rows.check}


def test_few_rows_ask_a_third(toy: ModuleType, toy_run: MakeRun) -> None:
    """The scale is that of a network which learnt from two thirds; the weights are as before; very few ask nothing."""
    texts, y = toy.texts_and_classes(60)
    texts = [f"{text} {i}" for i, text in enumerate(texts)]
    whole = toy_run(n_check=0, n_epochs=1)
    before, made = toy.bits(whole), []

    def make_run(rows: Rows) -> Any:
        made.append(replace(whole, rows=rows))
        return made[-1]

    scale = few_rows_scale(make_run, texts, y)
    assert toy.bits(whole) == before
    (part,) = made
    assert len(part.rows.learn) == 40
    again = toy.finished(replace(whole, rows=part.rows))
    asked = np.setdiff1d(np.arange(60), part.rows.learn)
    logits = decide(again.network, again.inputs, asked, again.settings)
    assert scale == pytest.approx(fit_scale(logits, y[asked]))
    assert few_rows_scale(make_run, ["same", "other"] * 30, y) == 1.0
    assert len(made) == 1


def test_same_seed_same_bits(toy: ModuleType, toy_run: MakeRun) -> None:
    """And another seed gives others."""

    def runs() -> Iterator[dict[str, bytes]]:
        for seed in (0, 0, 1):
            yield toy.bits(toy.finished(toy_run(seed=seed, n_epochs=1)))

    first, second, third = runs()
    assert first == second
    assert first != third


def test_what_a_step_draws_depends_on_its_number(toy: ModuleType, toy_run: MakeRun) -> None:
    """Not on the steps before: so that each process of several draws its own after a break, whoever wrote the state."""
    from headstart.finetuning.state import RunState

    def drawn(seed: int, taken: int) -> float:
        state = RunState(losses=[0.0] * taken)
        torch.rand(taken, generator=state.stream)
        state.draw_anew(seed)
        return float(torch.rand(1, generator=state.stream))

    assert drawn(3, 5) == drawn(3, 5)
    assert len({drawn(seed, taken) for seed in (3, 4) for taken in (0, 5)}) == 4
    run = toy_run(n_epochs=1)
    streams = [run.state.stream.get_state().tolist() for _ in run.steps()]
    assert len({tuple(stream) for stream in streams}) == len(streams)


@pytest.mark.parametrize(("batch_rows", "batch_tokens"), [(32, 4096), (30, 100), (700, 4096), (9, 4)])
def test_no_step_has_more_rows_than_asked(toy_run: MakeRun, batch_rows: int, batch_tokens: int) -> None:
    """However short the texts are; each row is in one batch."""
    run = toy_run(batch_rows=batch_rows, batch_tokens=batch_tokens)
    run.inputs = SimpleNamespace(lengths=np.full(2_000, 2))
    batches = run._cut(np.arange(2_000))
    assert max(map(len, batches)) <= batch_rows
    assert sorted(np.concatenate(batches)) == list(range(2_000))

"""Checkpoints: a run that died anywhere goes on to the same bits; nothing half-written or foreign is used."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from headstart.errors import ConfigError
from headstart.types import Task

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from headstart.finetuning.checkpoint import (  # noqa: E402 - torch may be missing
    Checkpoint,
    Saved,
    discard,
    identity,
    is_there,
)
from headstart.finetuning.settings import Settings  # noqa: E402 - as above

MakeRun = Callable[..., Any]
N_STEPS = 24  # of the toy run

# Everything that has a state: dropout, two kinds of optimiser, a penalty with a start, both averages, best weights
KINDS = {
    "adamw": {"checks_per_epoch": 3, "average": "wise"},
    "adamw swa": {"average": "swa", "l2_sp": 0.01, "schedule": "cosine"},
    "sgd top": {"optimiser": "sgd", "learning_rate": 0.05, "top_layers": 1, "patience": 7, "checks_per_epoch": 2},
}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process has written outlives its death; only the machine's would need the disk to have it."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def saved(value: float, best_step: int | None = None) -> Saved:
    best = {} if best_step is None else {"w": torch.full((3,), 10 * value)}
    return Saved({"w": torch.full((3,), value)}, {"n": value, "best_step": best_step}, best, best_step)


@pytest.fixture(scope="module")
def whole(toy: ModuleType, tiny_model: Callable[[str], Path]) -> dict[str, Any]:
    """Each kind of run, uninterrupted and without a checkpoint."""
    return {kind: toy.finished(toy.toy_run(tiny_model("bert"), **given)) for kind, given in KINDS.items()}


@pytest.mark.parametrize(("kind", "seed"), [(kind, seed) for kind in KINDS for seed in range(2)])
def test_broken_off_twice_and_gone_on_with(
    kind: str, seed: int, toy: ModuleType, toy_run: MakeRun, whole: dict[str, Any], tmp_path: Path
) -> None:
    """Breaking off at any two steps changes nothing: weights, losses, checks and what was kept are the same."""
    first, second = sorted(np.random.default_rng((seed, len(kind))).choice(np.arange(1, N_STEPS), 2, replace=False))
    # every_s: never on the way (breaking off saves), or after each step
    every_s = 1e9 if seed else 0.0
    for n in (first, second - first):
        steps = toy_run(tmp_path, every_s=every_s, **KINDS[kind]).steps()
        assert [step.number for step in islice(steps, n)][-1] in (first, second)
        steps.close()
    found = toy.finished(toy_run(tmp_path, every_s=every_s, **KINDS[kind]))
    expected = whole[kind]
    assert toy.bits(found) == toy.bits(expected)
    assert (found.losses, found.checks, found.scale()) == (expected.losses, expected.checks, expected.scale())
    assert any("Went on from step" in note for note in found.notes)
    assert len(list(tmp_path.iterdir())) <= 2


@pytest.mark.parametrize(("where", "n"), [("step", 15), ("write", 19)])
def test_killed(
    where: str, n: int, toy: ModuleType, toy_run: MakeRun, tiny_model: Callable[[str], Path], whole: dict[str, Any],
    tmp_path: Path,
) -> None:  # fmt: skip
    """SIGKILL in the middle of a step, or of writing the checkpoint, loses at most what was not written yet."""
    words = [tiny_model("bert"), tmp_path / "kept", where, n, json.dumps(KINDS["adamw"])]
    done = subprocess.run(
        [sys.executable, toy.__file__, *map(str, words)], env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=600
    )
    assert done.returncode == -signal.SIGKILL
    assert is_there(tmp_path / "kept")
    assert (where == "write") == any(path.suffix == ".half" for path in (tmp_path / "kept").iterdir())
    run = toy_run(tmp_path / "kept", **KINDS["adamw"])
    first = next(iter(run.steps())).number
    assert 1 < first < N_STEPS
    run = toy.finished(toy_run(tmp_path / "kept", **KINDS["adamw"]))
    assert toy.bits(run) == toy.bits(whole["adamw"])


def test_a_finished_run_is_finished(toy: ModuleType, toy_run: MakeRun, whole: dict[str, Any], tmp_path: Path) -> None:
    """Its checkpoint gives the same result again, without a step."""
    for _ in range(2):
        run = toy_run(tmp_path, **KINDS["adamw swa"])
        n = len(list(run.steps()))
        assert toy.bits(run) == toy.bits(whole["adamw swa"])
        assert run.checks == whole["adamw swa"].checks
    assert n == 0


def test_ctrl_c(toy: ModuleType, toy_run: MakeRun, whole: dict[str, Any], tmp_path: Path) -> None:
    """It waits for the end of the step, saves, and says where the run is; the handler is as before afterwards."""
    before = signal.getsignal(signal.SIGINT)
    run = toy_run(tmp_path, every_s=1e9, **KINDS["adamw"])
    decide, calls = run.network.decide, []

    def pressed(features: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:
            os.kill(os.getpid(), signal.SIGINT)
        return decide(features)

    run.network.decide = pressed
    with pytest.raises(KeyboardInterrupt, match=r"^step 3 of 24$"):  # step 2 was followed by a check
        toy.finished(run)
    assert signal.getsignal(signal.SIGINT) is before
    assert toy.bits(toy.finished(toy_run(tmp_path, **KINDS["adamw"]))) == toy.bits(whole["adamw"])


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Tensors and facts come back; of several states the last one, with its best weights; no other file stays."""
    place = Checkpoint(tmp_path / "a" / "b", {"x": "1"})
    assert place.read() is None
    for i, best in enumerate([None, 1, 1, 2]):
        assert place.write(saved(float(i), best))
    found = Checkpoint(tmp_path / "a" / "b", {"x": "1"}).read()
    assert found is not None
    assert found.tensors["w"].tolist() == [3.0] * 3
    assert found.best["w"].tolist() == [30.0] * 3
    assert (found.facts["n"], found.best_step) == (3.0, 2)
    assert sorted(path.name for path in place.folder.iterdir()) == ["best-2.safetensors", "last.safetensors"]


def test_best_weights_of_a_run_without_a_state_are_not_taken(tmp_path: Path) -> None:
    """It died between its two first files; the next one, of another seed, has its own best weights of that step."""
    Checkpoint(tmp_path, {"seed": "0"}).write(saved(1.0, 0))
    (tmp_path / "last.safetensors").unlink()
    place = Checkpoint(tmp_path, {"seed": "1"})
    assert place.read() is None
    assert place.write(saved(2.0, 0))
    found = place.read()
    assert found is not None
    assert found.best["w"].tolist() == [20.0] * 3


def test_only_our_files_are_removed(tmp_path: Path) -> None:
    """A folder that holds something else keeps it."""
    Checkpoint(tmp_path / "mine", {}).write(saved(1.0, 1))
    Checkpoint(tmp_path / "shared", {}).write(saved(1.0, 1))
    (tmp_path / "shared" / "notes.txt").write_text("mine")
    (tmp_path / "shared" / "last.safetensors.half").write_text("half")
    for name in ("mine", "shared", "absent"):
        discard(tmp_path / name)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["shared", "shared/notes.txt"]


@pytest.mark.parametrize("broken", [b"", b"\x08\0\0\0\0\0\0\0{}      ", None])
def test_a_damaged_file_is_refused(broken: bytes | None, tmp_path: Path) -> None:
    """A file that is cut or not ours is named, with the way out."""
    place = Checkpoint(tmp_path, {})
    place.write(saved(1.0))
    path = tmp_path / "last.safetensors"
    path.write_bytes(path.read_bytes()[:-5] if broken is None else broken)
    with pytest.raises(ConfigError, match=r"last\.safetensors is damaged.*Remove .* begin the run again"):
        place.read()


def test_another_run_is_refused(tmp_path: Path) -> None:
    """What differs is said: short values as they were and are, long ones by name."""
    Checkpoint(tmp_path, {"the seed": "0", "the texts": "a" * 64, "same": "x"}).write(saved(1.0))
    other = Checkpoint(tmp_path, {"the seed": "1", "the texts": "b" * 64, "same": "x", "new": "y"})
    with pytest.raises(
        ConfigError, match="new was None and is y; the seed was 0 and is 1; the texts: not the same"
    ) as error:
        other.read()
    assert "same was" not in str(error.value)


def test_what_decides_a_run(tiny_model: Callable[[str], Path]) -> None:
    """Each of texts, labels, classes, seed, budget, strategy, model and settings shows in the identity; how often it
    is saved does not.
    """
    task = Task(("a", "b"), np.array([0, 1]), ("n", "p"))

    def identified(
        strategy: str = "full_finetune", model: str = "bert", given: Task = task, **settings: Any
    ) -> dict[str, str]:
        from headstart.encoders.transformer import Transformer

        return identity(strategy, given, Transformer(str(tiny_model(model))).fit([]), Settings(**settings))

    same = identified()
    others = [
        identified("partial_finetune"),
        identified(model="distilbert"),
        identified(learning_rate=0.5),
        *(
            identified(given=replace(task, **change))
            for change in (
                {"texts": ("a", "c")}, {"y": np.array([1, 0])}, {"classes": ("n", "q")}, {"random_state": 1},
                {"budget_s": 3.0},
            )
        ),
    ]  # fmt: skip
    for other in others:
        assert sum(same[name] != other[name] for name in same) == 1
    assert identified(checkpoint_every_s=1.0) == same


def test_due_by_the_clock(tmp_path: Path) -> None:
    """Every so many seconds; at a pause as soon as writing would cost a twentieth of the time; never all the time."""
    now = SimpleNamespace(s=0.0)
    place = Checkpoint(tmp_path, {}, 60.0, clock=lambda: now.s)
    for at, in_between, at_pause in [(9.0, False, False), (11.0, False, True), (59.0, False, True), (61.0, True, True)]:
        now.s = at
        assert (place.due(at_pause=False), place.due(at_pause=True)) == (in_between, at_pause)
    place.write(saved(1.0))
    assert not place.due(at_pause=False)


def test_a_full_disk_does_not_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is reported, once; the last state stays, and nothing of the new one takes room."""
    place = Checkpoint(tmp_path, {})
    place.write(saved(1.0))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(os, "fsync", full)
        assert not place.write(saved(2.0))
        assert not place.write(saved(3.0, best_step=1))
    assert caplog.text.count("No space left") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["last.safetensors"]
    kept = place.read()
    assert kept is not None
    assert kept.facts["n"] == 1.0


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    """A file in the way is said before any work."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="cannot be made"):
        Checkpoint(tmp_path / "file" / "place", {})


def test_a_later_run_alone_is_a_checkpoint(tmp_path: Path) -> None:
    """The first run may be over before anything of it is written."""
    Checkpoint(tmp_path, {}).of_run(1).write(saved(1.0))
    assert is_there(tmp_path)
    discard(tmp_path)
    assert not tmp_path.exists()

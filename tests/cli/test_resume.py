"""`headstart fit` that is interrupted, gone on with, and given a budget."""

import hashlib
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

ROWS = [("kind lovely food number %d", "good"), ("cold rude slow food number %d", "bad")]

FORM = "expected a time above 0, such as 90s, 5m or 1.5h"

Interrupt = Callable[[pytest.MonkeyPatch, int], None]


@pytest.fixture
def command(tmp_path: Path, tiny_model: Callable[[str], Path]) -> list[Any]:
    """A fit of 8 steps that is measured on a file of its own."""
    for name, n in (("train", 16), ("test", 4)):
        lines = [f"{text % i},{label}\n" for i in range(n) for text, label in ROWS]
        (tmp_path / f"{name}.csv").write_text("text,label\n" + "".join(lines))
    return [
        "fit", tmp_path / "train.csv", "--test", tmp_path / "test.csv", "--encoder", tiny_model("bert"), "--strategy",
        "full_finetune", "--set", "strategy.batch_rows=8", "--set", "strategy.n_epochs=2", "--json",
    ]  # fmt: skip


def weights(bundle: Path) -> str:
    return hashlib.sha256((bundle / "head.safetensors").read_bytes()).hexdigest()


def test_interrupted_and_gone_on_with(
    headstart: Any, command: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupt_at: Interrupt
) -> None:
    """Exit 130 with the command that goes on; that gives the same bundle as a fit in one piece, and clears up."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert headstart(*command, "--out", whole).code == 0
    assert not (tmp_path / "whole.checkpoint").exists()

    with monkeypatch.context() as patch:
        interrupt_at(patch, 3)
        done = headstart(*command, "--out", parts)
    assert (done.code, done.out) == (130, "")
    message = done.err.strip().splitlines()[-1]
    assert message.startswith("interrupted at step 3 of 8; go on with: headstart fit ")
    assert not parts.exists()
    assert (tmp_path / "parts.checkpoint").is_dir()

    done = headstart(*shlex.split(message.partition("go on with: headstart ")[2]))
    assert done.code == 0
    assert weights(parts) == weights(whole)
    assert "Went on from step 3" in done.out
    assert not (tmp_path / "parts.checkpoint").exists()


def test_without_resume_a_checkpoint_is_overwritten(
    headstart: Any, command: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupt_at: Interrupt
) -> None:
    """Not in silence. And another run's checkpoint is never gone on with."""
    with monkeypatch.context() as patch:
        interrupt_at(patch, 2)
        assert headstart(*command, "--out", tmp_path / "model").code == 130
    done = headstart(*command, "--out", tmp_path / "model", "--seed", 5, "--resume")
    assert done.code == 1
    assert "is of another run: the seed was 0 and is 5. Repeat the command exactly" in done.err
    done = headstart(*command, "--out", tmp_path / "model", "--seed", 5)
    assert done.code == 0
    assert "overwriting the checkpoint in" in done.err
    assert "Went on" not in done.out


def test_nothing_to_go_on_with(headstart: Any, tmp_path: Path) -> None:
    """--resume without --out is refused; without a checkpoint the fit begins anew, and says so."""
    rows = tmp_path / "rows.csv"
    rows.write_text("text,label\n" + "".join(f"{text % i},{label}\n" for i in range(4) for text, label in ROWS))
    done = headstart("fit", rows, "--encoder", "tfidf", "--resume")
    assert done.code == 1
    assert "--resume needs the --out DIR" in done.err
    done = headstart("fit", rows, "--encoder", "tfidf", "--out", tmp_path / "model", "--no-bundle", "--resume")
    assert done.code == 1
    assert "leave out --no-bundle" in done.err
    assert "--out" not in done.err
    done = headstart("fit", rows, "--encoder", "tfidf", "--out", tmp_path / "model", "--resume", "--budget", "5m")
    assert done.code == 0
    assert "fitting from the beginning" in done.err
    assert "--budget 5m changes nothing of the model: linear_probe takes no notice of it" in done.err
    assert not (tmp_path / "model.checkpoint").exists()


def test_a_budget_that_changes_nothing_is_told_before_the_work(headstart: Any, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("text,label\n" + "".join(f"{text % i},{label}\n" for i in range(4) for text, label in ROWS))
    done = headstart(
        *("fit", rows, "--encoder", "tfidf", "--strategy", "linear_probe", "--budget", "5m"), "--no-bundle"
    )
    assert done.code == 0
    assert done.err.count("--budget 5m changes nothing") == 1
    assert done.err.index("--budget 5m changes nothing") < done.err.index("fitting on")


def test_auto_says_what_became_of_the_budget(headstart: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With many rows its reasons do, so nothing says that a budget changes nothing."""
    monkeypatch.setattr("headstart.strategies.auto._FEW", 10)
    rows = tmp_path / "rows.csv"
    rows.write_text("text,label\n" + "".join(f"{text % i},{label}\n" for i in range(12) for text, label in ROWS))
    done = headstart("fit", rows, "--test", rows, "--no-bundle", "--budget", "1s")
    assert done.code == 0
    assert "No fine-tuning: the budget of 1 s is too short." in " ".join(done.out.split())
    assert "changes nothing" not in done.err


@pytest.mark.parametrize("budget", ["", "0", "0s", "m", "-3m", "5 days", "1d", "1e3s", "٣m", "soon"])
def test_no_budget(headstart: Any, tmp_path: Path, budget: str) -> None:
    """What is no length of time is refused with an example."""
    done = headstart("fit", tmp_path / "rows.csv", f"--budget={budget}")
    assert done.code == 1
    assert f"Setting 'budget': {FORM}. Got {budget!r} instead." in done.err

"""A small run for the tests; as a script it is a process that is killed in the middle of it.

    python toy_run.py MODEL_FOLDER CHECKPOINT step|write N SETTINGS_JSON

kills itself by SIGKILL within step N, or within the N-th file that is synced: no clean-up of any kind runs.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from headstart.encoders.transformer import Transformer
from headstart.finetuning.checkpoint import Checkpoint
from headstart.finetuning.groups import open_layers
from headstart.finetuning.inputs import Tokens
from headstart.finetuning.network import Network
from headstart.finetuning.run import Rows, Run
from headstart.finetuning.settings import Settings

GOOD, BAD = ["kind", "good", "lovely", "great", "fine"], ["cold", "rude", "bad", "slow", "dirty"]
DEFAULTS = {
    "n_epochs": 4, "learning_rate": 1e-3, "batch_rows": 8, "batch_tokens": 256, "model_dropout": 0.1,
    "precision": "fp32",  # the laws hold to more digits than bf16 has
}  # fmt: skip


def texts_and_classes(n: int) -> tuple[list[str], Any]:
    """Rows that a few words decide, a tenth of them labelled wrongly."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n)
    texts = [" ".join(rng.choice(BAD if c else GOOD, 3)) + " food and screen" * (i % 3) for i, c in enumerate(y)]
    return texts, np.where(rng.random(n) < 0.1, 1 - y, y)


def toy_run(
    folder: Path, checkpoint: Path | None = None, *, every_s: float = 0.0, n_check: int = 16, seed: int = 0, **more: Any
) -> Run:
    """A run over 60 rows, some of which check it: 6 steps an epoch."""
    arguments = {name: more.pop(name) for name in ("ends_at", "clock") if name in more}
    settings = Settings(**{**DEFAULTS, **more})
    texts, y = texts_and_classes(60)
    encoder = Transformer(str(folder), cache=False).fit(texts)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Network(encoder.whole_model(), 2, settings.dropout)
    open_layers(network, settings.top_layers)
    rows = Rows(np.arange(60 - n_check), np.arange(60 - n_check, 60))
    tokens = Tokens(network.body, encoder.tokeniser.ids(texts), encoder.pad_id)
    kept = Checkpoint(checkpoint, {"the settings": repr(settings)}, every_s) if checkpoint is not None else None
    return Run(network, tokens, y, rows, settings, seed, checkpoint=kept, **arguments)


def finished(run: Run) -> Run:
    """The run, all its steps taken."""
    for _ in run.steps():
        pass
    return run


def bits(run: Run) -> dict[str, bytes]:
    """Every weight of the run's network."""
    return {name: value.numpy().tobytes() for name, value in run.network.state_dict().items()}


def _killed_at(n: int, function: Callable[..., Any]) -> Callable[..., Any]:
    calls = 0

    def counting(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == n:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args)

    return counting


def main(folder: str, checkpoint: str, where: str, n: str, settings: str) -> None:
    """Run until death."""
    torch.set_num_threads(1)
    run = toy_run(Path(folder), Path(checkpoint), **json.loads(settings))
    os.fsync = lambda handle: None  # what a process has written outlives its death
    if where == "write":
        os.fsync = _killed_at(int(n), os.fsync)
    else:
        last = run.network.last
        last.forward = _killed_at(int(n), last.forward)
    finished(run)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Several processes learn what one learns: laws of the shares, and two real processes connected by gloo."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from headstart.errors import ConfigError  # noqa: E402 after the check for torch
from headstart.finetuning.distributed import (  # noqa: E402 as above
    ALONE,
    Processes,
    is_first_process,
    together,
)

_TIMEOUT_S = 600  # after it a test fails because somebody hangs: nothing here takes a tenth of it

# What every process of `pair` does: some training, and each of the messages. `learn` also runs here, alone.
_LEARN = '''
import numpy as np, torch
from headstart.finetuning.distributed import ALONE, together
from headstart.training import optimise

BATCHES = [np.array(rows) for rows in ([0, 1, 2, 3, 4], [5], [6, 7, 8], [9, 10], [3], [1, 5, 9, 2], [0, 10])]
WEIGHTS = np.array([1.0, 0.2, 3.0] * 3 + [1.0, 0.2])


def learn(processes, seed=0):
    """A network of two layers, one of which is never used, over uneven batches, clipped, with weight decay."""
    rng = np.random.default_rng(0)
    x, y = torch.tensor(rng.normal(size=(11, 4)), dtype=torch.float32), torch.arange(11) % 3
    classes = torch.tensor([1.0, 0.2, 3.0])
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = torch.nn.ModuleDict({name: torch.nn.Linear(4, 3) for name in ("used", "idle")})
    processes.start_equal(network)

    def loss(rows):
        return torch.nn.functional.cross_entropy(network["used"](x[rows]), y[rows], classes, label_smoothing=0.1)

    steps = optimise(
        BATCHES,
        processes.share_of(loss, WEIGHTS),
        torch.optim.AdamW(network.parameters(), lr=0.1, weight_decay=0.1),
        max_norm=0.5,
        exchange=processes.exchange,
    )
    losses = [step.loss for step in steps]
    return {**{name: p.detach().numpy() for name, p in network.named_parameters()}, "losses": np.array(losses)}


def fit(folder):
    """A classifier through the front door: 2 of 5 rows of the last batch, class weights, no dropout."""
    from headstart import TextClassifier

    begins = ("the soup was cold", "battery life is great", "a long film")
    texts = [f"{begin} {i}" for i in range(7) for begin in begins]
    settings = {"n_epochs": 2, "learning_rate": 0.05, "batch_rows": 4, "dropout": 0.0, "model_dropout": 0.0}
    settings |= {"class_weight": "balanced", "top_layers": 1}
    settings["optimiser"] = "sgd"  # Adam makes whole steps of rounding where a gradient is zero, as of keys' biases
    model = TextClassifier(folder, "partial_finetune", settings={f"strategy.{k}": v for k, v in settings.items()})
    model.fit(texts[:-1], (["bad", "good", "dull"] * 7)[:-1])
    predictor = model.predictor_
    tuned = {f"fit.{name}": p.detach().numpy() for name, p in predictor.encoder.module.named_parameters()}
    return {**tuned, **{f"fit.head.{name}": array for name, array in predictor.head.get_state().arrays.items()}}
'''
_PAIR = (
    _LEARN
    + """
import os, sys
from headstart.errors import ConfigError

torch.set_num_threads(1)
with together() as processes:
    found = learn(processes, seed=processes.rank)
    found |= fit(sys.argv[2])
with together() as processes:  # a second time: fits follow each other in one process
    found["agreed"] = np.array(processes.agree(10.0 + processes.rank))
    values = np.zeros(5)
    values[processes.share(np.arange(5))] = np.pi * (1 + processes.share(np.arange(5)))
    found["added"] = processes.add_up(values)
    processes.check_equal("rows", ["a", "b"])
    try:
        processes.check_equal("rows", ["a", processes.rank])
    except ConfigError as error:
        found["refused"] = np.array(str(error))
np.savez(f"{sys.argv[1]}/{processes.rank}.npz", **found)
"""
)
_FAILING = """
from headstart.errors import ConfigError
from headstart.finetuning.distributed import together

with together() as processes:
    processes.agree(1.0)
    if processes.rank == 1:
        raise ConfigError("this one has had enough")
    processes.agree(2.0)
"""
_AUTO = """
import os, sys
import numpy as np
from headstart.strategies import _many_rows as module
from headstart.strategies.linear_probe import LinearProbe
from headstart.types import Task

late = 1e6 if sys.argv[1] == os.environ["RANK"] else 0.0
module.Pooled = lambda *_, **__: LinearProbe("tfidf")
clock, calls = module.monotonic, []
module.monotonic = lambda: clock() + late * bool(calls.append(1) or len(calls) > 1)
texts = tuple(f"the soup was {'good' if i % 2 else 'cold'} on day {i}" for i in range(420))
task = Task(texts, np.arange(420) % 2, ("cold", "good"), budget_s=200.0)
print(module.pooled_or_tuned(task, sys.argv[2], "").reasons[-1])
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, tiny_model: Callable[[str], Path]) -> list[dict[str, np.ndarray]]:
    """What each of two processes found."""
    folder = tmp_path_factory.mktemp("pair")
    for done in launch(_PAIR, str(folder), str(tiny_model("bert"))):
        assert done.returncode == 0, done.stderr
    return [dict(np.load(folder / f"{rank}.npz")) for rank in range(2)]


def launch(code: str, *arguments: str) -> list[subprocess.CompletedProcess[str]]:
    """Two processes as torchrun would start them, to their ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": str(rank), "WORLD_SIZE": "2"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        texts = [process.communicate(timeout=_TIMEOUT_S) for process in started]
    finally:
        for process in started:
            process.kill()
    return [
        subprocess.CompletedProcess(process.args, process.returncode, *text)
        for process, text in zip(started, texts, strict=True)
    ]


@pytest.fixture
def no_torchrun(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


# --- two processes --------------------------------------------------------------------------------------


def test_both_processes_end_with_the_same_bits(pair: list[dict[str, np.ndarray]]) -> None:
    """They began with other weights: the first one's count."""
    learnt = [name for name in pair[0] if name.startswith(("used.", "idle.", "losses", "fit."))]
    assert len(learnt) > 20
    for name in learnt:
        assert pair[0][name].tobytes() == pair[1][name].tobytes(), name


def test_two_processes_learn_what_one_learns(
    pair: list[dict[str, np.ndarray]], tiny_model: Callable[[str], Path]
) -> None:
    space: dict[str, Any] = {}
    exec(compile(_LEARN, "learn", "exec"), space)
    alone = {**space["learn"](ALONE), **space["fit"](str(tiny_model("bert")))}
    for name, value in alone.items():
        # Adam divides by a gradient's size: where that is almost nothing, another order of adding moves a weight
        np.testing.assert_allclose(pair[0][name], value, rtol=1e-3, atol=1e-4, err_msg=name)


def test_what_has_no_gradient_in_any_process_is_left_alone(pair: list[dict[str, np.ndarray]]) -> None:
    """Zeros instead would let weight decay at it."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        start = {name: torch.nn.Linear(4, 3) for name in ("used", "idle")}
    assert pair[1]["idle.weight"].tobytes() == start["idle"].weight.detach().numpy().tobytes()
    assert not np.array_equal(pair[1]["used.weight"], start["used"].weight.detach().numpy())


def test_all_go_the_first_ones_way_and_rows_come_together_unchanged(pair: list[dict[str, np.ndarray]]) -> None:
    for found in pair:
        assert found["agreed"] == 10.0
        assert found["added"].tobytes() == (np.pi * np.arange(1, 6)).tobytes()


def test_other_rows_in_another_process_are_refused_by_both(pair: list[dict[str, np.ndarray]]) -> None:
    for found in pair:
        assert "not given the same rows: processes [1] differ" in str(found["refused"])


@pytest.mark.parametrize(("late", "said"), [("1", "held-out training rows, in %: pooled"), ("0", "is too short")])
def test_a_budget_is_over_when_the_first_says_so(late: str, said: str, tiny_model: Callable[[str], Path]) -> None:
    """What `auto` has time for is one process's word: else one waits for another that has left."""
    for done in launch(_AUTO, late, str(tiny_model("bert"))):
        assert done.returncode == 0, done.stderr
        assert said in done.stdout


def test_when_one_fails_the_other_ends_too_and_says_why() -> None:
    first, second = launch(_FAILING)
    assert "this one has had enough" in second.stderr
    assert "Another of the 2 processes has ended" in first.stderr
    assert first.returncode == second.returncode == 1


# --- one ------------------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(0, 20))
def test_the_shares_are_the_rows(size: int, n: int) -> None:
    rows = np.arange(n) * 3
    shares = [Processes(rank, size).share(rows) for rank in range(size)]
    assert sorted(np.concatenate(shares).tolist()) == rows.tolist()
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(st.integers(1, 5), st.lists(st.integers(0, 7), min_size=1, max_size=9), st.booleans())
def test_the_parts_of_a_loss_add_up_to_it(size: int, rows: list[int], is_weighted: bool) -> None:
    """By torch's own weighted mean with label smoothing, plus a penalty that no row has a part in."""
    rng = np.random.default_rng(1)
    logits, y = torch.tensor(rng.normal(size=(8, 3))), torch.arange(8) % 3
    classes = torch.tensor([1.0, 5.0, 0.3], dtype=torch.float64) if is_weighted else None

    def loss(batch: np.ndarray) -> "torch.Tensor":
        mean = torch.nn.functional.cross_entropy(logits[batch], y[batch], classes, label_smoothing=0.2)
        return mean + 0.7

    weights = None if classes is None else classes[y].numpy()
    batch = np.array(rows)
    parts = [float(Processes(rank, size).share_of(loss, weights)(batch).detach()) for rank in range(size)]
    assert sum(parts) == pytest.approx(float(loss(batch)), rel=1e-9)


def test_one_alone_changes_nothing() -> None:
    def loss(rows: np.ndarray) -> "torch.Tensor":
        return torch.zeros(())

    values = np.arange(3.0)
    assert ALONE.share_of(loss) is loss
    assert ALONE.add_up(values) is values
    assert ALONE.exchange([], 2.5) == 2.5
    assert ALONE.agree(1.5) == 1.5
    assert ALONE.seed(9) == 9
    assert ALONE.is_first


def test_each_process_has_its_own_dropout_and_the_first_that_of_one_alone() -> None:
    seeds = [Processes(rank, 4).seed(7) for rank in range(4)]
    assert seeds[0] == 7
    assert len(set(seeds)) == 4
    assert seeds == [Processes(rank, 4).seed(7) for rank in range(4)]


def test_without_torchrun_there_is_one_process_and_no_connection(no_torchrun: pytest.MonkeyPatch) -> None:
    assert is_first_process()
    with together() as processes:
        assert processes == ALONE
        assert not torch.distributed.is_initialized()


def test_only_the_first_may_print(no_torchrun: pytest.MonkeyPatch) -> None:
    no_torchrun.setenv("WORLD_SIZE", "3")
    for rank in range(3):
        no_torchrun.setenv("RANK", str(rank))
        assert is_first_process() == (rank == 0)


@pytest.mark.parametrize(("rank", "size"), [("2", "2"), ("-1", "2"), ("one", "2"), ("0", "")])
def test_an_environment_that_torchrun_did_not_write_is_refused(
    no_torchrun: pytest.MonkeyPatch, rank: str, size: str
) -> None:
    no_torchrun.setenv("RANK", rank)
    no_torchrun.setenv("WORLD_SIZE", size)
    with pytest.raises(ConfigError, match="Start with torchrun, or unset both"):
        is_first_process()


def test_without_a_meeting_place_the_message_names_torchrun(no_torchrun: pytest.MonkeyPatch) -> None:
    no_torchrun.setenv("RANK", "0")
    no_torchrun.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match=r"MASTER_ADDR.*torchrun"), together():
        pass


def test_asking_who_is_first_loads_no_torch(no_torchrun: pytest.MonkeyPatch) -> None:
    code = (
        "import sys; from headstart.finetuning.distributed import is_first_process; is_first_process(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

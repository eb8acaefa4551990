"""The loss of a batch, by hand."""

from collections.abc import Callable
from math import exp, log
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from headstart.finetuning.objective import make_loss  # noqa: E402 - torch may be missing

MakeRun = Callable[..., Any]
BATCH = np.array([0, 1, 2, 3, 4])


def loss_of(run: Any, y: Any = None) -> Any:
    """The loss of BATCH with the given settings, the network at rest, its last layer not all zero."""
    run.network.eval()
    with torch.no_grad():
        run.network.last.bias.copy_(torch.tensor([0.0, 1.0]))
    made = make_loss(run.network, run.inputs, run.y if y is None else y, run.rows.learn, run.settings)
    return run, made


def cross_entropy(y: Any) -> list[float]:
    """Of the logits 0 and 1 that every row has."""
    log_z = log(1 + exp(1.0))
    return [log_z - (1.0 if c else 0.0) for c in y]


def test_cross_entropy(toy_run: MakeRun) -> None:
    """The mean over the rows."""
    run, loss = loss_of(toy_run())
    assert loss(BATCH).item() == pytest.approx(np.mean(cross_entropy(run.y[BATCH])), rel=1e-5)


def test_label_smoothing(toy_run: MakeRun) -> None:
    """A share e of the weight is spread over both classes."""
    run, loss = loss_of(toy_run(label_smoothing=0.2))
    true, other = np.array(cross_entropy(run.y[BATCH])), np.array(cross_entropy(1 - run.y[BATCH]))
    assert loss(BATCH).item() == pytest.approx(np.mean(0.9 * true + 0.1 * other), rel=1e-5)


def test_class_weights_come_from_the_rows_that_learn(toy_run: MakeRun) -> None:
    """A row counts n / (k * rows of its class), and the mean is weighted."""
    run = toy_run(class_weight="balanced")
    y = np.zeros(60, np.int64)
    y[::4] = 1
    run, loss = loss_of(run, y)
    n_rows = np.bincount(y[run.rows.learn])
    weight = (len(run.rows.learn) / (2 * n_rows))[y[BATCH]]
    expected = np.average(cross_entropy(y[BATCH]), weights=weight)
    assert loss(BATCH).item() == pytest.approx(expected, rel=1e-5)


def test_penalties_of_the_body(toy_run: MakeRun) -> None:
    """l1: amounts; l2_sp: half the squared distance from where the body began; frozen weights count for neither."""
    run, loss = loss_of(toy_run(l1=0.01, l2_sp=0.1, top_layers=1))
    learning = [p for p in run.network.body.parameters() if p.requires_grad]
    before = loss(BATCH).item()
    amounts = sum(float(p.detach().abs().sum()) for p in learning)
    assert before == pytest.approx(np.mean(cross_entropy(run.y[BATCH])) + 0.01 * amounts, rel=1e-4)
    with torch.no_grad():
        for parameter in learning:
            parameter += 0.5
    n, amounts = sum(p.numel() for p in learning), sum(float(p.detach().abs().sum()) for p in learning)
    distance = n * 0.5**2
    expected = np.mean(cross_entropy(run.y[BATCH])) + 0.01 * amounts + 0.1 / 2 * distance
    assert loss(BATCH).item() == pytest.approx(expected, rel=1e-4)


def test_nothing_to_penalise(toy_run: MakeRun) -> None:
    """A body that does not learn has no penalty."""
    run, loss = loss_of(toy_run(l1=0.1, l2_sp=0.1, top_layers=0))
    assert loss(BATCH).item() == pytest.approx(np.mean(cross_entropy(run.y[BATCH])), rel=1e-5)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_the_loss_has_all_digits_whatever_the_body_has(toy_run: MakeRun, class_weight: str | None) -> None:
    """In bf16 the logits 0 and 1 of rows whose features do not count are exact, and class weights are welcome."""
    run, loss = loss_of(toy_run(precision="bf16", class_weight=class_weight))
    exact = loss_of(toy_run(precision="fp32", class_weight=class_weight))[1]
    assert loss(BATCH).item() == pytest.approx(exact(BATCH).item(), rel=1e-5)
    loss(BATCH).backward()
    assert run.network.last.weight.grad.isfinite().all()

"""The optimisation loop: steps by hand, streams of random numbers, stopping."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest

from headstart.errors import ConfigError
from headstart.training import optimise, patience_is_over, random_stream

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def weights(*values: float) -> Any:
    return torch.tensor(values, requires_grad=True)


def test_steps_by_hand() -> None:
    """Gradient descent on half the square: w becomes w - rate * factor * (w - target), and each step says so."""
    w, expected = weights(1.0), 1.0
    targets, factors = [3.0, -2.0, 0.5, 4.0], [1.0, 0.5, 0.25, 0.0]
    sgd = torch.optim.SGD([w], lr=0.1)
    for i, step in enumerate(
        optimise(targets, lambda t: ((w - t) ** 2).sum() / 2, sgd, schedule=lambda taken: factors[taken])
    ):
        assert step.number == i + 1
        assert step.factor == factors[i]
        assert step.gradient_norm is None
        assert step.loss == pytest.approx((expected - targets[i]) ** 2 / 2, rel=1e-5)
        expected -= 0.1 * factors[i] * (expected - targets[i])
        assert w.item() == pytest.approx(expected, rel=1e-5)
    assert i == 3
    assert sgd.param_groups[0]["lr"] == 0.1


def test_each_group_has_its_rate() -> None:
    """Groups of parameters learn at their own rates, the schedule scales them all."""
    a, b = weights(0.0), weights(0.0)
    sgd = torch.optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.01}], lr=0.1)
    list(optimise([None] * 2, lambda _: -(a + b).sum(), sgd, schedule=lambda _: 0.5))
    assert (a.item(), b.item()) == (pytest.approx(0.1), pytest.approx(0.01))


def test_clipping() -> None:
    """The norm over all gradients is bounded; what is reported is the norm before. Smaller ones are left alone."""
    a, b = weights(0.0), weights(0.0)
    sgd = torch.optim.SGD([a, b], lr=1.0)
    (step,) = optimise([None], lambda _: (3 * a + 4 * b).sum(), sgd, max_norm=1.0)
    assert step.gradient_norm == pytest.approx(5)
    assert (a.item(), b.item()) == (pytest.approx(-0.6), pytest.approx(-0.8))
    (step,) = optimise([None], lambda _: (0.3 * a).sum(), sgd, max_norm=1.0)
    assert step.gradient_norm == pytest.approx(0.3)
    assert a.item() == pytest.approx(-0.9)


def noisy(random_state: int, disturb: bool = False) -> list[float]:
    """The losses of a run with dropout, with or without other draws between its steps."""
    w = weights(*np.linspace(0, 1, 50))
    sgd = torch.optim.SGD([w], lr=0.1)
    losses = []
    for step in optimise([1.0] * 5, lambda t: ((torch.dropout(w, 0.5, True) - t) ** 2).sum(), sgd,
                         random_state=random_state):  # fmt: skip
        losses.append(step.loss)
        if disturb:
            torch.rand(17)
    return losses


def test_same_seed_same_bits_and_nothing_else_moves() -> None:
    """Only `random_state` decides a run, and the process's own generator goes on as if there were no run."""
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    first = noisy(0)
    assert torch.equal(torch.rand(3), expected)
    assert noisy(0) == first
    assert noisy(0, disturb=True) == first
    assert noisy(1) != first
    assert len(set(first)) == 5
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("n_first", [0, 1, 3, 5])
def test_a_run_goes_on(n_first: int) -> None:
    """From the steps taken, the stream as it was and the optimiser's state: the bits of a run in one piece."""

    def steps(w: Any, momentum: Any, stream: Any, taken: int, n: int) -> list[Any]:
        sgd = torch.optim.SGD([w], lr=0.1, momentum=0.9)
        if momentum is not None:
            sgd.state[w]["momentum_buffer"] = momentum
        reports = list(
            optimise([1.0] * n, lambda t: ((torch.dropout(w, 0.5, True) - t) ** 2).sum(), sgd,
                     schedule=lambda step: 1 / (1 + step), taken=taken, stream=stream)
        )  # fmt: skip
        return [*reports, sgd.state[w].get("momentum_buffer")]

    begin = np.linspace(0, 1, 50)
    whole = weights(*begin)
    *expected, _ = steps(whole, None, torch.Generator().manual_seed(4), 0, 6)
    w, first = weights(*begin), torch.Generator().manual_seed(4)
    *reports, momentum = steps(w, None, first, 0, n_first)
    second = torch.Generator()
    second.set_state(first.get_state())
    *others, _ = steps(w, momentum, second, n_first, 6 - n_first)
    assert [*reports, *others] == expected
    assert torch.equal(w, whole)
    assert [report.number for report in expected] == [1, 2, 3, 4, 5, 6]


def test_stream_goes_on() -> None:
    """Two blocks of a stream draw what one generator draws in a row; an error leaves the process's numbers alone."""
    stream = torch.Generator().manual_seed(3)
    parts = []
    for _ in range(2):
        with random_stream(stream):
            parts.append(torch.rand(4))
    assert torch.equal(torch.cat(parts), torch.rand(8, generator=torch.Generator().manual_seed(3)))
    before = torch.get_rng_state()
    with pytest.raises(KeyError), random_stream(stream):
        raise KeyError(torch.rand(1))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_caller_stops() -> None:
    """Breaking off takes no further batch; the rates are those that the caller gave."""
    taken = []

    def endless() -> Iterator[float]:
        while True:
            taken.append(1.0)
            yield 1.0

    w = weights(0.0)
    sgd = torch.optim.SGD([w], lr=0.1)
    steps = optimise(endless(), lambda t: ((w - t) ** 2).sum(), sgd, schedule=lambda _: 0.3)
    assert len(list(islice(steps, 3))) == 3
    steps.close()  # type: ignore[attr-defined] # a generator
    assert len(taken) == 3
    assert sgd.param_groups[0]["lr"] == 0.1


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_astray(bad: float) -> None:
    """A loss that is no number ends training before it spoils the weights; the message says where and what to do."""
    w = weights(1.0)
    sgd = torch.optim.SGD([w], lr=0.5)
    with pytest.raises(ConfigError, match=r"loss of step 2 is (nan|inf) \(learning rate 0.5\).*Lower learning_rate"):
        list(optimise([1.0, bad], lambda t: (w * t).sum(), sgd))
    assert w.item() == 0.5


def test_no_rate_is_blamed_before_the_first_step() -> None:
    """It has changed no weight yet."""
    w = weights(float("nan"))
    with pytest.raises(ConfigError, match="The loss is nan before anything was learnt: the weights that") as caught:
        list(optimise([1.0], lambda t: (w * t).sum(), torch.optim.SGD([w], lr=0.5)))
    assert "rate" not in str(caught.value)


@pytest.mark.parametrize(
    ("losses", "patience", "over"),
    [
        ([], 1, False),
        ([3.0], 1, False),
        ([3.0, 4.0], 1, True),
        ([3.0, 4.0], 2, False),
        ([3.0, 4.0, 2.0, 2.5], 2, False),
        ([3.0, 2.0, 2.0, 2.0], 2, True),
    ],
)
def test_patience(losses: list[float], patience: int, over: bool) -> None:
    """Training goes on while the best loss is younger than `patience` checks; an equal loss is no better."""
    assert patience_is_over(losses, patience) == over

"""Means of weights, by hand."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from headstart.finetuning.averaging import RunningMean, assign, blend, copies  # noqa: E402 - torch may be missing


def test_running_mean_is_the_mean() -> None:
    """Of any number of weights, a tensor each; what was added may change afterwards."""
    rng = np.random.default_rng(0)
    steps = [[torch.tensor(rng.normal(size=shape), dtype=torch.float32) for shape in ((3, 2), (4,))] for _ in range(7)]
    expected = [np.mean([step[i].numpy() for step in steps], axis=0) for i in range(2)]
    mean = RunningMean()
    for step in steps:
        mean.add(step)
        for tensor in step:
            tensor.zero_()
    assert mean.n == 7
    for found, wanted in zip(mean.values, expected, strict=True):
        np.testing.assert_allclose(found.numpy(), wanted, atol=1e-6)


def test_a_mean_goes_on() -> None:
    """From its values and their number, to the same bits."""
    steps = [[torch.tensor([1.0 / (i + 1)])] for i in range(5)]
    whole, first = RunningMean(), RunningMean()
    for step in steps:
        whole.add(step)
    for step in steps[:3]:
        first.add(step)
    second = RunningMean(copies(first.values), first.n)
    for step in steps[3:]:
        second.add(step)
    assert torch.equal(second.values[0], whole.values[0])


@pytest.mark.parametrize(("share", "expected"), [(0.0, [1.0, 4.0]), (1.0, [3.0, -4.0]), (0.25, [1.5, 2.0])])
def test_blend_by_hand(share: float, expected: list[float]) -> None:
    """(1 - a) start + a tuned."""
    (found,) = blend([torch.tensor([1.0, 4.0])], [torch.tensor([3.0, -4.0])], share)
    assert found.tolist() == expected


def test_copies_and_assign() -> None:
    """A copy does not follow its parameter; assigning puts it back, and the gradient's book-keeping is untouched."""
    weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    kept = copies([weight])
    assign([weight], [torch.tensor([5.0, 6.0])])
    assert (weight.tolist(), kept[0].tolist()) == ([5.0, 6.0], [1.0, 2.0])
    assign([weight], kept)
    assert weight.tolist() == [1.0, 2.0]
    assert weight.requires_grad
    assert weight.is_leaf

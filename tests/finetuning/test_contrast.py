"""Contrastive losses against plain loops; batches; halves that decide."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def _rows(seed: int, n: int, k: int, d: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.integers(k, size=n)


def _unit(features: np.ndarray) -> np.ndarray:
    return features / np.linalg.norm(features, axis=1, keepdims=True)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 9), st.integers(1, 4), st.sampled_from([0.07, 0.5, 2.0]))
def test_supervised_contrast_is_equation_2(seed: int, n: int, k: int, temperature: float) -> None:
    import torch

    from headstart.finetuning.contrast import supervised_contrast

    features, y = _rows(seed, n, k)
    unit, terms = _unit(features), []
    for i in range(n):
        others = [a for a in range(n) if a != i]
        alike = [p for p in others if y[p] == y[i]]
        whole = sum(np.exp(unit[i] @ unit[a] / temperature) for a in others)
        if alike:
            terms.append(-np.mean([np.log(np.exp(unit[i] @ unit[p] / temperature) / whole) for p in alike]))
    found = supervised_contrast(torch.from_numpy(features), torch.from_numpy(y), temperature)
    assert float(found) == pytest.approx(np.mean(terms) if terms else 0.0, rel=1e-4, abs=1e-4)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 9), st.integers(1, 4))
def test_pair_loss_is_a_mean_over_pairs_of_each_kind(seed: int, n: int, k: int) -> None:
    import torch

    from headstart.finetuning.contrast import pair_loss

    features, y = _rows(seed, n, k)
    unit = _unit(features)
    errors: dict[bool, list[float]] = {True: [], False: []}
    for i in range(n):
        for j in range(i):
            alike = bool(y[i] == y[j])
            errors[alike].append((unit[i] @ unit[j] - alike) ** 2)
    expected = sum(np.mean(kind) / 2 for kind in errors.values() if kind)
    assert float(pair_loss(torch.from_numpy(features), torch.from_numpy(y))) == pytest.approx(
        expected, rel=1e-4, abs=1e-4
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.booleans())
def test_losses_know_neither_order_nor_length_and_have_finite_gradients(seed: int, pairs: bool) -> None:
    import torch

    from headstart.finetuning.contrast import pair_loss, supervised_contrast

    features, y = _rows(seed, 8, 3)
    order = np.random.default_rng(seed).permutation(8)
    loss: Any = pair_loss if pairs else lambda f, c: supervised_contrast(f, c, 0.1)
    given_rows = torch.from_numpy(features).requires_grad_()
    value = loss(given_rows, torch.from_numpy(y))
    value.backward()
    other = loss(torch.from_numpy(3.0 * features[order]), torch.from_numpy(y[order]))
    assert value.item() == pytest.approx(other.item(), rel=1e-4, abs=1e-4)
    assert torch.isfinite(given_rows.grad).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.integers(1, 4), st.integers(1, 20), st.integers(20, 200), st.integers(0, 99))
def test_batches_hold_every_row_once_with_each_class_in_proportion(
    n: int, k: int, batch_rows: int, batch_tokens: int, seed: int
) -> None:
    from headstart.finetuning.contrast import _deal
    from headstart.finetuning.settings import Settings

    _, y = _rows(seed, n, k)
    lengths = np.random.default_rng(seed).integers(1, 20, size=n)
    batches = _deal(np.arange(n), y, lengths, Settings(batch_rows=batch_rows, batch_tokens=batch_tokens))
    assert sorted(np.concatenate(batches)) == list(range(n))
    assert max(map(len, batches)) <= batch_rows
    fewest = min(n, max(-(-n // batch_rows), -(-int(lengths.sum()) // batch_tokens)))
    if fewest > 1 and n < 4 * len(set(y)) * fewest and batch_rows >= 8:  # see the next test
        return
    assert len(batches) == fewest
    for code in range(k):
        counts = [int(np.sum(y[batch] == code)) for batch in batches]
        assert max(counts) - min(counts) <= 1


@settings(deadline=None, max_examples=40)
@given(st.integers(20, 60), st.integers(2, 9), st.integers(16, 40), st.integers(0, 99))
def test_with_many_classes_a_batch_holds_some_of_them_with_rows_that_are_alike(
    k: int, a_class: int, batch_rows: int, seed: int
) -> None:
    """Each row once; four of a class, or all that there are; other classes and rows together in another epoch."""
    from headstart.finetuning.contrast import _deal
    from headstart.finetuning.settings import Settings

    rng, y = np.random.default_rng(seed), np.arange(k * a_class) % k
    given_settings, lengths = Settings(batch_rows=batch_rows, batch_tokens=10_000), np.full(len(y), 9)
    epochs = [_deal(rng.permutation(len(y)), y, lengths, given_settings) for _ in range(2)]
    for batches in epochs:
        assert sorted(np.concatenate(batches)) == list(range(len(y)))
        assert max(map(len, batches)) <= batch_rows
        for batch in batches:
            assert np.unique(y[batch], return_counts=True)[1].min() >= min(4, a_class)
    first, second = ({frozenset(batch.tolist()) for batch in batches} for batches in epochs)
    assert first != second or len(first) == 1  # all rows fit into one


def test_features_of_keeps_the_order_of_rows() -> None:
    import torch

    from headstart.finetuning.contrast import features_of

    lengths = np.array([400, 3, 900, 2, 700, 700])
    inputs: Any = SimpleNamespace(lengths=lengths, features=lambda rows: torch.from_numpy(rows[:, None] * 1.0))
    rows = np.array([5, 0, 3, 2, 1])
    assert features_of(inputs, rows)[:, 0].tolist() == rows.tolist()


def _support(folder: Path, n: int = 16, **changed: Any) -> tuple[Any, Any, np.ndarray]:
    """A support of n rows of two classes over a tiny model with every layer open, and its network."""
    import torch

    from headstart.encoders.transformer import Transformer
    from headstart.finetuning.contrast import pair_loss
    from headstart.finetuning.groups import open_layers
    from headstart.finetuning.inputs import Tokens
    from headstart.finetuning.network import Network
    from headstart.finetuning.settings import Settings
    from headstart.finetuning.support import Support

    torch.set_num_threads(1)
    texts = [f"{'the soup was cold' if i % 2 else 'a bright good screen'} {i}" for i in range(n)]
    y = np.arange(n) % 2
    encoder = Transformer(str(folder), cache=False, precision="fp32").fit(texts)
    body = encoder.whole_model()
    network = Network(body, 2)
    open_layers(network, None)
    network.last.requires_grad_(False)
    tokens = Tokens(body, encoder.tokeniser.ids(texts), encoder.pad_id)
    chosen = Settings(**{"n_epochs": 3, "learning_rate": 1e-3, "precision": "fp32", **changed})
    return Support(network, tokens, y, pair_loss, chosen), network, y


def test_steps_lower_the_loss_and_leave_frozen_weights(tiny_model: Callable[[str], Path]) -> None:
    from headstart.finetuning.contrast import contrast

    support, network, y = _support(tiny_model("bert"), n_epochs=10)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    given_rows = (support.inputs, y, np.arange(len(y)), support.settings, 0)
    losses = [step.loss for step in contrast(network, support.loss, *given_rows)]
    assert len(losses) == 10
    assert losses[-1] < losses[0]
    for name, p in network.named_parameters():
        assert p.requires_grad or p.equal(before[name])
    assert not network.training


def test_the_body_is_as_it_was_where_the_halves_prefer_it_so(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from headstart.finetuning import support as module

    support, network, y = _support(tiny_model("bert"))
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    rows = np.arange(len(y))
    halves = [(rows[:8], rows[8:]), (rows[8:], rows[:8])]
    monkeypatch.setattr(module, "_verdict", lambda *_: (True, ["so"]))
    learnt = support.learn(halves)
    assert not learnt.is_tuned
    assert learnt.reasons == ("so",)
    assert all(p.equal(before[name]) for name, p in network.named_parameters())


def test_the_verdict_follows_the_paired_log_losses() -> None:
    from headstart.finetuning.support import _verdict

    rng = np.random.default_rng(0)
    y = rng.integers(3, size=60)
    good, bad = np.eye(3)[y] * 2 + rng.normal(size=(60, 3)), rng.normal(size=(60, 3))
    assert _verdict(good, bad, y)[0]
    assert not _verdict(bad, good, y)[0]
    assert "tuning helps" in _verdict(bad, good, y)[1][0]
    assert "no clear difference" in _verdict(good, good, y)[1][0]


def test_a_scaled_head_answers_by_its_scaled_decision() -> None:
    from headstart.finetuning.support import _scaled
    from headstart.heads.logistic import Logistic

    features, y = _rows(1, 30, 2)
    head = Logistic(C=1.0).fit(features, y)
    p, q = (h.predict_proba(features) for h in (head, _scaled(head, 2.5)))
    odds = np.log(p[:, 1] / p[:, 0])
    np.testing.assert_allclose(np.log(q[:, 1] / q[:, 0]), 2.5 * odds, rtol=1e-4, atol=1e-5)

"""The table of word embeddings in short: the same features and the same learning, and the whole table afterwards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.encoders import make_encoder

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from headstart.finetuning.groups import make_optimiser, open_layers  # noqa: E402 - needs torch
from headstart.finetuning.inputs import Tokens  # noqa: E402 - needs torch
from headstart.finetuning.network import Network  # noqa: E402 - needs torch
from headstart.finetuning.settings import Settings  # noqa: E402 - needs torch
from headstart.finetuning.table import used_tokens  # noqa: E402 - needs torch
from headstart.training import optimise  # noqa: E402 - needs torch

FAMILIES = ("bert", "roberta", "distilbert", "albert", "gpt2", "t5", "xlnet", "electra", "modernbert", "deberta")
FAMILIES += ("deberta_v1", "mpnet", "bart")
TEXTS = ["The soup was cold.", "x", "The station, and the last train.", "soup and soup", "a slow film"]
Y = np.array([0, 1, 1, 0, 1])
SETTINGS = Settings(learning_rate=1e-2, weight_decay=0.0, precision="fp32")
Made = Callable[..., tuple[Any, Tokens]]


@pytest.fixture
def made(tiny_model: Callable[[str], Path]) -> Made:
    """`made("bert")`: a network of which everything learns, and TEXTS as its tokens."""

    def make(family: str, *, embeddings: bool = True) -> tuple[Any, Tokens]:
        encoder = make_encoder(str(tiny_model(family)), precision="fp32", max_tokens=40).fit([])
        torch.manual_seed(0)
        network = Network(encoder.whole_model().eval(), 2)
        torch.nn.init.normal_(network.last.weight)
        open_layers(network, None, embeddings=embeddings)
        return network, Tokens(network.body, encoder.tokeniser.ids(TEXTS), encoder.pad_id)

    return make


def table_of(network: Any) -> Any:
    return network.body.model.get_input_embeddings()


def learn(network: Any, tokens: Tokens) -> list[float]:
    """Four steps over all rows, nothing dropped; their losses."""

    def loss(rows: Any) -> Any:
        return torch.nn.functional.cross_entropy(network.decide(tokens.features(rows)), torch.from_numpy(Y)[rows])

    batches = iter([np.arange(5), np.array([0, 1]), np.array([2, 3]), np.array([4, 0])])
    steps = optimise(batches, loss, make_optimiser(network, SETTINGS), schedule=lambda _: 1.0, max_norm=1.0)
    return [step.loss for step in steps]


@pytest.mark.parametrize("family", FAMILIES)
def test_it_learns_as_with_the_whole_table(family: str, made: Made) -> None:
    """The same losses and weights after some steps of Adam, and nothing of the cut is left."""
    (network, tokens), (usual, usual_tokens) = made(family), made(family)
    whole = table_of(network).weight
    before, used = whole.detach().clone(), tokens.used()
    with used_tokens(network.body, tokens):
        assert len(table_of(network).weight) == len(used) < len(whole)
        losses = learn(network, tokens)
    assert losses == pytest.approx(learn(usual, usual_tokens), abs=1e-5)
    assert table_of(network).weight is whole
    for (name, ours), (_, theirs) in zip(network.named_parameters(), usual.named_parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, atol=2e-4, rtol=1e-3, msg=name)
    unused = np.setdiff1d(np.arange(len(whole)), used.numpy())
    assert torch.equal(whole[unused], before[unused])
    assert not torch.equal(whole[used], before[used])
    torch.testing.assert_close(tokens.features(np.arange(5)), usual_tokens.features(np.arange(5)), atol=1e-3, rtol=1e-3)


def test_the_whole_table_is_back_after_an_interruption(made: Made) -> None:
    network, tokens = made("bert")
    whole, padding = table_of(network).weight, table_of(network).padding_idx
    with pytest.raises(KeyboardInterrupt), used_tokens(network.body, tokens):
        raise KeyboardInterrupt
    assert table_of(network).weight is whole
    assert table_of(network).padding_idx == padding
    assert not table_of(network)._forward_pre_hooks


def test_the_padding_learns_nothing(made: Made) -> None:
    """Its row stays, wherever it stands in the short table."""
    network, tokens = made("bert")
    assert table_of(network).padding_idx is not None
    row = table_of(network).weight[tokens._pad_id].detach().clone()
    with used_tokens(network.body, tokens):
        learn(network, tokens)
    assert torch.equal(table_of(network).weight[tokens._pad_id], row)


def test_a_table_that_does_not_learn_is_left_alone(made: Made) -> None:
    network, tokens = made("bert", embeddings=False)
    whole = table_of(network).weight
    with used_tokens(network.body, tokens):
        assert table_of(network).weight is whole


def test_a_model_that_reads_its_table_elsewhere_keeps_it(made: Made) -> None:
    """A linear layer with the same weight is seen; a model that gives other features is found by them."""
    network, tokens = made("bert")
    whole, model = table_of(network).weight, network.body.model
    model.also = torch.nn.Linear(4, 4, bias=False)
    model.also.weight = whole
    with used_tokens(network.body, tokens):
        assert table_of(network).weight is whole
    del model.also
    embed = table_of(network)
    embed.forward = lambda ids: torch.nn.functional.embedding(ids, whole)  # past what the module holds
    with used_tokens(network.body, tokens):
        assert table_of(network).weight is whole


def test_used_is_what_the_texts_have_and_the_padding(made: Made) -> None:
    _, tokens = made("bert")
    assert tokens.used().tolist() == sorted({tokens._pad_id, *(i for row in tokens._ids for i in row)})


def test_a_padding_token_that_no_text_has_is_nobody_else(made: Made) -> None:
    """A model may name another padding than its tokeniser: every token of the texts learns all the same."""
    network, tokens = made("bert")
    last = len(table_of(network).weight) - 1
    elsewhere = Tokens(network.body, tokens._ids, last)  # so that the first row of the short table is a text's
    assert table_of(network).padding_idx == 0
    with used_tokens(network.body, elsewhere):
        network.decide(elsewhere.features(np.arange(5))).sum().backward()
        gradient = table_of(network).weight.grad
        assert len(gradient) == len(elsewhere.used())
        assert (gradient[:-1].norm(dim=1) > 0).all()

"""Which weights learn, how fast and with what decay, on tiny models by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headstart.encoders import make_encoder

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from headstart.finetuning.groups import make_optimiser, open_layers  # noqa: E402 - needs torch
from headstart.finetuning.network import Network  # noqa: E402 - needs torch
from headstart.finetuning.settings import Settings  # noqa: E402 - needs torch

FAMILIES = ("bert", "albert", "gpt2", "t5", "xlnet", "modernbert", "deberta", "mpnet", "bart")
SETTINGS = Settings(learning_rate=1.0, layer_decay=0.5, head_learning_rate=3.0, weight_decay=0.1)


@pytest.fixture
def network_of(tiny_model: Callable[[str], Path]) -> Callable[[str], Any]:
    """`network_of("bert")`: a network of its own, with a projection behind the pooling."""

    def make(family: str) -> Any:
        body = make_encoder(str(tiny_model(family)), precision="fp32").fit([]).whole_model()
        body.projections.append(torch.nn.Linear(32, 16))
        return Network(body, 3)

    return make


def learning(network: Any) -> set[str]:
    return {name for name, p in network.named_parameters() if p.requires_grad}


def named(network: Any, *beginnings: str) -> set[str]:
    return {name for name, _ in network.named_parameters() if name.startswith(beginnings)}


def of_name(network: Any, settings: Settings = SETTINGS) -> dict[str, tuple[float, float]]:
    """Parameter name -> (rate, decay) in the optimiser; each parameter that learns is in one group, no other is."""
    optimiser = make_optimiser(network, settings)
    names = {id(p): name for name, p in network.named_parameters()}
    found = [(names[id(p)], (g["lr"], g["weight_decay"])) for g in optimiser.param_groups for p in g["params"]]
    assert len(found) == len(dict(found))
    assert {name for name, _ in found} == learning(network)
    return dict(found)


LAYERS = "body.model.encoder.layer."
TOP = ("body.model.pooler.", "body.projections.", "last.")


def test_what_learns_of_bert(network_of: Callable[[str], Any]) -> None:
    """From all of it down to the last linear layer, and back."""
    network = network_of("bert")
    everything = named(network, "")
    words = "body.model.embeddings.word_embeddings.weight"
    expected = {
        (None, True): everything,
        (None, False): everything - {words},
        (2, False): everything - {words},
        (9, False): everything - {words},
        (1, False): named(network, LAYERS + "1.", *TOP),
        (0, False): named(network, "last."),
    }
    for (top_layers, embeddings), names in expected.items():
        depth = open_layers(network, top_layers, embeddings=embeddings)
        assert learning(network) == names, (top_layers, embeddings)
        assert depth == network.n_frozen == {None: 0, 9: 0}.get(top_layers, 2 - (top_layers or 0))


def test_rates_and_decay_of_bert(network_of: Callable[[str], Any]) -> None:
    """1 above, a half below, a quarter for the embeddings, 3 for the last layer; no decay of biases and norms."""
    network = network_of("bert")
    open_layers(network, None, embeddings=True)
    rates = {LAYERS + "0.": 0.5, LAYERS + "1.": 1.0, "body.model.embeddings.": 0.25}
    rates |= {"body.model.pooler.": 1.0, "body.projections.": 1.0, "last.": 3.0}
    found = of_name(network)
    for beginning, rate in rates.items():
        names = named(network, beginning)
        assert names
        for name in names:
            decay = 0.0 if name.endswith(".bias") or "LayerNorm" in name else 0.1
            assert found.pop(name) == (rate, decay), name
    assert not found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("top_layers", [None, 1, 0])
def test_each_weight_is_in_one_group_or_frozen(
    family: str, top_layers: int | None, network_of: Callable[[str], Any]
) -> None:
    """The last linear layer at its own rate, the rest at the rates of their layers, whatever the family."""
    network = network_of(family)
    open_layers(network, top_layers)
    found = of_name(network)
    assert {found["last.weight"], found["last.bias"]} == {(3.0, 0.1), (3.0, 0.0)}
    n_layers = {"albert": 1, "modernbert": 4}.get(family, 2)
    layers = {rate for name, (rate, _) in found.items() if not name.startswith("last.")}
    if top_layers is None or (family == "albert" and top_layers):
        below = n_layers if family in {"t5", "xlnet"} else n_layers + 1  # their embeddings are the frozen table alone
        assert layers == {0.5**n for n in range(below)}
    else:
        assert layers == ({1.0} if top_layers else set())


@pytest.mark.parametrize("family", ["deberta", "mpnet"])
def test_shared_positions_are_embeddings(family: str, network_of: Callable[[str], Any]) -> None:
    """Positions that every layer reads are frozen with the lowest layer, and learn as slowly as embeddings."""
    network = network_of(family)
    shared = {name for name in named(network, "") if "rel_embeddings" in name or "relative_attention_bias" in name}
    assert shared
    open_layers(network, None)
    assert {of_name(network)[name][0] for name in shared} == {0.25}
    open_layers(network, 1)
    assert not shared & learning(network)


@pytest.mark.parametrize(("name", "kind"), [("adamw", "AdamW"), ("adam", "Adam"), ("sgd", "SGD")])
def test_the_optimiser(name: str, kind: str, network_of: Callable[[str], Any]) -> None:
    """The kind that was asked for, and a step that moves what learns alone."""
    network = network_of("bert")
    open_layers(network, 1)
    before = {key: p.clone() for key, p in network.named_parameters()}
    optimiser = make_optimiser(network, Settings(optimiser=name))
    assert type(optimiser).__name__ == kind
    for _ in range(2):  # the last layer begins with zeros, through which no gradient goes
        optimiser.zero_grad()
        network(torch.tensor([[5, 6]]), torch.ones(1, 2, dtype=torch.long)).square().sub(1).square().sum().backward()
        network.last.weight.grad += 1
        optimiser.step()
    moved = {key for key, p in network.named_parameters() if not torch.equal(p, before[key])}
    assert moved <= learning(network)
    assert named(network, LAYERS + "1.attention.output.dense", "last.weight") <= moved

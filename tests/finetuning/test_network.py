"""The network over every family: layers found, run in two, frozen ones at rest, dropout set, layers made new."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headstart.encoders import make_encoder
from headstart.errors import ConfigError

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from headstart.finetuning import network as network_module  # noqa: E402 - needs torch
from headstart.finetuning.groups import open_layers  # noqa: E402 - needs torch
from headstart.finetuning.network import (  # noqa: E402 - needs torch
    Network,
    at_rest,
    behind_layers,
    blocks_of,
    in_precision,
    prepare,
    reinitialise,
    set_dropout,
    states_below,
    upper_part,
)
from headstart.finetuning.settings import Settings  # noqa: E402 - needs torch

N_LAYERS = {  # as the configurations in tests/conftest.py have them; ALBERT uses its one layer twice
    "bert": 2,
    "roberta": 2,
    "albert": 1,
    "distilbert": 2,
    "gpt2": 2,
    "t5": 2,
    "xlnet": 2,
    "electra": 2,
    "modernbert": 4,
    "deberta": 2,
    "deberta_v1": 2,
    "mpnet": 2,
    "bart": 2,
}
BEHIND = {  # modules that no layer reads; relative positions, which all layers read, are not among them
    "bert": {"pooler"},
    "roberta": {"pooler"},
    "albert": {"pooler"},
    "distilbert": set(),
    "gpt2": {"ln_f"},
    "t5": {"final_layer_norm"},
    "xlnet": {"mask_emb"},  # of pre-training: nothing at all reads it
    "electra": set(),
    "modernbert": {"final_norm"},
    "deberta": set(),
    "deberta_v1": set(),
    "mpnet": {"pooler"},
    "bart": set(),
}
IDS = torch.tensor([[5, 9, 30, 41, 7, 88, 12], [17, 3, 60, 0, 0, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0, 0]])


@pytest.fixture
def load(tiny_model: Callable[[str], Path]) -> Callable[[str], Any]:
    """`load("bert")`: a model of its own, at rest."""
    return lambda family: make_encoder(str(tiny_model(family)), precision="fp32").fit([]).whole_model()


def test_the_layers_are_found(family: str, load: Callable[[str], Any]) -> None:
    """As many as the configuration says, and each of them learns from the features."""
    body = load(family)
    blocks = blocks_of(body.model)
    assert len(blocks) == N_LAYERS[family]
    body(IDS, MASK).square().sum().backward()
    assert all(any(p.grad is not None and p.grad.any() for p in block.parameters()) for block in blocks)


def test_what_stands_behind_the_layers(family: str, load: Callable[[str], Any]) -> None:
    """Modules that come after the layers, by hand; finding them changes neither modes nor what learns."""
    model = load(family).model
    model.get_input_embeddings().requires_grad_(False)
    blocks_of(model).train()
    modes, learning = [m.training for m in model.modules()], [p.requires_grad for p in model.parameters()]
    state = torch.get_rng_state()
    behind = {id(p) for p in behind_layers(model)}
    names = [name.removeprefix("encoder.") for name, p in model.named_parameters() if id(p) in behind]
    assert {name.partition(".")[0] for name in names} == BEHIND[family]
    assert [m.training for m in model.modules()] == modes
    assert [p.requires_grad for p in model.parameters()] == learning
    assert torch.equal(torch.get_rng_state(), state)


def test_two_parts_make_the_whole(family: str, load: Callable[[str], Any]) -> None:
    """Features and gradients through the states below any layer are those of the whole model, padding or not."""
    body = load(family)
    whole = body(IDS, MASK)
    whole.square().sum().backward()
    for depth in range(N_LAYERS[family]):
        above = [p for block in blocks_of(body.model)[depth:] for p in block.parameters() if p.grad is not None]
        expected = [p.grad.clone() for p in above]
        with torch.no_grad():
            states = states_below(body.model, depth, IDS, MASK)
        assert states.shape[:2] == IDS.shape
        for p in above:
            p.grad = None
        with upper_part(body.model, depth, states):
            found = body(IDS, MASK)
        assert torch.allclose(found, whole, atol=1e-5)
        found.square().sum().backward()
        assert len(blocks_of(body.model)) == N_LAYERS[family]  # all of them are back
        assert all(torch.allclose(p.grad, g, rtol=1e-3, atol=1e-4) for p, g in zip(above, expected, strict=True))


def test_the_lower_part_does_not_run(load: Callable[[str], Any]) -> None:
    """The upper part leaves the lower layers alone, and the lower part the upper ones; hooks do not stay."""
    body = load("bert")
    calls: list[int] = []
    for number, block in enumerate(blocks_of(body.model)):
        block.register_forward_hook(lambda *_, number=number: calls.append(number))
    states = states_below(body.model, 1, IDS, MASK)
    assert calls == [0]
    with upper_part(body.model, 1, states):
        body(IDS, MASK)
    assert calls == [0, 1]
    body(IDS, MASK)
    assert calls == [0, 1, 0, 1]


def test_an_error_leaves_the_model_whole(load: Callable[[str], Any]) -> None:
    """A model that fails in two parts has all its layers again."""
    body = load("bert")
    whole = body(IDS, MASK)
    with pytest.raises(RuntimeError), upper_part(body.model, 1, torch.zeros(2, 7, 5)):
        body(IDS, MASK)
    assert torch.equal(body(IDS, MASK), whole)


def test_a_model_without_layers_is_refused() -> None:
    """The message names the model."""
    with pytest.raises(ValueError, match="Linear has no list of layers"):
        blocks_of(torch.nn.Linear(2, 2))


def test_frozen_layers_drop_nothing(family: str, load: Callable[[str], Any]) -> None:
    """In training mode what goes into the learning layers is always the same, while they themselves drop."""
    network = Network(load(family), 2)
    set_dropout(network.body.model, 0.5)
    network.eval()
    depth = open_layers(network, 1)
    if not depth:  # ALBERT's only layer learns
        network.train()
        assert all(module.training for module in network.modules())
        return
    with torch.no_grad():
        rest = states_below(network.body.model, depth, IDS, MASK)
        network.train()
        assert torch.equal(states_below(network.body.model, depth, IDS, MASK), rest)
        assert not torch.allclose(network.body(IDS, MASK), network.body(IDS, MASK), atol=1e-3)
    assert not any(m.training for block in blocks_of(network.body.model)[:depth] for m in block.modules())
    network.eval()
    assert not any(m.training for m in network.modules())


def test_dropout_is_set_everywhere(family: str, load: Callable[[str], Any]) -> None:
    """Without dropout training mode computes what evaluation mode does; with it, two passes differ."""
    body = load(family)
    with torch.no_grad(), torch.random.fork_rng():
        rest = body(IDS, MASK)
        body.train()
        set_dropout(body.model, 0.0)
        assert torch.allclose(body(IDS, MASK), rest, atol=1e-5)
        set_dropout(body.model, 0.5)
        assert not torch.allclose(body(IDS, MASK), body(IDS, MASK), atol=1e-3)


def test_new_highest_layers(family: str, load: Callable[[str], Any]) -> None:
    """Only the highest layer is new, as large as the family's own first weights, and decided by the seed."""
    made = []
    for seed in (0, 0, 1):
        body = load(family)
        before = {name: p.clone() for name, p in body.model.named_parameters()}
        own = {id(p) for p in blocks_of(body.model)[-1].parameters()}
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            reinitialise(body.model, 1)
        for name, p in body.model.named_parameters():
            if id(p) not in own:
                assert torch.equal(p, before[name])
            elif p.dim() > 1:  # norms and biases of the tiny models were new already
                assert not torch.equal(p, before[name])
        weights = torch.cat([p.flatten() for p in blocks_of(body.model)[-1].parameters() if p.dim() > 1])
        made.append(weights.detach())
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


def test_settings_prepare_the_model(load: Callable[[str], Any]) -> None:
    """The defaults change nothing; more new layers than there are layers is an error that says how many there are."""
    body = load("bert")
    before = [p.clone() for p in body.parameters()]
    prepare(body.model, Settings())
    assert all(torch.equal(p, old) for p, old in zip(body.parameters(), before, strict=True))
    prepare(body.model, Settings(model_dropout=0.3))
    assert {m.p for m in body.model.modules() if isinstance(m, torch.nn.Dropout)} == {0.3}
    with pytest.raises(ConfigError, match=r"strategy\.reinit_layers must be 0 to 2, the model's layers\. Got 3"):
        prepare(body.model, Settings(reinit_layers=3))


def test_at_rest_gives_modes_back(load: Callable[[str], Any]) -> None:
    """Every module has its own mode again, after an error too."""

    def fail() -> None:
        with at_rest(body):
            assert not any(m.training for m in body.modules())
            raise KeyError

    body = load("bert")
    blocks_of(body.model)[1].train()
    modes = [m.training for m in body.modules()]
    with pytest.raises(KeyError):
        fail()
    assert [m.training for m in body.modules()] == modes


def test_no_layer_runs_again_for_its_gradient(load: Callable[[str], Any]) -> None:
    """Gradient checkpointing would run layers when the states that they began with are gone: it is off."""
    body = load("bert")
    for block in blocks_of(body.model):
        block.gradient_checkpointing = True
    Network(body, 2)
    assert not any(getattr(m, "gradient_checkpointing", False) for m in body.modules())


def test_the_first_answer_is_even(load: Callable[[str], Any]) -> None:
    """Before the first step every class has the same logit, 0."""
    network = Network(load("bert"), 3)
    assert network(IDS, MASK).tolist() == [[0.0] * 3] * 2


def test_precision(load: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """bf16 where it is asked for, fp32 where that is; by itself bf16 where the processor has it."""
    a, body = torch.ones(2, 2), load("bert")
    with in_precision("bf16", body):
        assert (a @ a).dtype == torch.bfloat16
    with in_precision("fp32", body):
        assert (a @ a).dtype == torch.float32
    for has_it, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(network_module, "has_bf16", lambda device, has_it=has_it: has_it)
        with in_precision("auto", body):
            assert (a @ a).dtype == expected


def test_every_family_runs_in_the_precision_that_is_chosen_for_it(
    family: str, load: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on a processor that is quick at bf16, where DeBERTa's first version fails in it."""
    monkeypatch.setattr(network_module, "has_bf16", lambda device: True)
    network = Network(load(family), 2)
    with in_precision("auto", network.body):
        logits = network(IDS, MASK)
    logits.sum().backward()
    assert logits.isfinite().all()


def test_layers_side_by_side_are_not_fine_tuned(tiny_model: Callable[[str], Path]) -> None:
    """A head on several layers has no one network behind it: refused, with the way out."""
    encoder: Any = make_encoder(str(tiny_model("bert")), layers=[1, 2]).fit([])
    with pytest.raises(ConfigError, match=r"encoder\.layers is for frozen features"):
        Network(encoder.whole_model(), 2)

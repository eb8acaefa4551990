"""Kept states: the same features and the same learning as with tokens, in bounded memory, gone afterwards."""

import os
import shutil
import tempfile
import tracemalloc
from collections import namedtuple
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.encoders import make_encoder
from headstart.errors import ConfigError

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from headstart.finetuning import inputs as module  # noqa: E402 - needs torch
from headstart.finetuning.groups import make_optimiser, open_layers  # noqa: E402 - needs torch
from headstart.finetuning.inputs import KeptFeatures, KeptStates, Tokens, kept_states  # noqa: E402 - needs torch
from headstart.finetuning.network import Network, blocks_of  # noqa: E402 - needs torch
from headstart.finetuning.settings import Settings  # noqa: E402 - needs torch
from headstart.training import optimise  # noqa: E402 - needs torch

FAMILIES = ("bert", "roberta", "distilbert", "gpt2", "t5", "xlnet", "electra", "modernbert", "deberta", "deberta_v1")
FAMILIES += ("mpnet", "bart")  # ALBERT has one layer, which learns
TEXTS = [
    "The soup was cold.",
    "x",
    "",
    "房间很干净，就是隔音差了点，下次还会来。",
    "a long , slow and uneven film with one good scene",
    "Where is the nearest station, and when does the last train leave?",
]
ROWS = np.arange(len(TEXTS))
Made = Callable[..., tuple[Any, Tokens]]


@pytest.fixture
def made(tiny_model: Callable[[str], Path]) -> Made:
    """`made("bert")`: a network of which the highest layer learns, and TEXTS as its tokens."""

    def make(family: str, top_layers: int | None = 1) -> tuple[Any, Tokens]:
        encoder = make_encoder(str(tiny_model(family)), precision="fp32", max_tokens=40).fit([])
        network = Network(encoder.whole_model(), 2, dropout=0.1)
        open_layers(network, top_layers)
        return network, Tokens(network.body, encoder.tokeniser.ids(TEXTS), encoder.pad_id)

    return make


def keep(network: Any, tokens: Tokens, **more: Any) -> Any:
    return kept_states(network.body, tokens, network.n_frozen, 64, precision="fp32", **more)


@pytest.mark.parametrize("family", FAMILIES)
def test_same_features_and_same_learning(family: str, made: Made) -> None:
    """Through kept states come the features of the tokens, and after steps with dropout the same weights.

    States are rounded to float16, by 2 ** -11 at most, and Adam makes steps of one length out of gradients near 0:
    which of them depends on the processor: after eight steps the weights are apart by at most 5 % of the way that they
    have gone (other masks of dropout: by most of it).
    """
    settings = Settings(learning_rate=1e-3, head_learning_rate=1e-3, precision="fp32")
    y, n_steps = torch.tensor([0, 1, 0, 1, 1, 0]), 8
    ends: list[Any] = []
    for is_kept in (False, True):
        network, tokens = made(family)
        frozen = {name: p.clone() for name, p in network.body.named_parameters() if not p.requires_grad}
        if not is_kept:
            with torch.no_grad():
                expected = tokens.features(ROWS)
        with keep(network, tokens) if is_kept else nullcontext(tokens) as inputs:
            if is_kept:
                assert isinstance(inputs, KeptStates), inputs.note
                assert "float16" in inputs.note
                assert "MB in memory" in inputs.note
                with torch.no_grad():
                    found = inputs.features(ROWS)
                assert (found - expected).abs().max() <= 2e-3 * expected.abs().max()
            network.train()

            def loss(rows: Any, network: Any = network, inputs: Any = inputs) -> Any:
                return torch.nn.functional.cross_entropy(network.decide(inputs.features(rows)), y[rows])

            batches = [np.random.default_rng(i).permutation(6)[:4] for i in range(n_steps)]
            for _ in optimise(batches, loss, make_optimiser(network, settings), random_state=7):
                pass
        learnt = dict(network.body.named_parameters())
        assert all(torch.equal(learnt[name], p) for name, p in frozen.items())
        ends.append(torch.cat([p.detach().flatten() for p in network.parameters() if p.requires_grad]))
    fresh, _ = made(family)
    start = torch.cat([p.detach().flatten() for p in fresh.parameters() if p.requires_grad])
    assert (ends[1] - ends[0]).norm() <= 0.05 * (ends[0] - start).norm()


def test_computing_leaves_no_trace(made: Made) -> None:
    """Modes, the random stream and the recording of gradients are as before; the states are not for gradients."""
    network, tokens = made("bert")
    network.train()
    modes, stream = [m.training for m in network.modules()], torch.get_rng_state()
    with keep(network, tokens) as inputs:
        assert torch.is_grad_enabled()
        assert [m.training for m in network.modules()] == modes
        assert torch.equal(torch.get_rng_state(), stream)
        features = inputs.features(ROWS)
        assert features.requires_grad
        assert not inputs._states.requires_grad
        assert not inputs._states.is_inference()


def test_frozen_layers_run_once(made: Made) -> None:
    """However often rows are asked for, the frozen layers ran before, and each row is asked for by its number."""
    network, tokens = made("bert")
    calls: list[int] = []
    with keep(network, tokens) as inputs:
        blocks_of(network.body.model)[0].register_forward_hook(lambda *_: calls.append(0))
        together = inputs.features(ROWS)
        alone = torch.cat([inputs.features(np.array([row])) for row in ROWS[::-1]]).flip(0)
        assert torch.allclose(together, alone, atol=1e-5)
    assert not calls


def test_where_nothing_learns_features_are_kept(made: Made) -> None:
    """With the last linear layer alone no layer runs at all while it learns."""
    network, tokens = made("bert", 0)
    with torch.no_grad():
        expected = tokens.features(ROWS)
    with keep(network, tokens) as inputs:
        assert isinstance(inputs, KeptFeatures)
        network.body.model.register_forward_hook(lambda *_: pytest.fail("the model ran"))
        assert torch.allclose(inputs.features(ROWS[::-1].copy()), expected.flip(0), atol=1e-5)


def test_where_all_learns_nothing_is_kept(made: Made) -> None:
    """All layers learn: the tokens themselves."""
    network, tokens = made("bert", None)
    with keep(network, tokens) as inputs:
        assert inputs is tokens


def test_a_model_that_does_not_run_in_two(made: Made) -> None:
    """DeBERTa with a convolution behind its first layer: the tokens, with the reason, and the same features."""
    config = transformers.DebertaV2Config(
        vocab_size=100,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        relative_attention=True,
        position_buckets=8,
        conv_kernel_size=3,
        conv_act="gelu",
    )
    network, _ = made("bert")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network.body.model = transformers.DebertaV2Model(config).eval()
    open_layers(network, 1)
    tokens = Tokens(network.body, [[1, 5, 9, 13], [2, 3], [8, 9, 10]], 0)
    with keep(network, tokens) as inputs:
        assert isinstance(inputs, Tokens)
        expected = (
            "All 2 layers ran at each step, the 1 frozen ones too: the upper layers of this model (deberta-v2) do"
        )
        assert expected in inputs.note
        assert torch.equal(inputs.features(np.arange(3)), tokens.features(np.arange(3)))


@pytest.mark.parametrize("who", ["every row", "one row"])
def test_states_beyond_float16(who: str, made: Made) -> None:
    """States above 65,504 are kept as float32, found out beforehand or on the way: the features stay right."""
    network, tokens = made("gpt2")
    table = network.body.model.get_input_embeddings().weight
    with torch.no_grad():
        if who == "every row":
            table *= 1e7
        else:  # a token of the longest text only, which no check beforehand reads
            counts = [set(row) for row in tokens._ids]
            longest = int(np.argmax(tokens.lengths))
            rare = counts[longest] - set().union(*(c for row, c in enumerate(counts) if row != longest))
            table[sorted(rare)[0]] *= 1e7
        expected = tokens.features(ROWS)
    with keep(network, tokens) as inputs:
        assert isinstance(inputs, KeptStates)
        assert "float32" in inputs.note
        assert inputs._states.abs().max() > 65504
        assert torch.allclose(inputs.features(ROWS), expected, rtol=1e-4, atol=1e-4)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_more_states_go_to_a_file(made: Made, temporary: Path) -> None:
    """The same states, to the bit; the file has no name, and is closed in the end, after an error too."""
    network, tokens = made("bert")
    with keep(network, tokens) as inputs:
        expected = inputs._states.clone()
        inputs.features(ROWS).sum().backward()  # torch makes a folder of its own at the first
    before, others = open_files(), list(temporary.iterdir())
    with keep(network, tokens, most_bytes=1) as inputs:
        assert f"in a file in {temporary}" in inputs.note
        assert torch.equal(inputs._states, expected)
        inputs.features(ROWS).sum().backward()
        assert open_files() > before
        assert list(temporary.iterdir()) == others
    assert open_files() == before
    with pytest.raises(KeyboardInterrupt), keep(network, tokens, most_bytes=1):
        raise KeyboardInterrupt
    assert open_files() == before


def test_interrupted_while_computing(made: Made, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of the frozen layers: no file, no changed mode, gradients are recorded again."""
    network, tokens = made("bert")
    network.train()
    before, modes, calls = open_files(), [m.training for m in network.modules()], []

    def interrupted(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return states_below(*args)

    states_below = module.states_below
    monkeypatch.setattr(module, "states_below", interrupted)
    with pytest.raises(KeyboardInterrupt), keep(network, tokens, most_bytes=1):
        pytest.fail("was not interrupted")
    assert torch.is_grad_enabled()
    assert [m.training for m in network.modules()] == modes
    assert open_files() == before
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("most_bytes", [1, 1 << 30])
def test_states_that_do_not_pay(most_bytes: int, made: Made, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked once, early; the answer no gives the tokens with the reason, and leaves no file behind."""
    network, _ = made("bert")
    tokens, asked, batches = Tokens(network.body, [[3, 4, 5, 6]] * 2000, 0), list[float](), list[int]()
    states_below = module.states_below

    def counting(*args: Any) -> Any:
        batches.append(1)
        return states_below(*args)

    monkeypatch.setattr(module, "states_below", counting)
    before, others = open_files(), list(temporary.iterdir())
    for answer in (False, True):
        asked.clear(), batches.clear()

        def pays(seconds: float, answer: bool = answer) -> bool:
            asked.append(seconds)
            return answer

        with keep(network, tokens, most_bytes=most_bytes, pays=pays) as inputs:
            assert len(asked) == 1
            assert asked[0] > 0
            assert isinstance(inputs, KeptStates if answer else Tokens)
            assert (len(batches) >= 2000 * 4 / 64) == answer
            if not answer:
                assert len(batches) < 0.05 * 2000 * 4 / 64 + 4
                assert "the 1 frozen ones too: in the time that is left" in inputs.note
            assert inputs.features(np.arange(3)).shape == (3, 32)
        assert open_files() == before
        assert list(temporary.iterdir()) == others


def test_a_file_does_not_live_in_memory(temporary: Path) -> None:
    """64 MB in a file take no memory of the process's own; in memory they do."""
    shape = (1 << 20, 32)
    sizes = []
    for most_bytes in (1 << 20, 1 << 30):
        tracemalloc.start()
        with module._room(shape, np.float16, most_bytes) as (states, _):
            states[::1000] = 1
            assert isinstance(states, np.memmap) == (most_bytes == 1 << 20)
            assert states.shape == shape
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert sizes[0] < 1 << 20
    assert sizes[1] >= 1 << 26


def test_pages_of_a_file_are_given_back(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """256 MB are written and read: less than half of it is ever resident, and every number is what was written."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("needs Linux to ask how much memory is resident")

    def resident() -> int:
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    monkeypatch.setattr(module, "_MOST_MAPPED", 1 << 24)
    shape, step = (1 << 17, 1 << 10), 1 << 12
    with module._room(shape, np.float16, most_bytes=1) as (states, _):
        pages, before, most = module._Pages(states), resident(), 0
        for is_writing in (True, False):
            for number, start in enumerate(range(0, shape[0], step)):
                part = states[start : start + step]
                if is_writing:
                    part[:] = number
                assert (part == number).all()
                pages.used(step)
                most = max(most, resident())
        assert states.nbytes == 1 << 28
        assert most - before < 1 << 27


def test_too_small_a_disk(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is computed: how much is needed, how much there is, and three ways out."""
    network, tokens = made("bert")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 10**8))
    monkeypatch.setattr(module, "_fill", lambda *_: pytest.fail("states were computed"))
    expected = r"needs 0\.0 GB in .*, where 0\.1 GB are free.*TMPDIR.*strategy\.keep_states=false.*--limit"
    with pytest.raises(ConfigError, match=expected), keep(network, tokens, most_bytes=1):
        pytest.fail("was let through")


def test_memory_is_given_back(made: Made) -> None:
    """Whoever still holds the inputs after the block does not hold the states."""
    network, tokens = made("bert")
    with keep(network, tokens) as inputs:
        assert inputs._states.numel()
    assert not hasattr(inputs, "_states")

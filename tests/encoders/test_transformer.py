"""Transformer encoders of every family: against plain transformers, in ONNX, without torch, in bf16."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.encoders import make_encoder
from headstart.encoders._recipe import POOLINGS
from headstart.errors import ConfigError, EncoderUnavailable

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TEXTS = [
    "The soup was cold.",
    "x",
    "房间很干净，就是隔音差了点，下次还会来。",
    "A long sentence about the second half of the film, the waiter, the screen and the battery. " * 8,
    "check in 更快了 👍",
    "Where is the nearest station, and when does the last train leave?",
]


def alone(folder: Path, texts: list[str], pooling: str, max_tokens: int) -> np.ndarray:
    """Features by plain transformers: one text at a time, no padding, pooled in numpy."""
    config = transformers.AutoConfig.from_pretrained(folder)
    if config.model_type == "t5":
        model = transformers.T5EncoderModel.from_pretrained(folder)
    else:
        model = transformers.AutoModel.from_pretrained(folder)
        model = model.get_encoder() if config.is_encoder_decoder else model
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    rows = []
    for text in texts:
        ids = tokenizer(text, truncation=True, max_length=max_tokens)["input_ids"]
        with torch.no_grad():
            states = model.eval()(input_ids=torch.tensor([ids])).last_hidden_state[0].numpy()
        pooled = {"mean": states.mean(0), "max": states.max(0), "cls": states[0], "last": states[-1]}
        rows.append(pooled[pooling])
    return np.array(rows)


def test_the_cost_of_reading_is_that_of_weights_times_tokens(tiny_model: Callable[[str], Path]) -> None:
    """Tables of embeddings are looked up, not multiplied; as many texts again take as long again, also if few tell."""
    from headstart.encoders import transformer as module
    from headstart.encoders._torch import PRODUCTS_A_SECOND

    encoder = make_encoder(str(tiny_model("gpt2"))).fit([])
    blocks = encoder.module.model.h
    weights = sum(p.numel() for p in blocks.parameters() if p.ndim == 2)
    n_tokens = sum(map(len, encoder.tokeniser.windows(TEXTS)[0]))
    assert encoder.reading_s(TEXTS) == pytest.approx(weights * n_tokens / PRODUCTS_A_SECOND)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MOST_COUNTED", 40)
        assert encoder.reading_s(TEXTS * 10) == pytest.approx(10 * encoder.reading_s(TEXTS), rel=0.5)
    assert encoder.reading_s([]) == 0.0


@pytest.fixture(scope="module")
def exported(
    tiny_model: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Any, Any]]:
    """`exported("bert")`: the fitted float32 encoder of that family, and the same from its ONNX export."""
    made: dict[str, tuple[Any, Any]] = {}

    def pair(family: str) -> tuple[Any, Any]:
        if family not in made:
            encoder = make_encoder(str(tiny_model(family)), precision="fp32", max_tokens=40).fit([])
            folder = tmp_path_factory.mktemp(family)
            state = encoder.get_state(folder)
            assert json.loads(json.dumps(state.settings)) == state.settings
            made[family] = encoder, type(encoder).from_state(state, folder)
        return made[family]

    return pair


def test_pooled_like_plain_transformers(family: str, tiny_model: Callable[[str], Path]) -> None:
    """Padded batches give what plain transformers gives for one text alone, whatever the pooling."""
    folder = tiny_model(family)
    for pooling in POOLINGS:
        encoder = make_encoder(str(folder), precision="fp32", pooling=pooling, max_tokens=40).fit([])
        expected = alone(folder, TEXTS, pooling, 40)
        np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=1e-5)
        assert np.abs(expected[0] - expected[1]).max() > 1e-2  # the law has something to say


def test_batches_do_not_matter(family: str, tiny_model: Callable[[str], Path]) -> None:
    """A text has the same features alone, with others, and in batches of any budget."""
    folder = str(tiny_model(family))
    small, large = (
        make_encoder(folder, precision="fp32", max_tokens=40, batch_tokens=budget).fit([]) for budget in (1, 4096)
    )
    together = large.encode(TEXTS)
    np.testing.assert_allclose(small.encode(TEXTS), together, atol=1e-5)
    np.testing.assert_allclose(np.vstack([large.encode([t]) for t in TEXTS[::-1]])[::-1], together, atol=1e-5)


def test_onnx_is_the_same_encoder(family: str, exported: Callable[[str], tuple[Any, Any]]) -> None:
    """The export gives torch's features for batches and lengths that it was not traced with."""
    encoder, onnx = exported(family)
    for texts in (TEXTS, TEXTS[1:2], TEXTS[3:4], TEXTS * 9, [""], ["", "x"]):
        np.testing.assert_allclose(onnx.encode(texts), encoder.encode(texts), atol=1e-4)
    np.testing.assert_array_equal(onnx.truncated(TEXTS), encoder.truncated(TEXTS))
    assert onnx.encode([]).shape == (0, encoder.encode(TEXTS).shape[1])
    assert encoder.truncated(TEXTS)[3]


def test_onnx_of_one_token(exported: Callable[[str], tuple[Any, Any]]) -> None:
    """A batch of one text of a single token, which no special token lengthens, is read as torch reads it."""
    encoder, onnx = exported("gpt2")
    assert [len(ids) for ids in onnx._tokeniser.ids(["x"])] == [1]
    np.testing.assert_allclose(onnx.encode(["x"]), encoder.encode(["x"]), atol=1e-4)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_text_without_tokens_is_zeros(pooling: str, tiny_model: Callable[[str], Path]) -> None:
    """An empty text of a tokeniser without special tokens has zeros for features, in every pooling."""
    encoder = make_encoder(str(tiny_model("gpt2")), precision="fp32", pooling=pooling).fit([])
    features = encoder.encode(["", "The soup was cold."])
    assert not features[0].any()
    assert features[1].any()


LONG = [*TEXTS, TEXTS[3] * 4, "", TEXTS[4] * 9]


@pytest.mark.parametrize("how", ["tail", "head_tail", "windows"])
def test_long_texts(how: str, tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """Short texts are as ever, long ones differ; the export agrees, counts alike and is copied with its setting."""
    folder = str(tiny_model("xlnet"))
    plain = make_encoder(folder, precision="fp32", max_tokens=40).fit([])
    encoder = make_encoder(folder, precision="fp32", max_tokens=40, long_texts=how, max_windows=3).fit([])
    is_short = ~plain.truncated(LONG)
    before, found = plain.encode(LONG), encoder.encode(LONG)
    np.testing.assert_allclose(found[is_short], before[is_short], atol=1e-5)
    assert (np.abs(found - before)[~is_short].max(axis=1) > 1e-3).all()
    assert 0 < is_short.sum() < len(LONG)
    onnx = type(encoder).from_state(encoder.get_state(tmp_path), tmp_path)
    again = type(onnx).from_state(onnx.get_state(tmp_path), tmp_path)
    np.testing.assert_allclose(again.encode(LONG), found, atol=1e-4)
    np.testing.assert_array_equal(again.truncated(LONG), encoder.truncated(LONG))
    assert encoder.truncated(LONG).sum() <= (~is_short).sum()


def test_windows_are_averaged_by_their_tokens(tiny_model: Callable[[str], Path]) -> None:
    """A long text's features are those of its windows, each encoded by itself; of length 1 where theirs are."""
    encoder = make_encoder(str(tiny_model("bert")), precision="fp32", max_tokens=20, long_texts="windows").fit([])
    ids, counts = encoder.tokeniser.windows(TEXTS[3:4])
    assert counts.tolist() == [len(ids)]
    assert len(ids) > 2
    for normalise in (False, True):
        encoder.recipe_ = replace(encoder.recipe_, normalise=normalise)
        encoder.__dict__.pop("module", None)
        with torch.no_grad():
            each = [encoder.module(torch.tensor([row]), torch.ones(1, len(row)))[0].numpy() for row in ids]
        mean = np.average(each, axis=0, weights=list(map(len, ids)))
        expected = mean / np.linalg.norm(mean) if normalise else mean
        np.testing.assert_allclose(encoder.encode(TEXTS[3:4])[0], expected, atol=1e-5)


def test_the_cache_tells_the_policies_apart(tiny_model: Callable[[str], Path]) -> None:
    """Vectors of one way of reading are not found under another; max_windows matters for windows alone."""
    folder = str(tiny_model("bert"))

    def key(**settings: Any) -> str:
        return make_encoder(folder, precision="fp32", **settings).fit([])._fingerprint

    keys = [key(), key(long_texts="tail"), key(long_texts="head_tail"), key(long_texts="windows", max_windows=4)]
    keys.append(key(long_texts="windows", max_windows=5))
    assert len(set(keys)) == 5
    assert key(max_windows=3) == keys[0]


@pytest.mark.parametrize("pooling", POOLINGS)
def test_every_pooling_is_exported(pooling: str, tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """The pooling is part of the export, texts without tokens included."""
    encoder = make_encoder(str(tiny_model("gpt2")), precision="fp32", pooling=pooling, max_tokens=40).fit([])
    onnx = type(encoder).from_state(encoder.get_state(tmp_path), tmp_path)
    np.testing.assert_allclose(onnx.encode([*TEXTS, ""]), encoder.encode([*TEXTS, ""]), atol=1e-4)


def test_export_is_copied_whole(exported: Callable[[str], tuple[Any, Any]], tmp_path: Path) -> None:
    """An exported encoder writes itself into another folder, and even into its own."""
    _, onnx = exported("bert")
    for folder in (tmp_path, onnx.folder):
        again = type(onnx).from_state(onnx.get_state(folder), folder)
        np.testing.assert_array_equal(again.encode(TEXTS), onnx.encode(TEXTS))


def test_export_runs_without_torch(exported: Callable[[str], tuple[Any, Any]]) -> None:
    """Neither torch nor transformers is imported where a bundle's encoder is loaded and used."""
    _, onnx = exported("bert")
    script = f"""
import sys, pathlib
from headstart import registry
from headstart.types import State
state, folder = State({onnx.settings!r}), pathlib.Path({str(onnx.folder)!r})
encoder = registry.load("encoder", "transformer").from_state(state, folder)
assert encoder.encode(["The soup was cold.", ""]).shape == (2, 32)
assert encoder.truncated(["x"]).tolist() == [False]
print([name for name in ("torch", "transformers") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_defaults_follow_the_kind(tiny_model: Callable[[str], Path]) -> None:
    """Decoders are read at their last token, the others by the mean; lengths as far as positions reach."""
    families = ("bert", "gpt2", "xlnet", "roberta", "t5")
    recipes = {f: make_encoder(str(tiny_model(f))).fit([]).recipe_ for f in families}
    assert {f: r.pooling for f, r in recipes.items()} == {
        "bert": "mean",
        "gpt2": "last",
        "xlnet": "last",
        "roberta": "mean",
        "t5": "mean",
    }
    assert {f: r.max_tokens for f, r in recipes.items()} == {
        "bert": 48,
        "gpt2": 48,
        "xlnet": 512,
        "roberta": 48,  # 50 positions, of which two lie before the first token
        "t5": 512,
    }


@pytest.mark.parametrize("family", ["roberta", "mpnet", "bert"])
def test_the_longest_text_is_read(family: str, tiny_model: Callable[[str], Path]) -> None:
    """At the longest allowed length every position exists; one more is refused with the limit."""
    encoder = make_encoder(str(tiny_model(family)), precision="fp32", max_tokens=48).fit([])
    assert np.isfinite(encoder.encode(TEXTS[3:4])).all()
    with pytest.raises(ConfigError, match=r"encoder.max_tokens must be in 3..48 .* Got 49 instead"):
        make_encoder(str(tiny_model(family)), max_tokens=49).fit([])


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("precision", "fp8"),
        ("precision", None),
        ("pooling", "median"),
        ("max_tokens", 2),
        ("max_tokens", "40"),
        ("max_tokens", True),
        ("long_texts", "middle"),
        ("max_windows", 0),
        ("batch_tokens", 0),
        ("batch_tokens", 1.5),
    ],
)
def test_settings_are_checked(setting: str, value: object, tiny_model: Callable[[str], Path]) -> None:
    """A setting that cannot be used is named with its value."""
    with pytest.raises(ConfigError, match=rf"encoder\.{setting} .*Got {value!r} instead"):
        make_encoder(str(tiny_model("bert")), **{setting: value}).fit([])


def test_bf16_is_near(tiny_model: Callable[[str], Path]) -> None:
    """bf16 features point where float32's do, and are float32 numbers."""
    folder = str(tiny_model("bert"))
    exact, near = (make_encoder(folder, precision=p).fit([]).encode(TEXTS) for p in ("fp32", "bf16"))
    cosines = (exact * near).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(near, axis=1)
    assert near.dtype == np.float32
    assert not np.array_equal(exact, near)
    assert cosines.min() >= 0.99


@pytest.mark.parametrize(("has", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_auto_follows_the_processor(
    has: bool, dtype: object, tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Precision "auto" is bf16 where the CPU multiplies it in hardware, float32 elsewhere."""
    monkeypatch.setattr("headstart.encoders._torch.has_bf16", lambda device: has)
    encoder = make_encoder(str(tiny_model("bert"))).fit([])
    encoder.encode(["x"])
    assert next(encoder.module.parameters()).dtype == dtype


def test_fit_again_forgets(tiny_model: Callable[[str], Path]) -> None:
    """Another fit of the same object follows the settings of now."""
    encoder = make_encoder(str(tiny_model("bert")), precision="fp32", pooling="mean").fit([])
    encoder.encode(TEXTS)
    encoder.pooling = "cls"
    fresh = make_encoder(str(tiny_model("bert")), precision="fp32", pooling="cls").fit([])
    np.testing.assert_array_equal(encoder.fit([]).encode(TEXTS), fresh.encode(TEXTS))


def test_libraries_are_left_as_they_were(tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """Loading and export change no setting of torch or transformers for the rest of the process."""
    logging = transformers.utils.logging
    logging.set_verbosity_info()
    before = logging.get_verbosity(), logging.is_progress_bar_enabled(), torch.get_num_threads()
    dtype = torch.get_default_dtype()
    try:
        encoder = make_encoder(str(tiny_model("bert")), precision="bf16").fit([])
        encoder.encode(["x"])
        encoder.get_state(tmp_path)
        assert (logging.get_verbosity(), logging.is_progress_bar_enabled(), torch.get_num_threads()) == before
        assert torch.get_default_dtype() == dtype
    finally:
        logging.set_verbosity_warning()


class _Fixed(torch.nn.Module):
    """A model that is traced wrongly: how it computes depends on the number of texts."""

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        states = input_ids.unsqueeze(-1).float() + torch.zeros(4)
        return type("Out", (), {"last_hidden_state": states if len(input_ids) == 2 else -states})


def test_a_wrong_export_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An export that computes something else than torch never reaches a bundle."""
    from headstart.encoders import _export
    from headstart.encoders._recipe import EncoderRecipe
    from headstart.encoders._torch import PooledModel

    monkeypatch.setattr(_export, "find_spec", lambda name: None)
    model = PooledModel(_Fixed(), EncoderRecipe("mean", False, 16), torch.nn.Identity())
    with pytest.raises(EncoderUnavailable, match=r"_Fixed.*features differ by .*pip install onnxscript"):
        _export.export_onnx(model, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_no_fault_of_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said as it is, and what was written is gone."""
    from headstart.encoders import _export
    from headstart.encoders._recipe import EncoderRecipe
    from headstart.encoders._torch import PooledModel

    def full(model: Any, path: Path, dynamo: bool) -> None:
        path.write_bytes(b"a part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_export, "_write", full)
    model = PooledModel(_Fixed(), EncoderRecipe("mean", False, 16), torch.nn.Identity())
    with pytest.raises(OSError, match="No space left"):
        _export.export_onnx(model, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_the_newer_exporter_steps_in(
    tiny_model: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where the older exporter fails, the newer one writes one file with the same features, and says so."""
    pytest.importorskip("onnxscript")
    real = torch.onnx.export

    def only_new(*args: Any, dynamo: bool, **more: Any) -> Any:
        if not dynamo:
            raise RuntimeError("not traceable")
        return real(*args, dynamo=True, **more)

    monkeypatch.setattr(torch.onnx, "export", only_new)
    encoder = make_encoder(str(tiny_model("bert")), precision="fp32", max_tokens=40).fit([])
    onnx = type(encoder).from_state(encoder.get_state(tmp_path), tmp_path)
    np.testing.assert_allclose(onnx.encode(TEXTS), encoder.encode(TEXTS), atol=1e-4)
    assert [p.name for p in (tmp_path / "onnx").iterdir()] == ["encoder.onnx"]
    assert "not traceable" in caplog.text


@pytest.mark.parametrize("family", ["bert", "gpt2", "xlnet"])
def test_layers_stand_side_by_side(family: str, tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """Each layer's pooled states as transformers gives them, at one length; ONNX gives the same."""
    folder, texts = tiny_model(family), ["a long , slow film", "发货太慢", "screen"]
    exact = {"cache": False, "precision": "fp32"}
    encoder: Any = make_encoder(str(folder), layers=[0, 2], pooling="mean", **exact).fit([])
    found = encoder.encode(texts)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    for row, text in zip(found, texts, strict=True):
        ids = torch.tensor([encoder.tokeniser.ids([text])[0]])
        with torch.inference_mode():
            states = model(ids, output_hidden_states=True).hidden_states
        blocks = [states[layer][0].mean(0).numpy() for layer in (0, 2)]
        expected = np.concatenate([block / np.linalg.norm(block) for block in blocks]) / 2**0.5
        np.testing.assert_allclose(row, expected, atol=1e-5)
    exported = type(encoder).from_state(encoder.get_state(tmp_path), tmp_path)
    np.testing.assert_allclose(exported.encode(texts), found, atol=1e-4)


@pytest.mark.parametrize("layers", [[], [99], [1, 1], [True], "2", [-1]])
def test_layers_are_checked(layers: Any, tiny_model: Callable[[str], Path]) -> None:
    """Only layers that the model has, each once."""
    with pytest.raises(ConfigError, match=r"encoder\.layers must be a list of different layers"):
        make_encoder(str(tiny_model("bert")), layers=layers).fit([])

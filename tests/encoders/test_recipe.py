"""Folders of sentence-transformers: pooling, projection, normalising, prompt, lengths, what is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.encoders import make_encoder
from headstart.encoders._recipe import fingerprint, read_recipe
from headstart.errors import EncoderUnavailable

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

TEXTS = ["The soup was cold.", "房间很干净，就是隔音差了点。", "Where is the nearest station?"]
TRANSFORMER, POOLING, DENSE, NORMALISE = (
    {"type": f"sentence_transformers.models.{kind}", "path": path}
    for kind, path in (
        ("Transformer", ""),
        ("Pooling", "1_Pooling"),
        ("Dense", "2_Dense"),
        ("Normalize", "3_N"),
    )
)


@pytest.fixture
def folder(tiny_model: Callable[[str], Path], tmp_path: Path) -> Path:
    """A tiny BERT of one's own, without modules.json yet."""
    return Path(shutil.copytree(tiny_model("bert"), tmp_path / "model"))


def write(folder: Path, modules: list[dict[str, str]], pooling: dict[str, Any] | None = None) -> Path:
    """Give the folder its modules.json and the configuration of its pooling."""
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    config = {"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True} if pooling is None else pooling
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(config))
    return folder


def write_dense(folder: Path, **config: Any) -> tuple[np.ndarray, np.ndarray]:
    """A projection 32 -> 5 with the Tanh that sentence-transformers has; its weights and biases."""
    from safetensors.numpy import save_file

    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(5, 32)).astype(np.float32), rng.normal(size=5).astype(np.float32)
    (folder / "2_Dense").mkdir()
    save_file({"linear.weight": weight, "linear.bias": bias}, folder / "2_Dense" / "model.safetensors")
    stated = {"in_features": 32, "out_features": 5, "bias": True, **config}
    stated.setdefault("activation_function", "torch.nn.modules.activation.Tanh")
    (folder / "2_Dense" / "config.json").write_text(json.dumps(stated))
    return weight, bias


def features(folder: Path, **settings: Any) -> np.ndarray:
    return np.asarray(make_encoder(str(folder), precision="fp32", **settings).fit([]).encode(TEXTS))


@pytest.mark.parametrize(
    ("config", "pooling"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
        ({"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}, "cls"),
        ({"pooling_mode_max_tokens": True}, "max"),
        ({"pooling_mode_lasttoken": True}, "last"),
        ({"pooling_mode": "lasttoken"}, "last"),
        ({"pooling_mode": ["cls"]}, "cls"),
    ],
)
def test_pooling_is_read(config: dict[str, Any], pooling: str, folder: Path) -> None:
    """Both forms of the pooling's configuration give the pooling of that name."""
    plain = features(folder, pooling=pooling)
    np.testing.assert_array_equal(features(write(folder, [TRANSFORMER, POOLING], config)), plain)


@pytest.mark.parametrize(
    "config",
    [
        {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True},
        {"pooling_mode": ["mean", "max"]},
        {"pooling_mode": "weightedmean"},
        {"pooling_mode_mean_sqrt_len_tokens": True},
        {"pooling_mode_mean_tokens": False},
        {},
    ],
)
def test_other_pooling_is_refused(config: dict[str, Any], folder: Path) -> None:
    """A pooling that Headstart does not compute is never replaced by another."""
    with pytest.raises(EncoderUnavailable, match=r"1_Pooling: pooling .* is not supported; one of mean, cls"):
        read_recipe(write(folder, [TRANSFORMER, POOLING], config))


def test_projection_and_length_one(folder: Path, tmp_path: Path) -> None:
    """Dense and Normalize are tanh(Wx + b) scaled to length 1, in torch and in the export."""
    pooled = features(folder, pooling="mean")
    weight, bias = write_dense(folder)
    write(folder, [TRANSFORMER, POOLING, DENSE, NORMALISE])
    projected = np.tanh(pooled @ weight.T + bias)
    expected = projected / np.linalg.norm(projected, axis=1, keepdims=True)
    np.testing.assert_allclose(features(folder), expected, atol=1e-5)
    encoder = make_encoder(str(folder), precision="fp32").fit([])
    (tmp_path / "bundle").mkdir()
    state = encoder.get_state(tmp_path / "bundle")
    assert state.settings["dim"] == 5
    onnx = type(encoder).from_state(state, tmp_path / "bundle")
    np.testing.assert_allclose(onnx.encode(TEXTS), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"activation_function": "my_package.Swish"}, "activation 'Swish' is not supported"),
        ({"use_residual": True}, "residual"),
        ({"module_input_name": "token_embeddings"}, "on tokens"),
        ({"in_features": 31}, "cannot be loaded"),
    ],
)
def test_other_projections_are_refused(config: dict[str, Any], reason: str, folder: Path) -> None:
    """A projection that is not computed here, or whose weights do not fit, is refused with its reason."""
    write_dense(folder, **config)
    with pytest.raises(EncoderUnavailable, match=reason):
        features(write(folder, [TRANSFORMER, POOLING, DENSE]))


@pytest.mark.parametrize(
    "modules",
    [
        [TRANSFORMER, POOLING, {"type": "sentence_transformers.models.LayerNorm", "path": "2_L"}],
        [TRANSFORMER, {"type": "my_package.Pooling", "path": "1_Pooling"}],
        [{"type": "sentence_transformers.models.CLIPModel", "path": ""}],
        [TRANSFORMER, POOLING, NORMALISE, DENSE],
        [TRANSFORMER, NORMALISE],
        [TRANSFORMER, POOLING, POOLING],
    ],
)
def test_other_modules_are_refused(modules: list[dict[str, str]], folder: Path) -> None:
    """Unknown modules, others' classes of a known name, and other orders are refused, not passed over."""
    with pytest.raises(EncoderUnavailable, match=r"module .* of modules.json is not supported"):
        read_recipe(write(folder, modules))


def test_model_in_a_folder_of_its_own(folder: Path) -> None:
    """The oldest layout, with the model in 0_Transformer, is answered with the folder to give."""
    with pytest.raises(EncoderUnavailable, match=r"the model lies in .*0_Transformer; give that folder"):
        read_recipe(write(folder, [{**TRANSFORMER, "path": "0_Transformer"}, POOLING]))


def test_default_prompt(folder: Path) -> None:
    """The default prompt stands before every text and counts in its length; other prompts are not used."""
    plain = make_encoder(str(folder), precision="fp32", max_tokens=12).fit([])
    expected = plain.encode([f"query: {text}" for text in TEXTS])
    stated = {"prompts": {"query": "query: ", "other": "passage: "}, "default_prompt_name": "query"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(stated))
    prompted = make_encoder(str(folder), precision="fp32", max_tokens=12).fit([])
    np.testing.assert_allclose(prompted.encode(TEXTS), expected, atol=1e-6)
    assert prompted.truncated(["was " * 10]).tolist() == [True]
    assert plain.truncated(["was " * 10]).tolist() == [False]
    write(folder, [TRANSFORMER, POOLING], {"pooling_mode": "mean", "include_prompt": False})
    with pytest.raises(EncoderUnavailable, match="without the prompt's tokens"):
        read_recipe(folder)


def test_lengths(folder: Path) -> None:
    """max_seq_length is the default, other settings are allowed up to the positions, null is no limit."""
    for stated, expected in ((20, 20), (4000, 48), (None, 48)):
        (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": stated}))
        assert read_recipe(folder).max_tokens == expected
    assert read_recipe(folder, max_tokens=30).max_tokens == 30
    (folder / "sentence_bert_config.json").rename(folder / "sentence_roberta_config.json")
    (folder / "sentence_roberta_config.json").write_text('{"max_seq_length": 9, "do_lower_case": true}')
    assert (read_recipe(folder).max_tokens, read_recipe(folder).lower_case) == (9, True)


def test_unreadable_json_is_named(folder: Path) -> None:
    """A configuration that is no JSON is named."""
    (folder / "modules.json").write_text("{")
    with pytest.raises(EncoderUnavailable, match=r"modules\.json is not readable JSON"):
        read_recipe(folder)


def test_a_configuration_that_is_no_object_is_named(folder: Path) -> None:
    (folder / "config.json").write_text("[]")
    with pytest.raises(EncoderUnavailable, match=r"config\.json holds no JSON object, but a list"):
        read_recipe(folder)


def test_fingerprint_follows_what_decides(folder: Path) -> None:
    """Weights, tokeniser, projection, recipe and precision change the fingerprint; other files do not."""
    write_dense(folder)
    write(folder, [TRANSFORMER, POOLING, DENSE])
    recipe = read_recipe(folder)
    seen = [fingerprint(folder, recipe)]
    (folder / "README.md").write_text("words")
    assert fingerprint(folder, recipe) == seen[0]
    seen += [fingerprint(folder, recipe, "bf16"), fingerprint(folder, read_recipe(folder, "cls"))]
    for name in ("model.safetensors", "tokenizer.json", "config.json", "2_Dense/model.safetensors"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-1] + b" ")
        seen.append(fingerprint(folder, recipe))
        (folder / name).write_bytes(content)
    assert len(set(seen)) == len(seen)
    assert fingerprint(folder, recipe) == seen[0]

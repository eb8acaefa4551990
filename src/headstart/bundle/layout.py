"""What a bundle folder holds, as data: names, format number, the manifest and how it is sealed.

    manifest.json        format, versions, size and sha256 of every file, and its own seal; written last
    model.json           encoder, head, classes, settings
    encoder.safetensors  arrays of the encoder (not of a transformer); those of a composition's part 2 begin with `2.`
    head.safetensors     arrays of the head
    abstaining.safetensors  what held-out rows said of the probabilities, where a limit of errors was asked for
    onnx/, tokenizer.json  an exported transformer
    parts/2/             the same for a transformer that is part 2 of a composition, counted from 0
    golden.jsonl         texts with their probabilities, predicted again on load
    reference.json       the training distribution, for drift
    card.md              what it is, for people

The format number grows when a reader of the old format would misread the new one. A reader knows all formats
up to its own.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from headstart.errors import BundleCorrupt, BundleTooNew

__all__ = [
    "ABSTAINING_ARRAYS", "CARD", "ENCODER_ARRAYS", "FORMAT", "GOLDEN", "HEAD_ARRAYS", "MANIFEST", "MODEL", "REFERENCE",
    "file_facts", "is_read", "read_manifest", "sealed",
]  # fmt: skip

FORMAT = 1
MANIFEST = "manifest.json"
MODEL = "model.json"
ENCODER_ARRAYS = "encoder.safetensors"
HEAD_ARRAYS = "head.safetensors"
ABSTAINING_ARRAYS = "abstaining.safetensors"
GOLDEN = "golden.jsonl"
REFERENCE = "reference.json"
CARD = "card.md"


_READ = {MODEL, ENCODER_ARRAYS, HEAD_ARRAYS, ABSTAINING_ARRAYS, GOLDEN, REFERENCE, "tokenizer.json"}
_READ_FOLDERS = ("onnx/", "parts/")


def is_read(name: str) -> bool:
    """Whether the file of this name, as a path within the bundle, is read by anyone who loads it."""
    return name in _READ or name.startswith(_READ_FOLDERS)


def file_facts(path: Path) -> dict[str, Any]:
    """Size and sha256 of a file."""
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def sealed(manifest: Mapping[str, Any]) -> bytes:
    """The manifest's bytes with its own sha256 in `seal`, so that a changed bit in the manifest shows too."""
    body = {key: value for key, value in manifest.items() if key != "seal"}
    seal = hashlib.sha256(_canonical(body)).hexdigest()
    return _canonical({**body, "seal": seal})


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a bundle, verified against its seal, with safe file names.

    Raises BundleCorrupt (not a bundle, unreadable, changed), BundleTooNew.
    """
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise BundleCorrupt(f"{folder} is not a bundle: it has no {MANIFEST}.") from error
    except OSError as error:
        raise BundleCorrupt(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        manifest: dict[str, Any] = json.loads(raw)
        number, files = int(manifest["format"]), dict(manifest["files"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise BundleCorrupt(f"{path} was changed or damaged: it is not a readable manifest.") from error
    if number > FORMAT:
        raise BundleTooNew(
            f"{folder} has bundle format {number}, this Headstart reads up to {FORMAT}. "
            "Update with: pip install --upgrade headstart"
        )
    if raw != sealed(manifest):
        raise BundleCorrupt(f"{path} was changed or damaged: its seal does not match. Save the bundle again.")
    for name, facts in files.items():
        if not _is_inside(name):
            raise BundleCorrupt(f"{path} names a file outside the bundle: {name!r}.")
        if not isinstance(facts, dict) or not isinstance(facts.get("sha256"), str):
            raise BundleCorrupt(f"{path} does not give the sha256 of {name!r}.")
    return manifest


def _is_inside(name: str) -> bool:
    """Whether a relative POSIX path stays in its folder, on every system."""
    path = PureWindowsPath(name)  # knows both kinds of separator, and drives
    return not (path.drive or path.root or ".." in path.parts or "\\" in name or "\0" in name)


def _canonical(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()

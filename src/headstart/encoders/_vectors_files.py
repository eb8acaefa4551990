"""Opens a file of word vectors, memory-mapped: what is no array yet is converted once, into the user's cache.

The cache is the folder `vectors` beside the feature cache (see encoders/_cache.py for HEADSTART_CACHE).
"""

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

import numpy as np
import orjson

from headstart.data.opening import COMPRESSIONS, Location, locate, readable
from headstart.encoders._cache import default_cache
from headstart.encoders._vectors_read import (
    FASTTEXT_MAGIC,
    Block,
    Subwords,
    is_binary,
    read_binary,
    read_fasttext,
    read_text,
)
from headstart.errors import DataError, EncoderUnavailable, HeadstartError
from headstart.progress import track

if TYPE_CHECKING:
    from headstart.types import Floats

__all__ = ["VectorFile", "opened"]

_HEAD = 1 << 16  # bytes that tell the format
_VECTORS, _GRAMS, _FACTS = "vectors.f16", "ngrams.f16", "facts.json"

logger = logging.getLogger(__name__)


class VectorFile(NamedTuple):
    """The words of a file and their vectors, row by row; the first of a word that stands there twice counts."""

    words: list[str]
    vectors: "Floats"  # (m, d), float16 memory-mapped where it was converted
    subwords: Subwords | None = None


@contextmanager
def opened(name: str) -> Iterator[VectorFile]:
    """The vectors of the file `name`, mapped into memory as long as the block lasts.

    Raises DataFileMissing with near names, EncoderUnavailable for a format that is none of the known ones,
    DataError with the line where the file is damaged.
    """
    path = Path(name).expanduser()
    suffix = path.suffix.lower()
    if suffix == ".npz" and path.is_file():
        yield _from_npz(path)
    elif suffix == ".npy" and path.is_file():
        yield _from_npy(path)
    else:
        with _converted(locate(str(path))) as folder:
            yield _mapped(folder)


def _from_npz(path: Path) -> VectorFile:
    with _arrays(path), np.load(path, allow_pickle=False) as file:
        if not {"words", "vectors"} <= set(file.files):
            raise EncoderUnavailable(
                f"{path} holds the arrays {', '.join(file.files)}; expected words (m,) and vectors (m, d)."
            )
        return _fitting(path, file["words"].astype(str).tolist(), file["vectors"])


def _from_npy(path: Path) -> VectorFile:
    beside = path.with_suffix(".txt")
    if not beside.is_file():
        raise EncoderUnavailable(
            f"{path} holds numbers without words: expected the words in {beside}, one a line. gensim keeps its words "
            "in a pickle; there, write all in one file with vectors.save_word2vec_format('vectors.vec')."
        )
    with _arrays(path):
        words = beside.read_text(encoding="utf-8").split("\n")
        return _fitting(path, words[:-1] if words[-1] == "" else words, np.load(path, mmap_mode="r"))


@contextmanager
def _arrays(path: Path) -> Iterator[None]:
    try:
        yield
    except EncoderUnavailable:
        raise
    except Exception as error:  # zip, header and pickle errors of numpy; the user needs one sentence
        raise EncoderUnavailable(f"{path} cannot be read as numpy arrays: {error}. Make or copy it again.") from error


def _fitting(path: Path, words: list[str], vectors: Any) -> VectorFile:
    if vectors.ndim != 2 or len(vectors) != len(words) or vectors.dtype.kind != "f" or not vectors.size:
        raise EncoderUnavailable(
            f"{path}: {len(words):,} words and vectors of shape {vectors.shape}, type {vectors.dtype}; expected (m, d) "
            "numbers with a fraction for m words."
        )
    return VectorFile(words, vectors)


@contextmanager
def _converted(location: Location) -> Iterator[Path]:
    """The folder of the converted file: in the cache, or where there is none a temporary one."""
    cache = default_cache()
    folder = cache.path.parent / "vectors" / _key(location) if cache else None
    if folder and (folder / _FACTS).is_file():
        yield folder
        return
    room = _room(folder.parent) if folder else None
    with room or tempfile.TemporaryDirectory(prefix="headstart-", ignore_cleanup_errors=True) as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        _convert(location, made)
        yield _published(made, folder) if folder and room else made


def _room(folder: Path) -> "tempfile.TemporaryDirectory[str] | None":
    """A temporary folder inside the cache's, from which one rename publishes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix="making-", dir=folder, ignore_cleanup_errors=True)
    except OSError as error:
        logger.warning("%s cannot be written (%s): word vectors are converted at each start", folder, error)
        return None


def _published(made: Path, folder: Path) -> Path:
    """Rename to `folder`, whole or not at all; what an older file at the same place gave goes."""
    for older in folder.parent.glob(f"{folder.name.partition('-')[0]}-*"):
        if older != folder:
            shutil.rmtree(older, ignore_errors=True)
    try:
        return made.rename(folder)
    except OSError:  # another process was faster, with the same content
        return folder if (folder / _FACTS).is_file() else made


def _key(location: Location) -> str:
    """Of the place, then of the content: size and time of the last change."""
    path = cast(Path, location.path).resolve()
    facts = path.stat()
    place, content = (
        hashlib.blake2b(what.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        for what in (str(path), f"{facts.st_size} {facts.st_mtime_ns}")
    )
    return f"{place}-{content}"


def _convert(location: Location, folder: Path) -> None:
    """Write the words and vectors of the file into `folder`."""
    path, name = cast(Path, location.path), location.name
    if path.is_dir():
        raise EncoderUnavailable(f"{name} is a folder; expected a file of word vectors.")
    with readable(name), location.open() as stream:
        head = stream.read(_HEAD)
    if head[:1] == b"\x80" and head[1:2] < b"\x06":
        raise EncoderUnavailable(
            f"{name} is a pickle (gensim's own format), which can run code when it is opened; Headstart does not open "
            "it. Where you trust it, convert it once: "
            "gensim.models.KeyedVectors.load(path).save_word2vec_format('vectors.vec')."
        )
    grams: Subwords | None = None
    blocks: Iterable[Block]
    if head.startswith(FASTTEXT_MAGIC):
        words, vectors, grams = read_fasttext(path)
        blocks = [(words, vectors)]
    else:
        blocks = _blocks(location, path, is_binary(head))
    try:
        _write(folder, blocks, name, grams)
    except HeadstartError:
        raise
    except OSError as error:
        raise EncoderUnavailable(
            f"{name}: its converted form cannot be written to {folder.parent}: {error.strerror or error}. "
            "Make room, or name another place with the environment variable HEADSTART_CACHE."
        ) from error


def _blocks(location: Location, path: Path, binary: bool) -> Iterator[Block]:
    read = read_binary if binary else read_text
    with readable(location.name), path.open("rb") as raw:
        packed = COMPRESSIONS[location.compression].open(raw) if location.compression else raw
        blocks = read(cast(BinaryIO, packed), location.name)
        yield from track(blocks, f"converting {path.name}", path.stat().st_size, _advance(raw))


def _advance(raw: IO[bytes]) -> Callable[[object], int]:
    """The bytes of the file that were read since the last call."""
    last = 0

    def advance(_: object) -> int:
        nonlocal last
        by, last = raw.tell() - last, raw.tell()
        return by

    return advance


def _write(folder: Path, blocks: Iterable[Block], name: str, grams: Subwords | None = None) -> None:
    """Vectors as they come, then the facts: words, dimensions."""
    words: list[str] = []
    known: set[str] = set()
    n_twice = n_broken = d = 0
    with (folder / _VECTORS).open("wb") as out:
        for block_words, vectors in blocks:
            d = vectors.shape[1]
            new = [word not in known and not known.add(word) for word in block_words]  # type: ignore[func-returns-value] # adds
            n_twice += len(new) - sum(new)
            n_broken += sum("\ufffd" in word for word in block_words)
            words += [word for word, is_new in zip(block_words, new, strict=True) if is_new]
            vectors[new].astype(np.float16).tofile(out)
    if not words:
        raise DataError(f"{name} holds no word vectors.")
    if n_twice or n_broken:
        logger.info("%s: %d words stand there twice, the first counts; %d are not UTF-8", name, n_twice, n_broken)
    facts: dict[str, Any] = {"words": words, "d": d, "ngrams": None}
    if grams is not None:
        grams.vectors.astype(np.float16).tofile(folder / _GRAMS)
        facts["ngrams"] = [len(grams.vectors), grams.shortest, grams.longest]
    (folder / _FACTS).write_bytes(orjson.dumps(facts))  # last: where it is, all is


def _mapped(folder: Path) -> VectorFile:
    facts = orjson.loads((folder / _FACTS).read_bytes())
    words, d = facts["words"], facts["d"]
    vectors = np.memmap(folder / _VECTORS, np.float16, "r", shape=(len(words), d))
    if facts["ngrams"] is None:
        return VectorFile(words, vectors)
    n_grams, shortest, longest = facts["ngrams"]
    return VectorFile(
        words, vectors, Subwords(np.memmap(folder / _GRAMS, np.float16, "r", shape=(n_grams, d)), shortest, longest)
    )

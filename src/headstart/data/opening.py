"""From a path, or `-` for standard input, to a stream of plain bytes: compression, names, messages.

Compression is known by the first bytes, not by the name; it is taken off while reading, in bounded memory.
"""

import bz2
import contextlib
import difflib
import gzip
import io
import lzma
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from headstart.errors import DataError, DataFileMissing

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["COMPRESSIONS", "Location", "locate", "readable", "split_suffixes", "stdin_location"]

COMPRESSIONS = {"gz": gzip, "xz": lzma, "bz2": bz2}  # file suffix -> module with `open`
_MAGIC = {"gz": b"\x1f\x8b", "xz": b"\xfd7zXZ\x00", "bz2": b"BZh"}
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel workbook: save it as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save it as CSV (UTF-8)",
    b"7z\xbc\xaf": "a 7z archive: unpack it",
    b"\x28\xb5\x2f\xfd": "a zstd archive: unpack it, or pack it with gzip or xz",
}
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Location:
    """A file or folder that was found. name: as the user wrote it; suffix: "csv", ... or "" for a folder."""

    name: str
    suffix: str
    path: Path | None = None  # None: standard input
    compression: str = ""
    stream: BinaryIO | None = field(default=None, compare=False)  # standard input or its copy on disk
    rereadable: bool = True

    @property
    def is_folder(self) -> bool:
        """True for a folder of class folders."""
        return self.path is not None and self.path.is_dir()

    def open(self) -> BinaryIO:
        """The plain bytes from the start; the caller closes it."""
        if self.stream is not None:
            if self.rereadable:
                self.stream.seek(0)
            kept = io.BufferedReader(_Kept(self.stream))
            return cast(BinaryIO, COMPRESSIONS[self.compression].open(kept) if self.compression else kept)
        path = cast(Path, self.path)
        if self.compression:  # opened by path: only then does closing it close the file below
            return cast(BinaryIO, COMPRESSIONS[self.compression].open(path))
        return path.open("rb")

    def chunks(self) -> Iterator[bytes]:
        """The plain bytes in pieces of 1 MiB; of a folder: its .txt files one after the other."""
        if self.is_folder:
            for path in sorted(cast(Path, self.path).glob("*/*")):
                if path.suffix.lower() == ".txt" and path.is_file():
                    yield path.read_bytes()
            return
        with self.open() as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk

    @contextlib.contextmanager
    def seekable(self) -> Iterator[IO[bytes]]:
        """The plain bytes in a file that can seek; what is compressed goes through a temporary file."""
        with self.open() as stream:
            if not self.compression and self.stream is None:
                yield stream
                return
            with tempfile.TemporaryFile() as copy:
                shutil.copyfileobj(stream, copy, _CHUNK)
                copy.seek(0)
                yield copy


class _Kept(io.RawIOBase):
    """Reads a stream that outlives it, giving what is there without waiting for more."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = cast(io.BufferedReader, stream)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        return self._stream.readinto1(buffer)


class _Spool(io.BufferedRandom):
    """A temporary file that goes when the last reference goes."""

    def __del__(self) -> None:
        self.close()


def split_suffixes(name: str) -> tuple[str, str]:
    """`"a/reviews.csv.gz"` -> `("csv", "gz")`: suffixes of format and compression, "" for none."""
    parts = Path(name).name.lower().split(".")[1:]
    compression = parts.pop() if parts and parts[-1] in COMPRESSIONS else ""
    return (parts[-1] if parts else ""), compression


def locate(name: str) -> Location:
    """The file or folder of this name. Raises DataFileMissing with near names; DataError if it cannot be
    read.
    """
    path = Path(name)
    if not path.exists():
        raise DataFileMissing(f"{name} does not exist.{_near_names(path)}")
    suffix, compression = split_suffixes(name)
    if path.is_dir():
        return Location(name, "", path)
    with readable(name), path.open("rb") as stream:
        if not stream.seekable():  # a pipe, for instance <(zcat reviews.csv.gz)
            return _spooled(stream, name, suffix)
        head = stream.read(8)
    actual = _compression(head)
    if compression and actual != compression:
        raise DataError(f"{name} ends in .{compression} but is no {compression} archive. Rename it, or pack it again.")
    _refuse_foreign(head, name)
    return Location(name, suffix, path, actual)


def stdin_location(suffix: str = "", *, reread: bool) -> Location:
    """Standard input. reread: copy it to a temporary file first, so that its encoding can be detected over
    the whole; otherwise it streams. suffix "" = sniffed from the first bytes.
    """
    stdin = sys.stdin.buffer
    if reread:
        return _spooled(stdin, "standard input", suffix)
    stream = cast(BinaryIO, stdin if isinstance(stdin, io.BufferedReader) else io.BufferedReader(stdin))
    head = cast(io.BufferedReader, stream).peek(4096)
    compression = _compression(head)
    if compression and not suffix:  # the format is inside
        return _spooled(stream, "standard input", suffix)
    return _sniffed(Location("standard input", suffix, None, compression, stream, False), head)


def _spooled(stream: IO[bytes], name: str, suffix: str) -> Location:
    raw = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - lives as long as the location
    spool = cast(BinaryIO, _Spool(cast(io.RawIOBase, raw)))
    shutil.copyfileobj(stream, spool, _CHUNK)
    spool.seek(0)
    head = spool.read(4096)
    return _sniffed(Location(name, suffix, None, _compression(head), spool), head)


def _sniffed(location: Location, head: bytes) -> Location:
    _refuse_foreign(head, location.name)
    if location.suffix:
        return location
    if location.compression and location.rereadable:
        with readable(location.name), location.open() as stream:
            head = stream.read(4096)
    return Location(
        location.name, _sniff(head), location.path, location.compression, location.stream, location.rereadable
    )


def _sniff(head: bytes) -> str:
    """The format by the first bytes: `{` = jsonl, PAR1 = parquet, a tab in the first line = tsv, otherwise
    csv.
    """
    if head.startswith(b"PAR1"):
        return "parquet"
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")  # byte order marks, white space
    if text.startswith(b"{"):
        return "jsonl"
    return "tsv" if b"\t" in text.partition(b"\n")[0] else "csv"


def _compression(head: bytes) -> str:
    return next((name for name, magic in _MAGIC.items() if head.startswith(magic)), "")


def _refuse_foreign(head: bytes, name: str) -> None:
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise DataError(f"{name} is {what}.")


def _near_names(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" There is no folder {str(folder)!r}."
    with contextlib.suppress(OSError):
        near = difflib.get_close_matches(path.name, sorted(entry.name for entry in folder.iterdir()), n=3, cutoff=0.6)
        if near:
            return " Did you mean " + " or ".join(repr(str(folder / name)) for name in near) + "?"
    return ""


@contextlib.contextmanager
def readable(name: str) -> Iterator[None]:
    """Turns what goes wrong while reading `name` into one DataError."""
    try:
        yield
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise DataError(f"{name}: the archive is damaged or cut off ({error}). Copy or download it again.") from error
    except UnicodeDecodeError as error:  # only from a pipe: of files the encoding is checked before
        raise DataError(f"{name} is not {error.encoding}: byte 0x{error.object[error.start]:02X}.") from error
    except PermissionError as error:
        raise DataError(f"{name} may not be read by this user: permission denied.") from error
    except IsADirectoryError as error:
        raise DataError(f"{name} is a folder.") from error
    except (DataFileMissing, BlockingIOError, InterruptedError):
        raise
    except OSError as error:
        if "data stream" in str(error):  # how bz2 says it
            raise DataError(f"{name}: the archive is damaged ({error}). Copy or download it again.") from error
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from error

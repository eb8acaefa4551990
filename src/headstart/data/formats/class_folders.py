"""A folder with one sub-folder a class, each holding .txt files: one file is one text, the folder's name its
label.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

from headstart.data.formats._base import Row, Writer
from headstart.data.opening import Location
from headstart.errors import DataError

__all__ = ["ClassFolders"]


class ClassFolders:
    """Reads class folders into the columns text, label and file. It does not write."""

    suffixes: ClassVar[tuple[str, ...]] = ("",)  # a folder
    decodes_text: ClassVar[bool] = True

    def __init__(self, suffix: str) -> None:
        self.suffix, self.notes, self.separator = suffix, (), ""

    def read(self, location: Location, encoding: str) -> Iterator[Row]:
        """`line` is the file's number in sorted order. What is neither hidden nor a .txt file inside a class
        folder is a defect, so is a .txt file beside the class folders. Line breaks around the text of a file
        are left out.
        """
        root = cast(Path, location.path)
        classes = [path for path in sorted(root.iterdir()) if path.is_dir() and not path.name.startswith(".")]
        if not any(_is_text(path) for folder in classes for path in folder.iterdir()):
            raise DataError(
                f"{location.name} is a folder without class folders: expected one sub-folder a class, "
                "with .txt files in it. For a single data set in a file, give the file's path."
            )
        for number, path in enumerate(_files(root, classes), start=1):
            place = f"file {path.relative_to(root)}"
            defect = _defect(path, root)
            text = "" if defect else _read(path, encoding)
            if text is None:
                defect = f"not {encoding}"
            values: dict[str, object] = {
                "text": text,
                "label": path.parent.name,
                "file": str(path.relative_to(root)),
            }
            yield Row(number, {} if defect else values, defect, place)

    def open_writer(self, stream: BinaryIO, columns: Sequence[str]) -> Writer:
        """Raises DataError: rows with columns need a file."""
        raise DataError(
            "A name without an ending stands for class folders, which are only read. Write to a .csv, .tsv, .jsonl or "
            ".parquet file."
        )


def _files(root: Path, classes: Sequence[Path]) -> Iterator[Path]:
    yield from sorted(path for path in root.glob("*.txt") if path.is_file())
    for folder in classes:
        yield from sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _defect(path: Path, root: Path) -> str:
    if path.parent == root:
        return "beside the class folders, not in one"
    if path.is_dir():
        return "a folder inside a class folder"
    return "" if _is_text(path) else "not a .txt file"


def _is_text(path: Path) -> bool:
    return path.suffix.lower() == ".txt"


def _read(path: Path, encoding: str) -> str | None:
    try:
        return path.read_bytes().decode(encoding).removeprefix("\ufeff").strip("\r\n")
    except UnicodeDecodeError:
        return None

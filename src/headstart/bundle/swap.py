"""Putting a finished folder in the place of another, all or nothing, whenever the process may be killed."""

import contextlib
import ctypes
import glob
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "one_at_a_time",
    "previous_of",
    "recover",
    "remove_leftovers",
    "replace_folder",
    "staging_beside",
    "sync_tree",
]

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # Linux: fcntl.h, linux/fs.h
_RENAME_SWAP = 2  # macOS: sys/stdio.h
_SWAP_S = 0.05  # far longer than a running process needs between two renames


@contextmanager
def one_at_a_time(parent: Path) -> Iterator[None]:
    """Within this block nobody else who asks for it changes what stands in `parent`. Does not nest."""
    handle = _lock(parent, wait=True)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def staging_beside(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder`, on the same file system, for a new version; removed at the end.

    It is locked while this block runs. The system frees the lock of a killed process, whatever its number
    and in whatever container it ran: that is how `remove_leftovers` knows what is abandoned.
    """
    path = folder.parent / f".{folder.name}.saving-{secrets.token_hex(4)}"
    with one_at_a_time(folder.parent):
        path.mkdir()
        handle = _lock(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def previous_of(folder: Path) -> Path:
    """Where the old version stands for an instant on file systems without an atomic exchange."""
    return folder.parent / f".{folder.name}.previous"


def replace_folder(new: Path, folder: Path) -> None:
    """Move `new` to `folder`. What was there stands at `new` then, or is gone. Both stand on one file system.

    With an existing `folder` this is one atomic exchange on Linux and macOS; elsewhere two renames, between
    which `recover` finds the old version.
    """
    with one_at_a_time(folder.parent):
        if not folder.exists():
            new.rename(folder)
        elif not _exchange(new, folder):
            old = previous_of(folder)
            folder.rename(old)
            try:
                new.rename(folder)
            except OSError:
                old.rename(folder)
                raise
            shutil.rmtree(old, ignore_errors=True)
        _sync(folder.parent)


def recover(folder: Path) -> None:
    """Put an old version back that a killed process left between two renames."""
    old = previous_of(folder)
    if not folder.exists() and old.exists():
        time.sleep(_SWAP_S)  # a process that still runs has done its second rename by then
        if not folder.exists():
            old.rename(folder)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left behind; the folder of a process that still runs is let alone."""
    for path in folder.parent.glob(f".{glob.escape(folder.name)}.saving-*"):
        handle = _lock(path)
        if handle is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(handle)
    if folder.exists():
        shutil.rmtree(previous_of(folder), ignore_errors=True)


def sync_tree(folder: Path) -> None:
    """Force every file and folder below to disk. Raises OSError when a file does not get there."""
    for path in [*folder.rglob("*"), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    # some systems cannot open or sync a folder; a file that cannot be synced is not saved
    with contextlib.suppress(OSError) if path.is_dir() else contextlib.nullcontext():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _lock(folder: Path, *, wait: bool = False) -> int | None:
    """A handle that holds the folder's lock; None where another has it, or where there are no such locks."""
    with contextlib.suppress(OSError, ImportError):
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            os.close(handle)
            return None
        return handle
    return None


def _exchange(a: Path, b: Path) -> bool:
    """Exchange two paths atomically; False where the system or the file system cannot."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return bool(libc.renamex_np(os.fsencode(a), os.fsencode(b), _RENAME_SWAP) == 0)
        at = ctypes.c_int(_AT_FDCWD)
        return bool(libc.renameat2(at, os.fsencode(a), at, os.fsencode(b), _RENAME_EXCHANGE) == 0)
    except (AttributeError, OSError, TypeError):  # no such call in this libc; no libc by that way (Windows)
        return False

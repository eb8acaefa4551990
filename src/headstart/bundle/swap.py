"""Putting a finished folder in the place of another, all or nothing, whenever the process may be killed."""

import contextlib
import ctypes
import os
import shutil
import sys
from pathlib import Path

__all__ = ["previous_of", "recover", "remove_leftovers", "replace_folder", "staging_for", "sync_tree"]

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # Linux: fcntl.h, linux/fs.h
_RENAME_SWAP = 2  # macOS: sys/stdio.h


def staging_for(folder: Path) -> Path:
    """Where a new version of `folder` is written: beside it, on the same file system, marked with our process id."""
    return folder.parent / f".{folder.name}.saving-{os.getpid()}"


def previous_of(folder: Path) -> Path:
    """Where the old version stands for an instant on file systems without an atomic exchange."""
    return folder.parent / f".{folder.name}.previous"


def replace_folder(new: Path, folder: Path) -> None:
    """Move `new` to `folder`; what was there is removed after. Both stand on one file system.

    With an existing `folder` this is one atomic exchange on Linux and macOS; elsewhere two renames, between
    which `recover` finds the old version.
    """
    if not folder.exists():
        new.rename(folder)
    elif _exchange(new, folder):
        shutil.rmtree(new)
    else:
        old = previous_of(folder)
        folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old)
    _sync(folder.parent)


def recover(folder: Path) -> None:
    """Put an old version back that a killed process left between two renames."""
    old = previous_of(folder)
    if not folder.exists() and old.exists():
        old.rename(folder)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left behind; the folder of a process that still runs is let alone."""
    for path in folder.parent.glob(f".{folder.name}.saving-*"):
        number = path.name.rpartition("-")[2]
        if number.isdigit() and (int(number) == os.getpid() or not _runs(int(number))):
            shutil.rmtree(path, ignore_errors=True)
    if folder.exists() and previous_of(folder).exists():
        shutil.rmtree(previous_of(folder), ignore_errors=True)


def sync_tree(folder: Path) -> None:
    """Force every file and folder below to disk."""
    for path in [*folder.rglob("*"), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    with contextlib.suppress(OSError):  # some file systems cannot sync a folder
        os.fsync(handle)
    os.close(handle)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it runs and is somebody else's
    return True


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

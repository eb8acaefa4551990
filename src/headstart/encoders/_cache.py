"""Vectors kept on disk, so that a text is encoded once: key = encoder fingerprint + text, bounded in size.

One SQLite file in the user's cache folder. It holds hashes of texts and their vectors, never a text.
The environment variable HEADSTART_CACHE names another folder, or `off`. Read when used, not at import.
"""

import hashlib
import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from headstart.types import Floats

__all__ = ["FeatureCache", "cache_folder", "default_cache", "file_sha256"]

MAX_BYTES = 1 << 30  # 1 GiB: about 600,000 vectors of 384 numbers
_KEYS_A_QUERY = 500  # SQLite's smallest usual limit on variables is 999
_ROWS_A_WRITE = 1000  # short transactions: another process waits for one of them at most
_OVERHEAD = 1.5  # pages are not filled to the brim, and keys are kept twice (table and index)
_PAGE_BYTES = 8192
_WAIT_S = 10.0
_TABLE = "CREATE TABLE IF NOT EXISTS features (number INTEGER PRIMARY KEY, key BLOB UNIQUE, vector BLOB)"

logger = logging.getLogger(__name__)


def cache_folder() -> Path | None:
    """The user's cache, or None when HEADSTART_CACHE=off."""
    place = os.environ.get("HEADSTART_CACHE", "").strip()
    if place.lower() in {"off", "0", "no", "false"}:
        return None
    from platformdirs import user_cache_dir

    return Path(place or user_cache_dir("headstart")).expanduser()


def default_cache() -> "FeatureCache | None":
    """The features kept there, or None."""
    folder = cache_folder()
    return None if folder is None else FeatureCache(folder, MAX_BYTES)


def file_sha256(path: Path) -> str:
    """The file's sha256 in hexadecimal: computed once a process, unless its size or its time of change is another."""
    stat = path.stat()
    return _sha256(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=32)
def _sha256(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class FeatureCache:
    """Float32 vectors by (fingerprint, text); the oldest go before the file would pass `max_bytes`.

    A cache that cannot be read or written is passed over with a warning: it must never cost the user a run.
    A damaged file is removed, so that the next run has a cache again.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self.path, self.max_bytes = folder / "features.sqlite", max_bytes

    def encode(self, fingerprint: str, texts: Sequence[str], encode: Callable[[Sequence[str]], Floats]) -> Floats:
        """Features (n, d) float32 of n >= 1 texts; `encode` is called at most once, with the distinct texts
        that are not kept yet.
        """
        keys = [_key(fingerprint, text) for text in texts]
        known: dict[bytes, Floats] = {}
        readable = True  # a cache that cannot be read is not worth a second wait
        try:
            known = self._read(list(dict.fromkeys(keys)))
        except (sqlite3.Error, OSError) as error:
            readable = False
            self._pass_over(error, "read")
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            vectors = np.asarray(encode(list(missing.values())), dtype=np.float32)
            known.update(zip(missing, vectors, strict=True))
            if readable:
                try:
                    self._write(list(missing), vectors)
                except (sqlite3.Error, OSError) as error:
                    self._pass_over(error, "written")
        return np.stack([known[key] for key in keys])

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)
        try:
            if connection.execute("PRAGMA schema_version").fetchone() == (0,):  # a new file
                connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
                connection.execute("PRAGMA auto_vacuum = FULL")  # the file shrinks when rows go
                connection.execute(_TABLE)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, Floats]:
        found: dict[bytes, Floats] = {}
        with closing(self._open()) as connection:
            for start in range(0, len(keys), _KEYS_A_QUERY):
                part = keys[start : start + _KEYS_A_QUERY]
                marks = ",".join("?" * len(part))
                query = f"SELECT key, vector FROM features WHERE key IN ({marks})"  # noqa: S608, marks are "?"
                for key, vector in connection.execute(query, part):
                    found[key] = np.frombuffer(vector, np.float32)
        return found

    def _write(self, keys: Sequence[bytes], vectors: Floats) -> None:
        row_bytes = _OVERHEAD * (4 * vectors.shape[1] + 100)
        step = max(1, min(_ROWS_A_WRITE, int(self.max_bytes / 8 / row_bytes)))
        with closing(self._open()) as connection:
            for start in range(0, len(keys), step):
                part = slice(start, start + step)
                rows = ((key, row.tobytes()) for key, row in zip(keys[part], vectors[part], strict=True))
                with connection:  # commits, or rolls back
                    connection.execute("BEGIN IMMEDIATE")
                    self._make_room(connection, int(step * row_bytes))
                    connection.executemany("INSERT OR REPLACE INTO features (key, vector) VALUES (?, ?)", rows)

    def _make_room(self, connection: sqlite3.Connection, n_bytes: int) -> None:
        def pragma(name: str) -> int:
            return int(connection.execute(f"PRAGMA {name}").fetchone()[0])

        used = (pragma("page_count") - pragma("freelist_count")) * pragma("page_size") + n_bytes
        if used <= self.max_bytes:
            return
        (n_rows,) = connection.execute("SELECT count(*) FROM features").fetchone()
        surplus = int(n_rows * (1 - 0.8 * self.max_bytes / used)) + 1  # down to 80 %, not at each write again
        connection.execute(
            "DELETE FROM features WHERE number IN (SELECT number FROM features ORDER BY number LIMIT ?)",
            (surplus,),
        )

    def _pass_over(self, error: Exception, verb: str) -> None:
        logger.warning("feature cache %s cannot be %s (%s); going on without it", self.path, verb, error)
        if type(error) is sqlite3.DatabaseError:  # "malformed", "not a database"; a lock is an OperationalError
            with suppress(OSError):
                self.path.unlink()


def _key(fingerprint: str, text: str) -> bytes:
    return hashlib.blake2b(text.encode(), key=fingerprint.encode()[:64], digest_size=16).digest()

"""Vectors kept on disk, so that a text is encoded once: key = encoder fingerprint + text, bounded in size.

One SQLite file in the user's cache folder. It holds hashes of texts and their vectors, never a text.
The environment variable HEADSTART_CACHE names another folder, or `off`. Read when used, not at import.
"""

import hashlib
import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from headstart.types import Floats

__all__ = ["FeatureCache", "default_cache"]

MAX_BYTES = 1 << 30  # 1 GiB: about 700,000 vectors of 384 numbers
_KEYS_A_QUERY = 500  # SQLite's smallest usual limit on variables is 999
_WAIT_S = 10.0

logger = logging.getLogger(__name__)


def default_cache() -> "FeatureCache | None":
    """The user's cache, or None when HEADSTART_CACHE=off."""
    place = os.environ.get("HEADSTART_CACHE", "")
    if place.lower() in {"off", "0", "no", "false"}:
        return None
    from platformdirs import user_cache_dir

    return FeatureCache(Path(place or user_cache_dir("headstart")), MAX_BYTES)


class FeatureCache:
    """Float32 vectors by (fingerprint, text); the oldest go when the file would pass `max_bytes`.

    A cache that cannot be read or written is passed over with a warning: it must never cost the user a run.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self.path, self.max_bytes = folder / "features.sqlite", max_bytes

    def encode(
        self, fingerprint: str, texts: Sequence[str], dim: int, encode: Callable[[Sequence[str]], Floats]
    ) -> Floats:
        """Features (n, dim) float32 of the texts; `encode` is called once, with the distinct texts not kept yet."""
        keys = [_key(fingerprint, text) for text in texts]
        known = self._read(keys, dim)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            vectors = encode(list(missing.values()))
            known.update(zip(missing, vectors, strict=True))
            self._write(list(missing), vectors)
        return np.stack([known[key] for key in keys]) if keys else np.empty((0, dim), np.float32)

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=_WAIT_S)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS features (number INTEGER PRIMARY KEY, key BLOB UNIQUE, vector BLOB)"
        )
        return connection

    def _read(self, keys: Sequence[bytes], dim: int) -> dict[bytes, Floats]:
        found: dict[bytes, Floats] = {}
        try:
            with closing(self._open()) as connection:
                for start in range(0, len(keys), _KEYS_A_QUERY):
                    part = keys[start : start + _KEYS_A_QUERY]
                    marks = ",".join("?" * len(part))
                    query = f"SELECT key, vector FROM features WHERE key IN ({marks})"  # noqa: S608, marks are "?"
                    for key, vector in connection.execute(query, part):
                        if len(vector) == 4 * dim:
                            found[key] = np.frombuffer(vector, np.float32)
        except (sqlite3.Error, OSError) as error:
            logger.warning("feature cache %s cannot be read (%s); encoding without it", self.path, error)
        return found

    def _write(self, keys: Sequence[bytes], vectors: Floats) -> None:
        rows = ((key, vector.tobytes()) for key, vector in zip(keys, vectors.astype(np.float32), strict=True))
        try:
            with closing(self._open()) as connection, connection:
                connection.executemany("INSERT OR REPLACE INTO features (key, vector) VALUES (?, ?)", rows)
                self._evict(connection)
        except (sqlite3.Error, OSError) as error:
            logger.warning("feature cache %s cannot be written (%s)", self.path, error)

    def _evict(self, connection: sqlite3.Connection) -> None:
        def pragma(name: str) -> int:
            return int(connection.execute(f"PRAGMA {name}").fetchone()[0])

        used = (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")
        (n_rows,) = connection.execute("SELECT count(*) FROM features").fetchone()
        if used <= self.max_bytes or not n_rows:
            return
        surplus = int(n_rows * (1 - 0.8 * self.max_bytes / used)) + 1  # down to 80 %, not at each write again
        connection.execute(
            "DELETE FROM features WHERE number IN (SELECT number FROM features ORDER BY number LIMIT ?)", (surplus,)
        )


def _key(fingerprint: str, text: str) -> bytes:
    return hashlib.blake2b(text.encode(), key=fingerprint.encode()[:64], digest_size=16).digest()

"""The feature cache: the same vectors, encoded once, in bounded space, never the reason of a failed run."""

import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from headstart.encoders import _cache, make_encoder
from headstart.encoders._cache import FeatureCache, default_cache

D = 16


class Counting:
    """An encoder that says what it was asked: the vector of a text is drawn from its own hash."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """The vectors, after taking a note."""
        self.asked.append(list(texts))
        return vectors(texts)


def vectors(texts: Sequence[str]) -> np.ndarray:
    return np.array([np.random.default_rng(list(t.encode())).normal(size=D) for t in texts], dtype=np.float32)


def test_a_hit_is_the_same_vector(tmp_path: Path) -> None:
    """What was encoded once is read back bit for bit, in the order asked for, without another encoding."""
    encode, cache = Counting(), FeatureCache(tmp_path)
    texts = ["b", "a", "b", "", "好", "a"]
    first = cache.encode("f", texts, encode)
    np.testing.assert_array_equal(first, vectors(texts))
    assert encode.asked == [["b", "a", "", "好"]]  # each distinct text once
    again = FeatureCache(tmp_path).encode("f", texts[::-1], encode)
    np.testing.assert_array_equal(again, first[::-1])
    assert len(encode.asked) == 1
    np.testing.assert_array_equal(cache.encode("f", ["c", "a"], encode), vectors(["c", "a"]))
    assert encode.asked[1:] == [["c"]]
    assert again.flags.writeable


def test_fingerprints_do_not_share(tmp_path: Path) -> None:
    """Vectors of another model are never taken."""
    encode, cache = Counting(), FeatureCache(tmp_path)
    cache.encode("f" * 64, ["a"], encode)
    cache.encode("f" * 63 + "g", ["a"], encode)
    assert encode.asked == [["a"], ["a"]]


def test_no_text_is_stored(tmp_path: Path) -> None:
    """The file holds hashes and numbers only."""
    FeatureCache(tmp_path).encode("f", ["a secret sentence"], Counting())
    assert b"secret" not in (tmp_path / "features.sqlite").read_bytes()


def test_file_stays_below_its_bound(tmp_path: Path) -> None:
    """The file on disk never passes max_bytes, in one large write or in many, and the newest vectors stay."""
    bound, largest = 300_000, 0
    cache = FeatureCache(tmp_path, max_bytes=bound)
    for round_ in range(12):
        texts = [f"{round_}-{i}" for i in range(4000 if round_ == 3 else 700)]  # 4,000 alone would pass it
        np.testing.assert_array_equal(cache.encode("f", texts, vectors), vectors(texts))
        largest = max(largest, cache.path.stat().st_size)
    assert 0.4 * bound < largest <= bound
    encode = Counting()
    cache.encode("f", texts[-200:], encode)
    cache.encode("f", ["0-0"], encode)
    assert encode.asked == [["0-0"]]


def test_many_texts_at_once(tmp_path: Path) -> None:
    """More texts than one query or one write takes come back in order."""
    texts = [str(i) for i in range(2345)]
    cache, encode = FeatureCache(tmp_path), Counting()
    cache.encode("f", texts, vectors)
    np.testing.assert_array_equal(cache.encode("f", texts[::-1], encode), vectors(texts)[::-1])
    assert encode.asked == []


def damage_all(path: Path) -> None:
    path.write_bytes(b"this was a database once" * 500)


def damage_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (path.stat().st_size - 100))


@pytest.mark.parametrize("damage", [damage_all, damage_middle])
def test_damaged_file(damage: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged file costs a warning and one encoding; then there is a working cache again."""
    encode, cache = Counting(), FeatureCache(tmp_path)
    texts = [str(i) for i in range(300)]
    cache.encode("f", texts, vectors)
    damage(cache.path)
    np.testing.assert_array_equal(cache.encode("f", texts, encode), vectors(texts))
    assert "going on without it" in caplog.text
    for _ in range(2):
        cache.encode("f", texts, encode)
    assert len(encode.asked) == 2


def test_place_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A folder that cannot be made costs a warning."""
    (tmp_path / "file").write_text("")
    cache = FeatureCache(tmp_path / "file" / "below")
    np.testing.assert_array_equal(cache.encode("f", ["a", "b"], vectors), vectors(["a", "b"]))
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_read_only_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A cache that can be read but not written gives what it has."""
    cache, encode = FeatureCache(tmp_path), Counting()
    cache.encode("f", ["a"], vectors)
    real = sqlite3.connect  # file modes do not stop root, which tests may be

    def read_only(path: Path, **more: object) -> sqlite3.Connection:
        return real(f"{Path(path).as_uri()}?mode=ro", uri=True, **more)

    monkeypatch.setattr(_cache.sqlite3, "connect", read_only)
    np.testing.assert_array_equal(cache.encode("f", ["a", "b"], encode), vectors(["a", "b"]))
    assert encode.asked == [["b"]]
    assert "cannot be written" in caplog.text


def test_locked_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Another process that holds the file for too long costs a warning, and the file is left alone."""
    monkeypatch.setattr(_cache, "_WAIT_S", 0.05)
    cache = FeatureCache(tmp_path)
    cache.encode("f", ["a"], vectors)
    holder = sqlite3.connect(cache.path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    np.testing.assert_array_equal(cache.encode("f", ["a", "b"], vectors), vectors(["a", "b"]))
    holder.close()
    assert "locked" in caplog.text
    encode = Counting()
    cache.encode("f", ["a"], encode)
    assert encode.asked == []


def test_concurrent_writers(tmp_path: Path) -> None:
    """Two processes that write at once both finish, quietly, with the right vectors."""
    script = """
import sys, pathlib, numpy as np
sys.path.insert(0, sys.argv[1])
from test_cache import FeatureCache, vectors
cache = FeatureCache(pathlib.Path(sys.argv[2]), max_bytes=400_000)
for start in range(0, 2000, 100):
    texts = [str(i) for i in range(start, start + 250)] + [sys.argv[3] + str(start)]
    assert (cache.encode("f", texts, vectors) == vectors(texts)).all()
"""
    command = [sys.executable, "-c", script, str(Path(__file__).parent), str(tmp_path)]
    processes = [subprocess.Popen([*command, name], stderr=subprocess.PIPE, text=True, env=os.environ) for name in "ab"]
    outcomes = [(process.communicate(timeout=120)[1], process.returncode) for process in processes]
    assert outcomes == [("", 0)] * 2


@pytest.mark.parametrize("word", ["off", "OFF", "0", "no", "false"])
def test_switched_off(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """HEADSTART_CACHE=off is no cache."""
    monkeypatch.setenv("HEADSTART_CACHE", word)
    assert default_cache() is None


def test_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HEADSTART_CACHE names the folder; without it the platform's cache folder is taken."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "new"))
    cache = default_cache()
    assert cache is not None
    assert cache.path == tmp_path / "new" / "features.sqlite"
    monkeypatch.setenv("HEADSTART_CACHE", "~/some")
    cache = default_cache()
    assert cache is not None
    assert cache.path == Path.home() / "some" / "features.sqlite"
    monkeypatch.delenv("HEADSTART_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = default_cache()
    assert cache is not None
    assert "headstart" in cache.path.parts


@pytest.mark.torch
def test_encoder_uses_it(tiny_model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second encoder of the same settings encodes nothing and does not even load its model; other pooling,
    precision, length or model encode anew; cache=False stays out of it.
    """
    torch = pytest.importorskip("torch")
    from headstart.encoders.transformer import Transformer

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    asked: list[list[str]] = []
    compute = Transformer._compute

    def counting(self: Transformer, texts: Sequence[str]) -> np.ndarray:
        asked.append(list(texts))
        return np.asarray(compute(self, texts))

    monkeypatch.setattr(Transformer, "_compute", counting)
    long = "The soup was cold, but the waiter could not have been kinder."
    texts = [long, "x", long]

    def encode(family: str = "bert", **settings: object) -> tuple[np.ndarray, Transformer]:
        encoder = make_encoder(str(tiny_model(family)), **{"precision": "fp32", **settings}).fit([])
        assert isinstance(encoder, Transformer)
        return encoder.encode(texts), encoder

    first, _ = encode()
    assert asked == [[long, "x"]]
    again, encoder = encode()
    np.testing.assert_array_equal(again, first)
    assert len(asked) == 1
    assert "_module" not in vars(encoder)
    for n, change in enumerate(
        ({"pooling": "cls"}, {"precision": "bf16"}, {"max_tokens": 10}, {"family": "electra"}), start=2
    ):
        other, _ = encode(**change)  # type: ignore[arg-type] # one of them is the family
        assert len(asked) == n
        assert not np.array_equal(other, first)
    uncached, _ = encode(cache=False)
    np.testing.assert_allclose(uncached, first, atol=1e-6)
    assert asked[-1] == [long, "x"]  # duplicates are encoded once without a cache too

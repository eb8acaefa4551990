"""All or nothing: whatever stops a save, the folder is whole, the old bundle or the new one."""

import contextlib
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from bundles import everything_in

from headstart import Predictor, load_bundle, save_bundle
from headstart.bundle import load, swap
from headstart.errors import BundleError

N_KILLS = 20

# Saves two bundles in turn over one folder. For each line of its input it starts a process that does so
# `times` times, and first says its number and how long one save takes. A line is one write: under
# PYTHONUNBUFFERED `print` makes two of it, and the lines of two processes mix.
SAVER = """
import itertools, os, signal, sys, time
from headstart import load_bundle, save_bundle
from headstart.bundle import swap
target, first, second, exchange, times = sys.argv[1:]
if exchange == "no":
    swap._exchange = lambda a, b: False
both = [load_bundle(first), load_bundle(second)]
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in sys.stdin:
    if os.fork() == 0:
        save_bundle(both[0], target)
        start = time.perf_counter()
        save_bundle(both[1], target)
        os.write(1, f"{os.getpid()} {time.perf_counter() - start}\\n".encode())
        for predictor in itertools.islice(itertools.cycle(both), int(times)):
            save_bundle(predictor, target)
        os.write(1, b"done\\n")
        os._exit(0)
"""


@contextmanager
def saver(target: Path, first: Path, second: Path, *, exchange: str, times: int = 10**9) -> Iterator[Any]:
    """A process that runs SAVER."""
    command = [sys.executable, "-c", SAVER, *map(str, (target, first, second, exchange, times))]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True, bufsize=1) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0


def kill(process: int) -> None:
    """End a process with SIGKILL and wait until it is gone, and its locks with it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
        while True:
            os.kill(process, 0)
            time.sleep(0.001)


def failure(predictor: Predictor, folder: Path) -> str:
    """What a save says that fails, or nothing."""
    try:
        save_bundle(predictor, folder)
    except BundleError as error:
        return str(error)
    return ""


def leftovers(folder: Path) -> list[str]:
    """Names beside the folder that a save leaves there for an instant."""
    return sorted(p.name for p in folder.parent.iterdir() if p.name.startswith(f".{folder.name}."))


def no_exchange(a: Path, b: Path) -> bool:
    return False


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody writes to the folder: a read-only mount where the tests may mount, else its mode."""
    mounted = subprocess.run(["mount", "--bind", "-o", "ro", folder, folder], capture_output=True, check=False)
    if mounted.returncode == 0:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
    else:
        folder.chmod(0o555)
    try:
        yield
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        else:
            folder.chmod(0o755)


@contextmanager
def small_disk(folder: Path, n_bytes: int) -> Iterator[Path]:
    """A file system of `n_bytes`; skips the test where it cannot be mounted."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={n_bytes}", "none"]
    if subprocess.run(["mount", *options, folder], capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a small file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_save_leaves_nothing_beside_the_bundle(bundle: Path, other: Predictor) -> None:
    """After a first and a second save the parent holds the bundle only."""
    save_bundle(other, bundle)
    assert [p.name for p in bundle.parent.iterdir()] == [bundle.name]


@pytest.mark.parametrize("exchange", [swap._exchange, no_exchange], ids=["exchange", "renames"])
def test_a_bundle_is_replaced_as_a_whole(
    bundle: Path, other: Predictor, monkeypatch: pytest.MonkeyPatch, exchange: Callable[[Path, Path], bool]
) -> None:
    """No file of the old bundle remains, with the atomic exchange and without it."""
    monkeypatch.setattr(swap, "_exchange", exchange)
    alone = save_bundle(other, bundle.parent / "alone")
    save_bundle(other, bundle)
    assert everything_in(bundle).keys() == everything_in(alone).keys()
    assert load_bundle(bundle).classes == other.classes
    assert leftovers(bundle) == []


def test_this_system_has_the_atomic_exchange(tmp_path: Path) -> None:
    """Linux exchanges two folders in one step."""
    if sys.platform != "linux":
        pytest.skip("the call is Linux's")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    assert swap._exchange(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a" / "b").exists()
    assert (tmp_path / "b" / "a").exists()
    assert not swap._exchange(tmp_path / "a", tmp_path / "missing")


def test_a_read_only_bundle_loads(bundle: Path, predictor: Predictor) -> None:
    """Loading writes nothing: a read-only folder in a read-only parent loads; saving there says why not."""
    before = everything_in(bundle.parent)
    with read_only(bundle.parent):
        assert load_bundle(bundle).classes == predictor.classes
        if os.geteuid() or subprocess.run(["mountpoint", "-q", bundle.parent], check=False).returncode == 0:
            message = failure(predictor, bundle)
            assert "could not be saved: " in message
            assert message.endswith("The bundle that was there is untouched.")
    assert everything_in(bundle.parent) == before


def test_a_full_disk_keeps_the_old_bundle(predictor: Predictor, other: Predictor, tmp_path: Path) -> None:
    """ENOSPC at any point of a save: BundleError, the old bundle loads, nothing is left behind."""
    whole = sum(map(len, everything_in(save_bundle(other, tmp_path / "measure")).values()))
    with small_disk(tmp_path / "disk", 256 * 1024) as disk:
        folder = save_bundle(predictor, disk / "bundle")
        before = everything_in(disk)
        room = os.statvfs(disk)
        free = room.f_bavail * room.f_bsize
        for left in range(0, whole + 8 * 4096, 4096):
            (disk / "ballast").write_bytes(b"x" * (free - left))
            message = failure(other, folder)
            if not message:
                break
            assert message.endswith("No space left on device. The bundle that was there is untouched.")
            (disk / "ballast").unlink()
            assert everything_in(disk) == before
            assert load_bundle(folder).classes == predictor.classes
        else:
            pytest.fail("no save succeeded, however much room there was")
        assert left > 4096, "the disk was never full"
        assert load_bundle(folder).classes == other.classes


@pytest.mark.parametrize("method", ["write_bytes", "write_text", "mkdir"])
def test_a_full_disk_at_each_write(
    bundle: Path, other: Predictor, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """ENOSPC from the first, second, ... write: the old bundle survives each, until a save gets through."""
    before, original = everything_in(bundle), getattr(Path, method)
    for n_allowed in range(20):
        turns = iter(range(n_allowed))

        def limited(path: Path, *args: Any, turns: Iterator[int] = turns, **kwargs: Any) -> Any:
            if next(turns, None) is None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            return original(path, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(Path, method, limited)
            message = failure(other, bundle)
        if not message:
            break
        assert "No space left on device" in message
        assert everything_in(bundle) == before
        assert leftovers(bundle) == []
    assert n_allowed > 0
    assert load_bundle(bundle).classes == other.classes


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_save_cleans_up(
    bundle: Path, other: Predictor, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    """Ctrl-C in the middle: the old bundle as it was, and nothing beside it."""
    before = everything_in(bundle)

    def interrupted(folder: Path) -> None:
        raise interruption

    monkeypatch.setattr("headstart.bundle.save.sync_tree", interrupted)
    with pytest.raises(interruption):
        save_bundle(other, bundle)
    assert everything_in(bundle.parent) == {f"bundle/{name}": content for name, content in before.items()}


@pytest.mark.slow
@pytest.mark.parametrize("exchange", ["yes", "no"])
def test_a_killed_save_leaves_a_whole_bundle(
    predictor: Predictor, other: Predictor, tmp_path: Path, exchange: str
) -> None:
    """20 kill -9 at random moments of saves: each time the folder loads as the old bundle or the new one,
    the next save removes what the killed one left, and the kills did hit saves.
    """
    first, second = save_bundle(predictor, tmp_path / "first"), save_bundle(other, tmp_path / "second")
    target, rng, n_hits, seen = tmp_path / "place" / "target [v1]", random.Random(7), 0, set()
    with saver(target, first, second, exchange=exchange) as process:
        for _ in range(N_KILLS):
            process.stdin.write("\n")
            number, duration = process.stdout.readline().split()
            time.sleep(rng.uniform(0, 6 * float(duration)))
            kill(int(number))
            n_hits += bool(leftovers(target))
            seen.add(load_bundle(target).classes)
            save_bundle(predictor, target)
            assert leftovers(target) == []
    assert seen == {predictor.classes, other.classes}
    assert n_hits >= N_KILLS // 2


def test_a_kill_between_the_two_renames_is_recovered(bundle: Path, other: Predictor) -> None:
    """Without the exchange there is an instant without the folder: load and save find the old version."""
    before = everything_in(bundle)
    bundle.rename(swap.previous_of(bundle))
    assert load_bundle(bundle).classes
    assert everything_in(bundle) == before
    bundle.rename(swap.previous_of(bundle))
    save_bundle(other, bundle)
    assert load_bundle(bundle).classes == other.classes
    assert leftovers(bundle) == []


def test_only_abandoned_folders_are_removed(bundle: Path, other: Predictor) -> None:
    """The staging folder of a save that still runs is let alone; one without a living owner is removed."""
    abandoned = bundle.parent / f".{bundle.name}.saving-0123abcd"
    abandoned.mkdir()
    (abandoned / "half a file").touch()
    with swap.staging_beside(bundle) as running:
        save_bundle(other, bundle)
        assert running.is_dir()
        assert not abandoned.exists()
    assert not running.exists()


@pytest.mark.parametrize("exchange", [swap._exchange, no_exchange], ids=["exchange", "renames"])
def test_saves_at_the_same_time(
    predictor: Predictor,
    other: Predictor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    exchange: Callable[[Path, Path], bool],
) -> None:
    """Threads that save over one folder, and some that read it: every save succeeds, every read is whole.

    A rename takes long here, so that readers do meet the instant between two of them, often twice in one read.
    """
    rename = Path.rename
    monkeypatch.setattr(Path, "rename", lambda path, target: (rename(path, target), time.sleep(0.01)))
    monkeypatch.setattr(swap, "_exchange", exchange)
    folder = save_bundle(predictor, tmp_path / "bundle")
    found: list[object] = []

    def repeat(action: Callable[[], object]) -> None:
        try:
            found.extend(action() for _ in range(15))
        except Exception as error:  # a thread's error is judged below
            found.append(error)

    actions = (
        lambda: save_bundle(predictor, folder),
        lambda: save_bundle(other, folder),
        lambda: load_bundle(folder).classes,
        lambda: load_bundle(folder).classes,
    )
    threads = [threading.Thread(target=repeat, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {str(result) for result in found} <= {str(r) for r in (folder, predictor.classes, other.classes)}
    assert load_bundle(folder).classes in {predictor.classes, other.classes}
    assert leftovers(folder) == []


@pytest.mark.slow
def test_two_processes_save_at_the_same_time(predictor: Predictor, other: Predictor, tmp_path: Path) -> None:
    """Two processes that save over one folder for a while: neither fails, and the folder stays whole."""
    first, second = save_bundle(predictor, tmp_path / "first"), save_bundle(other, tmp_path / "second")
    target = save_bundle(predictor, tmp_path / "target")
    with saver(target, first, second, exchange="yes", times=20) as process:
        process.stdin.write("\n\n")
        said: list[str] = []
        reader = threading.Thread(target=lambda: said.extend(process.stdout.readline() for _ in range(4)))
        reader.start()
        while reader.is_alive():
            assert load_bundle(target).classes in {predictor.classes, other.classes}
    assert said.count("done\n") == 2
    assert load_bundle(target).classes == other.classes
    assert leftovers(target) == []


@pytest.mark.parametrize("check_golden", [True, False])
def test_a_bundle_that_comes_back_while_it_is_read(
    predictor: Predictor, other: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check_golden: bool
) -> None:
    """Another bundle stands there only while the arrays are read: no error, and nothing of the other one."""
    target, beside = save_bundle(predictor, tmp_path / "target"), save_bundle(other, tmp_path / "beside")
    original, calls = load._arrays, []

    def read_another(path: Path) -> dict[str, Any]:
        calls.append(path)
        if len(calls) > 2:
            return original(path)
        swap.replace_folder(beside, target)  # exchanges the two
        found = original(path)
        swap.replace_folder(beside, target)
        return found

    monkeypatch.setattr(load, "_arrays", read_another)
    texts = [row["text"] for row in map(json.loads, (target / "golden.jsonl").read_text().splitlines())]
    found = load_bundle(target, check_golden=check_golden)
    assert found.classes == predictor.classes
    assert found.predict_proba(texts).tolist() == predictor.predict_proba(texts).tolist()


def test_every_file_reaches_the_disk(bundle: Path, other: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be synced is a failed save; a folder that cannot be is not."""
    shutil.copytree(bundle, bundle.parent / "copy")
    original = os.fsync

    def fails_for(kind: Callable[[int], bool]) -> Callable[[int], None]:
        def fsync(handle: int) -> None:
            if kind(handle):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            original(handle)

        return fsync

    def is_folder(handle: int) -> bool:
        return Path(f"/proc/self/fd/{handle}").is_dir()

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to tell files from folders")
    monkeypatch.setattr(os, "fsync", fails_for(lambda handle: not is_folder(handle)))
    with pytest.raises(BundleError, match="Input/output error"):
        save_bundle(other, bundle)
    assert everything_in(bundle) == everything_in(bundle.parent / "copy")
    monkeypatch.setattr(os, "fsync", fails_for(is_folder))
    save_bundle(other, bundle)
    assert json.loads((bundle / "model.json").read_text())["classes"] == list(other.classes)

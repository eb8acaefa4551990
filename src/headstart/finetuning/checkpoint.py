"""Checkpoints: a run that is killed at any step goes on from the last one, bit for bit. Needs torch to read and write.

A checkpoint's folder holds at most two files (and, of a training of several runs, one such folder for each later run):

    last.safetensors       the state of the run; what is not a tensor is JSON in its metadata
    best-STEP.safetensors  the best weights so far, where the state names them

or, until the search of settings is over that comes before, its trials: `trials.json`.

Each is written beside its place, synced and renamed; the state last: whenever the process dies, what the state in
place names is there.
"""

import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from headstart.encoders._recipe import fingerprint
from headstart.encoders.transformer import Transformer
from headstart.errors import ConfigError
from headstart.finetuning.distributed import current
from headstart.finetuning.settings import Settings
from headstart.types import Task
from headstart.versions import versions

if TYPE_CHECKING:
    import torch

__all__ = ["Checkpoint", "Saved", "discard", "identity", "is_there"]

Tensors = Mapping[str, "torch.Tensor"]

_LAST, _BEST, _HALF = "last.safetensors", "best-{}.safetensors", ".half"
_TRIALS = "trials.json"
_RUN = "run-{}"  # the folder of a run after the first, where several make up one training
_STATE = "state"  # the key of the JSON in the metadata
_FORMAT = 3  # 2: the table of word embeddings is as long as the texts need; 3: where time is short fewer rows check
_SHOWN = 40  # characters of a value; longer ones are digests, which tell people nothing
_MOST_OF_THE_TIME = 1 / 20  # that writing may take at pauses
_FIRST_WRITE_S = 0.5  # until one was measured
_NO_MATTER = ("checkpoint_every_s", "log_to")  # settings that change nothing of the weights

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Saved:
    """The state of a run: tensors by name, JSON values, and the best weights so far with the step they are from.

    beside: what the checkpoint that was read had beside the state.
    """

    tensors: Tensors
    facts: Mapping[str, Any]
    best: Tensors = field(default_factory=dict)
    best_step: int | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Checkpoint:
    """A place for the state of one run. identity: everything that decides the run, by name.

    every_s: seconds between two writes. beside: JSON values that are written with each state. Raises ConfigError when
    the folder cannot be made.
    """

    folder: Path
    identity: Mapping[str, str]
    every_s: float = 60.0
    clock: Callable[[], float] = time.monotonic
    beside: Mapping[str, Any] = field(default_factory=dict)
    _best: str | None = field(init=False, default=None)  # the file of the best weights that are in place
    _written: float = field(init=False)
    _write_s: float = field(init=False, default=_FIRST_WRITE_S)
    _is_told: bool = field(init=False, default=False)  # that a disk is full

    def __post_init__(self) -> None:
        self._written = self.clock()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"Checkpoint folder {self.folder} cannot be made: {error.strerror or error}. Choose another place."
            ) from error

    def of_run(self, number: int) -> "Checkpoint":
        """The place of the run with this number, from 0, where several make up one training: this one, or one below."""
        if not number:
            return self
        deciding = {**self.identity, "the number of the run": str(number + 1)}
        return replace(self, folder=self.folder / _RUN.format(number + 1), identity=deciding)

    def decided(self, name: str, decide: Callable[[], Any]) -> Any:
        """The JSON value that was decided when the run began, and is kept beside its states, or those of later runs;
        where it begins now, `decide()`: what hangs on a clock has to be the same when the run goes on.
        """
        n_later = len(list(self.folder.glob(_RUN.format("*"))))
        states = (self.of_run(number).read() for number in range(n_later + 1))
        saved = next((state for state in states if state is not None), None)
        value = saved.beside[name] if saved is not None and name in saved.beside else decide()
        self.beside = {**self.beside, name: value}
        return value

    def due(self, *, at_pause: bool) -> bool:
        """Whether to write now. At a pause (an epoch's end) it is due sooner: as long as writing costs a twentieth."""
        wait = self._write_s / _MOST_OF_THE_TIME
        return self.clock() - self._written >= (min(wait, self.every_s) if at_pause else self.every_s)

    def write(self, saved: Saved) -> bool:
        """Put this state in the place of the last one. A disk that is full is reported, once, and ends no run."""
        begun = self.clock()
        best = None if saved.best_step is None else _BEST.format(saved.best_step)
        state = {
            "format": _FORMAT,
            "identity": dict(self.identity),
            "best": best,
            "facts": dict(saved.facts),
            "beside": dict(self.beside),
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if best is not None and best != self._best:  # a file of that name may be another run's, which died early
                _put(self.folder / best, saved.best, {})
                self._best = best
            _put(self.folder / _LAST, saved.tensors, {_STATE: json.dumps(state)})
            _remove(self.folder, but={_LAST, best})
        except OSError as error:
            self._tell(error)
            return False
        finally:
            self._written = self.clock()
            self._write_s = self._written - begun
        return True

    def write_trials(self, trials: Sequence[Mapping[str, Any]]) -> None:
        """Put these JSON values, of a search of settings, in the place of the last ones; on a full disk as `write`."""
        state = {"identity": dict(self.identity), "trials": list(trials)}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _put_bytes(self.folder / _TRIALS, json.dumps(state).encode())
        except OSError as error:
            self._tell(error)

    def read_trials(self) -> list[dict[str, Any]]:
        """The trials that were written last; none where there are none. Raises ConfigError as `read`."""
        path = self.folder / _TRIALS
        if not path.exists():
            return []
        try:
            state = json.loads(path.read_bytes())
            given, trials = state["identity"], list(state["trials"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(path, error) from error
        _check_same(given, self.identity, self.folder)
        return trials

    def _tell(self, error: OSError) -> None:
        if not self._is_told:
            _log.warning("%s: no checkpoint could be written (%s). The run goes on.", self.folder, error.strerror)
        self._is_told = True

    def _damaged(self, path: Path, error: Exception) -> ConfigError:
        return ConfigError(f"{path} is damaged ({error}). Remove {self.folder}, and begin the run again.")

    def read(self) -> Saved | None:
        """The state that was written last; None where there is none.

        Raises ConfigError for a file that is damaged, and for the state of another run, with what differs.
        """
        path = self.folder / _LAST
        if not path.exists():
            return None
        try:
            tensors, metadata = _read(path)
            state = json.loads(metadata[_STATE])
            given, facts, number = state["identity"], state["facts"], state["format"]
            self._best = state["best"]
            best = {} if self._best is None else _read(self.folder / self._best)[0]
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(path, error) from error
        _check_same(given, self.identity, self.folder, "" if number == _FORMAT else "the format differs")
        return Saved(tensors, facts, best, facts.get("best_step"), state.get("beside", {}))


def is_there(folder: Path) -> bool:
    """Whether the folder holds a checkpoint, be it of a later run alone: the first may have been over in no time."""
    return any(any(folder.glob(name)) for name in (_LAST, f"{_RUN.format('*')}/{_LAST}", _TRIALS))


def _check_same(given: Mapping[str, str], wanted: Mapping[str, str], folder: Path, *more: str) -> None:
    """Raise ConfigError where what the folder holds is of another run, with what differs. more: what else does."""
    differing = [*_differing(given, wanted), *filter(None, more)]
    if differing:
        raise ConfigError(
            f"The checkpoint in {folder} is of another run: {'; '.join(differing)}. Repeat the command "
            "exactly to go on with it; to begin anew, remove it or leave --resume out."
        )


def discard(folder: Path) -> None:
    """Remove a checkpoint, with those of later runs, and every folder that is empty then."""
    for place in [*folder.glob(_RUN.format("*")), folder]:
        _remove(place, but=set())
        with contextlib.suppress(OSError):  # not there, or somebody else's files are in it
            place.rmdir()


def identity(strategy: str, task: Task, encoder: Transformer, settings: Settings) -> dict[str, str]:
    """Everything that decides a fine-tuning run, by a name for people; what is large as a digest."""
    deciding = {f"strategy.{name}": str(value) for name, value in asdict(settings).items() if name not in _NO_MATTER}
    return {
        "the strategy": strategy,
        "the seed": str(task.random_state),
        "the budget": str(task.budget_s),
        "the texts": _digest(repr(task.texts)),
        "the labels": _digest(repr((task.y.tolist(), task.classes))),
        "the model": fingerprint(encoder.folder_, encoder.recipe_),
        "the device": encoder.device.type,
        "the number of processes": str(current().size),
        **deciding,
        **{f"the version of {name}": number for name, number in versions().items()},
    }


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _put(path: Path, tensors: Tensors, metadata: dict[str, str]) -> None:
    from safetensors.torch import save

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    _put_bytes(path, save(plain, metadata))  # the library's own writing raises no OSError on a full disk


def _put_bytes(path: Path, content: bytes) -> None:
    """Write beside the place, sync, rename: the old file or the new one is there, never a part. Raises OSError."""
    half = path.with_name(path.name + _HALF)
    try:
        with half.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        half.unlink(missing_ok=True)  # whose room others need
        raise
    half.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # a folder cannot be opened there; the system keeps renames in order
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> "tuple[dict[str, torch.Tensor], dict[str, str]]":
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118 not a dict


def _remove(folder: Path, but: set[str | None]) -> None:
    ours = [path for name in (_LAST, _BEST.format("*"), _TRIALS) for path in folder.glob(name + "*")]
    for path in ours:
        if path.name not in but:
            path.unlink(missing_ok=True)


def _differing(given: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """`learning_rate was 0.1 and is 0.2`, `the texts: not the same`: what is not the same in the two."""
    said = []
    for name in sorted({*given, *wanted}):
        was, now = given.get(name), wanted.get(name)
        if was != now:
            short = all(value is None or len(value) <= _SHOWN for value in (was, now))
            said.append(f"{name} was {was} and is {now}" if short else f"{name}: not the same")
    return said

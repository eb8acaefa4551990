"""Trials of a search that was broken off: the search goes on after them, as one in one piece would have."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("optuna")
pytestmark = pytest.mark.torch

from headstart.errors import ConfigError  # noqa: E402 - below what skips
from headstart.finetuning.checkpoint import Checkpoint, Saved, discard, is_there  # noqa: E402 - as above
from headstart.finetuning.kept_trials import KeptTrials  # noqa: E402 - as above
from headstart.finetuning.search import Found, search  # noqa: E402 - as above
from headstart.finetuning.settings import Settings  # noqa: E402 - as above
from headstart.finetuning.trials import Look  # noqa: E402 - as above

N, N_TRIALS = 50, 12
NOISE = np.random.default_rng(0).normal(size=N)
IDENTITY = {"the seed": "0"}


class Bowl:
    """Trials of 40 seconds with a look each ten, the better the nearer the rate to 3e-4; above 3.5e-4 astray."""

    def __init__(self, broken_in: int = 0) -> None:
        self.now, self.n, self.broken_in = 0.0, 0, broken_in

    def __call__(self, settings: Settings, look: Look) -> tuple[np.ndarray, float]:
        """One of them."""
        self.n += 1
        if settings.learning_rate > 3.5e-4:
            raise ConfigError("astray")
        loss = 0.5 + abs(np.log10(settings.learning_rate / 3e-4)) + settings.weight_decay
        for number in range(1, 5):
            self.now += 10
            if self.n == self.broken_in and number == 2:
                raise KeyboardInterrupt
            if number < 4:
                look(number, number / 4, loss)
        return loss + 0.1 * NOISE * settings.learning_rate, 1.0 - loss / 10


def searched(bowl: Bowl, place: Checkpoint | None, budget_s: float | None = None) -> tuple[Found, float]:
    """What a search finds, and the seconds that it takes."""
    kept = KeptTrials(bowl, place, lambda: bowl.now)
    found = search(
        *(kept.attempt, Settings(learning_rate=1e-4)),
        **{"n_trials": N_TRIALS, "n_layers": 6, "budget_s": budget_s, "clock": kept.clock},  # type: ignore[arg-type] # of the test
    )
    return found, kept.clock()


def outline(found: Found) -> list[Any]:
    return [
        found.settings,
        found.reasons,
        *((t.number, t.changed, t.losses.tolist(), t.accuracy) for t in found.trials),
    ]


@pytest.mark.parametrize(
    ("broken_in", "budget_s"), [(1, None), (2, None), (6, None), (8, None), (1, 330.0), (2, 330.0), (6, 330.0)]
)
def test_broken_off_and_gone_on_with(broken_in: int, budget_s: float | None, tmp_path: Path) -> None:
    """No trial that had ended is made again, whether it ran to its end, was poor or went astray; the budget counts
    the seconds of both processes.
    """
    bowl = Bowl()
    whole, seconds = searched(bowl, None, budget_s)
    n_whole = bowl.n
    assert "stopped early" in whole.reasons[0]
    assert (n_whole < N_TRIALS) == (budget_s is not None)
    first = Bowl(broken_in)
    with pytest.raises(KeyboardInterrupt, match=f"^trial {broken_in} of {N_TRIALS}$"):
        searched(first, Checkpoint(tmp_path, IDENTITY), budget_s)
    assert is_there(tmp_path) == (broken_in > 1)
    second = Bowl()
    parts, spent = searched(second, Checkpoint(tmp_path, IDENTITY), budget_s)
    assert outline(parts) == outline(whole)
    assert second.n == n_whole - (broken_in - 1)
    assert spent == pytest.approx(seconds)
    discard(tmp_path)
    assert not tmp_path.exists()


def test_trials_of_another_search_are_not_taken(tmp_path: Path) -> None:
    """Nor those of a damaged file."""
    with pytest.raises(KeyboardInterrupt):
        searched(Bowl(3), Checkpoint(tmp_path, IDENTITY))
    with pytest.raises(ConfigError, match="is of another run: the seed was 0 and is 1"):
        searched(Bowl(), Checkpoint(tmp_path, {"the seed": "1"}))
    (tmp_path / "trials.json").write_text('{"identity": {"the seed"')
    with pytest.raises(ConfigError, match=r"trials\.json is damaged"):
        searched(Bowl(), Checkpoint(tmp_path, IDENTITY))


def test_an_error_of_the_first_trial_is_not_kept(tmp_path: Path) -> None:
    """It ends the search, and what caused it (a full disk) may be gone when the search goes on."""

    def no_room(settings: Settings, look: Look) -> tuple[np.ndarray, float]:
        raise ConfigError("no room")

    with pytest.raises(ConfigError, match="no room"):
        search(
            KeptTrials(no_room, Checkpoint(tmp_path, IDENTITY)).attempt,
            Settings(learning_rate=1e-4),
            n_trials=N_TRIALS,
            n_layers=6,
        )
    found, _ = searched(Bowl(), Checkpoint(tmp_path, IDENTITY))
    assert outline(found) == outline(searched(Bowl(), None)[0])


def test_the_state_of_the_last_run_takes_their_place(tmp_path: Path) -> None:
    place = Checkpoint(tmp_path, IDENTITY)
    searched(Bowl(), place)
    assert [path.name for path in tmp_path.iterdir()] == ["trials.json"]
    assert place.write(Saved({}, {}))
    assert [path.name for path in tmp_path.iterdir()] == ["last.safetensors"]


def test_a_full_disk_ends_no_search(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is told once."""
    place = Checkpoint(tmp_path / "folder", IDENTITY)
    (tmp_path / "folder").rmdir()
    (tmp_path / "folder").write_text("a file in its way")
    searched(Bowl(), place)
    assert caplog.text.count("no checkpoint could be written") == 1

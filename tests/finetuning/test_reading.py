"""What is read without learning from it leaves most of a budget to learn in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from headstart.finetuning import reading  # noqa: E402 - torch may be missing
from headstart.finetuning.checkpoint import Checkpoint, Saved  # noqa: E402 - as above
from headstart.finetuning.reading import affordable, within  # noqa: E402 - as above

MakeRun = Callable[..., Any]


@pytest.fixture
def run(toy_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run of some rows, of which few are enough."""
    monkeypatch.setattr(reading, "_LEAST", 4)
    return toy_run(probe_rows=1000)


def seconds_a_row(run: Any, seconds: float) -> Callable[[], float]:
    """A clock by which reading a row of average length takes so long, and any other in proportion."""
    tokens = run.inputs.lengths[run.rows.learn]
    timed = tokens[:: max(1, len(tokens) // 64)][:64].sum()
    return iter([100.0, 100.0 + seconds * timed / tokens.mean()]).__next__


def test_shares_of_the_time_that_is_left(run: Any) -> None:
    """8 % for the beginning, 4 % each time that the others are asked."""
    found = affordable(run.network, run.inputs, run.rows, run.settings, 126.0, seconds_a_row(run, 1.0))
    assert found == (10, 5)


def test_no_more_than_there_are_and_no_fewer_than_tell_something(run: Any) -> None:
    """With much time all of them, with none some; nothing where nothing is asked for."""
    n_check = len(run.rows.check)
    much = affordable(run.network, run.inputs, run.rows, run.settings, 1e9, seconds_a_row(run, 1.0))
    assert much == (1000, n_check)
    assert affordable(run.network, run.inputs, run.rows, run.settings, -3.0, seconds_a_row(run, 1.0)) == (4, 4)
    rows = reading.Rows(run.rows.learn, run.rows.check[:0])
    settings = reading.replace(run.settings, probe_rows=0)
    assert affordable(run.network, run.inputs, rows, settings, 1.0) == (0, 0)


def test_without_a_budget_everything_stays(run: Any) -> None:
    """The same rows, the same settings."""
    found = within(run.network, run.inputs, run.y, run.rows, run.settings, 0, None, None)
    assert found == (run.rows, run.settings)


def test_the_rows_that_check_are_some_of_those_there_were(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each class, the same ones for one seed; the rows that learn are the same."""
    monkeypatch.setattr(reading, "affordable", lambda *_: (7, 6))
    given = (run.network, run.inputs, run.y, run.rows, run.settings)
    rows, settings = within(*given, 3, 0.0, None)
    assert settings.probe_rows == 7
    assert set(rows.check) < set(run.rows.check)
    assert set(run.y[rows.check]) == set(run.y[run.rows.check])
    assert rows.learn is run.rows.learn
    np.testing.assert_array_equal(rows.check, within(*given, 3, 0.0, None)[0].check)


def test_a_run_that_goes_on_reads_what_it_read(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """However long reading takes by then: what was decided is written with its states."""
    given = (run.network, run.inputs, run.y, run.rows, run.settings, 0, 0.0)
    monkeypatch.setattr(reading, "affordable", lambda *_: (7, 6))
    place = Checkpoint(tmp_path, {})
    rows, settings = within(*given, place)
    place.write(Saved({"w": torch.zeros(1)}, {}))
    monkeypatch.setattr(reading, "affordable", lambda *_: (9, 5))
    again, settings_again = within(*given, Checkpoint(tmp_path, {}))
    np.testing.assert_array_equal(again.check, rows.check)
    assert settings_again == settings
    assert within(*given, Checkpoint(tmp_path / "other", {}))[1].probe_rows == 9


def test_so_does_one_whose_first_run_was_too_short_to_be_kept(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the second of several runs has beside its state is what was decided for them all."""
    given = (run.network, run.inputs, run.y, run.rows, run.settings, 0, 0.0)
    monkeypatch.setattr(reading, "affordable", lambda *_: (7, 6))
    place = Checkpoint(tmp_path, {})
    within(*given, place)
    place.of_run(1).write(Saved({"w": torch.zeros(1)}, {}))
    monkeypatch.setattr(reading, "affordable", lambda *_: (9, 5))
    assert within(*given, Checkpoint(tmp_path, {}))[1].probe_rows == 7

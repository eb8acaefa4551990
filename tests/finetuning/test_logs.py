"""The record of a run: history in brief, figures to TensorBoard and MLflow."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.errors import ConfigError, MissingExtra
from headstart.finetuning.settings import Settings
from headstart.predictor import HeldOut, History
from headstart.training import StepReport
from headstart.types import Task

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

from headstart.finetuning import logs  # noqa: E402 (after the skip)
from headstart.finetuning.logs import Observer, check_log, observe  # noqa: E402 (after the skip)


def a_run(losses: list[float], checks: tuple[tuple[int, float, float], ...] = (), **settings: Any) -> Any:
    found = [HeldOut(*check) for check in checks]
    plan, state = SimpleNamespace(schedule=lambda step: 1 / (1 + step)), SimpleNamespace(seconds=0.0)
    return SimpleNamespace(losses=losses, checks=found, settings=Settings(**settings), plan=plan, state=state)


def report(number: int, loss: float = 1.0) -> StepReport:
    return StepReport(number, loss, 0.5, 2.0)


@settings(deadline=None)
@given(st.lists(st.floats(0, 9), min_size=1, max_size=900))
def test_the_history_is_short_and_whole(losses: list[float]) -> None:
    """At most 200 stretches cover all steps in order; weighed by their steps their mean is the mean of all losses."""
    history = Observer(a_run(losses)).history()
    steps = [each.step for each in history.stretches]
    widths = np.diff([0, *steps])
    assert len(steps) == min(200, len(losses))
    assert history.n_steps == steps[-1] == len(losses)
    assert set(widths) <= {widths.min(), widths.min() + 1}
    assert np.average([each.loss for each in history.stretches], weights=widths) == pytest.approx(np.mean(losses))
    assert History.from_settings(json.loads(json.dumps(history.settings()))) == history


def test_a_run_taken_up_again_has_the_history_of_all_its_processes() -> None:
    """Losses, rates and seconds of those before as well."""
    run = a_run([3.0, 2.0], learning_rate=1e-3)
    observer = Observer(run)
    run.state.seconds = 100.0
    run.losses.append(1.0)
    observer(report(3))
    history = observer.history()
    assert [each.loss for each in history.stretches] == [3.0, 2.0, 1.0]
    assert [each.learning_rate for each in history.stretches] == pytest.approx([1e-3, 1e-3 / 2, 1e-3 / 3])
    assert 100.0 < history.seconds < 110.0


def test_no_steps_no_curve() -> None:
    """A run that has not begun has a history without stretches."""
    history = Observer(a_run([])).history()
    assert (history.stretches, history.checks, history.n_steps) == ((), (), 0)


@pytest.mark.parametrize("wrong", ["tensorboard", "tensorboard:", "wandb", "mlflow:there", "", 3, True])
def test_places_are_checked(wrong: Any) -> None:
    """Whatever is no place for logs is refused with the two that are, before any work."""
    with pytest.raises(ConfigError, match=r"strategy.log_to must be tensorboard:FOLDER or mlflow.* Got "):
        Settings(log_to=wrong)


@pytest.mark.parametrize("place", ["tensorboard:there", "mlflow"])
def test_a_missing_package_is_named(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the line that installs it."""
    monkeypatch.setattr(logs, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"log_to=.* needs (tensorboard|mlflow).*pip install"):
        check_log(place)


def logged(run: Any) -> None:
    """Three steps and two checks."""
    with observe(run) as seen:
        for number, loss in enumerate((3.0, 2.0, 1.0), 1):
            if number > 1:
                run.checks.append(HeldOut(number, loss / 4, number / 4))
            seen(report(number, loss))


EXPECTED = {
    "loss": [(1, 3.0), (2, 2.0), (3, 1.0)],
    "learning_rate_factor": [(1, 0.5), (2, 0.5), (3, 0.5)],
    "gradient_norm": [(1, 2.0), (2, 2.0), (3, 2.0)],
    "held_out_loss": [(2, 0.5), (3, 0.25)],
    "held_out_accuracy": [(2, 0.5), (3, 0.75)],
}


def test_tensorboard_reads_the_figures(tmp_path: Path) -> None:
    """What TensorBoard's own reader finds in the folder is what was reported."""
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logged(a_run([], log_to=f"tensorboard:{tmp_path / 'log'}"))
    read = EventAccumulator(str(tmp_path / "log")).Reload()
    assert {tag: [(e.step, e.value) for e in read.Scalars(tag)] for tag in read.Tags()["scalars"]} == EXPECTED


def test_a_later_run_of_a_training_stands_apart(tmp_path: Path) -> None:
    """In a folder of its own, and what is tried or checked on parts of the rows is not there at all."""
    pytest.importorskip("tensorboard")
    run = a_run([], log_to=f"tensorboard:{tmp_path / 'log'}")
    for number in (0, 1):
        with observe(run, number) as seen:
            seen(report(1))
    assert sorted(path.parent.name for path in (tmp_path / "log").rglob("events*")) == ["log", "run-2"]


@pytest.fixture
def mlflow(tmp_path: Path) -> Any:
    """MLflow with a store of its own in a database file."""
    module = pytest.importorskip("mlflow")
    pytest.importorskip("mlflow.store.tracking.sqlalchemy_store", exc_type=ImportError)  # mlflow-skinny has none
    before = module.get_tracking_uri()
    module.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    yield module
    module.set_tracking_uri(before)


def test_mlflow_reads_the_figures(mlflow: Any) -> None:
    """A run of our own with the settings as parameters; it is ended."""
    logged(a_run([], log_to="mlflow", learning_rate=7e-4))
    assert mlflow.active_run() is None
    (run,) = mlflow.search_runs(output_format="list")
    client = mlflow.MlflowClient()
    found = {name: client.get_metric_history(run.info.run_id, name) for name in EXPECTED}
    assert {name: [(m.step, m.value) for m in rows] for name, rows in found.items()} == EXPECTED
    assert run.data.params["learning_rate"] == "0.0007"
    assert run.info.status == "FINISHED"


def test_mlflow_takes_the_run_that_is_open(mlflow: Any) -> None:
    """The caller's run gets the figures and stays open."""
    with mlflow.start_run() as own:
        logged(a_run([], log_to="mlflow"))
        assert mlflow.active_run().info.run_id == own.info.run_id
    assert mlflow.get_run(own.info.run_id).data.metrics["held_out_accuracy"] == 0.75


def test_a_fitted_model_has_its_history(tiny_model: Callable[[str], Path]) -> None:
    """Fine-tuning fills it: every step, the rate that rises and falls, and it knows what the settings say."""
    from headstart.strategies.partial_finetune import PartialFinetune

    texts = ["a good film", "fine acting", "good fun", "a bad film", "poor acting", "bad jokes"] * 4
    y = np.array([0, 0, 0, 1, 1, 1] * 4)
    strategy = PartialFinetune(
        str(tiny_model("bert")),
        encoder_settings={"long_texts": "windows", "max_tokens": 4},
        strategy_settings={"n_epochs": 3, "batch_rows": 4, "top_layers": 1},
    )
    predictor = strategy.fit(Task(tuple(texts), y, ("+", "-")))
    history = predictor.history
    assert history is not None
    assert history.n_steps == len(history.stretches) == 18
    rates = [each.learning_rate for each in history.stretches]
    top = int(np.argmax(rates))
    assert 0 < top < 17
    assert rates == sorted(rates[: top + 1]) + sorted(rates[top + 1 :], reverse=True)
    assert history.checks == ()
    assert predictor.predict_proba(["a good film with fine acting and good fun"]).shape == (1, 2)


def test_only_the_model_that_stays_is_logged(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the network that tries two thirds of few rows, nor those of the folds."""
    from headstart import TextClassifier
    from headstart.finetuning import settings

    monkeypatch.setattr(logs, "check_log", lambda _: None)
    logged: list[str] = []
    monkeypatch.setattr(logs, "_tensorboard", lambda _, folder: logged.append(folder) or (lambda *_: None))
    texts = [f"{word} film {i}" for i in range(15) for word in ("good", "bad")]
    given = {"log_to": "tensorboard:there", "runs": 2, "n_epochs": 1, "words": "none"}
    model = TextClassifier(
        str(tiny_model("bert")), "finetune", settings={f"strategy.{name}": value for name, value in given.items()}
    )
    monkeypatch.setattr(settings.Settings, "__post_init__", lambda _: None)  # which looks for the package
    model.fit(texts, ["good", "bad"] * 15)
    assert logged == ["there", "there/run-2"]
    assert "strategy.log_to" not in (model.for_part().settings or {})

"""What `auto` does with many rows: fine-tuning is tried where there is the time, and stays where it is better."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from headstart import Dataset, TextClassifier  # noqa: E402 - below what skips
from headstart.encoders import make_encoder  # noqa: E402 - as above
from headstart.errors import EncoderUnavailable  # noqa: E402 - as above
from headstart.heads import make_head  # noqa: E402 - as above
from headstart.heads.logistic import Logistic  # noqa: E402 - as above
from headstart.predictor import Predictor  # noqa: E402 - as above
from headstart.strategies import _many_rows as module  # noqa: E402 - as above
from headstart.strategies.contrastive import Contrastive  # noqa: E402 - as above
from headstart.types import Task  # noqa: E402 - as above

THINGS = ("film", "soup", "room", "phone")
N = 440  # of which a tenth is held out


def rows(*, told: bool) -> tuple[tuple[str, ...], np.ndarray]:
    """English rows; a word tells the class, or nothing does."""
    y, others = np.random.default_rng(0).integers(0, 2, (2, N))
    words = np.where(y if told else others, "good", "bad")
    return tuple(f"the {THINGS[i // 4 % 4]} was {word} on day {i}" for i, word in enumerate(words)), y


class Knowing:
    """Stands for fine-tuning: counts the very words that a file of rows has, so it knows its own rows, or no class."""

    tasks: list[Task] = []  # noqa: RUF012 - shared on purpose
    given: list[Any] = []  # noqa: RUF012 - as above
    encoders: list[Any] = []  # noqa: RUF012 - as above

    def __init__(self, encoder: str, settings: Any, *, knows: bool) -> None:
        """Nothing is loaded."""
        self.encoder, self.settings, self.knows = encoder, settings, knows

    def fit(self, task: Task) -> Predictor:
        """From all rows, with the classes as they are or shuffled."""
        self.tasks.append(task)
        self.given.append(self.settings)
        encoder: Any = make_encoder("tfidf", min_df=1).fit(task.texts)
        y = task.y if self.knows else np.random.default_rng(0).permutation(task.y)
        fitted: Any = make_head("logistic", C=1e4).fit(encoder.encode(task.texts), y)
        linear = fitted.scorer_
        surer = 20.0 * linear.coef, 20.0 * linear.intercept  # its folds, of which none knows the other rows, are unsure
        head = Logistic.from_weights(*surer, 1.0, {"n_rows": len(y)})
        return Predictor(encoder, head, task.classes, "tuned", "logistic", "finetune", ("It learnt.",))


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, minilm_folder: Path) -> Callable[[bool], list[Task]]:
    """`stand_in(knows)`: the tasks that fine-tuning is given from now on, which knows all rows or none."""
    monkeypatch.setattr("headstart.strategies.auto._FEW", 100)
    Knowing.tasks.clear()
    Knowing.given.clear()
    Knowing.encoders.clear()

    def put(knows: bool) -> list[Task]:
        def make(encoder: str, *, encoder_settings: Any = None, strategy_settings: Any = None) -> Knowing:
            Knowing.encoders.append((encoder, encoder_settings))
            return Knowing(encoder, strategy_settings, knows=knows)

        monkeypatch.setattr(module, "Finetune", make)
        return Knowing.tasks

    return put


@pytest.mark.parametrize("knows", [True, False])
def test_the_better_one_stays(stand_in: Callable[[bool], list[Task]], knows: bool, tmp_path: Path) -> None:
    """Where nothing tells the classes but what one of them has learnt by heart, it stays; else not."""
    tasks = stand_in(knows)
    texts, y = rows(told=not knows)
    model = TextClassifier().fit(texts, y, budget_s=1_000.0, checkpoint=tmp_path)
    assert model.predictor_.strategy == ("finetune" if knows else "pooled")
    assert ("It learnt." in model.predictor_.reasons) == knows
    said = model.predictor_.reasons[-1]
    assert said.startswith("Right of 44 held-out training rows, in %: pooled ")
    assert said.endswith("fine-tuning was kept." if knows else "not better and was left out.")
    (task,) = tasks
    assert (task.texts, task.checkpoint, task.budget_s) == (texts, tmp_path, 600.0)


@pytest.mark.parametrize("knows", [True, False])
def test_source_rows_are_for_pooled(stand_in: Callable[[bool], list[Task]], knows: bool) -> None:
    """What is fine-tuned makes no use of them, and says so."""
    stand_in(knows)
    source = Dataset(tuple(f"{word} {thing}" for word in ("good", "bad") for thing in THINGS), (1,) * 4 + (0,) * 4)
    reasons = TextClassifier().fit(*rows(told=not knows), source=source, budget_s=1_000.0).predictor_.reasons
    assert (reasons[-1] == "Source rows are not used by finetune.") == knows
    assert any("With what 8 source rows teach" in reason for reason in reasons) != knows


def test_a_named_transformer_is_read_and_learns(
    stand_in: Callable[[bool], list[Task]], tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the user's settings; what learns has no layers side by side."""
    monkeypatch.setattr(module, "_LEAST_ROWS", N)
    folder = tiny_model("bert")
    stand_in(False)
    settings = {"encoder.layers": [1, 2], "encoder.max_tokens": 12}
    made = TextClassifier(str(folder), settings=settings).fit(*rows(told=True)).predictor_
    assert any(f"{folder}, layers 1, 2 (logistic)" in reason for reason in made.reasons)
    assert "pooled 100.0, fine-tuned " in made.reasons[-1]
    assert Knowing.encoders == [(str(folder), {"max_tokens": 12})]


def test_what_is_compared_has_not_seen_the_rows(stand_in: Callable[[bool], list[Task]]) -> None:
    """Classes that nothing tells: `pooled` is right of half of the held-out rows, which it could have learnt."""
    stand_in(True)
    texts, y = rows(told=False)
    said = TextClassifier().fit(texts, y, budget_s=1_000.0).predictor_.reasons[-1]
    pooled, tuned = (float(part.split()[0].rstrip(":,")) for part in said.split("pooled ")[1].split("fine-tuned "))
    assert pooled < 75 < tuned


@pytest.mark.parametrize(("seconds", "epochs"), [(1e6, 3.0), (None, 1.5)])
def test_without_a_budget_as_many_epochs_as_take_minutes(
    stand_in: Callable[[bool], list[Task]], monkeypatch: pytest.MonkeyPatch, seconds: float | None, epochs: float
) -> None:
    """Counted in multiplications, so that no clock decides; one run, and a part of the rows learns as the whole did."""
    texts, y = rows(told=False)
    with Contrastive("minilm").support(Task(texts, y, (0, 1))) as (support, _):
        reading = support.reading_s()
    monkeypatch.setattr(module, "_SECONDS", seconds or 1.5 * 3.0 * reading)
    monkeypatch.setattr(module, "_LEAST_ROWS", N)
    tasks, model = stand_in(True), TextClassifier().fit(texts, y)
    (task,) = tasks
    assert (task.texts, task.budget_s) == (texts, None)
    assert Knowing.given == [{"n_epochs": epochs, "runs": 1}]
    assert model.predictor_.strategy == "finetune"
    part = model.for_part()
    assert (part.strategy, part.settings) == ("finetune", {"strategy.n_epochs": epochs, "strategy.runs": 1})
    limit = ("_LEAST_ROWS", 3 * N + 1) if seconds else ("_LEAST_EPOCHS", 1.6)
    monkeypatch.setattr(module, *limit)
    model.fit(texts, y)
    assert (model.predictor_.strategy, len(tasks)) == ("pooled", 1)
    assert "it takes many minutes, which --budget 10m would allow" in model.predictor_.reasons[-1]
    assert model.for_part().settings is None


@pytest.mark.parametrize(
    ("budget_s", "said"), [(0.5, "the budget of 0 s is too short"), (12.0, "the budget of 12 s is too short")]
)
def test_no_time(stand_in: Callable[[bool], list[Task]], budget_s: float, said: str) -> None:
    """A budget that is over before: `pooled`, and a sentence."""
    tasks = stand_in(True)
    predictor = TextClassifier().fit(*rows(told=True), budget_s=budget_s).predictor_
    assert (predictor.strategy, tasks) == ("pooled", [])
    assert said in predictor.reasons[-1]


@pytest.mark.usefixtures("without_e5")
def test_nothing_to_tune(stand_in: Callable[[bool], list[Task]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Chinese texts, and a machine without the encoder: the reason says what is in the way, if there is a budget."""
    tasks = stand_in(True)
    texts, y = rows(told=True)
    chinese = tuple(f"这家{'很好喜欢' if c else '太差失望'}第{i}次" for i, c in enumerate(y))
    found = TextClassifier().fit(chinese, y, budget_s=1_000.0).predictor_
    assert found.reasons[-1] == "No fine-tuning; e5 was not tried: e5 comes with a package."
    assert all("fine-tuning" not in reason for reason in TextClassifier().fit(chinese, y).predictor_.reasons)

    def nowhere(name: str) -> None:
        raise EncoderUnavailable("Install it.")

    monkeypatch.setattr("headstart.encoders.transformer.locate", nowhere)
    found = TextClassifier().fit(texts, y, budget_s=1_000.0).predictor_
    assert found.reasons[-1] == "No fine-tuning; minilm was not tried: Install it."
    assert tasks == []


@pytest.mark.parametrize("budget_s", [None, 60.0])
def test_with_the_real_one(minilm_folder: Path, monkeypatch: pytest.MonkeyPatch, budget_s: float | None) -> None:
    """MiniLM learns within its share of the budget, or for some epochs, and is judged beside `pooled`."""
    monkeypatch.setattr("headstart.strategies.auto._FEW", 100)
    monkeypatch.setattr(module, "_MOST_EPOCHS", 1.0)
    monkeypatch.setattr(module, "_LEAST_ROWS", N)
    texts, y = rows(told=True)
    predictor = TextClassifier().fit(texts, y, budget_s=budget_s).predictor_
    assert "held-out training rows, in %: pooled " in predictor.reasons[-1]
    assert np.mean(predictor.predict_proba(texts).argmax(axis=1) == y) > 0.95

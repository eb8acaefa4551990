"""The last rung of few_labels: an encoder that is tuned on the labelled rows."""

from collections.abc import Callable
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart import TextClassifier, load_bundle
from headstart.data.splits import sample_per_class
from headstart.few_labels.ladder import Pool
from headstart.strategies import _tuned_rung as module
from headstart.strategies.contrastive import Contrastive
from headstart.types import Task

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

RUNG = module.TunedRung.name
TEXTS = [f"{'the soup was cold' if i % 2 else 'a bright good screen'} {i}" for i in range(16)]
LABELS = ["cold" if i % 2 else "good" for i in range(16)]
UNSEEN = ["a bright good film", "the soup was very cold", ""]


def fitted(folder: Path, texts: list[str] = TEXTS, labels: list[str] = LABELS, **more: Any) -> TextClassifier:
    settings = {"strategy.tuning": more.pop("tuning", "auto"), "encoder.precision": "fp32"}  # as a bundle reads
    return TextClassifier(str(folder), "few_labels", settings=settings, random_state=0).fit(texts, labels, **more)


def rungs(model: TextClassifier) -> list[str]:
    return [reason for reason in model.predictor_.reasons if RUNG in reason]


@pytest.fixture(autouse=True)
def _never_enough(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The rows here are told apart without tuning. One thread: the same sums on every machine."""
    import torch

    torch.set_num_threads(1)
    if "enough" not in request.node.name:
        monkeypatch.setattr(module, "_ENOUGH", np.inf)


def test_a_tuned_encoder_stands_beside_the_pool(
    tiny_model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two networks and words as one linear model; a bundle gives the same probabilities without torch, and knows
    that its encoder has seen the labels; the same seed gives the same model.
    """
    monkeypatch.setattr(module.TunedRung, "_pays", staticmethod(lambda *_: True))  # kept in any case
    folder = tiny_model("bert")
    model, again = fitted(folder), fitted(folder)
    assert "kept (learning from one half of them" in rungs(model)[0]
    assert model.predictor_.encoder_name.count(folder.name) == 2
    assert model.score(TEXTS, LABELS) == 1.0
    np.testing.assert_array_equal(model.predict_proba(UNSEEN), again.predict_proba(UNSEEN))
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    np.testing.assert_allclose(loaded.predict_proba(UNSEEN), model.predict_proba(UNSEEN), atol=1e-4)
    encoders: Any = (model.predictor_.encoder, loaded.encoder)
    assert all(encoder.supervised for encoder in encoders)


def test_the_model_is_the_pool_and_the_tuned_expert(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights of the pool are those without tuning times one factor; those of the tuned features tell the classes
    apart by themselves. A pool whose factor is 0 is not read at all, and rows are of length 1 all the same.
    """
    monkeypatch.setattr(module.TunedRung, "_pays", staticmethod(lambda *_: True))
    found: list[module.Climbed] = []
    add = module.TunedRung.add

    def kept(rung: module.TunedRung, of_pool: float | None = None) -> module.Climbed:
        climbed = add(rung)
        assert climbed is not None
        found.append(climbed if of_pool is None else replace(climbed, of_pool=of_pool))
        return found[-1]

    monkeypatch.setattr(module.TunedRung, "add", kept)
    folder = tiny_model("bert")
    both, plain = fitted(folder), fitted(folder, tuning="none")
    heads: list[Any] = [model.predictor_.head for model in (both, plain)]
    weights, before = (head.get_state().arrays["coef"] for head in heads)
    n_tuned = weights.shape[1] - before.shape[1]
    np.testing.assert_allclose(weights[:, : before.shape[1]], found[0].of_pool * before, atol=1e-6)
    encoder: Any = both.predictor_.encoder
    values = encoder.encode(TEXTS).toarray()[:, -n_tuned:] @ weights[:, -n_tuned:].T
    assert found[0].tuned is not None
    values += found[0].tuned[2].intercept
    assert (values.argmax(axis=1) == [both.classes_.tolist().index(label) for label in LABELS]).all()

    monkeypatch.setattr(module.TunedRung, "add", partialmethod(kept, of_pool=0.0))
    alone = fitted(folder)
    reader: Any = alone.predictor_.encoder
    assert alone.predictor_.encoder_name == str(folder)
    np.testing.assert_allclose(np.linalg.norm(reader.encode(TEXTS), axis=1), 1.0, atol=1e-5)
    assert alone.score(TEXTS, LABELS) == 1.0


@pytest.mark.parametrize("tuning", ["none", "auto"])
def test_all_of_it_is_as_sure_as_the_pool_may_be(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tuning: str
) -> None:
    """Half the size of the pool halves every log-odds, those of the tuned expert too."""
    monkeypatch.setattr(module.TunedRung, "_pays", staticmethod(lambda *_: True))
    folder = tiny_model("bert")

    def log_odds(size: float) -> Any:
        monkeypatch.setattr(module.Pool, "size", lambda *_: size)
        p = fitted(folder, tuning=tuning).predict_proba(UNSEEN)
        return np.log(p[:, 1] / p[:, 0])

    np.testing.assert_allclose(log_odds(0.5), 0.5 * log_odds(1.0), rtol=1e-3)


@pytest.mark.parametrize("many", [200, 50])
def test_in_little_time_many_rows_are_learnt_from_less_often_and_a_part_of_them(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """Three readings, and six an epoch, of the rows that are tuned on, as many of each class: three epochs of few rows,
    two or more of many. The budget that would be enough for all is told.
    """
    monkeypatch.setattr(module, "_MANY", many)
    texts, y = tuple(f"{text} {i}" for i in range(4) for text in TEXTS), np.arange(64) % 2
    task = Task(texts, y, ("good", "cold"))
    given: Any = (None, None, 1.0, None, {})
    least = 3.0 if many == 200 else 2.0
    cases = {
        3.1: (64, 3.0),
        2.25: (64, 2.25) if many == 50 else (50, 3.0),  # 64 * (3 + 6 * 2.25) / (3 + 6 * 3)
        0.5 * least: (38 if many == 50 else 36, least),
        0.1: None,
        -1: None,
    }
    with Contrastive(str(tiny_model("bert"))).support(task) as (support, _):
        reading = support.reading_s()
        for epochs_of_all, expected in cases.items():
            left = (3.0 + 6.0 * epochs_of_all) * reading / module._SHARE_OF_BUDGET
            rung = module.TunedRung(task, *given, left)
            rows, epochs, note = rung._plan(support)
            assert (None if rows is None else (len(rows), pytest.approx(epochs))) == expected
            assert rows is None or abs(np.diff(np.bincount(y[rows]))[0]) <= 1
            if epochs_of_all > 3:
                assert not note
                continue
            for spent, budget_s in ((30.0, None), (200.0, left + 200.0)):  # a budget that was given is not enough
                asked = replace(rung, task=replace(task, budget_s=budget_s))
                minutes = int(asked._plan(support)[2].partition("--budget ")[2].partition("m ")[0])
                assert budget_s is None or 60.0 * minutes > budget_s
                enough, epochs, _ = replace(rung, seconds_left=60.0 * minutes - spent)._plan(support)
                assert enough is not None
                assert (len(enough), epochs) == (64, 3.0)


@pytest.mark.parametrize(("many", "rate"), [(200, 4e-4), (8, 6e-4)])
def test_it_learns_as_planned(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, many: int, rate: float
) -> None:
    """Rows and epochs are those of the plan, three times; many rows have a rate of their own, and took long."""
    from headstart.finetuning.support import Support

    monkeypatch.setattr(module, "_MANY", many)
    monkeypatch.setattr(module.TunedRung, "_pays", staticmethod(lambda *_: True))
    monkeypatch.setattr(module.TunedRung, "_plan", lambda *_: (np.arange(12), 2.5, "more takes longer"))
    learnt: list[tuple[int, float, float]] = []
    tune = Support._tune

    def spy(self: Support, rows: Any) -> None:
        learnt.append((len(rows), self.settings.n_epochs, self.settings.learning_rate))
        tune(self, rows)

    monkeypatch.setattr(Support, "_tune", spy)
    made = fitted(tiny_model("bert")).predictor_
    assert learnt[-1] == (12, 2.5, rate)
    assert sum(n for n, *_ in learnt[:-1]) == 12  # halves of them
    assert {each[1:] for each in learnt} == {(2.5, rate)}
    assert made.is_slow == (many == 8)
    assert "more takes longer" in made.reasons
    assert any("tuned on 12 of 16 labelled rows" in reason for reason in made.reasons)


def test_a_part_of_the_rows_is_read_alone(tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each half of ten rows is checked by what has learnt from the other, the pool from a half of all sixteen; of rows
    that were not read the tuned encoder says nothing.
    """
    rows = np.array([0, 1, 2, 5, 6, 7, 8, 11, 12, 13])
    monkeypatch.setattr(module.TunedRung, "_pays", staticmethod(lambda *_: True))
    monkeypatch.setattr(module.TunedRung, "_plan", lambda *_: (rows, 3.0, ""))
    parts, pool_of = list[Any](), Pool.of

    def noting(experts: Any, given: Any) -> Pool:
        if experts[-1].name == "tuned":
            parts.append((experts[-1], given))
        return pool_of(experts, given)

    monkeypatch.setattr(Pool, "of", staticmethod(noting))
    made = fitted(tiny_model("bert")).predictor_
    assert any("tuned on 10 of 16 labelled rows" in reason for reason in made.reasons)
    ((expert, given),) = parts
    assert [len(learn) for learn, _ in given.pairs] == [8, 8]
    asked = [check for _, check in given.pairs]
    np.testing.assert_array_equal(np.sort(np.concatenate(asked)), rows)
    assert all(not set(learn) & set(check) for learn, check in given.pairs)
    others = np.setdiff1d(np.arange(16), rows)
    assert not expert.final[others].any()
    assert expert.final[rows].all()


def test_more_time_for_more_rows() -> None:
    """Without a budget: from half a minute to two and a half, at a cautious rate."""
    given: Any = (None, None, 1.0, None, {}, None)
    rows = (16, 400, 1_000, 3_000)
    rungs = [module.TunedRung(Task(("a",) * n, np.zeros(n, np.int64), ("a",)), *given) for n in rows]
    seconds = [rung._seconds() for rung in rungs]
    assert seconds == sorted(seconds)
    assert 25 < seconds[0] < 30
    assert seconds[-1] == 150


def test_a_class_with_few_rows_does_not_keep_many_others_from_being_tuned_on(
    tiny_model: Callable[[str], Path],
) -> None:
    """Halves do not have two of its three rows each; of 19 rows that is too much of what is asked, of 67 it is not."""
    rare = ["where is it", "where was it found", "where did he go"]
    folder, many = tiny_model("bert"), [f"{text} {i}" for i in range(4) for text in TEXTS]
    assert not rungs(fitted(folder, [*TEXTS, *rare], [*LABELS, *["place"] * 3]))
    assert rungs(fitted(folder, [*many, *rare], [*LABELS * 4, *["place"] * 3]))


def test_what_adds_nothing_is_left_out(tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is then the one without tuning, to the bit."""
    monkeypatch.setattr(module.TunedRung, "_pays", staticmethod(lambda *_: False))
    folder = tiny_model("bert")
    model, plain = fitted(folder), fitted(folder, tuning="none")
    assert "left out" in rungs(model)[0]
    assert not rungs(plain)
    np.testing.assert_array_equal(model.predict_proba(UNSEEN), plain.predict_proba(UNSEEN))


@pytest.mark.parametrize(
    ("n", "gain", "factor", "pays"),
    [
        (16, 0.02, 0.5, True),
        (16, 0.005, 0.5, False),
        (16, 0.02, 0.05, False),
        (128, 0.0, 0.5, True),
        (128, -0.02, 0.5, False),
        (128, 0.0, 0.05, False),
    ],
)
def test_tuning_has_to_pay_by_half_of_the_rows_less_where_there_are_many(
    n: int, gain: float, factor: float, pays: bool
) -> None:
    """All of a hundred rows and more teach more than the half that is asked; what counts for little costs as much."""
    losses, held_out = np.full(n, 0.5), np.zeros((n, 1))
    before = Pool((), np.ones(1), held_out, losses)
    after = Pool((), np.array([1.0, factor]), held_out, losses - gain)
    assert module.TunedRung._pays(before, after, n) == pays


def test_it_is_not_tried_with_few_rows_or_little_time(tiny_model: Callable[[str], Path]) -> None:
    """Halves need two rows of each class; a millisecond is not enough for anything."""
    folder = tiny_model("bert")
    assert not rungs(fitted(folder, TEXTS[:6], LABELS[:6]))
    hurried = fitted(folder, budget_s=0.001)
    assert not rungs(hurried)
    assert any("--budget 1m would allow" in reason for reason in hurried.predictor_.reasons)
    assert hurried.for_part().settings["strategy.tuning"] == "none"  # parts, whose texts are known, would have time
    assert fitted(folder).for_part().settings["strategy.tuning"] == "auto"


def test_where_nearly_all_is_right_it_is_enough(tiny_model: Callable[[str], Path]) -> None:
    """Words alone tell these rows apart: no network is tuned."""
    assert not rungs(fitted(tiny_model("bert")))


def test_questions_are_told_apart_far_better(minilm_folder: Path, shared_data: Path) -> None:
    """trec6, eight questions a class: halves of the rows see that the frozen layers do not show what is asked for."""
    from headstart import read_dataset

    rows = read_dataset(shared_data / "trec6" / "train.jsonl.gz").dataset
    support, _ = sample_per_class(rows, 8, 1)
    unseen = [row for row in range(rows.n) if rows.texts[row] not in set(support.texts)]
    drawn, scores = rows.take(unseen[:: len(unseen) // 150]), []
    for tuning in ("none", "auto"):
        model = fitted(minilm_folder, list(support.texts), list(support.labels or ()), tuning=tuning)
        scores.append(model.score(drawn.texts, drawn.labels))
    assert scores[1] > scores[0] + 0.03


def test_any_family_of_models(family: str, tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The rung is climbed with each of them, and the model that is left knows these texts."""
    monkeypatch.setattr(module.TunedRung, "_pays", staticmethod(lambda *_: True))
    model = fitted(tiny_model(family))
    assert len(rungs(model)) == 1
    assert model.score(TEXTS, LABELS) == 1.0

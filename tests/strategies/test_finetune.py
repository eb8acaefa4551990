"""Two stages and words beside them: what is kept, what is skipped, and that it can be broken off anywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.errors import ConfigError
from headstart.predictor import Predictor
from headstart.types import Task

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

from headstart.bundle import load_bundle, save_bundle  # noqa: E402 - below what skips
from headstart.finetuning.checkpoint import discard, is_there  # noqa: E402 - needs torch
from headstart.finetuning.run import Run  # noqa: E402 - as above
from headstart.strategies.finetune import Finetune  # noqa: E402 - as above

QUICK = {"n_epochs": 1, "first_epochs": 1, "learning_rate": 1e-3, "first_layers": 1, "batch_rows": 32}
Fit = Callable[..., Predictor]


def task_of(n: int = 420, *, noise: float = 0.0, **more: Any) -> Task:
    """Two classes that one word of each text decides, among words that say nothing."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    filler = rng.choice(["soup", "film", "train", "味道", "battery"], (n, 4))
    words = np.where(y, "good", "cold")
    flips = rng.random(n) < noise
    texts = tuple(f"{' '.join(row)} {word} {i}" for i, (row, word) in enumerate(zip(filler, words, strict=True)))
    return Task(texts, np.where(flips, 1 - y, y), ("cold", "good"), **more)


@pytest.fixture
def fit(tiny_model: Callable[[str], Path]) -> Fit:
    """`fit(task, **settings)`: a predictor of a tiny BERT."""
    torch.set_num_threads(1)

    def fitted(task: Task, **more: Any) -> Predictor:
        settings = {**QUICK, **more}
        precision = {"precision": "fp32"}
        return Finetune(str(tiny_model("bert")), encoder_settings=precision, strategy_settings=settings).fit(task)

    return fitted


def body(predictor: Predictor) -> dict[str, bytes]:
    """The bits of the network's weights, and of the head's."""
    encoder: Any = predictor.encoder
    tuned = encoder._made[-1] if "+" in predictor.encoder_name else encoder
    found = {name: p.detach().numpy().tobytes() for name, p in tuned.whole_model().named_parameters()}
    return found | {name: array.tobytes() for name, array in predictor.head.get_state().arrays.items()}


def test_words_join_a_network_that_has_learnt_nothing(fit: Fit, tmp_path: Path) -> None:
    """Its rates are almost zero; the words know all: both stand in the bundle, and the words decide."""
    task = task_of()
    made = fit(task, learning_rate=1e-9, first_rate=1e-9, head_learning_rate=1e-9)
    assert made.encoder_name.startswith("tfidf+")
    assert np.mean(made.predict_proba(task.texts).argmax(axis=1) == task.y) == 1
    again = load_bundle(save_bundle(made, tmp_path / "bundle"))
    np.testing.assert_allclose(again.predict_proba(task.texts), made.predict_proba(task.texts), atol=1e-5)
    assert any("Words (tfidf) count beside the network" in reason for reason in made.reasons)


def test_the_sum_is_that_of_its_parts(fit: Fit) -> None:
    """The probabilities of the one head are softmax(network + words), each computed by itself."""
    from headstart.functional.probability import softmax

    made = fit(task_of(noise=0.1), learning_rate=1e-4, first_rate=1e-4)
    assert made.encoder_name.startswith("tfidf+")
    encoder: Any = made.encoder
    arrays = made.head.get_state().arrays
    words, network = encoder._made
    texts = ["soup good", "film cold train", "never seen"]
    parts = [words.encode(texts).toarray(), network.encode(texts)]
    d = parts[0].shape[1]
    decision = parts[0] @ arrays["coef"][:, :d].T + parts[1] @ arrays["coef"][:, d:].T + arrays["intercept"]
    np.testing.assert_allclose(made.predict_proba(texts), softmax(decision), atol=1e-5)


def test_without_words(fit: Fit) -> None:
    made = fit(task_of(), words="none")
    assert "+" not in made.encoder_name
    assert not any("Words" in reason for reason in made.reasons)


def test_words_are_one_encoder(fit: Fit) -> None:
    with pytest.raises(ConfigError, match=r"strategy\.words must be one encoder of counts"):
        fit(task_of(), words="tfidf+tfidf:char")


def test_the_stages_follow_each_other(fit: Fit) -> None:
    """The history counts on, from the first stage's steps to the second's."""
    made = fit(task_of(), n_epochs=3, first_epochs=2)
    assert made.history is not None
    assert [each.step for each in made.history.stretches] == list(range(1, made.history.n_steps + 1))
    said = [reason for reason in made.reasons if reason.startswith("Fine-tuned")]
    assert "highest 1 layers" in said[0]
    assert "all layers" in said[1]
    assert [each.step for each in made.history.checks] == sorted(each.step for each in made.history.checks)


def test_word_embeddings_learn_in_the_second_stage_only(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stay as they were while the lower layers are frozen, and where the user names the layers that learn."""
    tables, stage = [], Finetune._stage

    def watched(*args: Any, **more: Any) -> Any:
        way = stage(*args, **more)
        tables.append(way.network.body.model.get_input_embeddings().weight.detach().clone())
        return way

    monkeypatch.setattr(Finetune, "_stage", watched)
    fit(task_of(), first_epochs=1, words="none")
    fit(task_of(), first_epochs=1, words="none", top_layers=1)
    first, second, *named = tables
    assert not torch.equal(first, second)
    assert all(torch.equal(first, each) for each in named)


def test_a_second_stage_that_harms_is_undone(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rates are far too high: the weights of the first stage stay, bit for bit."""
    ends, stage = [], Finetune._stage

    def watched(*args: Any, **more: Any) -> Any:
        way = stage(*args, **more)
        ends.append({name: value.clone() for name, value in way.network.state_dict().items()})
        return way

    monkeypatch.setattr(Finetune, "_stage", watched)
    harmed = fit(task_of(), first_rate=3e-3, first_epochs=4, learning_rate=1.0, words="none")
    assert any("after step 0, clearly better" in reason for reason in harmed.reasons)
    first, second = ends
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_short_budget_is_spent_on_the_first_stage(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where less time is left than the first stage took; with more there are two."""
    from headstart.strategies import finetune as module

    now = [0.0]

    def hurry(run: Run) -> Any:
        now[0] += 30.0
        return steps(run)

    steps = Run.steps
    monkeypatch.setattr(Run, "steps", hurry)
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    for budget_s, n in ((50.0, 1), (70.0, 2)):
        now[0] = 0.0
        made = fit(task_of(budget_s=budget_s))
        assert sum(reason.startswith("Fine-tuned") for reason in made.reasons) == n
        assert any("budget was too short" in reason for reason in made.reasons) == (n == 1)


def test_the_rest_of_a_budget_makes_the_first_stage_longer(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock of one second a step and 12 steps a stage: 18 seconds are too few for both stages, 40 are enough."""
    from headstart.strategies import finetune as module

    now, steps, make, learn = [0.0], list[int](), Run.__post_init__, torch.optim.AdamW.step

    def ticking(self: Run) -> None:
        self.clock = lambda: now[0]
        make(self)

    def counted(run: Run) -> Any:
        for step in in_one_piece(run):
            steps.append(step.number)
            yield step

    def slow(*args: Any, **more: Any) -> Any:
        now[0] += 1.0
        return learn(*args, **more)

    in_one_piece = Run.steps
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    monkeypatch.setattr(Run, "__post_init__", ticking)
    monkeypatch.setattr(Run, "steps", counted)
    monkeypatch.setattr(torch.optim.AdamW, "step", slow)
    for budget_s, most in ((18.0, 18), (40.0, 12)):
        now[0] = 0.0
        steps.clear()
        texts = fit(task_of(budget_s=budget_s), words="none").reasons
        assert most - 2 <= max(steps) <= most
        assert any("instead of 12" in text for text in texts) == (most > 12)
        assert sum(text.startswith("Fine-tuned") for text in texts) == (1 if most > 12 else 2)


def test_states_are_kept_where_texts_are_read_again(fit: Fit) -> None:
    """By a first stage of two epochs, or one that few rows repeat; not by one that reads each text once."""
    for more, is_kept in (({}, False), ({"first_epochs": 2}, True), ({"least_steps": 60}, True)):
        reasons = fit(task_of(), words="none", **more).reasons
        assert any("computed once and kept" in reason for reason in reasons) == is_kept


def test_the_answer_that_stays_is_the_network_s(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The logits that words are weighed beside are those of the weights that stayed, asked once more here; up to the
    rounding of kept states, as the first stage's answer is the one that stays.
    """
    from headstart.finetuning.rows import decide

    ends, steps = list[tuple[Any, Any]](), Run.steps

    def watched(run: Run) -> Any:
        yield from steps(run)
        asked = decide(run.network, run.inputs, run.rows.check, run.settings)
        ends.append((None if run.kept is None else run.kept.logits, asked))

    monkeypatch.setattr(Run, "steps", watched)
    fit(task_of(), first_rate=3e-3, first_epochs=4, learning_rate=1.0, words="none")  # the second stage is undone
    assert len(ends) == 2
    for kept, asked in ends:
        np.testing.assert_allclose(kept, asked, atol=1e-3)


@pytest.mark.parametrize("stop", [5, 18])
def test_broken_off_and_gone_on_with(fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int) -> None:
    """In the first stage of 12 steps, and in the second: the bits are those of a fit that was not broken off."""
    whole = body(fit(task_of(), checkpoint_every_s=0))
    place, taken, steps = tmp_path / "checkpoint", [0], Run.steps

    def broken(run: Run) -> Any:
        for step in steps(run):
            taken[0] += 1
            if taken[0] == stop:
                raise KeyboardInterrupt
            yield step

    task = task_of(checkpoint=place)
    with monkeypatch.context() as patched:
        patched.setattr(Run, "steps", broken)
        with pytest.raises(KeyboardInterrupt):
            fit(task, checkpoint_every_s=0)
    assert is_there(place)
    n_steps = list[int]()

    def counted(run: Run) -> Any:
        for step in steps(run):
            n_steps.append(step.number)
            yield step

    monkeypatch.setattr(Run, "steps", counted)
    again = fit(task, checkpoint_every_s=0)
    assert body(again) == whole
    assert len(n_steps) <= 24 - stop + 1
    assert again.history is not None
    assert again.history.n_steps == 24
    discard(place)
    assert not place.exists()


def test_few_rows(fit: Fit) -> None:
    """Of 90 rows none is spared: a third of them is asked by a fit of its own, and all are learnt from."""
    task = task_of(90)
    made = fit(task, learning_rate=1e-9, first_rate=1e-9, head_learning_rate=1e-9)
    assert made.encoder_name.startswith("tfidf+")
    assert np.mean(made.predict_proba(task.texts).argmax(axis=1) == task.y) == 1
    few = fit(task_of(16))
    assert "+" not in few.encoder_name
    assert any("too few rows to tell" in reason for reason in few.reasons)

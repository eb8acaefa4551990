"""All layers learn from a last layer that fits, words stand beside: what is kept, and that it can be broken off."""

from collections.abc import Callable
from dataclasses import replace
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
from headstart.strategies import _finetuning as shared  # noqa: E402 - as above
from headstart.strategies import finetune as module  # noqa: E402 - as above
from headstart.strategies.finetune import Finetune  # noqa: E402 - as above

QUICK = {"runs": 1, "n_epochs": 2, "learning_rate": 1e-3, "batch_rows": 32}
IDLE = {"learning_rate": 1e-9, "head_learning_rate": 1e-9, "probe_rows": 0}
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
    """Its rates are almost zero, its last layer begins at zero; the words know all: both stand in the bundle, and the
    words decide.
    """
    task = task_of()
    made = fit(task, **IDLE)
    assert made.encoder_name.startswith("tfidf+")
    assert np.mean(made.predict_proba(task.texts).argmax(axis=1) == task.y) == 1
    again = load_bundle(save_bundle(made, tmp_path / "bundle"))
    np.testing.assert_allclose(again.predict_proba(task.texts), made.predict_proba(task.texts), atol=1e-5)
    assert any("Words (tfidf) count beside the network" in reason for reason in made.reasons)


def test_the_sum_is_that_of_its_parts(fit: Fit) -> None:
    """The probabilities of the one head are softmax(network + words), each computed by itself."""
    from headstart.functional.probability import softmax

    made = fit(task_of(noise=0.1), **IDLE)
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


@pytest.mark.parametrize(("words", "wanted"), [("tfidf+tfidf:char", "one encoder of counts"), (5, "a word")])
def test_words_are_one_encoder(fit: Fit, words: object, wanted: str) -> None:
    with pytest.raises(ConfigError, match=rf"strategy\.words must be {wanted}"):
        fit(task_of(), words=words)


def test_it_is_never_worse_than_frozen_features(fit: Fit) -> None:
    """With rates of almost zero it is the logistic regression that it began at, and after a step that spoils it."""
    task = task_of()
    for more in ({"learning_rate": 1e-9, "head_learning_rate": 1e-9}, {"learning_rate": 1.0, "n_epochs": 0.01}):
        made = fit(task, words="none", dropout=0.0, **more)
        assert any("began at a logistic regression" in reason for reason in made.reasons)
        assert np.mean(made.predict_proba(task.texts).argmax(axis=1) == task.y) > 0.9


def test_all_layers_and_word_embeddings_learn(fit: Fit, tiny_model: Callable[[str], Path]) -> None:
    """But where the user names the layers that learn, those below and the words stay as they were."""
    from headstart.finetuning.network import blocks_of

    start = Finetune(str(tiny_model("bert")))._transformer(task_of()).whole_model().model
    for more, changes in (({}, True), ({"top_layers": 1}, False)):
        encoder: Any = fit(task_of(), words="none", probe_rows=0, **more).encoder
        tuned = encoder.whole_model().model
        pairs = [
            (m.get_input_embeddings(), blocks_of(m)[0].attention.output.dense, blocks_of(m)[-1].attention.output.dense)
            for m in (start, tuned)
        ]
        words, lowest, highest = (not torch.equal(a.weight, b.weight) for a, b in zip(*pairs, strict=True))
        assert (words, lowest, highest) == (changes, changes, True)


def test_nothing_drops_inside_the_model(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless that is asked for: of the features some do."""
    seen, steps = list[set[float]](), Run.steps

    def watched(run: Run) -> Any:
        inside = {m.p for m in run.network.body.modules() if isinstance(m, torch.nn.Dropout)}
        seen.append(inside | {-run.network.dropout.p})
        return steps(run)

    monkeypatch.setattr(Run, "steps", watched)
    fit(task_of(), words="none")
    fit(task_of(), words="none", model_dropout=0.2)
    assert seen == [{0.0, -0.1}, {0.2, -0.1}]


def test_a_budget_is_kept_to(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock of one second a step and 24 steps in all: 10 seconds are enough for 10 of them, 100 for all."""
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
    for each in (module, shared):
        monkeypatch.setattr(each, "monotonic", lambda: now[0])
    monkeypatch.setattr(Run, "__post_init__", ticking)
    monkeypatch.setattr(Run, "steps", counted)
    monkeypatch.setattr(torch.optim.AdamW, "step", slow)
    for budget_s, least, most in ((10.0, 8, 10), (100.0, 24, 24)):
        now[0] = 0.0
        steps.clear()
        texts = fit(task_of(budget_s=budget_s), words="none").reasons
        assert least <= max(steps) <= most
        assert any("The budget allowed" in text for text in texts) == (most < 24)


def test_settings_are_searched(fit: Fit) -> None:
    """Trials learn as the fit does; the words stand beside what the last of them found."""
    made = fit(task_of(noise=0.1), search=2, n_epochs=1)
    assert any("trials" in reason for reason in made.reasons)
    assert any("Words (tfidf)" in reason for reason in made.reasons)


def test_the_answer_that_stays_is_the_network_s(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The logits that words are weighed beside are those of the weights that stayed, asked once more here."""
    from headstart.finetuning.rows import decide

    ends, steps = list[tuple[Any, Any]](), Run.steps

    def watched(run: Run) -> Any:
        yield from steps(run)
        asked = decide(run.network, run.inputs, run.rows.check, run.settings)
        ends.append((None if run.kept is None else run.kept.logits, asked))

    monkeypatch.setattr(Run, "steps", watched)
    fit(task_of(), words="none")
    [(kept, asked)] = ends
    np.testing.assert_allclose(kept, asked, atol=1e-5)


@pytest.mark.parametrize("stop", [5, 18])
def test_broken_off_and_gone_on_with(fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int) -> None:
    """In the first epoch of 12 steps, and in the second: the bits are those of a fit that was not broken off."""
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


def test_two_runs_are_broken_off_and_gone_on_with(fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the second run of 24 steps: the first is not learnt again, the bits are those of a fit in one piece."""
    whole = fit(task_of(), runs=2, checkpoint_every_s=0)
    assert any("of 2 such runs" in reason for reason in whole.reasons)  # their mean, or where it is worse the best
    place, taken, steps = tmp_path / "checkpoint", list[int](), Run.steps

    def counted(run: Run, stop: int) -> Any:
        for step in steps(run):
            taken.append(step.number)
            if len(taken) == stop:
                raise KeyboardInterrupt
            yield step

    task = task_of(checkpoint=place)
    with monkeypatch.context() as patched:
        patched.setattr(Run, "steps", lambda run: counted(run, 30))
        with pytest.raises(KeyboardInterrupt):
            fit(task, runs=2, checkpoint_every_s=0)
    taken.clear()
    monkeypatch.setattr(Run, "steps", lambda run: counted(run, 99))
    assert body(fit(task, runs=2, checkpoint_every_s=0)) == body(whole)
    assert taken[0] == 7
    discard(place)
    assert not place.exists()


def test_three_runs_up_to_ten_thousand_rows(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with more, and as many as are asked for, whatever the number of rows."""
    begun, steps = list[int](), Run.steps

    def counted(run: Run) -> Any:
        begun.append(run.random_state)
        return steps(run)

    monkeypatch.setattr(Run, "steps", counted)
    few = {"words": "none", "n_epochs": 0.1, "least_steps": 1}
    for most, asked, expected in ((10_000, None, 3), (420, None, 3), (419, None, 1), (419, 2, 2)):
        monkeypatch.setattr(module, "_FEW_ROWS", most)
        begun.clear()
        fit(task_of(), runs=asked, **few)
        assert len(begun) == len(set(begun)) == expected


def test_few_rows(fit: Fit) -> None:
    """Of 90 rows none is spared: a third of them is asked by a fit of its own, and all are learnt from."""
    task = task_of(90)
    made = fit(task, **IDLE)
    assert made.encoder_name.startswith("tfidf+")
    assert np.mean(made.predict_proba(task.texts).argmax(axis=1) == task.y) == 1
    few = fit(task_of(16))
    assert "+" not in few.encoder_name
    assert any("too few rows to tell" in reason for reason in few.reasons)


@pytest.mark.parametrize("n", [30, 402])
def test_a_class_of_two_rows(fit: Fit, n: int) -> None:
    """One of them may be asked, and one row is nothing that words can learn: the class is answered all the same."""
    task = task_of(n)
    y = task.y.copy()
    y[:2] = 2
    for seed in range(3):
        made = fit(replace(task, y=y, classes=("cold", "good", "rare"), random_state=seed), n_epochs=0.1)
        assert made.predict_proba(task.texts[:5]).shape == (5, 3)

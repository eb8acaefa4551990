"""pooled: what each head says is held out, the sum is one linear model, and one alone stays where it does as well."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import normalize

from headstart import Dataset, TextClassifier, load_bundle
from headstart.encoders import make_encoder
from headstart.errors import ConfigError
from headstart.few_labels.experts import Linear
from headstart.few_labels.reading import Reading, read
from headstart.few_labels.source import Lessons, lessons
from headstart.functional.probability import log_losses, softmax
from headstart.heads import make_head
from headstart.strategies import pooled as module
from headstart.types import Task

GOOD, BAD = ("good", "fine", "lovely"), ("bad", "poor", "awful")
THINGS = ("film", "soup", "room", "phone")
TEXTS = [f"a {word} {thing}" for thing in THINGS for words in (GOOD, BAD) for word in words]
LABELS = ["pos" if any(word in text for word in GOOD) else "neg" for text in TEXTS]


def task_of(y: np.ndarray) -> Task:
    return Task(tuple(f"text {i}" for i in range(len(y))), y, tuple(range(int(y.max()) + 1)))


def test_held_out_values_know_nothing_of_their_row() -> None:
    """Labels that are noise: a head that has seen a row names it, the held-out values are no better than chance."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(300, 400)).astype(np.float32), np.arange(300) % 2
    learnt = module._learnt("dense", "noise", x, task_of(y), parts := module._parts(task_of(y)))
    assert np.mean(learnt.linear(x).argmax(axis=1) == y) > 0.9
    assert 0.35 < np.mean(learnt.held_out.argmax(axis=1) == parts.asked) < 0.65


def test_final_values_are_those_of_the_head() -> None:
    """Weights from all rows, in the order of the classes; a class of one row is never guessed in its own fold."""
    rng = np.random.default_rng(1)
    y = np.array([0] * 40 + [1] * 40 + [2] * 2)
    x = rng.normal(size=(82, 5)) + 2.0 * np.eye(3, 5)[y]
    learnt = module._learnt("dense", "rows", x, task_of(y), parts := module._parts(task_of(y)))
    expected = make_head("logistic", random_state=0).fit(x, y).predict_proba(x)
    np.testing.assert_allclose(softmax(learnt.linear(x)), expected, atol=1e-6)
    assert np.isfinite(learnt.held_out).all()
    assert learnt.held_out[parts.asked == 2, 2].max() == pytest.approx(-20.0)


def test_words_and_layers_add_up(minilm_folder: Path, tmp_path: Path) -> None:
    """One linear head on both, which says what the two heads say, each times its factor; a bundle says the same.

    Half of the rows are told by a made-up word that MiniLM cannot know, half by opinions in words that come once.
    """
    praise = ("superb", "delightful", "marvellous", "splendid", "terrific", "charming", "brilliant", "gorgeous")
    blame = ("dreadful", "horrible", "dismal", "atrocious", "pathetic", "disgusting", "lousy", "appalling")
    texts = [f"what a {word} {thing}" for thing in THINGS for pair in zip(praise, blame, strict=True) for word in pair]
    labels = ["pos", "neg"] * 32
    texts += [f"the {thing} is {'zorp' if i % 2 else 'blick'} number {i}" for i in range(16) for thing in THINGS]
    labels += ["pos" if i % 2 else "neg" for i in range(16) for _ in THINGS]
    model = TextClassifier("minilm", "pooled", random_state=0).fit(texts, labels)
    predictor: Any = model.predictor_
    assert (predictor.encoder_name, predictor.head_name) == ("minilm+tfidf", "logistic")
    (reason,) = predictor.reasons
    assert reason.startswith("Right of 128 held-out training rows, in %: tfidf (svm) ")
    assert "minilm, layers 3, 4, 5, 6 (logistic)" in reason
    factors = [float(part) for part in reason.rsplit("times ", 1)[1].rstrip(".").split(" and ")]
    y = np.array([label == "pos" for label in labels], np.int64)
    dense, words = predictor.encoder._made
    unseen = ["a superb soup", "the room is zorp number 99", "nothing"]
    values = np.zeros((3, 2))
    for factor, kind, made in zip(factors, ("svm", "logistic"), (words, dense), strict=True):
        head = make_head(kind, random_state=0).fit(normalize(made.encode(texts)), y)
        values = values + factor * np.log(head.predict_proba(normalize(made.encode(unseen))))
    np.testing.assert_allclose(model.predict_proba(unseen), softmax(values), atol=0.02)  # factors have two digits
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    np.testing.assert_allclose(loaded.predict_proba(unseen), model.predict_proba(unseen), atol=1e-3)


@pytest.mark.parametrize("kept", ["words", "dense"])
def test_one_alone_stays_where_it_does_as_well(kept: str) -> None:
    """Beside what tells everything, noise is left out, and its encoder with it."""
    rng = np.random.default_rng(2)
    y = np.arange(200) % 2
    right, noise = 3.0 * np.eye(2)[y] + rng.normal(size=(200, 2)), rng.normal(size=(200, 2))
    words_encoder, dense_encoder = make_encoder("tfidf").fit(TEXTS), make_encoder("lsa").fit(TEXTS)
    reading = Reading("dense", dense_encoder, None, "words", words_encoder, None, (), ())
    linear = Linear(np.ones((2, 3)), np.zeros(2))
    held_out = {"words": noise, "dense": noise, kept: right}
    words, dense = (module._Learnt(what, what, linear, values) for what, values in held_out.items())
    pool, told = module._better(words, dense, y)
    found = module._predictor(task_of(y), reading, pool, Lessons(), (told,))
    assert found.encoder_name == kept
    assert found.encoder is (words_encoder if kept == "words" else dense_encoder)
    assert found.reasons[0].endswith(f"{kept} was kept, it does as well alone.")


def test_with_an_encoder_of_counts_there_is_nothing_to_pool() -> None:
    """Words alone: the same probabilities as by `linear_probe`."""
    ours, theirs = (TextClassifier("tfidf", strategy).fit(TEXTS, LABELS) for strategy in ("pooled", "linear_probe"))
    np.testing.assert_array_equal(ours.predict_proba(TEXTS), theirs.predict_proba(TEXTS))


def test_very_many_rows_take_the_last_layer(minilm_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several layers of very many rows would fill the memory; who names layers gets them."""
    monkeypatch.setattr(module, "_MOST_LAYERED", 10)
    for encoder in ("auto", "minilm"):
        assert "minilm (logistic)" in TextClassifier(encoder, "pooled").fit(TEXTS, LABELS).predictor_.reasons[0]
    asked = TextClassifier("minilm", "pooled", settings={"encoder.layers": [2, 6]}).fit(TEXTS, LABELS)
    assert "minilm, layers 2, 6 (logistic)" in asked.predictor_.reasons[0]


@pytest.mark.torch
def test_as_many_rows_are_read_as_there_is_time_for(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of them in half the time, by a budget or without one; words are learnt from all, and all from all where
    there is time.
    """
    folder = str(tiny_model("bert"))
    texts = [f"{text} number {i}" for i in range(4) for text in TEXTS]  # 96 rows, all different
    needed = make_encoder(folder).fit([]).reading_s(texts)
    monkeypatch.setattr(module, "_MANY", 20)
    monkeypatch.setattr(module, "_SECONDS", needed / 2)

    def reasons(budget_s: float | None) -> tuple[str, ...]:
        made = TextClassifier(folder, "pooled").fit(texts, LABELS * 4, budget_s=budget_s).predictor_
        assert np.mean(made.predict(texts).labels == LABELS * 4) > 0.9
        return made.reasons

    for budget_s in (None, needed):
        first, verdict = reasons(budget_s)
        assert first == f"{folder} read 48 of 96 rows; all take longer, which --budget 1m would allow."
        assert verdict.startswith("Right of 48 held-out training rows")
    assert reasons(60.0)[0].startswith("Right of 96 held-out training rows")
    assert f"{folder} read 20 of 96 rows" in reasons(needed / 1e6)[0]


def test_rows_that_are_read() -> None:
    """Of each class alike, two at least; of a part of the rows nearly the same ones."""
    y = np.repeat([0, 1, 2], [600, 300, 3])
    task = task_of(y)
    rows = module._drawn(task, 301)
    assert np.bincount(y[rows]).tolist() == [200, 100, 2]
    kept = np.sort(np.random.default_rng(0).permutation(len(y))[:800])
    part = replace(task, texts=tuple(task.texts[row] for row in kept), y=y[kept])
    again = kept[module._drawn(part, round(301 * 800 / len(y)))]
    assert len(np.intersect1d(again, rows)) > 0.85 * len(again)


def test_words_of_all_know_no_text_that_is_checked() -> None:
    """Noise for labels, and each text twice, of which one is read: who had learnt from the other would know it. Words
    of rows that nobody has read are learnt.
    """
    rng = np.random.default_rng(0)
    unread = tuple(f"{('zorp', 'blick')[i % 2]} x{i}" for i in range(40))
    texts = (*(f"w{i} w{i + 1} w{i + 2}" for i in range(200)),) * 2 + unread
    y = np.concatenate([np.tile(rng.permutation(np.arange(200) % 2), 2), np.arange(40) % 2])
    task, rows = Task(texts, y, ("a", "b")), np.arange(200)
    part = replace(task, texts=texts[:200], y=y[:200])
    parts = module._parts(part)
    reading, words = module._words_of_all(task, Reading(words_name="tfidf"), rows, parts)
    assert np.mean(words.held_out.argmax(axis=1) == parts.asked) < 0.65
    made: Any = reading.words
    assert np.mean(words.linear(normalize(made.encode(texts))).argmax(axis=1) == y) > 0.85
    assert words.linear(normalize(made.encode(["zorp", "blick"]))).argmax(axis=1).tolist() == [0, 1]


def test_what_it_refuses() -> None:
    """A head of the user's."""
    with pytest.raises(ConfigError, match="linear head of its own"):
        TextClassifier("tfidf", "pooled", "svm").fit(TEXTS, LABELS)


@pytest.mark.parametrize("n_texts", [1, 2])
def test_few_different_texts(n_texts: int) -> None:
    """There is little or nothing to hold out, and no error."""
    x, y = np.random.default_rng(0).normal(size=(12, 3)), np.arange(12) % 2
    task = Task(tuple(f"text {i // 2 % n_texts}" for i in range(12)), y, ("a", "b"))
    parts = module._parts(task)
    assert sorted(parts.rows.tolist()) == (list(range(12)) if n_texts > 1 else [])
    learnt = module._learnt("dense", "rows", x, task, parts)
    assert np.isfinite(learnt.held_out).all()
    assert (learnt.held_out > -20.0).any() == (n_texts > 1)


def test_one_text_alone(minilm_folder: Path) -> None:
    """Words are learnt from, and nothing is asked; what would be asked is said."""
    made = TextClassifier("minilm", "pooled").fit(["a text"] * 6, ["x", "y"] * 3, source=source_rows()).predictor_
    assert made.encoder_name == "tfidf"
    assert made.reasons[0] == "Words alone: there are too few different texts to see whether layers help."


def source_task(seed: int, source: Dataset) -> Task:
    """Forty noisy rows of eight words, of which a source of clean rows knows more."""
    rng, texts = np.random.default_rng(seed), list[str]()
    words = {0: ("bad", "poor", "awful", "dire"), 1: ("good", "fine", "lovely", "superb")}
    y = np.arange(40) % 2
    texts = [f"{rng.choice(words[int(code)])} {rng.choice(THINGS)} {i}" for i, code in enumerate(y)]
    y = np.where(rng.random(40) < 0.2, 1 - y, y)
    return Task(tuple(texts), y, ("neg", "pos"), source=source, random_state=0)


def source_rows(*, flipped: bool = False) -> Dataset:
    pairs = [
        (f"{word} {thing} of {place}", "pos" if (word in GOOD or word == "superb") ^ flipped else "neg")
        for word in (*GOOD, "superb", *BAD, "dire")
        for thing in THINGS
        for place in ("london", "paris", "rome")
    ]
    return Dataset(tuple(text for text, _ in pairs), tuple(label for _, label in pairs))


def test_a_source_is_kept_where_held_out_rows_are_better_off() -> None:
    """One linear model of a head's words and of the source's, whose probabilities are better on new texts."""
    task = source_task(0, source_rows())
    made = module.Pooled("tfidf").fit(task)
    assert (made.encoder_name, made.head_name) == ("tfidf+tfidf", "logistic")
    assert made.reasons[0].startswith(
        "Words alone: there is no encoder to pool them with. With what 96 source rows teach"
    )
    assert made.reasons[0].endswith(": kept.")
    alone = module.Pooled("tfidf").fit(replace(task, source=None))
    unseen = [f"{word} {thing}" for word in (*GOOD, *BAD) for thing in THINGS]
    truth = np.array([text.split()[0] in GOOD for text in unseen])
    losses = [log_losses(np.log(each.predict_proba(unseen)), truth.astype(int)).mean() for each in (alone, made)]
    assert losses[1] < losses[0]


def test_a_source_that_misleads_changes_nothing() -> None:
    """Labels the wrong way round are left out: every probability is what it is without."""
    task = source_task(0, source_rows(flipped=True))
    made, alone = module.Pooled("tfidf").fit(task), module.Pooled("tfidf").fit(replace(task, source=None))
    assert made.reasons[0].endswith(": left out, not clearly better.")
    np.testing.assert_array_equal(made.predict_proba(TEXTS), alone.predict_proba(TEXTS))


def test_what_a_lesson_says_of_a_row_has_its_middle_in_others() -> None:
    """In that of the rows of the other folds, each class alike; all values by one factor, in the order of the rows."""
    task = source_task(0, source_rows())
    (lesson,) = lessons(task, read(task, "tfidf", "tfidf", {}, 0), lambda: make_encoder("tfidf")).each
    parts = module._parts(task)
    assert sorted(parts.rows.tolist()) == list(range(40))
    values, raw = module._taught(lesson, parts).held_out, lesson.linear(lesson.features)
    expected = []
    for learn, check in parts.pairs:
        middle = (raw[learn][task.y[learn] == 0].mean(axis=0) + raw[learn][task.y[learn] == 1].mean(axis=0)) / 2
        expected.append(raw[check] - middle * len(learn) / (len(learn) + 16))
    factor = float(np.vdot(values, np.concatenate(expected)) / np.vdot(values, values))
    assert factor > 0
    np.testing.assert_allclose(values * factor, np.concatenate(expected), atol=1e-9)


def test_dense_features_and_words_of_a_source(
    minilm_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lessons beside both heads: one linear model that says what the four say, each times its factor; the same in
    a bundle; the dense features are read by one network.
    """
    monkeypatch.setattr(module, "clearly_lower", lambda *_: True)  # kept in any case
    monkeypatch.setattr(module, "pool_weights", lambda values, *_: np.arange(1.0, len(values) + 1))
    task, members = source_task(1, source_rows()), list[Any]()
    predictor_of = module._predictor

    def noting(*given: Any) -> Any:
        members.extend(given[2].members)
        return predictor_of(*given)

    monkeypatch.setattr(module, "_predictor", noting)
    model = TextClassifier("minilm", "pooled", random_state=0)
    model.fit(task.texts, [task.classes[code] for code in task.y], source=task.source)
    assert model.predictor_.encoder_name == "minilm+tfidf+tfidf"
    assert [each.block for each in members] == ["words", "dense", "dense", "source words"]
    dense, words, of_source = (normalize(made.encode(TEXTS)) for made in model.predictor_.encoder._made)
    features = {"words": words, "dense": dense, "source words": of_source}
    expected = sum(factor * each.linear(features[each.block]) for factor, each in enumerate(members, start=1))
    np.testing.assert_allclose(model.predict_proba(TEXTS), softmax(expected), atol=1e-6)
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS), atol=1e-3)

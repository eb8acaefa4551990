"""linear_probe: frozen features, a head, and a source that must prove its worth."""

from typing import Any

import numpy as np
import pytest

from headstart import Dataset, Predictor
from headstart.strategies import make_strategy
from headstart.types import Task

GOOD, BAD = [f"good{i}" for i in range(40)], [f"bad{i}" for i in range(40)]
NOISE = [f"noise{i}" for i in range(200)]


def texts_of(rng: np.random.Generator, y: Any) -> tuple[str, ...]:
    """One polar word of the class among nine of no class: 40 words a class to be learnt, one in each text."""
    polar = [(BAD, GOOD)[code][rng.integers(40)] for code in y]
    return tuple(" ".join([word, *rng.choice(NOISE, 9)]) for word in polar)


def target(n: int = 40, seed: int = 0, **more: Any) -> Task:
    y = np.arange(n) % 2
    return Task(texts_of(np.random.default_rng(seed), y), y, ("bad", "good"), **more)


def source(n: int = 400, *, flipped: bool = False, names: tuple[str, str] = ("bad", "good")) -> Dataset:
    y = np.arange(n) % 2
    labels = tuple(names[int(code) ^ flipped] for code in y)
    return Dataset(texts_of(np.random.default_rng(1), y), labels)


def probe(task: Task, **settings: Any) -> Predictor:
    predictor: Predictor = make_strategy("linear_probe", encoder="tfidf", head="prototype", **settings).fit(task)
    return predictor


def accuracy(predictor: Predictor) -> float:
    """On 400 fresh texts of the target."""
    fresh = target(400, seed=2)
    return float((predictor.predict_proba(fresh.texts).argmax(axis=1) == fresh.y).mean())


def reason(predictor: Predictor, part: str) -> str:
    return next((sentence for sentence in predictor.reasons if part in sentence), "")


def test_a_helpful_source_joins_and_helps() -> None:
    """400 rows of the same task: macro-F1 by cross-validation rises, they join, and fresh rows agree."""
    alone, helped = probe(target()), probe(target(source=source()))
    assert "they joined the training rows" in reason(helped, "400 source rows")
    assert accuracy(helped) > accuracy(alone) + 0.1


def test_a_harmful_source_is_left_out() -> None:
    """The same rows with their labels flipped: seen through, left out, and the head is as without them."""
    alone = probe(target(source=Dataset(source().texts)))
    guarded = probe(target(source=source(flipped=True)))
    assert "they were left out" in reason(guarded, "400 source rows")
    fresh = target(400, seed=2).texts
    assert guarded.predict_proba(fresh).tobytes() == alone.predict_proba(fresh).tobytes()


def test_the_target_s_own_rows_among_the_source_do_not_speak_for_it() -> None:
    """A harmful source that holds the target's rows too, in capitals: the copy of a row that is asked sits out."""
    task, harmful = target(), source(flipped=True)
    copies = tuple(text.upper() for text in task.texts) * 5
    names = tuple(task.classes[code] for code in task.y) * 5
    both = Dataset((*harmful.texts, *copies), (*(harmful.labels or ()), *names))
    assert "they were left out" in reason(probe(target(source=both)), "600 source rows")


@pytest.mark.parametrize(("flipped", "verdict"), [(False, "joined"), (True, "left out")])
def test_the_guard_works_with_two_rows_a_class(flipped: bool, verdict: str) -> None:
    """No fold can learn from the target alone; its rows still tell a good source from a bad one."""
    task = Task(
        ("good0 good1 good2", "good3 good4 good5", "bad0 bad1 bad2", "bad3 bad4 bad5"),
        np.array([1, 1, 0, 0]),
        ("bad", "good"),
        source=source(flipped=flipped),
    )
    assert verdict in reason(probe(task), "400 source rows")


def test_labels_that_the_target_does_not_have() -> None:
    """Such rows are counted, and serve an encoder that learns from texts; none of them joins."""
    foreign = probe(target(source=source(names=("one star", "five stars"))))
    assert reason(foreign, "have no label") == (
        "400 of 400 source rows have no label of the target: used for their words only."
    )
    assert not reason(foreign, "joined")
    mixed = source()
    labels = tuple("neutral" if i < 100 else label for i, label in enumerate(mixed.labels or ()))
    partly = probe(target(source=Dataset(mixed.texts, labels)))
    assert "100 of 400 source rows have no label of the target" in reason(partly, "have no label")
    assert reason(partly, "300 source rows")


def test_more_texts_widen_the_vocabulary() -> None:
    """The encoder tfidf learns its words from target, source and unlabelled texts together."""
    task = target(unlabelled=Dataset(("onlyunlabelled",)), source=Dataset(("onlysource",)))
    predictor = probe(task)
    vocabulary = predictor.encoder.get_state(None).settings["vocabulary"]  # type: ignore[arg-type] # needs no folder
    assert {"onlyunlabelled", "onlysource", task.texts[0].split()[0]} <= set(vocabulary)
    assert reason(predictor, "1 unlabelled texts: the encoder learns from them")


@pytest.mark.parametrize("with_source", [False, True])
def test_same_seed_same_result(with_source: bool) -> None:
    """Bit-equal probabilities and equal reasons."""
    task = target(random_state=5, source=source() if with_source else None)
    first, second = probe(task), probe(task)
    assert first.reasons == second.reasons
    assert first.predict_proba(task.texts).tobytes() == second.predict_proba(task.texts).tobytes()


def test_the_head_that_auto_takes() -> None:
    """It is svm for sparse features, and the reason says so."""
    predictor = make_strategy("linear_probe", encoder="tfidf").fit(target())
    assert predictor.head_name == "svm"
    assert "Head svm: the features are many and sparse." in predictor.reasons


def test_many_dense_rows_keep_the_best_of_three_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A border that is no line: kernel_ridge wins on held-out rows, the reasons show all three, and it is right."""

    class Corners:
        pretrained = True

        def fit(self, texts: object, y: object = None) -> "Corners":
            return self

        def encode(self, texts: tuple[str, ...]) -> np.ndarray:
            return np.array([[float(part) for part in text.split()] for text in texts], dtype=np.float32)

    monkeypatch.setattr("headstart.strategies.linear_probe.make_encoder", lambda name, **settings: Corners())
    points = np.random.default_rng(0).normal(size=(1200, 3))
    texts, y = tuple(" ".join(map(str, p)) for p in points), (points[:, 0] * points[:, 1] > 0).astype(int)
    predictor = make_strategy("linear_probe", encoder="corners").fit(Task(texts[:1000], y[:1000], ("-", "+")))
    assert predictor.head_name == "kernel_ridge"
    assert any("logistic" in r and "svm" in r and "kernel_ridge" in r for r in predictor.reasons)
    assert (predictor.predict_proba(texts[1000:]).argmax(axis=1) == y[1000:]).mean() > 0.9
    few = make_strategy("linear_probe", encoder="corners").fit(Task(texts[:100], y[:100], ("-", "+")))
    assert few.head_name == "logistic"


# --- augmentation ---------------------------------------------------------------------------------------


class Recorder:
    """An encoder that keeps what it was fitted on: one feature a word of a fixed list."""

    pretrained = False
    fits: list[tuple[tuple[str, ...], list[int], list[int] | None]]  # texts, y, groups

    def __init__(self) -> None:
        self.words = [*GOOD, *BAD]

    def fit(self, texts: tuple[str, ...], y: Any, groups: Any = None) -> "Recorder":
        """Note texts, y and groups."""
        type(self).fits.append((tuple(texts), list(y), None if groups is None else list(groups)))
        return self

    def encode(self, texts: Any) -> np.ndarray:
        """1 where a word is there."""
        return np.array([[word in text.split() for word in self.words] for text in texts], dtype=np.float32)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> type[Recorder]:
    Recorder.fits = []
    monkeypatch.setattr("headstart.strategies.linear_probe.make_encoder", lambda name, **settings: Recorder())
    return Recorder


def test_the_encoder_learns_from_copies_in_groups(recorder: type[Recorder]) -> None:
    """Originals, then new texts with their origins' classes and groups, then unlabelled texts."""
    task = target(augment="swap", unlabelled=Dataset(("more",)))
    make_strategy("linear_probe", encoder="recorder", head="prototype").fit(task)
    texts, y, groups = recorder.fits[0]
    n, m = len(task.texts), len(y) - len(task.texts)
    assert m > 30
    assert texts[:n] == task.texts
    assert texts[n + m :] == ("more",)
    assert groups is not None
    assert groups[:n] == list(range(n))
    for text, code, group in zip(texts[n : n + m], y[n:], groups[n:], strict=True):
        assert sorted(text.split()) == sorted(task.texts[group].split())  # a swap of that row
        assert code == task.y[group]


def test_no_row_is_judged_by_its_copies(recorder: type[Recorder]) -> None:
    """In the estimate, the learning part of a fold and its copies have no word order, and no row, of the others."""
    task = target(augment="swap")
    make_strategy("linear_probe", encoder="recorder", head="prototype").fit(task)
    sizes = set()
    for texts, y, groups in recorder.fits[1:]:
        n = len(set(groups)) if groups is not None else len(y)
        words = {tuple(sorted(text.split())) for text in texts[:n]}
        assert {tuple(sorted(text.split())) for text in texts[n:]} <= words
        sizes.add(n)
    assert sizes == {32}  # four fifths of 40
    assert len(recorder.fits) == 1 + 2 * 5 * 3  # with and without, five folds, drawn three times


def test_settings_are_chosen_on_the_rows_themselves() -> None:
    """The head's choices and calibration are those of a run on the same encoder without new rows; its weights not."""
    task, words = target(), Dataset(tuple(texts_of(np.random.default_rng(9), np.arange(40) % 2)))
    plain = make_strategy("linear_probe", encoder="tfidf", head="logistic").fit(task)
    more = make_strategy("linear_probe", encoder="tfidf", head="logistic").fit(target(augment="delete:0.5"))
    assert more.head.chosen_["n_fitted"] == plain.head.chosen_["n_fitted"] == 40
    assert more.head.chosen_["n_rows"] == 40
    assert (plain.predict_proba(words.texts) != more.predict_proba(words.texts)).any()


@pytest.mark.parametrize("head", ["prototype", "knn"])
def test_augmentation_is_reported_and_repeatable(head: str) -> None:
    """Counts, and a verdict from the training rows; twice the same bits and reasons."""
    task = target(augment="swap,splice", random_state=3)
    first, second = (make_strategy("linear_probe", encoder="tfidf", head=head).fit(task) for _ in range(2))
    assert "new training texts from 40 tries" in reason(first, "Augmentation swap:")
    assert "accuracy by cross-validation on 40 training rows" in reason(first, "Augmentation swap,splice")
    assert first.reasons == second.reasons
    assert first.predict_proba(task.texts).tobytes() == second.predict_proba(task.texts).tobytes()


@pytest.mark.parametrize(("with_it", "verdict"), [(0.9, "it helps"), (0.5, "it hurts"), (0.7, "not shown to help")])
def test_the_verdict_follows_the_learner(with_it: float, verdict: str) -> None:
    """A learner that is right on 70 % of the rows without new rows, and on so many with them, on the same folds."""
    from headstart.strategies._augmentation import gain_reason

    task = target(100, augment="swap")
    right = {text: i % 10 for i, text in enumerate(task.texts)}
    code = dict(zip(task.texts, task.y, strict=True))

    def learn(part: Task, new: Any) -> Any:
        share = 0.7 if new is None else with_it
        return lambda texts: np.array([code[t] if right[t] < 10 * share else 1 - code[t] for t in texts])

    sentence = gain_reason(task, learn)
    assert f"is {100 * with_it:.1f} with it and 70.0 without, difference {100 * with_it - 70:+.1f}" in sentence
    assert verdict in sentence


def test_source_and_augmentation_together() -> None:
    """Source rows that help stay among the rows that the last weights come from."""
    helped = probe(target(source=source(), augment="swap"))
    assert "they joined the training rows" in reason(helped, "400 source rows")
    assert accuracy(helped) > accuracy(probe(target(augment="swap"))) + 0.1


def test_too_few_rows_to_tell() -> None:
    """Two rows a class: it is done, and said that nothing can be known of its effect."""
    task = Task(("a b c", "d e f", "g h i", "j k l"), np.array([0, 0, 1, 1]), ("x", "y"), augment="swap")
    assert "too few rows to tell" in reason(probe(task), "it helps")


def test_a_pretrained_encoder_encodes_each_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known texts come from memory in the estimate, in their order, equal to what the encoder says."""
    from headstart.strategies._augmentation import Remembering

    asked: list[str] = []

    class Lengths:
        def encode(self, texts: Any) -> np.ndarray:
            asked.extend(texts)
            return np.array([[len(text), ord(text[0])] for text in texts], dtype=np.float32)

    known = Remembering(Lengths(), ["aa", "b"])  # type: ignore[arg-type] # all that is asked of it
    assert known.encode(["b", "ccc", "aa", "ccc"]).tolist() == [[1, 98], [3, 99], [2, 97], [3, 99]]
    assert asked == ["aa", "b", "ccc"]


@pytest.mark.parametrize("head", ["svm", "logistic"])
def test_features_that_saw_the_labels_make_no_head_too_sure(head: str) -> None:
    """Labels by chance: words selected by these labels tell them apart in training and nowhere else. Right answers on
    fresh texts are half, and a head that knows this says about 0.69 nats; chosen on the same rows it says far more.
    """
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(2000)]
    texts = tuple(" ".join(rng.choice(words, 30)) for _ in range(700))
    y = rng.integers(0, 2, 700)
    task = Task(texts[:100], y[:100], ("a", "b"))
    fitted = make_strategy("linear_probe", encoder="tfidf+select:100", head=head).fit(task)
    p = fitted.predict_proba(texts[100:])[np.arange(600), y[100:]]
    assert -np.log(p).mean() < 0.9


def test_few_rows_a_class_are_learnt_behind_supervised_features_too() -> None:
    """Three rows a class cannot be halved: the head is chosen on the rows as they are."""
    fitted = make_strategy("linear_probe", encoder="tfidf+select:20", head="logistic").fit(target(6))
    assert np.isfinite(fitted.predict_proba(["good1 noise1"])).all()

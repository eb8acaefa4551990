"""Laws of `recommend`: honest closed forms, a forecast that follows the power law, samples, candidates, advice."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, hstack, random
from sklearn.linear_model import Ridge

from headstart.errors import ConfigError, DataError
from headstart.functional.resampling import stratified_folds
from headstart.recommend import Curve, Sample, draw_sample, forecast, measure_candidate, recommend
from headstart.recommend import curve as curves
from headstart.recommend.encoding import LEAST_TOKENS, _longest
from headstart.types import Dataset

GOOD = ("lovely", "kind", "warm", "bright", "calm", "fresh")
BAD = ("cold", "rude", "dirty", "loud", "stale", "slow")


def reviews(n: int, seed: int = 0, noise: float = 0.0) -> Dataset:
    """Texts with words of their class among words of none; a share of the labels is drawn by lot."""
    rng = np.random.default_rng(seed)
    labels = [("bad", "good")[i % 2] for i in range(n)]
    words = [rng.choice(GOOD if label == "good" else BAD, 2) for label in labels]
    texts = tuple(f"the {a} room {i} and the {b} view of {rng.integers(50)}" for i, (a, b) in enumerate(words))
    return Dataset(texts, tuple(rng.choice(["bad", "good"]) if rng.random() < noise else label for label in labels))


def codes(data: Dataset) -> Any:
    return np.unique(np.array(data.labels), return_inverse=True)[1]


# --- the curve ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.1, 3.0])
def test_left_out_folds_and_rows_are_those_of_a_refit(monkeypatch: pytest.MonkeyPatch, alpha: float):
    """The closed form decides as scikit-learn's ridge that has not seen the fold (the row)."""
    monkeypatch.setattr(curves, "GRID", (alpha,))
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = np.eye(3)[y] @ rng.normal(size=(3, 12)) + 2.0 * rng.normal(size=(90, 12))
    fit = curves._solve(x @ x.T, np.arange(90), y, 3, np.random.default_rng(5))

    def accuracy(groups: Any) -> float:
        right = 0
        for group in np.unique(groups):
            learn, check = groups != group, groups == group
            model = Ridge(alpha).fit(x[learn], np.eye(3)[y[learn]])
            right += int(np.sum(model.predict(x[check]).argmax(axis=1) == y[check]))
        return right / 90

    assert fit.accuracy == accuracy(stratified_folds(y, 20, np.random.default_rng(5)))
    assert fit.loo == accuracy(np.arange(90))
    assert 0.4 < fit.accuracy < 1.0  # not a case that anything gets right


def test_few_balanced_rows_are_not_pushed_below_chance():
    """Features without meaning: about a half is right, where single rows left out say far less."""
    rng = np.random.default_rng(0)
    found = [
        curves.learning_curve(curves.unit_gram(rng.normal(size=(20, 5))), np.arange(20) % 2, rng).accuracies[-1]
        for _ in range(25)
    ]
    assert 0.4 < np.mean(found) < 0.65


def test_the_curve_rises_with_rows_and_ends_at_the_truth():
    """Classes that lie apart are found; the sizes are a quarter, a half and 19 of 20 parts."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 4
    x = np.eye(4)[y] + 0.3 * rng.normal(size=(200, 4))
    found = curves.learning_curve(curves.unit_gram(x), y, rng, curved=True)
    assert found.rows == (50, 100, 190)
    assert found.accuracies[0] - 0.05 <= found.accuracies[1]
    assert found.accuracies[2] > 0.9


def test_gram_of_csr_is_that_of_its_array():
    """Thin and full columns together."""
    thin = random(30, 200, density=0.05, format="csr", random_state=0)
    x = hstack([thin, csr_matrix(np.random.default_rng(0).normal(size=(30, 6)))]).tocsr()
    rows = x.toarray() / np.linalg.norm(x.toarray(), axis=1, keepdims=True)
    assert curves.unit_gram(x) == pytest.approx(rows @ rows.T, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(level=st.floats(0.5, 5.0), slope=st.floats(0.05, 0.6), times=st.floats(1.0, 100.0))
def test_a_power_law_is_continued(level: float, slope: float, times: float):
    """Errors that follow c n^-s are forecast exactly, inside an interval that grows with the distance."""
    rows = (300, 600, 1200)
    curve = Curve(rows, tuple(1 - level * n**-slope / 5 for n in rows), 1200)
    found = forecast(curve, round(1200 * times))
    truth = 1 - level * round(1200 * times) ** -slope / 5
    assert found.value == pytest.approx(min(truth, 1 - 0.5 / 1200), abs=1e-9)
    assert 0 < found.low < found.value < found.high < 1
    assert forecast(curve, 100).value == pytest.approx(curve.accuracies[-1])


def test_a_falling_curve_is_not_continued_downwards():
    """Noise that makes more rows look worse does not make still more rows look worse still."""
    assert forecast(Curve((10, 20, 40), (0.8, 0.75, 0.7), 40), 4000).value == pytest.approx(0.7)


# --- the sample -----------------------------------------------------------------------------------------


def test_a_sample_has_different_texts_of_every_class():
    """Copies stand once, classes stay, the rest may only be learnt from without labels; same seed, same rows."""
    data = reviews(3000)
    texts = (*data.texts, *(text.upper() for text in data.texts[:500]))
    y = np.concatenate([codes(data), codes(data)[:500]])
    found = draw_sample(texts, y, ("more text",), random_state=3)
    assert len({text.lower() for text in found.texts}) == len(found.texts) == len(found.y) <= 1201
    assert set(found.y) == {0, 1}
    assert found.n_rows == 3500
    assert "more text" in found.others
    again = draw_sample(texts, y, ("more text",), random_state=3)
    assert again.texts == found.texts
    assert again.others == found.others


def test_long_texts_bound_what_is_learnt_from():
    """The texts beside the sample end where the characters do."""
    texts = tuple(f"{i} " + "word " * 4000 for i in range(300))
    found = draw_sample(texts, np.arange(300) % 2, effort=0.1)
    assert sum(map(len, found.others)) + sum(map(len, found.texts)) <= max(200_000, sum(map(len, found.texts)))


@given(st.lists(st.integers(1, 500), min_size=1, max_size=50), st.integers(1, 5000))
def test_the_longest_reading_that_fits(lengths: list[int], room: int):
    """No longer one does, unless that is the least there is."""
    most = _longest(np.array(lengths), room)
    assert most >= LEAST_TOKENS or most == max(lengths)
    if most > LEAST_TOKENS:
        assert sum(min(n, most) for n in lengths) <= room
    if most < max(lengths):
        assert sum(min(n, most + 1) for n in lengths) > room


# --- candidates -----------------------------------------------------------------------------------------


def sample_of(data: Dataset) -> Sample:
    return draw_sample(data.texts, codes(data))


def test_words_that_tell_are_found():
    """With tfidf it is expected to be right nearly always, and every figure is there."""
    found = measure_candidate("tfidf", sample_of(reviews(200)))
    assert found.problem is None
    assert found.expected is not None
    assert found.expected.value > 0.95
    assert None not in (found.ridge_accuracy, found.h_score, found.log_evidence, found.fit_s)


@pytest.mark.parametrize("name", ["tfidf", "tfidf+select:20"])
def test_labels_by_lot_cannot_be_foretold(name: str):
    """Also where the encoder learns from labels: it has not seen those that it is judged by."""
    data = reviews(400, noise=1.0)
    found = measure_candidate(name, sample_of(data))
    assert found.problem is None
    assert found.curve is not None
    assert 0.35 < found.curve.accuracies[-1] < 0.65


def test_an_encoder_that_is_not_there_says_so():
    """Its reason is the error's message."""
    found = measure_candidate("tfdif", sample_of(reviews(20)))
    assert "tfdif" in str(found.problem)
    assert found.expected is None


@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_layer_means_are_those_of_the_model(tiny_model: Callable[[str], Path], family: str):
    """Features are `encode`'s; layer means those of the model run on one text at a time."""
    torch = pytest.importorskip("torch")
    from headstart.encoders import make_encoder
    from headstart.encoders._layers import layer_means, token_counts

    texts = ["a kind waiter", "房间很干净", "cold soup and a long, long wait for it"]
    encoder: Any = make_encoder(str(tiny_model(family)), precision="fp32").fit([])
    features, layers = layer_means(encoder, texts)
    assert features == pytest.approx(encoder.encode(texts), abs=1e-5)
    ids = encoder.tokeniser.ids(texts)
    assert token_counts(encoder, texts).tolist() == [len(i) for i in ids]
    for row, tokens in enumerate(ids):
        with torch.inference_mode():
            states = encoder.module.model(torch.tensor([tokens]), output_hidden_states=True).hidden_states
        mean = torch.stack(states)[:, 0].mean(dim=(0, 1)).float().numpy()
        assert layers[row] == pytest.approx(mean, abs=1e-4)


def test_a_transformer_is_judged_with_its_layers(tiny_model: Callable[[str], Path]):
    """It has the score of the layers, the time of a fit, and composed with words it has a forecast too."""
    folder = str(tiny_model("bert"))
    sample = sample_of(reviews(60))
    alone, beside = measure_candidate(folder, sample), measure_candidate(f"tfidf+{folder}", sample)
    assert alone.problem is None
    assert alone.h_score_layers is not None
    assert beside.problem is None
    assert beside.expected is not None
    assert beside.n_features > alone.n_features


def test_less_effort_reads_less_and_says_so(tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch):
    """Rows and tokens that were left out are named."""
    monkeypatch.setattr("headstart.recommend.encoding.LEAST_ROWS", 750)  # the tiny model reads 48 tokens at most
    data = reviews(400)
    long = Dataset(tuple(text + " and so on" * 40 for text in data.texts), data.labels)
    found = measure_candidate(str(tiny_model("bert")), sample_of(long), effort=0.1)
    assert any("first" in note for note in found.notes)
    assert any("rows" in note for note in found.notes)


# --- advice ---------------------------------------------------------------------------------------------


def test_the_best_is_first_and_reasons_name_it():
    """Ranked by the accuracy to expect; those that cannot be used are last, with their reason."""
    found = recommend(reviews(120, noise=0.2), encoders=["nothing", "bow", "tfidf"])
    values = [c.expected.value for c in found.candidates if c.expected is not None]
    assert values == sorted(values, reverse=True)
    assert found.best == found.candidates[0].name
    assert found.candidates[-1].name == "nothing"
    assert found.family == "words"
    assert found.best in found.reasons[0]
    assert json.dumps(asdict(found))


def test_same_seed_same_answer():
    """All but the seconds."""
    first, second = (recommend(reviews(100, noise=0.3), encoders=["tfidf"], random_state=1) for _ in range(2))
    assert first.candidates[0].expected == second.candidates[0].expected
    assert first.candidates[0].log_evidence == second.candidates[0].log_evidence


def test_without_labels_nothing_is_ranked():
    """It says what is there, and what to do."""
    found = recommend(Dataset(reviews(30).texts), encoders=["tfidf", "nothing"])
    assert found.best is None
    assert [c.problem is None for c in found.candidates] == [True, False]
    assert any("Label" in reason for reason in found.reasons)


def test_no_encoder_is_no_question():
    """An empty list is a mistake, not a ranking of nothing."""
    with pytest.raises(ConfigError, match="No encoder is named"):
        recommend(reviews(30), encoders=[])


@pytest.mark.parametrize(
    ("n_good", "n_bad", "said"),
    [
        (10, 10, "Each class has only 10 rows: more labels would help most."),
        (10, 12, "Each class has only 10 to 12 rows: more labels would help most."),
        (4, 12, "Class 'good' has 4 rows: more of them would help it most."),
        (12, 30, "Class 'good' has 12 rows: more of them would help it most."),
        (20, 20, None),
    ],
)
def test_where_more_labels_help(n_good: int, n_bad: int, said: str | None):
    """One class is named where the others have many more rows; where all have few, all need more."""
    labels = ("good",) * n_good + ("bad",) * n_bad
    data = reviews(2 * max(n_good, n_bad))
    texts = [
        [text for text, own in zip(data.texts, data.labels or (), strict=True) if own == name]
        for name in ("good", "bad")
    ]
    found = recommend(Dataset((*texts[0][:n_good], *texts[1][:n_bad]), labels), encoders=["bow"])
    assert [reason for reason in found.reasons if "would help" in reason] == ([said] if said else [])


def test_chinese_texts_pass_minilm_over():
    """MiniLM has read English only: it is listed with that reason, unless it is named; and e5 is tried."""
    found = recommend(Dataset(("房间很干净", "发货太慢，差评", "味道很好") * 3))
    (reason,) = [c.problem for c in found.candidates if c.name == "minilm"]
    assert "English only" in str(reason)
    assert "e5" in {c.name for c in found.candidates}
    english = recommend(Dataset(("a clean room", "slow delivery", "it tastes good") * 3))
    assert "e5" not in {c.name for c in english.candidates}


@pytest.mark.parametrize(
    ("texts", "labels"),
    [((), ()), (("a", "b"), ("x", "x")), (("a", "A", "b", "B"), ("x", "x", "y", "y"))],
)
def test_data_that_teach_nothing_are_refused(texts: tuple[str, ...], labels: tuple[str, ...]):
    """No rows, one class, or copies of one text a class."""
    with pytest.raises(DataError):
        recommend(Dataset(texts, labels), encoders=["tfidf"])

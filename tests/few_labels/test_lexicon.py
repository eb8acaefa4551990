"""Words of well-known names: which there are, what a text of them is worth, and the expert that they make."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge

import headstart.few_labels
from headstart.encoders._terms import make_analyser
from headstart.few_labels.experts import Parts
from headstart.few_labels.lexicon import Axes, Lexicon, from_axes
from headstart.few_labels.names import wordings

FILES = sorted((Path(headstart.few_labels.__file__).parent / "lexicons").glob("*.toml"))
OPINIONS = ("negative", "positive")
STARS = ("negative", "neutral", "positive", "very negative", "very positive")
EMOTIONS = ("anger", "joy", "sadness")


def made(classes: tuple[str, ...], texts: tuple[str, ...] = ("a text",)) -> Lexicon:
    found = Lexicon.of(wordings(classes, None), texts)
    assert found is not None
    return found


def worth(lexicon: Lexicon, *texts: str) -> np.ndarray:
    """(N, k) what texts speak for, times the length of their rows: the plain sum over their terms."""
    rows = lexicon.encoder.encode(texts)
    lengths = np.sqrt(np.maximum(rows.getnnz(axis=1), 1))[:, None]
    found: np.ndarray = lexicon.axes.scores(rows) @ lexicon.axes.places.T * lengths
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_has_words_of_both_languages(path: Path) -> None:
    """Each group has names; no word stands for two groups of one axis; no entry is longer than terms are."""
    groups = tomllib.loads(path.read_text("utf-8"))
    assert len(groups) > 2
    of_axis: dict[str, str] = {}
    for name, group in groups.items():
        assert group["names"][0] == name
        words = [word for word in (" ".join(each.split()) for each in re.split("[,\n]", group["words"])) if word]
        assert not words or {any(ord(c) > 0x3400 for c in word) for word in words} == {True, False}
        for word in words:
            language = "zh" if any(ord(c) > 0x3400 for c in word) else "word"
            assert len(make_analyser(language, (1, 1), (0, 0))(word)) <= 3, word
            assert "place" not in group or of_axis.setdefault(word, name) == name, word


def test_a_decision_is_the_sum_over_the_words() -> None:
    """By hand: one for a strong word, a half for another, for either side, over the root of their number."""
    lexicon = made(OPINIONS)
    text = "good food, an excellent view, and a terrible and noisy room"
    total = 0.5 + 1.0 - 1.0 - 0.5
    np.testing.assert_allclose(worth(lexicon, text, "good and excellent")[:, 1], [0.5 * total, 0.5 * 1.5], atol=1e-6)
    features = lexicon.encoder.encode(["good and excellent"])
    np.testing.assert_allclose(lexicon.axes.linear(np.zeros(1), 0.0)(features)[0, 1], 0.5 * 1.5 / 2**0.5, atol=1e-6)


@pytest.mark.parametrize("plain", ["good", "useful", "terrible", "boring"])
@pytest.mark.parametrize("no", ["not", "wasn't", "never", "not very", "never that"])
def test_not_turns_a_word_round(plain: str, no: str) -> None:
    """By 0.74 of its worth, whatever terms stand inside."""
    lexicon = made(OPINIONS)
    with_it, without = worth(lexicon, f"it is {no} {plain}", f"it is {plain}")
    np.testing.assert_allclose(with_it, -0.74 * without, atol=1e-6)
    assert with_it.any()


def test_an_entry_is_worth_what_it_says() -> None:
    """No problems are good news, though problems are none; a waste of time counts once, not three times."""
    found = worth(made(OPINIONS), "no problems", "problems", "a waste of time", "terrible")
    assert found[0, 1] == pytest.approx(0.25)
    assert found[1, 1] == pytest.approx(-0.25)
    assert found[2, 1] == pytest.approx(found[3, 1])


def test_chinese_texts_under_english_names() -> None:
    """And the other way round; a "不" before a word counts as it does in English."""
    texts = ("房间很干净，服务热情", "房间太脏了，很失望", "房间不干净", "good room")
    lexicon = made(OPINIONS, texts)
    found = worth(lexicon, *texts)
    assert found.argmax(axis=1).tolist() == [1, 0, 0, 1]
    names = ("差评", "好评")
    np.testing.assert_allclose(worth(made(names, texts), *texts), found)
    assert worth(made(names), "a good room, but noisy and dirty").argmax() == 0
    assert worth(made(("愤怒", "快乐"), texts), "气死我了", "今天很开心").argmax(axis=1).tolist() == [0, 1]


def test_classes_without_an_entry_lie_in_the_middle() -> None:
    """Nothing speaks for them; where fewer than two classes are known, there is no lexicon."""
    lexicon = made(("joy", "other", "sadness"))
    assert not lexicon.axes.linear(np.zeros(2), 1.0).coef[1].any()
    for classes in (("joy", "politics"), ("sports", "world"), ("neutral", "other"), ("good", "positive")):
        assert Lexicon.of(wordings(classes, None), ("a text",)) is None, classes
    assert made(("happy", "not happy")).axes.places.tolist() == [[1.0], [0.0]]


def test_five_grades() -> None:
    """One axis: the class whose place is nearest to what a text is worth, the neutral one too."""
    lexicon = made(STARS)
    np.testing.assert_allclose(lexicon.axes.places[:, 0], [-0.5, 0.0, 0.5, -1.0, 1.0])
    rng = np.random.default_rng(0)
    scores = rng.uniform(-1.5, 1.5, 50)
    values = scores[:, None] @ lexicon.axes.places.T + lexicon.axes.linear(np.zeros(1), 1.0).intercept
    nearest = np.abs(scores[:, None] - lexicon.axes.places[:, 0]).argmin(axis=1)
    np.testing.assert_array_equal(values.argmax(axis=1), nearest)


def rows_of(texts: list[str], labels: list[str], classes: tuple[str, ...]) -> tuple[np.ndarray, Parts]:
    y = np.array([classes.index(label) for label in labels])
    return y, Parts.of(y, len(classes), texts, 0)


def test_the_expert_learns_the_middle_alone() -> None:
    """From the means of the classes, each alike; what a part says does not depend on rows that it does not know."""
    texts = [f"a good {x}" for x in "bcdefg"] + [f"good but bad, terrible {x}" for x in "bcdefg"]
    labels = ["positive"] * 6 + ["negative"] * 6
    lexicon = made(OPINIONS)
    rows = lexicon.encoder.encode(texts)
    y, parts = rows_of(texts, labels, OPINIONS)
    expert = from_axes(lexicon.axes, rows, parts, "lexicon")
    scores = lexicon.axes.scores(rows)[:, 0]
    middle = (scores[y == 0].mean() + scores[y == 1].mean()) / 2
    ratio = (expert.final[:, 1] - expert.final[:, 0]) / (scores - middle)
    np.testing.assert_allclose(ratio, ratio[0])
    assert ratio[0] > 0
    np.testing.assert_allclose(expert.linear(rows), expert.final)
    assert expert.final.argmax(axis=1).tolist() == y.tolist()


def test_a_few_rows_do_not_turn_names_round() -> None:
    """Labels the wrong way: the values still rise with what the words mean; held-out rows will leave it out."""
    texts = [f"a good {x}" for x in "bcdef"] + [f"a bad {x}" for x in "bcdef"]
    lexicon = made(OPINIONS)
    rows = lexicon.encoder.encode(texts)
    y, parts = rows_of(texts, ["negative"] * 5 + ["positive"] * 5, OPINIONS)
    expert = from_axes(lexicon.axes, rows, parts, "lexicon")
    assert np.mean(expert.held_out(parts).argmax(axis=1) == parts.asked) == 0.0
    assert expert.final.argmax(axis=1).tolist() == (1 - y).tolist()


def test_emotions_have_axes_of_their_own() -> None:
    """What speaks for one says nothing of the others."""
    lexicon = made(EMOTIONS)
    found = worth(lexicon, "i am furious", "so happy and cheerful", "lonely and in tears")
    np.testing.assert_array_equal(found > 0, np.eye(3, dtype=bool))


def test_features_are_taught_by_the_texts_that_hold_a_term() -> None:
    """Ridge regression of their scores, as scikit-learn solves it; other texts change nothing."""
    rng = np.random.default_rng(0)
    lexicon = made(OPINIONS)
    texts = [f"{word} {i}" for i in range(40) for word in ("good", "terrible", "excellent", "a chair")]
    rows, features = lexicon.encoder.encode(texts), rng.normal(size=(160, 5))
    told = np.arange(160) % 4 < 3
    features[told, 0] += lexicon.axes.scores(rows)[told, 0]
    taught = lexicon.axes.taught(rows, features)
    x, target = features[told], lexicon.axes.scores(rows)[told, 0]
    square = np.mean(((x - x.mean(axis=0)) ** 2).sum(axis=1))
    expected = Ridge(alpha=3.0 * square).fit(x, target).coef_
    np.testing.assert_allclose(taught.weights[0], expected, atol=1e-9)
    np.testing.assert_array_equal(taught.places, lexicon.axes.places)
    features[~told] = 100.0
    np.testing.assert_allclose(lexicon.axes.taught(rows, features).weights, taught.weights)


def test_nothing_is_taught_where_no_text_holds_a_term() -> None:
    """The weights are zero, whatever the features are."""
    lexicon = made(OPINIONS)
    rows = lexicon.encoder.encode(["a chair", "a table"])
    taught = lexicon.axes.taught(rows, np.eye(2))
    assert isinstance(taught, Axes)
    assert taught.weights.tolist() == [[0.0, 0.0]]


def test_the_cost_of_teaching_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many texts with a term the first teach: what the others hold changes nothing."""
    monkeypatch.setattr("headstart.few_labels.lexicon._MOST_TOLD", 20)
    rng = np.random.default_rng(0)
    lexicon = Lexicon.of([("positive",), ("negative",)], ["good"])
    assert lexicon is not None
    rows = lexicon.encoder.encode(["good", "bad"] * 30)
    features = rng.normal(size=(60, 4))
    others = np.vstack([features[:20], rng.normal(size=(40, 4))])
    first, second = (lexicon.axes.taught(rows, each).weights for each in (features, others))
    np.testing.assert_array_equal(first, second)
    assert first.any()


def test_terms_of_the_texts_language_come_first() -> None:
    """Chinese words before English ones for Chinese texts: of equal weights those are shown that the texts can hold."""
    lexicon = Lexicon.of([("positive",), ("negative",)], ["房间很干净", "味道很差"])
    assert lexicon is not None
    terms = lexicon.encoder._settings()["vocabulary"]
    latin = [not any("\u3400" <= character <= "\u9fff" for character in term) for term in terms]
    assert latin == sorted(latin)
    assert latin[0] is False
    assert latin[-1] is True

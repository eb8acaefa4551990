"""zero_shot: names, the words that they stand for, and real rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart import Dataset, TextClassifier, load_bundle, read_dataset
from headstart.errors import ConfigError, DataError

EXAMPLES = Path(__file__).parents[2] / "examples"
OPINIONS = {"positive": "positive", "negative": "negative"}
NEW = ["非常满意，推荐", "很失望，再也不会来", "房间很脏", "物美价廉"]
EXPECTED = ["positive", "negative", "negative", "positive"]


def example(name: str, part: str) -> Any:
    return read_dataset(str(EXAMPLES / name / f"{part}.csv")).dataset


def test_zero_shot_on_real_rows(minilm_folder: Path, tmp_path: Path) -> None:
    """No label at all: far above chance with names, and the bundle gives the same labels."""
    test, train = example("newsdesk_en", "test"), example("newsdesk_en", "train")
    names = {label: label for label in set(test.labels)}
    model = TextClassifier(random_state=0).fit([], [], label_names=names, unlabelled=Dataset(train.texts))
    assert model.predictor_.strategy == "zero_shot"
    assert model.score(test.texts, test.labels) > 0.7
    confident = model.predict_proba(test.texts).max(axis=1).mean()
    assert 0.4 < confident < 0.99
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    assert loaded.predict(test.texts[:5]).labels.tolist() == model.predict(test.texts[:5]).tolist()
    alone = TextClassifier(random_state=0).fit([], [], label_names=names)
    assert alone.score(test.texts, test.labels) > 0.5


def test_names_are_read_by_the_highest_layer(minilm_folder: Path) -> None:
    """Of the four layers that are read names say something of the last one's columns alone."""
    model = TextClassifier(random_state=0).fit([], [], label_names={"a": "sport", "b": "politics", "c": "cooking"})
    coef = model.predictor_.head.get_state().arrays["coef"]
    below, highest = np.split(coef, [3 * coef.shape[1] // 4], axis=1)
    assert not below.any()
    assert highest.any(axis=1).all()


def test_of_many_names_the_report_shows_some(minilm_folder: Path) -> None:
    """A hundred and fifty of them would be all that it says."""
    names = {f"intent {n}": f"question number {n}" for n in range(15)}
    reasons = TextClassifier(random_state=0).fit([], [], label_names=names).predictor_.reasons
    told = next(reason for reason in reasons if reason.startswith("Names: "))
    assert told.count(" = ") == 12
    assert told.endswith("; and 3 more.")


def test_zero_shot_refuses_rows_and_needs_names() -> None:
    """Each error says which strategy does it, or what is missing."""
    with pytest.raises(ConfigError, match="few_labels uses them"):
        TextClassifier("tfidf", "zero_shot").fit(["a", "b", "c", "d"], ["x", "y"] * 2)
    with pytest.raises(DataError, match="no texts to learn from"):
        TextClassifier().fit([], [])
    texts = Dataset(tuple(f"some film {i}" for i in range(9)))
    with pytest.raises(ConfigError, match="knows what the names mean: tfidf only counts words"):
        TextClassifier("tfidf").fit([], [], label_names={"a": "soup", "b": "film"}, unlabelled=texts)
    with pytest.raises(DataError, match="only one name"):
        TextClassifier().fit([], [], label_names={"a": "x"})


@pytest.mark.usefixtures("without_e5")
def test_chinese_opinions_by_words_alone(tmp_path: Path) -> None:
    """A few texts, English names, no encoder that reads them: the words of the lexicon are all there is."""
    few = Dataset(("房间很干净", "服务差", "早餐七点开始"))
    model = TextClassifier(random_state=0).fit([], [], label_names=OPINIONS, unlabelled=few)
    assert model.predictor_.name == "bow + logistic"
    assert model.predict(NEW).tolist() == EXPECTED
    told = next(reason for reason in model.predictor_.reasons if reason.startswith("Words of a lexicon"))
    assert "33% of the unlabelled texts hold none of them" in told  # breakfast is at seven
    loaded = load_bundle(model.save(tmp_path / "bundle"))
    np.testing.assert_allclose(loaded.predict_proba(NEW), model.predict_proba(NEW), atol=1e-6)


@pytest.mark.usefixtures("without_e5")
def test_chinese_names_need_no_text_at_all() -> None:
    """Names say which language it is."""
    model = TextClassifier(random_state=0).fit([], [], label_names={"1": "好评", "0": "差评"})
    assert model.predict(NEW).tolist() == ["1", "0", "0", "1"]
    with pytest.raises(ConfigError, match="knows what the names mean"):
        TextClassifier(random_state=0).fit([], [], label_names={"1": "体育", "0": "财经"})


@pytest.mark.usefixtures("without_e5")
def test_words_teach_directions_of_words() -> None:
    """With 400 texts and more, words beside those of the lexicon are read like them."""
    rng = np.random.default_rng(0)
    beside = {"很好": ["苹果", "香蕉", "葡萄"], "很差": ["桌子", "椅子", "柜子"]}
    more = [
        f"{word}，{rng.choice(things)}和{rng.choice(things)}{i}" for word, things in beside.items() for i in range(250)
    ]
    model = TextClassifier(random_state=0).fit([], [], label_names=OPINIONS, unlabelled=Dataset(tuple(more)))
    assert model.predict(["苹果", "椅子"]).tolist() == ["positive", "negative"]

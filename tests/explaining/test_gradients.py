"""Laws of integrated gradients, on tiny random transformers."""

import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from headstart import Predictor, TextClassifier
from headstart.encoders.transformer import Transformer
from headstart.errors import ConfigError, MissingExtra
from headstart.explaining import explain
from headstart.heads.logistic import Logistic

from .conftest import CHINESE, ENGLISH, fitted, margins

pytest.importorskip("torch")
pytest.importorskip("captum")

TEXT = "a lovely film, but Don't expect a cold soup!"


def frozen(folder: Path, **settings: object) -> Predictor:
    """A frozen transformer with random weights and a head fitted on it."""
    texts, labels = zip(*(ENGLISH + CHINESE), strict=True)
    classes, y = np.unique(labels, return_inverse=True)
    encoder = Transformer(str(folder), cache=False, precision="fp32", **settings).fit(texts)
    head = Logistic(3.0).fit(encoder.encode(texts), y)
    return Predictor(encoder, head, tuple(classes.tolist()), "tiny", "logistic", "linear_probe")


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_the_parts_add_up_to_the_decision(tiny_model: Callable[[str], Path], kind: str):
    """Completeness (Sundararajan et al. 2017, proposition 1): words, special tokens and start give the score; what the
    words do not have is small where there are no special tokens.
    """
    predictor = frozen(tiny_model(kind))
    for label in predictor.classes[:1]:
        (found,) = explain(predictor, [TEXT], label=label, method="gradients")
        assert found.score == pytest.approx(margins(predictor, TEXT)[predictor.classes.index(label)], abs=1e-3)
        assert found.score == pytest.approx(found.offset + sum(w.weight for w in found.words) + found.rest)
        assert found.method == "gradients"
        assert [word.text for word in found.words][:4] == ["a", "lovely", "film", "but"]


def test_the_sum_over_all_tokens_is_the_difference_of_the_scores(tiny_model: Callable[[str], Path]):
    """With every character a word, and no special tokens, nothing but the error of the integral is left."""
    predictor = frozen(tiny_model("gpt2"))
    (found,) = explain(predictor, ["lovely soup"], method="gradients")
    assert [word.text for word in found.words] == ["lovely", "soup"]
    assert abs(found.rest) < 0.05 * max(0.1, abs(found.score - found.offset))


def test_same_text_same_explanation(tiny_model: Callable[[str], Path]):
    """Nothing is drawn; the predictor's weights have no gradients left behind."""
    predictor = frozen(tiny_model("bert"))
    first, second = (explain(predictor, [TEXT], method="gradients") for _ in range(2))
    assert first == second


def test_a_fine_tuned_network_can_be_explained(tiny_model: Callable[[str], Path]):
    """`Tuned` is a transformer too; a text that was learnt by heart is explained by its own class."""
    texts, labels = zip(*(ENGLISH[:8]), strict=True)
    model = TextClassifier(
        str(tiny_model("bert")), "full_finetune", settings={"strategy.n_epochs": 3, "encoder.cache": False}
    ).fit(texts, labels)
    (found,) = explain(model.predictor_, [texts[0]], method="gradients")
    code = model.predictor_.classes.index(found.label)
    assert found.score == pytest.approx(margins(model.predictor_, texts[0])[code], abs=1e-2)


def test_refusals(tiny_model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Counted words, a bundle, a text that is read in parts, and captum missing: each says the way out."""
    with pytest.raises(ConfigError, match="occlusion"):
        explain(fitted("tfidf"), ["x"], method="gradients")
    windows = frozen(tiny_model("bert"), long_texts="windows", max_tokens=16)
    assert explain(windows, ["a short one"], method="gradients")
    with pytest.raises(ConfigError, match="long_texts=windows"):
        explain(windows, [TEXT * 9], method="gradients")
    monkeypatch.setattr(importlib.import_module("headstart.explaining.gradients"), "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"headstart\[explain\]"):
        explain(windows, ["x"], method="gradients")

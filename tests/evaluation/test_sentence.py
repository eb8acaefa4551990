"""The sentence of a comparison says in both languages what the figures say."""

import re
from dataclasses import replace

import pytest

from headstart.evaluation.sentence import Found

FOUND = Found(
    model="e5+tfidf + logistic",
    baseline="tfidf + svm",
    metric="accuracy",
    difference=(0.14, 0.06, 0.24),
    verdict="helped",
    n=1_050,
    n_differing=9,
)
_FIGURE = re.compile(r"[-+]?\d[\d,]*\.?\d*")


@pytest.mark.parametrize(
    ("verdict", "english", "chinese"),
    [("helped", "the transfer helped.", "：迁移有帮助。"), ("better", "24.0).", "24.0）。")],
)
def test_a_gain(verdict: str, english: str, chinese: str) -> None:
    """By how much, how sure, and what that says of the transfer, if anything was transferred."""
    found = replace(FOUND, verdict=verdict)
    assert found.english().startswith("e5+tfidf + logistic beats tfidf + svm by 14.0 points of accuracy")
    assert found.english().endswith(english)
    assert found.chinese().startswith("e5+tfidf + logistic 的准确率比 tfidf + svm 高 14.0 个百分点")
    assert found.chinese().endswith(chinese)


def test_a_loss_turns_the_interval_round() -> None:
    """It "loses by 14.0 (6.0 to 24.0)", not "by -14.0"."""
    found = replace(FOUND, difference=(-0.14, -0.24, -0.06), verdict="hurt")
    assert found.english() == (
        "e5+tfidf + logistic loses to tfidf + svm by 14.0 points of accuracy (95 % interval 6.0 to 24.0): "
        "the transfer hurt."
    )
    assert found.chinese() == (
        "e5+tfidf + logistic 的准确率比 tfidf + svm 低 14.0 个百分点（95% 区间 6.0 至 24.0）：迁移有害。"
    )


@pytest.mark.parametrize("value", [0.02, 0.0, -0.02])
@pytest.mark.parametrize("n_differing", [0, 3, 9])
def test_nothing_shown(value: float, n_differing: int) -> None:
    """Both languages have the same figures, and say why there is no verdict."""
    between = (value, value - 0.05, value + 0.05)
    found = replace(FOUND, difference=between, verdict="no difference shown", n_differing=n_differing)
    figures = [sorted(_FIGURE.findall(text.replace("e5", ""))) for text in (found.english(), found.chinese())]
    assert figures[0] == figures[1]
    assert "no difference shown" in found.english()
    assert "未显示出差异" in found.chinese()
    assert ("对错不同的只有 3 条" in found.chinese()) == (n_differing == 3)
    assert ("相同" in found.chinese()) == (value == 0.0)


def test_an_end_near_zero_is_not_shown_as_zero() -> None:
    """The interval leaves out 0, and reads so."""
    found = replace(FOUND, difference=(0.01, 0.0002, 0.02))
    assert "0.02 to 2.00" in found.english()
    assert "0.02 至 2.00" in found.chinese()


def test_a_metric_without_a_unit_is_named() -> None:
    """As it is called in the figures."""
    found = replace(FOUND, metric="weighted_f1")
    assert "points of weighted_f1" in found.english()
    assert "的weighted_f1比" in found.chinese()

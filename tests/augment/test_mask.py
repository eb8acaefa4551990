"""Masked language models: which words are hidden, and what comes in their place."""

from pathlib import Path

import numpy as np
import pytest

from headstart.augment._words import pieces
from headstart.augment.mask import Mask
from headstart.errors import ConfigError, EncoderUnavailable

TEXT = "The soup was cold, but the waiter could not have been kinder."


def answers(mask: Mask, text: str, n: int = 12) -> list[str | None]:
    return mask.augment([text] * n, np.zeros(n, dtype=int), [np.random.default_rng(seed) for seed in range(n)])


def test_a_share_of_the_words_becomes_other_words(tiny_masked: Path) -> None:
    """Twelve words, a quarter of them: up to three differ, each a word of letters; the rest stays as it is."""
    mask = Mask(f"0.25:{tiny_masked}").fit([TEXT], np.array([0]))
    for answer in answers(mask, TEXT):
        changed = [(a, b) for a, b in zip(pieces(TEXT), pieces(answer or ""), strict=True) if a != b]
        assert 1 <= len(changed) <= 3
        assert all(new.isalpha() and new.isascii() for _, new in changed)
    assert len(set(answers(mask, TEXT))) > 3


def test_chinese_words_keep_their_length(tiny_masked: Path) -> None:
    """A character takes the place of a character."""
    text = "这家餐厅的味道很好"
    mask = Mask(f"1:{tiny_masked}").fit([text], np.array([0]))
    for answer in answers(mask, text):
        assert answer is not None
        assert len(answer) == len(text)
        assert all("\u4e00" <= character <= "\u9fff" for character in answer)


def test_words_past_the_models_length_stay(tiny_masked: Path) -> None:
    """The tiny model reads 48 tokens of a text of 400 words."""
    text = " ".join(["the", "film", "was", "good"] * 100)
    mask = Mask(f"1:{tiny_masked}").fit([text], np.array([0]))
    (answer,) = answers(mask, text, n=1)
    assert answer is not None
    assert answer.split()[60:] == text.split()[60:]
    assert answer.split()[:40] != text.split()[:40]


def test_texts_without_known_words_give_none(tiny_masked: Path) -> None:
    """Nothing to hide."""
    mask = Mask(str(tiny_masked)).fit([], np.array([], dtype=int))
    assert mask.augment(["!!!", ""], np.zeros(2, dtype=int), [np.random.default_rng(0)] * 2) == [None, None]


def test_batches_change_nothing(tiny_masked: Path) -> None:
    """Forty texts (two batches) of several lengths give what each gives by itself."""
    texts = [" ".join(TEXT.split()[: 3 + i % 8]) for i in range(40)]
    mask, y = Mask(str(tiny_masked)).fit(texts, np.zeros(40, dtype=int)), np.zeros(40, dtype=int)
    together = mask.augment(texts, y, [np.random.default_rng(i) for i in range(40)])
    alone = [mask.augment([t], y[:1], [np.random.default_rng(i)])[0] for i, t in enumerate(texts)]
    assert together == alone


def test_a_model_without_the_head_is_refused(tiny_model: object, tiny_masked: Path) -> None:
    """Random weights would fill in words at random."""
    with pytest.raises(EncoderUnavailable, match="masked language"):
        Mask(str(tiny_model("bert"))).fit([TEXT], np.array([0]))  # type: ignore[operator] # a fixture that is a function


def test_no_model_at_that_place(tmp_path: Path) -> None:
    """A message, not a traceback."""
    with pytest.raises(EncoderUnavailable, match=r"config\.json"):
        Mask(str(tmp_path)).fit([TEXT], np.array([0]))
    with pytest.raises(ConfigError, match="fit"):
        Mask("somewhere").augment([TEXT], np.array([0]), [np.random.default_rng(0)])

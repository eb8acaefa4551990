"""The user's own function: found by name, called once with all texts, its answers checked."""

from pathlib import Path

import numpy as np
import pytest

from headstart.augment import Augmenter
from headstart.augment.back_translation import BackTranslation
from headstart.errors import ConfigError

MODULE = """
def upper(texts):
    return [text.upper() for text in texts]

def some(texts):
    return [None if text == "b" else "new " + text for text in texts]

def fewer(texts):
    return texts[1:]

def numbers(texts):
    return [1 for text in texts]

def broken(texts):
    raise RuntimeError("quota exceeded")

a_string = "x"
"""


@pytest.fixture(autouse=True)
def _module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_users_module.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)


def test_its_answers_are_the_new_texts() -> None:
    """None gives none."""
    augmented = Augmenter.from_spec("back_translation:a_users_module:some").augment(["a", "b"], np.array([0, 1]), 0)
    assert augmented.texts == ("new a",)
    (count,) = augmented.counts.values()
    assert count.n_none == 1


def test_a_text_that_came_back_as_it_was_is_dropped() -> None:
    """Capitals make no new text."""
    augmented = Augmenter.from_spec("back_translation:a_users_module:upper").augment(["a", "b"], np.array([0, 1]), 0)
    assert augmented.texts == ()
    assert next(iter(augmented.counts.values())).n_equal == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a_users_module:fewer", "got 2 texts and gave 1 values"),
        ("a_users_module:numbers", "one of them a int"),
        ("a_users_module:broken", "RuntimeError: quota exceeded"),
        ("a_users_module:missing", "'missing' in 'a_users_module' is not there"),
        ("a_users_module:a_string", "is no function but a str"),
        ("no_such_module:f", "PYTHONPATH"),
    ],
)
def test_what_goes_wrong_is_a_message(name: str, message: str) -> None:
    """With the name of the function, what was got and what was expected."""
    with pytest.raises(ConfigError, match=message):
        Augmenter.from_spec(f"back_translation:{name}").augment(["a", "b"], np.array([0, 1]), 0)


def test_before_fit_it_says_so() -> None:
    """It has no function yet."""
    with pytest.raises(ConfigError, match="fit"):
        BackTranslation("m:f").augment(["a"], np.array([0]), [np.random.default_rng(0)])

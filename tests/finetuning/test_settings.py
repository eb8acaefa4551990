"""Settings: every number checked, with the name that the user wrote."""

from typing import Any

import pytest

from headstart.errors import ConfigError
from headstart.finetuning.settings import Settings

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("n_epochs", (0, -1, "3", None, True, NAN, INF), "a number above 0"),
        ("learning_rate", (0, -1e-4, "1e-4", NAN, INF), "a number above 0"),
        ("head_learning_rate", (0.0, None), "a number above 0"),
        ("max_norm", (0, -1), "a number above 0"),
        ("layer_decay", (0, 1.1, -0.5), "a number above 0 to 1"),
        ("warmup", (-0.1, 1, 1.5), "a number from 0 to below 1"),
        ("dropout", (-0.1, 1, "0.1"), "a number from 0 to below 1"),
        ("label_smoothing", (-0.1, 1.0), "a number from 0 to below 1"),
        ("model_dropout", (-0.1, 1.0, True), "a number from 0 to below 1, or left out"),
        ("weight_decay", (-0.01, NAN), "a number from 0 on"),
        ("l1", (-1,), "a number from 0 on"),
        ("l2_sp", (-1, INF), "a number from 0 on"),
        ("batch_rows", (0, 1.5, "8", True), "a whole number from 1 on"),
        ("batch_tokens", (0, None), "a whole number from 1 on"),
        ("top_layers", (-1, 1.0, "all"), "a whole number from 0 on, or left out"),
        ("reinit_layers", (-1, 0.5, None), "a whole number from 0 on"),
        ("embeddings", (1, "yes", None), "true or false"),
        ("keep_states", (0, "no"), "true or false"),
        ("optimiser", ("rmsprop",), "one of adamw, adam, sgd"),
        ("schedule", ("none",), "one of constant, linear, cosine, step, one_cycle"),
        ("precision", ("fp16", None), "one of auto, fp32, bf16"),
        ("class_weight", ("even", 1), "balanced, or left out"),
    ],
)
def test_a_wrong_value_is_refused(name: str, values: tuple[Any, ...], expected: str) -> None:
    """The message has the setting as `--set` writes it, what is allowed, and what was got."""
    for value in values:
        with pytest.raises(ConfigError) as error:
            Settings(**{name: value})
        assert str(error.value) == f"strategy.{name} must be {expected}. Got {value!r} instead."


@pytest.mark.parametrize(
    "fine",
    [
        {"n_epochs": 0.5, "learning_rate": 1, "warmup": 0, "dropout": 0, "label_smoothing": 0.999, "layer_decay": 1},
        {"top_layers": 0, "weight_decay": 0, "model_dropout": 0, "batch_rows": 1, "batch_tokens": 1},
        {"top_layers": 3, "reinit_layers": 3, "class_weight": "balanced", "keep_states": False},
        {"top_layers": None, "reinit_layers": 12, "embeddings": True, "model_dropout": None},
    ],
)
def test_the_limits_are_allowed(fine: dict[str, Any]) -> None:
    """Values at the limits stay as they were given."""
    settings = Settings.build({}, fine)
    assert {name: getattr(settings, name) for name in fine} == fine


def test_none_is_a_word_where_words_are_expected() -> None:
    """`--set strategy.average=none` comes as None, which is no optimiser; None stays where it means something."""
    settings = Settings.build({"average": "swa"}, {"average": None, "top_layers": None})
    assert (settings.average, settings.top_layers) == ("none", None)
    with pytest.raises(ConfigError, match=r"strategy\.optimiser must be one of"):
        Settings.build({}, {"optimiser": None})


def test_settings_that_do_not_go_together() -> None:
    """New random layers that are frozen, and embeddings that learn below frozen layers: refused with the way out."""
    with pytest.raises(ConfigError, match=r"reinit_layers is 3, but strategy\.top_layers lets only 2 learn.*Raise"):
        Settings(reinit_layers=3, top_layers=2)
    with pytest.raises(ConfigError, match=r"embeddings=true needs every layer.*top_layers is 2.*full_finetune"):
        Settings(embeddings=True, top_layers=2)


def test_what_is_given_goes_before_the_defaults() -> None:
    """A strategy's defaults, then the user's; an unknown name with the nearest known one."""
    settings = Settings.build({"n_epochs": 5, "top_layers": 2}, {"n_epochs": 1})
    assert (settings.n_epochs, settings.top_layers, settings.optimiser) == (1, 2, Settings().optimiser)
    with pytest.raises(ConfigError, match=r"Unknown setting 'strategy\.learning_rat'.*learning_rate"):
        Settings.build({}, {"learning_rat": 1})


def test_least_steps_give_way_to_epochs_that_the_user_asks_for() -> None:
    """A strategy's least number of steps holds unless n_epochs is given without it."""
    defaults = {"n_epochs": 3, "least_steps": 60}
    assert Settings.build(defaults, {}).least_steps == 60
    assert Settings.build(defaults, {"n_epochs": 3}).least_steps == 0
    assert Settings.build(defaults, {"n_epochs": 3, "least_steps": 10}).least_steps == 10

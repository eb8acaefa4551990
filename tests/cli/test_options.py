"""Options that commands share: what they say is what the library does."""

import inspect
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.models import ParameterInfo

from headstart import registry
from headstart.checks import MAX_TEXT_CHARS
from headstart.config import RunConfig
from headstart.evaluation.report.strings import LANGUAGES

from .conftest import REVIEWS, Headstart, write_rows

READS_A_FILE = (
    "augment",
    "clean",
    "evaluate",
    "explain",
    "explore",
    "fit",
    "inspect",
    "predict",
    "recommend",
    "suggest",
)


def parameters(command: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(registry.load("command", command)).parameters)


def info_of(parameter: inspect.Parameter) -> Any:
    return next(each for each in get_args(parameter.annotation) if isinstance(each, ParameterInfo))


def test_fit_shows_the_defaults_that_it_has() -> None:
    """Its options are None because a file may set them; the help says what they are if nothing does."""
    shown = {name: info_of(each).show_default for name, each in parameters("fit").items()}
    said = {name: default for name, default in shown.items() if isinstance(default, str)}
    assert {"encoder", "strategy", "head", "seed", "language", "text", "label", "title", "domain"} <= set(said)
    assert said == {name: str(RunConfig.model_fields[name].default) for name in said}


def test_one_limit_of_a_text_for_all() -> None:
    """The commands' and the configuration's are the readers'."""
    assert RunConfig.model_fields["max_text_chars"].default == MAX_TEXT_CHARS
    for command in set(READS_A_FILE) - {"fit"}:
        assert parameters(command)["max_text_chars"].default == MAX_TEXT_CHARS


def test_seeds_are_those_of_the_configuration() -> None:
    """No command takes one that a library would refuse."""
    for command in registry.names("command"):
        if "seed" in parameters(command):
            seed = info_of(parameters(command)["seed"])
            RunConfig(train="x", seed=seed.max)
            with pytest.raises(ValueError, match="seed"):
                RunConfig(train="x", seed=seed.max + 1)
            assert seed.min == 0


@pytest.mark.parametrize("command", READS_A_FILE)
def test_a_long_text_can_be_let_in(headstart: Headstart, tmp_path: Path, command: str) -> None:
    """Each command refuses it with the option's name, and takes it with the option."""
    bundle = tmp_path / "bundle"
    reviews = write_rows(tmp_path / "reviews.csv", [*REVIEWS, *((text[:20], label) for text, label in REVIEWS)])
    if command in {"evaluate", "explain", "predict", "suggest"}:
        assert headstart("fit", reviews, "--encoder", "tfidf", "--out", bundle).code == 0
    words: dict[str, tuple[Any, ...]] = {
        "augment": (reviews, "--with", "swap"),
        "clean": (reviews,),
        "evaluate": (bundle, reviews),
        "explain": (bundle, "--file", reviews),
        "explore": (reviews, "--encoder", "tfidf"),
        "fit": (reviews, "--encoder", "tfidf", "--no-bundle"),
        "inspect": (reviews,),
        "predict": (bundle, reviews),
        "recommend": (reviews, "--encoders", "tfidf"),
        "suggest": (bundle, reviews),
    }
    done = headstart(command, *words[command], "--max-text-chars", 35)
    assert "more than 35 (--max-text-chars)" in (done.out if command == "inspect" else done.err)
    assert done.code == (0 if command == "inspect" else 1)
    assert headstart(command, *words[command], "--max-text-chars", 40).code == 0


def test_a_language_that_is_not_there_is_refused_at_once(headstart: Headstart, tmp_path: Path) -> None:
    """Before the bundle or the file is looked for, with those that there are."""
    nothing = tmp_path / "nothing"
    for words in (
        ("evaluate", nothing, nothing),
        ("explain", nothing, "a text"),
        ("explore", nothing),
        ("fit", nothing),
    ):
        done = headstart(*words, "--language", "fr")
        assert done.code == 2
        assert all(repr(language) in done.err for language in LANGUAGES)
    for command in ("evaluate", "explain", "explore"):
        assert get_args(get_args(parameters(command)["language"].annotation)[0]) == LANGUAGES

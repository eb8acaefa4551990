"""The exception tree: as drawn, and each branch of it grown by a public call."""

import builtins
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import headstart
from headstart import TextClassifier, errors, load_bundle, read_dataset, registry, save_bundle
from headstart.bundle import layout
from headstart.errors import HeadstartError, did_you_mean

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]
TEXTS, LABELS = ["good film", "fine film", "bad film", "poor film"], ["+", "+", "-", "-"]
NOT_TEXTS: Any = ["a", 1.5]


def drawn() -> dict[str, tuple[str, str | None]]:
    """Class -> (parent, builtin that it also is), read from the drawing in the docstring."""
    found: dict[str, tuple[str, str | None]] = {}
    path: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^([\s│├└─]+)([A-Z]\w+)\b", line)
        if not match or not line.startswith("    "):
            continue
        depth, name = len(match.group(1)), match.group(2)
        while path and path[-1][0] >= depth:
            path.pop()
        also = re.search(r"\(also (\w+)\)", line)
        found[name] = (path[-1][1] if path else "Exception", also.group(1) if also else None)
        path.append((depth, name))
    return found


def test_the_drawing_is_the_tree() -> None:
    """Classes, parents and the builtins they also are: the docstring draws what the MRO says."""
    tree = {}
    for made in CLASSES:
        own, *others = made.__bases__
        also = [b.__name__ for b in others]
        assert all(b.__module__ == builtins.__name__ for b in others)
        tree[made.__name__] = (own.__name__, also[0] if also else None)
    assert drawn() == tree
    assert set(tree) | {"did_you_mean"} == set(errors.__all__)


def test_every_error_is_a_headstart_error() -> None:
    """One except clause catches all, and the message is `str` of each."""
    for made in CLASSES:
        assert issubclass(made, HeadstartError)
    assert headstart.HeadstartError is HeadstartError


def bundle_in(folder: Path) -> Path:
    return TextClassifier("tfidf").fit(TEXTS, LABELS).save(folder)


def corrupt(folder: Path) -> None:
    (bundle_in(folder) / layout.MODEL).write_text("{}")
    load_bundle(folder)


def too_new(folder: Path) -> None:
    bundle_in(folder)
    manifest = layout.read_manifest(folder)
    (folder / layout.MANIFEST).write_bytes(layout.sealed({**manifest, "format": 99}))
    load_bundle(folder)


def foreign(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    save_bundle(TextClassifier("tfidf").fit(TEXTS, LABELS).predictor_, folder)


def without_torch(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importlib.util.find_spec", lambda name, package=None: None)
        patch.setattr("headstart.encoders.transformer.locate", lambda name: folder)
        patch.setattr("headstart.encoders.transformer.read_recipe", lambda *args: None)
        TextClassifier("minilm", "linear_probe").fit(TEXTS, LABELS)


def no_model(folder: Path) -> None:
    folder.mkdir()
    TextClassifier(str(folder)).fit(TEXTS, LABELS)


# class -> a public call that raises it, given a path where nothing is, and what its message holds
RAISED: dict[type[HeadstartError], tuple[Callable[[Path], object], tuple[str, ...]]] = {
    errors.DataError: (
        lambda p: TextClassifier("tfidf").fit(NOT_TEXTS, [0, 1]),
        ("texts[1]", "1.5", "a string"),
    ),
    errors.DataFileMissing: (lambda p: read_dataset(str(p)), ("nothing",)),
    errors.ConfigError: (
        lambda p: TextClassifier("tfidf", settings={"C": 1}).fit(TEXTS, LABELS),
        ("'C'", "encoder.name", "head.name"),
    ),
    errors.UnknownComponent: (
        lambda p: TextClassifier("tfidf", head="svn").fit(TEXTS, LABELS),
        ("Unknown head 'svn'.", "Did you mean 'svm'?", "Known: ", "logistic"),
    ),
    errors.EncoderUnavailable: (no_model, ("nothing", "config.json")),
    errors.MissingExtra: (without_torch, ("minilm", "torch", 'pip install "headstart[train]"')),
    errors.BundleError: (foreign, ("nothing", "is not a bundle", "left alone", "--out")),
    errors.BundleCorrupt: (corrupt, (layout.MODEL, "sha256", "changed or damaged")),
    errors.BundleTooNew: (too_new, ("nothing", "99", "pip install --upgrade headstart")),
}


def test_no_branch_is_dead() -> None:
    """Every class but the root has a call below that raises it."""
    assert set(RAISED) == set(CLASSES) - {HeadstartError}


@pytest.mark.parametrize("made", RAISED, ids=lambda made: made.__name__)
def test_a_public_call_raises_it(tmp_path: Path, made: type[HeadstartError]) -> None:
    """Exactly this class, with the promised parts in its message, in one readable `str`."""
    call, parts = RAISED[made]
    with pytest.raises(HeadstartError) as caught:
        call(tmp_path / "nothing")
    assert type(caught.value) is made
    message = str(caught.value)
    assert not [part for part in parts if part not in message], message
    assert not message.startswith(("(", "["))
    assert message.rstrip()[-1] in '.")' or "pip install" in message


def test_a_known_name_is_found_by_any_case() -> None:
    """The nearest name is offered as it is written; nothing near, nothing offered."""
    assert did_you_mean("TFIDF", ["bow", "tfidf"]) == " Did you mean 'tfidf'?"
    assert did_you_mean("tfdif", ["Bow", "TfIdf"]) == " Did you mean 'TfIdf'?"
    assert did_you_mean("zzz", ["bow", "tfidf"]) == ""
    assert did_you_mean("x", []) == ""
    assert registry.names("encoder")

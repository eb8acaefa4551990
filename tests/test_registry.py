"""The folder is the registry."""

import subprocess
import sys
from pathlib import Path

import pytest

from headstart import registry
from headstart.errors import UnknownComponent

EVERYTHING = [(kind, name) for kind in registry.KINDS for name in registry.names(kind)]


@pytest.mark.parametrize("kind", registry.KINDS)
def test_names_are_the_files(kind: str) -> None:
    """The names of a kind are the files of its folder without the helpers, sorted."""
    folder = Path(registry.__file__).parent / registry.KINDS[kind]
    files = sorted(path.stem for path in folder.glob("*.py") if not path.name.startswith("_"))
    assert registry.names(kind) == files
    assert files


@pytest.mark.parametrize(("kind", "name"), EVERYTHING)
def test_every_component_loads_and_is_described(kind: str, name: str) -> None:
    """Each component has one public object, which its file defines, and a description in one line."""
    made = registry.load(kind, name)
    assert callable(made)
    assert made.__module__.endswith(f".{name}")
    line = registry.describe(kind, name)
    assert line.endswith(".")
    assert "\n" not in line


def test_describing_imports_nothing() -> None:
    """Names and descriptions are read from the files: no component is imported."""
    code = (
        "import sys; from headstart import registry\n"
        "for kind in registry.KINDS:\n"
        "    for name in registry.names(kind): assert registry.describe(kind, name)\n"
        "assert not {'numpy', 'sklearn', 'torch', 'headstart.encoders'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["tfdif", "", "../tfidf", "_counts", "__init__", "os", "TFIDF"])
def test_other_names_are_refused(name: str) -> None:
    """What is no file of the folder is never imported; the error lists what there is."""
    with pytest.raises(UnknownComponent) as caught:
        registry.load("encoder", name)
    assert f"Unknown encoder {name!r}." in str(caught.value)
    assert ", ".join(registry.names("encoder")) in str(caught.value)


def test_the_nearest_name_is_offered() -> None:
    """A slip of the keyboard is answered with the name that was meant."""
    with pytest.raises(UnknownComponent, match=r"Did you mean 'tfidf'\?"):
        registry.load("encoder", "tfdif")

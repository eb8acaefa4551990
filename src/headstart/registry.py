"""The folder is the registry: `encoders/tfidf.py` is the encoder `tfidf`, and nothing else lists it.

A component file holds exactly one public name (`__all__`) and a docstring whose first paragraph describes it.
Files that start with an underscore are helpers, not components.
"""

import ast
import importlib
import pkgutil
from pathlib import Path
from typing import Any

from headstart.errors import ConfigError, UnknownComponent

__all__ = ["KINDS", "describe", "load", "names", "parse_spec"]

# kind (as in messages) -> folder below the package
KINDS = {
    "encoder": "encoders",
    "transform": "transforms",
    "head": "heads",
    "strategy": "strategies",
    "augmentation": "augment",
    "text rule": "text/rules",
    "row rule": "cleaning/rows",
    "format": "data/formats",
    "command": "cli/commands",
}

_PACKAGE = Path(__file__).parent


def names(kind: str) -> list[str]:
    """The sorted public names of a kind, read from its folder without importing anything."""
    folder = _PACKAGE / KINDS[kind]
    return sorted(m.name for m in pkgutil.iter_modules([str(folder)]) if not m.name.startswith("_"))


def load(kind: str, name: str) -> Any:
    """Import the component `name` and return its one public object. Raises UnknownComponent."""
    known = names(kind)
    if name not in known:
        raise UnknownComponent(kind, name, known)
    module = importlib.import_module(f"headstart.{KINDS[kind].replace('/', '.')}.{name}")
    (public,) = module.__all__
    return getattr(module, public)


def describe(kind: str, name: str) -> str:
    """The first paragraph of the component's module docstring in one line, read without importing it."""
    source = (_PACKAGE / KINDS[kind] / f"{name}.py").read_text(encoding="utf-8")
    paragraph = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0]
    return " ".join(paragraph.split())


def parse_spec(spec: str) -> list[tuple[str, str | None]]:
    """`html,emoji:name` -> [("html", None), ("emoji", "name")]: names with an argument each. Raises ConfigError."""
    parts = [part.strip().partition(":") for part in spec.split(",")]
    if any(not name.strip() or (colon and not argument.strip()) for name, colon, argument in parts):
        raise ConfigError(f"{spec!r} is not a list of names such as 'first,second:argument'.")
    return [(name.strip(), argument.strip() or None) for name, _, argument in parts]

"""The toy run, for tests that need one."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="session")
def toy() -> ModuleType:
    """The module toy_run.py."""
    pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("toy_run", Path(__file__).with_name("toy_run.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def toy_run(toy: ModuleType, tiny_model: Callable[[str], Path]) -> Callable[..., Any]:
    """`toy_run(checkpoint, **settings)`: a run of a tiny BERT."""
    folder = tiny_model("bert")
    return lambda *args, **more: toy.toy_run(folder, *args, **more)

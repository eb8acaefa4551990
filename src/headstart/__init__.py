"""Headstart: transfer learning for text classification, from a file of texts to a served classifier.

Public names load on first use, so that `import headstart` costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from headstart.errors import HeadstartError
from headstart.types import Dataset

if TYPE_CHECKING:
    from headstart.bundle import load_bundle, save_bundle
    from headstart.classifier import TextClassifier
    from headstart.cleaning import Cleaner
    from headstart.data import read_dataset
    from headstart.predictor import Predictor

__version__ = "0.1.0"

__all__ = [
    "Cleaner",
    "Dataset",
    "HeadstartError",
    "Predictor",
    "TextClassifier",
    "load_bundle",
    "read_dataset",
    "save_bundle",
]

_HOMES = {
    "Cleaner": "headstart.cleaning",
    "Predictor": "headstart.predictor",
    "TextClassifier": "headstart.classifier",
    "load_bundle": "headstart.bundle",
    "read_dataset": "headstart.data",
    "save_bundle": "headstart.bundle",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'headstart' has no attribute {name!r}")

"""Versions of what decides a result, for the report and the bundle's manifest."""

import platform
from importlib.metadata import PackageNotFoundError, version

__all__ = ["versions"]

_PACKAGES = (
    "headstart",
    "numpy",
    "scikit-learn",
    "onnxruntime",
    "tokenizers",
    "torch",
    "transformers",
    "rjieba",
)


def versions() -> dict[str, str]:
    """Name -> version, of Python and of the packages that are installed; reads metadata, imports nothing."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

"""Bundles: a folder that holds a fitted classifier as plain data, verified before anything is built from it."""

from headstart.bundle.load import load_bundle
from headstart.bundle.save import save_bundle

__all__ = ["load_bundle", "save_bundle"]

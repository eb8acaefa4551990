"""Bundles: a folder that holds a fitted classifier as plain data, verified before it is used."""

from headstart.bundle.load import load_bundle
from headstart.bundle.save import check_place, save_bundle

__all__ = ["check_place", "load_bundle", "save_bundle"]

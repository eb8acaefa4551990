"""A report as plain JSON values."""

import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from headstart.evaluation.results import Report

__all__ = ["report_dict"]

_SURROGATES = re.compile("[\ud800-\udfff]")


def report_dict(report: Report) -> dict[str, Any]:
    """Everything in `report` as dicts, lists, strings, ints, finite floats, booleans and None.

    The keys are the field names of `evaluation.results`, in their order. nan and inf become None, numpy's
    scalars Python's, and lone surrogates U+FFFD, because no JSON file can hold them.
    """
    return {f.name: _plain(getattr(report, f.name)) for f in fields(report)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {_text(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy's scalars and arrays
        return _plain(value.tolist())
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return _text(value)


def _text(value: Any) -> str:
    return _SURROGATES.sub("\ufffd", str(value))

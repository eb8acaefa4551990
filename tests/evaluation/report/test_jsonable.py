"""Laws of the JSON values."""

import json
from dataclasses import fields, replace
from types import MappingProxyType

import numpy as np

from headstart.evaluation.report import report_dict
from headstart.evaluation.results import Evaluation, Interval, Mistake, Report


def test_every_field_arrives(english: Report) -> None:
    """The keys are the field names in their order, at the top and below."""
    values = report_dict(english)
    assert [f.name for f in fields(Report)] == list(values)
    assert [f.name for f in fields(Evaluation)] == list(values["model"])
    assert english.model.confusion[1][2] == values["model"]["confusion"][1][2]
    assert english.audits[0].findings[1].examples[0] == values["audits"][0]["findings"][1]["examples"][0]


def test_it_survives_strict_json(nasty: Report, chinese: Report, bare: Report) -> None:
    """What dumps with allow_nan=False writes, loads reads back the same."""
    for report in (nasty, chinese, bare):
        values = report_dict(report)
        assert values == json.loads(json.dumps(values, allow_nan=False))


def test_numpy_nan_and_surrogates_become_plain(english: Report) -> None:
    """No numpy type, no nan, no lone surrogate is left, whatever was put in."""
    odd = replace(
        english.model,
        n=np.int64(3),
        classes=(np.str_("a"), np.str_("b")),
        metrics=MappingProxyType({"accuracy": Interval(np.float64(0.5), float("nan"), float("-inf"))}),
        confusion=np.array([[1, 2], [3, 4]]),
        mistakes=(Mistake("\ud800", "a", "b", np.float32(0.25)),),
    )
    values = report_dict(replace(english, model=odd))["model"]
    assert [int, str, float] == [
        type(values["n"]),
        type(values["classes"][0]),
        type(values["metrics"]["accuracy"]["value"]),
    ]
    assert values["metrics"]["accuracy"] == {"value": 0.5, "low": None, "high": None}
    assert values["confusion"] == [[1, 2], [3, 4]]
    assert values["mistakes"][0]["text"] == "\ufffd"
    assert values["mistakes"][0]["probability"] == 0.25


def test_missing_parts_are_null(bare: Report) -> None:
    """No baseline and no comparison are None, not absent."""
    values = report_dict(bare)
    assert (values["baseline"], values["comparison"]) == (None, None)

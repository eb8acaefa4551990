"""`golden_cleaning.jsonl`: nasty texts with what a user wants of each rule, written by hand."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from headstart import registry
from headstart.text.cleaner import TextCleaner

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "golden_cleaning.jsonl").read_text(encoding="utf-8").splitlines()
]
RULES = registry.names("text rule")


@cache
def cleaner(spec: str) -> TextCleaner:
    if "simplified" in spec:
        pytest.importorskip("opencc")
    return TextCleaner.from_spec(spec)


def cases(rule: str) -> list[tuple[str, str, str]]:
    """(spec, text, expected) of one rule, whatever its argument."""
    return [
        (spec, row["text"], expected)
        for row in ROWS
        for spec, expected in row["expected"].items()
        if spec.split(":")[0] == rule and "," not in spec
    ]


@pytest.mark.parametrize("row", ROWS, ids=range(1, len(ROWS) + 1))
def test_the_text_that_a_user_wants(row: dict[str, Any]) -> None:
    """Each rule that a row is about gives the expected text."""
    assert {spec: cleaner(spec).clean(row["text"]) for spec in row["expected"]} == row["expected"]


@pytest.mark.parametrize("row", ROWS, ids=range(1, len(ROWS) + 1))
def test_what_a_user_wants_is_clean(row: dict[str, Any]) -> None:
    """An expected text is left as it is by the rule that it is expected of."""
    assert {spec: cleaner(spec).clean(text) for spec, text in row["expected"].items()} == row["expected"]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_rows(rule: str) -> None:
    """At least ten rows a rule, some that it must change; no text stands there twice."""
    assert len(cases(rule)) >= 10
    assert sum(text != expected for _, text, expected in cases(rule)) >= 5
    assert len({row["text"] for row in ROWS}) == len(ROWS) >= 200


@pytest.mark.parametrize("rule", RULES)
def test_rows_tell_the_rules_apart(rule: str) -> None:
    """No other rule, and doing nothing, passes the rows of a rule."""
    assert any(text != expected for _, text, expected in cases(rule))
    for other in RULES:
        if other != rule:
            assert any(cleaner(other).clean(text) != expected for _, text, expected in cases(rule))

"""Laws of the fixed words."""

import re

from headstart.evaluation.metrics import METRICS
from headstart.evaluation.report.strings import words


def test_both_languages_have_all_words() -> None:
    """The same keys and the same {fields} in both languages."""
    en, zh = words("en"), words("zh")
    fields = re.compile(r"\{(\w+)\}")
    assert {k: set(fields.findall(v)) for k, v in en.items()} == {k: set(fields.findall(v)) for k, v in zh.items()}
    assert all(v.strip() for v in (*en.values(), *zh.values()))


def test_every_metric_has_a_name_in_both_languages() -> None:
    """A metric that evaluation knows is shown with a name, not with its key."""
    for language in ("en", "zh"):
        assert not [name for name in METRICS if f"metric.{name}" not in words(language)]

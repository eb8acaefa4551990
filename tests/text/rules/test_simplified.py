"""Traditional to simplified Chinese."""

import pytest

from headstart.errors import MissingExtra
from headstart.text.rules import simplified
from headstart.text.rules.simplified import Simplified


def test_simplified_stays_and_traditional_changes() -> None:
    """Simplified text, other scripts and punctuation are left as they are."""
    pytest.importorskip("opencc")
    assert Simplified()("這家餐廳的味道很好") == "这家餐厅的味道很好"
    for text in ("这家餐厅的味道很好，发现！", "Hello, wörld 123", "かな カナ 한국어"):
        assert Simplified()(text) == text


def test_without_opencc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the package is not installed, the message names the extra when the rule is made."""
    monkeypatch.setattr(simplified, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"'simplified' needs opencc, .*headstart\[zh\]"):
        Simplified()

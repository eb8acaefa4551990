"""Which packaged encoder reads some texts: by their scripts, and by what is at hand."""

import pytest

from headstart.encoders import _by_language, pretrained_for, readers, share_read
from headstart.errors import EncoderUnavailable

ENGLISH, CHINESE, JAPANESE = "the soup was cold", "房间很干净", "とても おいしい です"


class _Stand:
    """An encoder that is at hand, or not."""

    def __init__(self, name: str, absent: set[str]) -> None:
        self.name, self.absent = name, absent

    def fit(self, texts: list[str]) -> None:
        if self.name in self.absent:
            raise EncoderUnavailable(f"Install {self.name}.")


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The encoders that are not at hand."""
    found: set[str] = set()
    monkeypatch.setattr(_by_language, "parse", lambda name: [name])
    monkeypatch.setattr(_by_language, "construct", lambda name, settings: _Stand(name, found))
    return found


@pytest.mark.parametrize(
    ("english", "chinese", "japanese", "expected"),
    [
        (10, 0, 0, "minilm"),
        (9, 1, 0, "minilm"),  # a few others are not worth twice the time
        (8, 2, 0, "e5"),
        (0, 10, 0, "e5"),
        (0, 5, 5, "e5"),
        (5, 0, 5, "minilm"),
        (1, 3, 6, None),
        (0, 0, 10, None),
        (0, 0, 0, None),
    ],
)
def test_by_the_share_of_each_language(
    absent: set[str], english: int, chinese: int, japanese: int, expected: str | None
) -> None:
    """The cheaper one unless a fifth of the texts is Chinese; none where neither reads half of them."""
    name, obstacle = pretrained_for([ENGLISH] * english + [CHINESE] * chinese + [JAPANESE] * japanese)
    assert name == expected
    assert (obstacle == "") == (expected is not None)


def test_what_is_not_at_hand(absent: set[str]) -> None:
    """The other one, where it reads half of the texts; else the way to the one that is wanted."""
    absent.add("e5")
    assert pretrained_for([ENGLISH, CHINESE]) == ("minilm", "")
    assert pretrained_for([CHINESE]) == (None, "e5 was not tried: Install e5.")
    absent.add("minilm")
    assert pretrained_for([ENGLISH, CHINESE]) == (None, "e5 was not tried: Install e5.")
    assert pretrained_for([ENGLISH]) == (None, "minilm was not tried: Install minilm.")
    absent.discard("e5")
    assert pretrained_for([ENGLISH]) == ("e5", "")


def test_the_share_that_is_read() -> None:
    """e5 reads what minilm reads, and Chinese."""
    shares = {"en": 0.3, "mixed": 0.1, "zh": 0.4, "other": 0.2}
    assert share_read("minilm", shares) == pytest.approx(0.4)
    assert share_read("e5", shares) == pytest.approx(0.8)
    assert readers(shares) == ["e5"]
    assert readers({"en": 0.6, "mixed": 0.0, "zh": 0.4, "other": 0.0}) == ["e5", "minilm"]
    assert readers({"en": 0.9, "mixed": 0.0, "zh": 0.1, "other": 0.0}) == ["minilm", "e5"]

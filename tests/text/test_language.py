"""Laws of headstart.text.language."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.text.language import language_of, language_shares, unfamiliar

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("这家餐厅的味道很好", "zh"),
        ("這家餐廳的味道很好", "zh"),
        ("我用 iPhone 拍了很多照片，效果非常好", "zh"),
        ("A good film, well acted", "en"),
        ("Größer als erwartet, très réussi", "en"),
        ("ＧＯＯＤ", "en"),
        ("I love 北京", "mixed"),
        ("これはとても良い", "other"),
        ("Очень хорошо", "other"),
        ("정말 좋아요", "other"),
        ("12345 !!!", "other"),
        ("１２３，。", "other"),
        ("", "other"),
        ("😀😀", "other"),
    ],
)
def test_script_decides(text: str, language: str):
    """A text belongs to the script that has at least four fifths of its weight."""
    assert language == language_of(text)


@given(st.text(max_size=40))
def test_case_and_digits_do_not_matter_for_ascii(text: str):
    """Digits and punctuation carry no language: adding them changes nothing."""
    assert language_of(text) == language_of(text + " 123, 456!")


@given(st.lists(st.sampled_from(["很好", "good", "I love 北京", "42"]), min_size=1, max_size=20))
def test_shares_sum_to_one_and_count(texts: list[str]):
    """The shares of n texts sum to 1, and each is its count over n."""
    shares = language_shares(texts)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["zh"] == texts.count("很好") / len(texts)


def test_no_texts_have_no_language():
    """Without texts all shares are 0."""
    assert language_shares([]) == {"zh": 0.0, "en": 0.0, "mixed": 0.0, "other": 0.0}


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (["good", "fine"], [True, False, False, True, False]),
        (["很好", "不错"], [False, True, False, True, False]),
        (["good", "很好"], [False, False, False, True, False]),
        (["I love 北京"], [False, False, False, True, False]),  # whoever has read both has read either
        (["спасибо"], [True, True, False, False, False]),
        (["good"] * 199 + ["很好"], [True, False, False, True, False]),  # one in 200 is no knowledge
        ([], [False] * 5),
    ],
)
def test_a_script_is_unfamiliar_where_hardly_any_text_has_it(known: list[str], expected: list[bool]):
    """By the shares of the known texts; a text of two scripts, or without letters, never is."""
    texts = ["房间很干净", "a clean room", "check in 很快", "чистая комната", "10/10 !!!"]
    assert unfamiliar(texts, language_shares(known)) == expected


@pytest.mark.shared
@pytest.mark.parametrize(("name", "language"), [("waimai_10k", "zh"), ("chnsenticorp", "zh"), ("sst2", "en")])
def test_real_data_is_in_its_language(name: str, language: str):
    """At least 99 % of a real data set's texts are in its language."""
    path = SHARED / name / "test.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with gzip.open(path) as lines:
        assert language_shares(json.loads(line)["text"] for line in lines)[language] >= 0.99

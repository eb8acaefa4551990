"""Stop words: gone wherever they stand as words, and only there."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.errors import ConfigError
from headstart.text import stopwords
from headstart.text.rules.stop_words import _RUN, StopWords, _words_of
from headstart.text.stopwords import built_in, parse

ENGLISH = st.lists(st.sampled_from(["the", "The", "soup", "of", "not", "theory", "it's", "don’t", "a", "good"]))


def user_list(folder: Path, content: bytes) -> str:
    path = folder / "words.txt"
    path.write_bytes(content)
    return str(path)


@given(ENGLISH)
def test_english_words_go_one_by_one(words: list[str]) -> None:
    """The words that are not in the list are left, in their order."""
    kept = [word for word in words if word.lower() not in built_in()]
    assert StopWords()(" ".join(words)).split() == kept


@given(st.text(alphabet="我的手机很好用不是他们在这个酒店 ,。ab", max_size=30))
@settings(deadline=None)  # the first call reads the dictionary
def test_only_stop_words_go(text: str) -> None:
    """What is gone is made of stop words: the other words are all there, in order."""
    words = [word for run in _RUN.findall(text) for word in _words_of(run)]
    kept = "".join(word for word in words if word.lower() not in built_in())
    assert "".join(_RUN.findall(StopWords()(text))) == kept


def test_words_that_turn_a_statement_stay() -> None:
    """No negation, degree, contrast or question word is in the lists."""
    english = "not no never nor none cannot don't isn't won't without but however very too only most least few what who"
    chinese = "不 没 没有 無 无 非 别 未 勿 不是 但 但是 却 很 太 最 非常 更 什么 怎么 为什么 吗"
    assert not built_in() & {*english.split(), *chinese.split()}


def test_lists_are_tidy() -> None:
    """Each word could be found in a text, in lower case; the folder has no word twice."""
    assert all(_RUN.fullmatch(word) and word == word.lower() for word in built_in())
    folder = Path(stopwords.__file__).parent
    for name in ("en", "zh"):
        words = parse((folder / f"{name}.txt").read_text(encoding="utf-8"))
        assert len(words) == len(set(words)) > 100


def test_a_list_of_the_user(tmp_path: Path) -> None:
    """It takes the place of the lists: case and apostrophes do not matter, comments and empty lines are none."""
    rule = StopWords(user_list(tmp_path, "\ufeff# mine\r\nFoo\r\n\r\n 手机 \r\nit’s\n".encode()))
    assert rule("the FOO it's 手机, foot") == "the, foot"
    assert rule.kept == ["foo", "it's", "手机"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the list is empty"),
        (b"# only\n", "the list is empty"),
        (b"in order to\nc++\nfine\n", "2 entries are no single word, first 'in order to'"),
        ("\u4f60".encode("gb18030"), "cannot read the list .*UTF-8"),
    ],
)
def test_a_list_that_cannot_be_used(tmp_path: Path, content: bytes, message: str) -> None:
    """Empty, of another encoding, or with entries that no word could match: an error that says so."""
    with pytest.raises(ConfigError, match=message):
        StopWords(user_list(tmp_path, content))

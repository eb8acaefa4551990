"""Segmentation: nothing is lost, Rust and Python cut alike, and user words stay with their segmenter."""

import copy
import gzip
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.errors import ConfigError
from headstart.text import segment as module
from headstart.text.normalise import fold
from headstart.text.segment import Segmenter, read_user_dictionary, segment, segmenter_name

ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
# Characters on both sides of every rule: joiners, digits, rare Han, a full-width digit, an accent, white space
PIECES = st.sampled_from(
    [*"012aZ._-+#%&!? \n,，。的了我é㐀龥龦〇１", "好", "服务员", "手机", "c++", "T恤", "3.5", "\r\n"]
)


def by(name: str, *user_words: str) -> Segmenter:
    """A segmenter that uses this package, whichever is installed beside it."""
    pytest.importorskip(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "segmenter_name", lambda: name)
        made = Segmenter(user_words)
        made("")
        return made


def reviews(folder: Path, name: str, n: int) -> list[str]:
    with gzip.open(folder / name / "train.jsonl.gz", "rt", encoding="utf-8") as file:
        return [fold(json.loads(line)["text"]) for _, line in zip(range(n), file, strict=False)]


@given(ANY | st.lists(PIECES).map("".join))
@settings(deadline=None)  # the first call reads the dictionary
def test_words_are_the_text(text: str) -> None:
    """The words of any text, put together, are the text; none is empty."""
    words = segment(text)
    assert "".join(words) == text
    assert all(words)


def test_known_words() -> None:
    """Words of the dictionary stay whole, also beside Latin words and digits."""
    assert segment("新版App更新后服务员很热情") == ["新版", "App", "更新", "后", "服务员", "很", "热情"]
    assert segment(fold("iPhone手机15Pro Max")) == ["iphone", "手机", "15pro", " ", "max"]
    assert segment("") == []


@pytest.mark.parametrize("name", module.SEGMENTERS)
def test_numbers(name: str) -> None:
    """A decimal number is one word; what -, . and _ join otherwise is parted, by both packages."""
    assert by(name)("3.5折买1-2件v1.5.2的a_b") == [
        *("3.5", "折买", "1", "-", "2", "件", "v1.5", ".", "2", "的", "a", "_", "b")
    ]


@given(st.lists(PIECES, max_size=12).map("".join))
@settings(deadline=None, max_examples=300)
def test_rust_cuts_as_jieba(text: str) -> None:
    """Through rjieba the words are jieba's own, where no character stands three times."""
    if module._REPEATED.search(text):
        return
    assert by("rjieba")(text) == by("jieba")(text) == JIEBA.lcut(text)


class _Jieba:
    """The package as its users call it, loaded when the first test needs it."""

    def lcut(self, text: str) -> list[str]:
        import jieba

        if not jieba.dt.initialized:
            jieba.setLogLevel("ERROR")
        words: list[str] = jieba.lcut(text)
        return words


JIEBA = _Jieba()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["waimai_10k", "chnsenticorp", "online_shopping_10cats"])
def test_rust_and_python_cut_real_reviews_alike(shared_data: Path, name: str) -> None:
    """Of 700 real reviews, and of the longest words among them, nothing is lost and both give the same words."""
    rust, python = by("rjieba"), by("jieba")
    for text in reviews(shared_data, name, 700):
        words = rust(text)
        assert words == python(text)
        assert "".join(words) == text


def test_repeated_characters() -> None:
    """Neighbours that repeat one character stand shortest first, so that a tie is no difference."""
    for name in module.SEGMENTERS:
        lengths = list(map(len, by(name)("赞赞赞赞赞")))
        assert lengths == sorted(lengths)


@pytest.mark.parametrize("name", module.SEGMENTERS)
def test_user_words(name: str) -> None:
    """User words are kept whole in this segmenter, not in another one, and not in the global jieba."""
    text = fold("云顿K9的gpt-4很强")
    own, other = by(name, "云顿K9", "GPT-4 1000 nz"), by(name)
    assert own(text) == ["云顿k9", "的", "gpt-4", "很强"]
    assert "云顿k9" not in other(text)
    assert other(text)[-4:] == ["gpt", "-", "4", "很强"]
    assert JIEBA.lcut(text) == other(text) == segment(text)


def test_frequencies_that_were_chosen_are_kept() -> None:
    """The lines of a segmenter make its like with the other package; a high enough frequency wins."""
    rust = by("rjieba", "云顿", "很满意 3", "服务员热情 90000")
    lines = rust.user_words()
    assert [line.split()[0] for line in lines] == ["云顿", "很满意", "服务员热情"]
    assert lines[1:] == ["很满意 3", "服务员热情 90000"]
    assert int(lines[0].split()[1]) >= 1
    python = by("jieba", *lines)
    assert python.user_words() == lines
    for text in ("云顿的服务员热情我很满意", "云云顿顿"):
        assert rust(text) == python(text)


def test_copies_carry_the_words() -> None:
    """Copies, also into another process, cut alike."""
    own = Segmenter(["云顿超市"])
    for again in (copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
        assert again("云顿超市很好") == own("云顿超市很好") == ["云顿超市", "很", "好"]
    assert pickle.loads(pickle.dumps(own)).user_words() == own.user_words()


def test_reading_a_dictionary(tmp_path: Path) -> None:
    """The format of jieba: a byte order mark, empty lines and tags are read over; the last of two lines counts."""
    path = tmp_path / "words.txt"
    path.write_text("\ufeff云顿 5 n\n\niPhone15 3\nC++ nz\n云顿  7\nＫ歌\n", encoding="utf-8")
    assert read_user_dictionary(path) == ["iphone15 3", "c++", "云顿 7", "k歌"]


@pytest.mark.parametrize("line", ["两 个 词", "你好，世界", "云顿 0", "云顿 -1", "云顿 1.5", "云顿 9999999999", "café"])
def test_lines_that_are_no_words(tmp_path: Path, line: str) -> None:
    """What can never be found as a word is named with file and line, and the others are counted."""
    path = tmp_path / "words.txt"
    path.write_text(f"云顿\n{line}\n? 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"words.txt line 2: .* 1 more lines") as caught:
        read_user_dictionary(path)
    assert line in str(caught.value)
    with pytest.raises(ConfigError, match="line 1"):
        Segmenter([line])


def test_files_that_are_no_dictionary(tmp_path: Path) -> None:
    """A missing file, a folder, another encoding and an empty file are told apart."""
    path = tmp_path / "words.txt"
    with pytest.raises(ConfigError, match=r"words.txt is not there"):
        read_user_dictionary(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_user_dictionary(tmp_path)
    path.write_bytes("云顿".encode("gb18030"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_user_dictionary(path)
    path.write_text("\n \n")
    with pytest.raises(ConfigError, match="holds no words"):
        read_user_dictionary(path)


def test_without_rust(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rjieba is not installed, jieba cuts, by its name."""
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert segmenter_name() == "jieba"
    assert Segmenter()("服务员很热情") == ["服务员", "很", "热情"]


def test_quiet_and_lazy() -> None:
    """No dictionary is loaded at import, nothing is printed when it is, and jieba's own stays unread."""
    script = """
import sys
from headstart.text import segment as module
assert not {"jieba", "rjieba"} & set(sys.modules)
module.find_spec = lambda name: None
module.segment("很好")
assert not sys.modules["jieba"].dt.initialized
"""
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "")
